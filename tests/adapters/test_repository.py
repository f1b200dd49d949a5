import json
from collections.abc import Iterator

import pytest

from monokeel.adapters.github import GitHub
from monokeel.adapters.repository import Repository
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.policy.rulesets import parse_policy
from monokeel.setup.actions import action_rows
from monokeel.setup.merging import approver_row
from monokeel.setup.ports import Connection
from monokeel.setup.rows import AsWanted, Otherwise
from monokeel.setup.writer import deploy_keys
from sandbox.server import Sandbox
from tests.fakes.http import serving
from tests.fakes.rulesets import FakeRulesets
from tests.fakes.unconnected import SETTINGS
from tests.setup.test_expectations import MERGE

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43


def key_called(title: str) -> dict[str, Json]:
    return {"title": title, "key": KEY, "read_only": False}


def github(box: Sandbox, token: str = "admin") -> GitHub:
    return GitHub(
        Session(tries=1),
        api=box.url,
        repository=box.repository,
        token=box.tokens[token] or None,
    )


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.allow_deploy_keys()
        yield sandbox
        assert sandbox.violations() == []


@pytest.fixture
def repository(box: Sandbox) -> Repository:
    return Repository(github(box))


@pytest.fixture
def weak(box: Sandbox) -> Repository:
    return Repository(github(box, "actions"))


def test_a_weak_token_does_not_see_the_setting(
    box: Sandbox, repository: Repository, weak: Repository
) -> None:
    box.limit("actions", "contents:read")

    assert repository.read("/")["delete_branch_on_merge"] is False
    assert "delete_branch_on_merge" not in weak.read("/")


def test_a_key_is_registered_with_write_access(repository: Repository) -> None:
    repository.write("POST /keys", key_called("monokeel"))

    found = repository.listed("/keys")

    assert [(key["title"], key["read_only"]) for key in found] == [("monokeel", False)]
    assert found[0]["key"] == KEY


def test_a_key_is_registered_once(repository: Repository) -> None:
    repository.write("POST /keys", key_called("monokeel"))

    with pytest.raises(RefusedError, match="422"):
        repository.write("POST /keys", key_called("again"))


def test_keys_that_are_hidden_are_not_none(weak: Repository) -> None:
    with pytest.raises(ServiceError) as caught:
        weak.listed("/keys")
    assert caught.value.hidden


def test_keys_of_every_page_are_read_with_what_they_may() -> None:
    key = (
        '{{"id": 1, "title": "{}", "key": "k", "read_only": {},'
        ' "created_at": "2026-01-01T00:00:00Z", "last_used": null, "enabled": {}}}'
    )
    pages = [key.format("one", "false", "false"), key.format("two", "true", "true")]
    with serving((500, {}, b"")) as server:
        link = {"Link": f'<{server.url}/repos/a/b/keys?page=2>; rel="next"'}
        server.replies = [
            (200, link, f"[{pages[0]}]".encode()),
            (200, {}, f"[{pages[1]}]".encode()),
        ]
        hub = GitHub(Session(tries=1), api=server.url, repository="a/b", token=None)

        found = deploy_keys(Repository(hub))

    assert [(k.title, k.writes, k.enabled) for k in found] == [
        ("one", True, False),
        ("two", False, True),
    ]


def test_an_environment_that_nobody_may_list_is_not_absent(
    box: Sandbox, repository: Repository
) -> None:
    box.switches.hide_by_404 = True
    box.limit("admin", "administration:write", "contents:write")
    box.state.private = True

    with pytest.raises(ServiceError) as caught:
        repository.environment("prod")
    assert caught.value.hidden


def test_a_rate_limit_hides_nothing(box: Sandbox, repository: Repository) -> None:
    box.switches.secondary_limit("/keys|/user$", times=3)

    for ask in (
        lambda: repository.listed("/keys"),
        lambda: repository.read("//user"),
        lambda: repository.write("POST /keys", key_called("monokeel")),
    ):
        with pytest.raises(ServiceError, match="secondary rate limit") as caught:
            ask()
        assert not caught.value.hidden


def test_a_change_that_the_token_may_not_make_is_refused_with_the_permission(
    weak: Repository,
) -> None:
    with pytest.raises(RefusedError) as caught:
        weak.write("PATCH /", {"delete_branch_on_merge": False})

    assert "403" in caught.value.problem


def test_settings_are_changed_together(repository: Repository) -> None:
    title: dict[str, Json] = {"squash_merge_commit_title": "PR_TITLE"}

    repository.write("PATCH /", {**title, "squash_merge_commit_message": "PR_BODY"})

    found = repository.read("/")
    assert found["squash_merge_commit_title"] == "PR_TITLE"
    assert found["squash_merge_commit_message"] == "PR_BODY"


def test_secrets_are_read_with_the_time_of_their_last_change(
    box: Sandbox, repository: Repository
) -> None:
    path = "/environments/prod/secrets"
    with pytest.raises(ServiceError) as caught:
        repository.listed(path, "secrets")
    assert caught.value.hidden

    repository.write("PUT /environments/prod", {})
    box.state.environments["prod"].secrets["KEY"] = "2026-02-03T04:05:06Z"

    [found] = repository.listed(path, "secrets")
    assert (found["name"], found["updated_at"]) == ("KEY", "2026-02-03T04:05:06Z")


@pytest.mark.parametrize("by_404", [True, False])
def test_that_the_lock_is_off_is_believed_of_who_sees_administration(
    box: Sandbox, weak: Repository, *, by_404: bool
) -> None:
    box.switches.hide_by_404 = by_404
    box.limit("actions", "contents:write")  # sees the settings of merging

    with pytest.raises(ServiceError) as caught:
        weak.immutable_releases()

    assert caught.value.hidden
    box.limit("actions", "administration:read")
    assert weak.immutable_releases() is False


def test_immutable_releases_are_off_until_switched_on(repository: Repository) -> None:
    assert repository.immutable_releases() is False

    repository.write("PUT /immutable-releases")

    assert repository.immutable_releases() is True


def test_an_owner_that_decides_is_told(box: Sandbox, repository: Repository) -> None:
    box.switches.owner_decides_immutable = True

    with pytest.raises(RefusedError, match="409"):
        repository.write("PUT /immutable-releases")


@pytest.mark.parametrize("by_404", [False, True], ids=["403", "404"])
def test_a_setting_that_is_hidden_is_never_off(
    box: Sandbox, weak: Repository, *, by_404: bool
) -> None:
    box.switches.hide_by_404 = by_404

    with pytest.raises(ServiceError) as caught:
        weak.immutable_releases()
    assert caught.value.hidden
    with pytest.raises(ServiceError) as caught:
        weak.classic_protection("main")
    assert caught.value.hidden


def test_environments_are_made_and_limited_to_a_branch(repository: Repository) -> None:
    assert repository.environment("prod") is None
    policy: Json = {"protected_branches": False, "custom_branch_policies": True}

    repository.write("PUT /environments/prod", {"deployment_branch_policy": policy})
    path = "/environments/prod/deployment-branch-policies"
    repository.write(f"POST {path}", {"name": "main", "type": "branch"})
    repository.write(f"POST {path}", {"name": "main", "type": "branch"})

    listed = repository.listed(path, "branch_policies")
    assert [each["name"] for each in listed] == ["main"]
    assert repository.environment("prod") is not None


def test_who_may_push_is_counted_and_who_only_reads_is_not(
    repository: Repository,
) -> None:
    found = approver_row(parse_policy(MERGE), repository).ask()

    assert found == AsWanted("2 people may write")


def test_only_kinds_with_scopes_name_them(box: Sandbox) -> None:
    classic = Repository(github(box)).token_scopes()
    fine = Repository(github(box, "fine")).token_scopes()

    assert classic is not None
    assert {"repo", "workflow"} <= set(classic)
    assert fine is None


@pytest.mark.parametrize(
    ("kind", "path"),
    [("Organization", "/orgs/a/repos"), ("User", "/user/repos")],
)
@pytest.mark.parametrize("private", [True, False])
def test_a_repository_is_made_where_its_owner_lives(
    kind: str, path: str, *, private: bool
) -> None:
    owner = (200, dict[str, str](), json.dumps({"type": kind, "login": "A"}).encode())
    answers = [owner] * (2 if kind == "User" else 1)
    with serving(*answers, (201, {}, b"{}")) as up:
        hub = GitHub(Session(tries=1), api=up.url, repository="a/b", token="t")

        Repository(hub).create(private=private)

    asked = [("GET", "/users/a"), ("GET", "/user")][: len(answers)]
    assert [(x, where) for x, where, _ in up.seen] == [*asked, ("POST", path)]
    assert list(map(json.loads, up.bodies)) == [{"name": "b", "private": private}]


def test_a_repository_of_another_user_is_not_made_under_the_token_s_own() -> None:
    with serving((200, {}, b'{"type": "User", "login": "ben"}')) as up:
        hub = GitHub(Session(tries=1), api=up.url, repository="a/b", token="t")

        with pytest.raises(RefusedError, match="that of ben, who cannot make a/b"):
            Repository(hub).create(private=True)

    assert [method for method, *_ in up.seen] == ["GET", "GET"]


def test_what_workflows_may_is_read(repository: Repository) -> None:
    assert repository.read("/actions/permissions/workflow") == {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": False,
    }


@pytest.mark.parametrize(
    ("run", "page"),
    [
        ({"status": "queued"}, "https://github.com/a/b/actions/runs/7"),
        ({"status": "pending"}, "https://github.com/a/b/actions/runs/7"),
        ({"status": "in_progress"}, ""),
        ({"status": "completed"}, ""),
        ({"status": "queued", "event": "workflow_dispatch"}, ""),
        ({"status": "queued", "head_branch": "1.x"}, ""),
    ],
    ids=str,
)
def test_only_a_push_to_the_branch_that_has_not_begun_waits(
    run: dict[str, str], page: str
) -> None:
    """A run by hand may be a dry run, and that of another line releases there."""
    where = "https://github.com/a/b/actions/runs/7"
    shown = {"event": "push", "head_branch": "main", "html_url": where, **run}
    answer = json.dumps({"total_count": 1, "workflow_runs": [shown]}).encode()
    with serving((200, {}, answer)) as up:
        hub = GitHub(Session(tries=1), api=up.url, repository="a/b", token="t")

        found = Repository(hub).waiting_run("release.yml", "c" * 40, "main")

    assert found == page

    [(method, path, _)] = up.seen
    assert (method, path.partition("?")[0]) == (
        "GET",
        "/repos/a/b/actions/workflows/release.yml/runs",
    )
    assert f"head_sha={'c' * 40}" in path


def test_the_runs_of_a_workflow_are_those_that_github_lists(
    repository: Repository,
) -> None:
    assert repository.waiting_run("release.yml", "c" * 40, "main") == ""


def test_which_actions_may_run_is_read(repository: Repository, box: Sandbox) -> None:
    def put(path: str, body: Json) -> None:
        hub, path = github(box), f"/actions/permissions{path}"
        hub.request("PUT", path, json=body, expect=(204,))

    at = Connection(
        settings=SETTINGS,
        policy=None,
        repository=repository,
        rulesets=FakeRulesets(),
        actions=["docker/build@v1"],
    )
    row = next(action_rows(at))
    assert row.ask() == AsWanted("all may run")
    put("", {"enabled": True, "allowed_actions": "selected"})
    put("/selected-actions", {"patterns_allowed": ["docker/*"]})

    row = next(action_rows(at))
    assert row.ask() == AsWanted("selected may run")
    put("/selected-actions", {"patterns_allowed": ["other/*"]})

    assert isinstance(next(action_rows(at)).ask(), Otherwise)


def test_what_workflows_may_is_limited(repository: Repository, box: Sandbox) -> None:
    box.state.workflow_rights, box.switches.actions_open_pulls = "write", True

    at = Connection(
        settings=SETTINGS, policy=None, repository=repository, rulesets=FakeRulesets()
    )
    make = [row.make for row in action_rows(at)][-1]
    assert make is not None
    make()

    assert repository.read("/actions/permissions/workflow") == {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": False,
    }
