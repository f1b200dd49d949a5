"""Each row of the table: as wanted, otherwise with its remedy, or unknown."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.policy.rulesets import parse_policy
from monokeel.setup.environments import limit
from monokeel.setup.expectations import expectations
from monokeel.setup.merging import approvals, title_decides
from monokeel.setup.permissions import (
    PERMISSIONS,
    in_words,
    kind_of,
    needed,
)
from monokeel.setup.ports import Connection
from monokeel.setup.rows import Answer, AsWanted, Otherwise, answer_to
from monokeel.setup.writer import DeployKey, fingerprint
from tests.fakes.rulesets import FakeRulesets
from tests.fakes.unconnected import POLICY, SETTINGS, START, World, a_key
from tests.setup.test_init import connect, set_secrets


def connected() -> World:
    world = World()
    set_secrets(world)
    connect(world)
    return world


def answers(world: World, fingerprint: str = "") -> dict[str, Answer]:
    settings = replace(SETTINGS, writer_key=fingerprint)
    rows = expectations(
        Connection(
            settings=settings,
            policy=POLICY,
            repository=world,
            rulesets=world.rulesets,
        )
    )
    return {row.name: answer_to(row) for row in rows}


def otherwise(world: World, fingerprint: str = "") -> dict[str, Otherwise]:
    found = answers(world, fingerprint)
    return {name: a for name, a in found.items() if isinstance(a, Otherwise)}


def test_a_connected_repository_is_as_wanted_without_clone_and_key() -> None:
    found = answers(connected())

    assert {type(answer) for answer in found.values()} == {AsWanted}


def test_a_key_that_is_gone_is_named_with_the_command() -> None:
    world = connected()
    world.keys = []

    assert otherwise(world)["writer"] == Otherwise(
        detail="no writable, enabled deploy key called monokeel", remedy="./inv init"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"writes": False}, "may not write"),
        ({"enabled": False}, "is disabled by the organization"),
    ],
)
def test_a_key_that_is_there_and_cannot_write_is_otherwise(
    change: dict[str, object], said: str
) -> None:
    world = connected()
    world.keys = [a_key(**change)]

    assert said in otherwise(world)["writer"].detail


def test_a_key_is_known_by_its_fingerprint_and_not_by_its_title() -> None:
    world = connected()
    ours = fingerprint("ssh-ed25519 QUJD")
    world.keys = [a_key(title="renamed")]

    assert "writer" not in otherwise(world, ours)

    world.keys = [a_key(key="ssh-ed25519 T1RIRVI=")]

    assert "is another one" in otherwise(world, ours)["writer"].detail
    assert "beside ours: monokeel" in otherwise(world, ours)["other write keys"].detail


def test_a_fingerprint_is_what_ssh_keygen_prints() -> None:
    # ssh-keygen -l of GitHub's own ed25519 host key, as GitHub documents it.
    key = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

    found = fingerprint(f"ssh-ed25519 {key}")

    assert found == "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
    assert fingerprint("ssh-ed25519") == fingerprint("ssh-ed25519 §") == ""


def test_a_secret_in_an_environment_that_is_gone_says_so() -> None:
    world = connected()
    del world.environments["prod"]

    found = otherwise(world)

    assert found["secret in prod"].detail == "its Environment is not there"
    assert found["Environment prod"].detail.startswith("is not there: ")


def test_each_setting_that_differs_is_named_with_both_values() -> None:
    world = connected()
    world.settings["squash_merge_commit_title"] = "COMMIT_OR_PR_TITLE"
    world.settings["delete_branch_on_merge"] = True

    assert otherwise(world)["settings"].detail == (
        "squash_merge_commit_title is COMMIT_OR_PR_TITLE, not PR_TITLE;"
        " delete_branch_on_merge is true, not false"
    )


def test_rules_that_are_not_applied_are_named() -> None:
    world = connected()
    world.rulesets = FakeRulesets()

    assert otherwise(world)["rules"].remedy == "./inv policy.apply"


def test_what_a_weak_token_does_not_see_is_never_as_wanted() -> None:
    world = connected()
    world.admin = False

    hidden = {n for n, a in answers(world).items() if isinstance(a, Unknown)}

    assert hidden == set(answers(world)) - {
        *("rules", "somebody can merge", "default branch on GitHub"),
    }


def test_no_answer_is_unknown_and_not_hidden() -> None:
    class Silent(World):
        def deploy_keys(self) -> tuple[DeployKey, ...]:
            raise ServiceError("GitHub answered 502")

    found = answers(Silent())["writer"]

    assert found == Unknown(reason="GitHub answered 502", hidden=False)


def test_every_call_of_every_row_has_its_permission() -> None:
    rows = list(expectations(World().outside))

    calls = {call for row in rows for call in (*row.reads, *row.writes)}

    assert calls <= set(PERMISSIONS)
    assert all(row.lost and row.permission for row in rows)


def test_write_beats_read_and_names_are_those_of_the_page() -> None:
    assert needed(["GET /keys", "POST /keys"]) == {"administration": "write"}
    assert in_words(["git push"]) == "Contents: write, Workflows: write"


def test_the_newest_secret_time_is_compared_with_the_newest_key() -> None:
    world = connected()
    world.keys[0] = replace(world.keys[0], created_at=START + timedelta(days=1))

    assert "secret in dev" not in otherwise(world)


def app_rows(mint: Callable[[], str] | None) -> dict[str, Answer]:
    settings = replace(SETTINGS, writer="app", app_id=7)
    world = connected()
    rows = expectations(replace(world.outside, settings=settings, mint=mint))
    return {row.name: answer_to(row) for row in rows}


def test_an_app_is_the_writer_when_it_may_push() -> None:
    found = app_rows(lambda: "token")

    assert found["writer"] == AsWanted(detail="GitHub App 7 may push")


def test_without_its_key_nobody_knows_what_an_app_may() -> None:
    found = app_rows(None)["writer"]

    assert isinstance(found, Unknown)
    assert "MONOKEEL_WRITER_KEY" in found.reason


def test_an_app_that_is_not_installed_is_otherwise() -> None:
    def mint() -> str:
        raise RefusedError("the App 7 is not installed", fix="Install it")

    found = app_rows(mint)["writer"]

    assert found == Otherwise(detail="the App 7 is not installed", remedy="Install it")


def test_beside_an_app_every_deploy_key_is_a_stranger() -> None:
    found = app_rows(None)["other write keys"]

    assert isinstance(found, Otherwise)
    assert "beside ours: monokeel (id 1" in found.detail


def test_the_key_of_an_app_is_a_secret_of_its_own() -> None:
    found = app_rows(None)["secret in prod"]

    assert isinstance(found, Otherwise)
    assert "gh secret set MONOKEEL_WRITER_KEY --env prod" in found.remedy


def test_a_key_that_nobody_uses_is_named_before_github_removes_it() -> None:
    world = connected()
    world.days = 301

    assert "was not used since 2026-01-01" in otherwise(world)["writer"].detail

    world.keys = [replace(world.keys[0], last_used=START + timedelta(days=2))]

    assert "writer" not in otherwise(world)


MERGE = """[{"name": "main", "target": "branch", "enforcement": "active",
"bypass_actors": [], "conditions": {"ref_name": {"include": [], "exclude": []}},
"rules": [{"type": "pull_request", "parameters": {
"required_approving_review_count": 1}}]}]"""


@pytest.mark.parametrize(
    ("people", "answer"),
    [(("ann",), Otherwise), (("ann", "ben"), AsWanted), ((), Otherwise)],
)
def test_who_is_alone_cannot_merge_under_a_rule_that_asks_for_approval(
    people: tuple[str, ...], answer: type[Answer]
) -> None:
    world = World(people=people)
    at = replace(world.outside, policy=parse_policy(MERGE))

    found = {r.name: answer_to(r) for r in expectations(at)}

    assert isinstance(found["somebody can merge"], answer)


def test_an_inactive_rule_asks_nobody() -> None:
    assert approvals(parse_policy(MERGE)) == 1
    assert approvals(parse_policy(MERGE.replace("active", "disabled"))) == 0
    assert approvals(POLICY) == 0


@pytest.mark.parametrize(
    ("kind", "scopes", "said"),
    [
        ("classic token", ("repo",), "without workflow, read:packages"),
        ("token of gh or an OAuth app", ("repo", "gist"), "without workflow"),
        ("classic token", ("repo", "workflow", "write:packages"), ""),
        ("fine-grained token", None, "GitHub's registry takes none of this kind"),
    ],
)
def test_what_a_token_cannot_do_is_said_before_it_fails(
    kind: str, scopes: tuple[str, ...] | None, said: str
) -> None:
    world = World(kind=kind, scopes=scopes)

    found = {r.name: answer_to(r) for r in expectations(world.outside)}

    answer = found["token"]
    assert not isinstance(answer, Unknown)
    assert said in answer.detail
    assert isinstance(answer, Otherwise) is ("without" in said)


def test_gh_gets_scopes_by_a_command_of_its_own() -> None:
    world = connected()
    world.kind, world.scopes = "token of gh or an OAuth app", ("repo", "read:packages")

    found = {r.name: answer_to(r) for r in expectations(world.outside)}

    assert found["token"] == Otherwise(
        "token of gh or an OAuth app without workflow", "gh auth refresh -s workflow"
    )


@pytest.mark.parametrize("token", ["github_pat_x", "ghp_x", "gho_x", "ghu_x", "ghs_x"])
def test_each_prefix_is_a_kind(token: str) -> None:
    assert kind_of(token) != kind_of("sandbox-admin") == "token of an unknown kind"


def test_two_keys_of_our_title_are_both_named_with_who_added_them() -> None:
    """P5: a title is a name that anybody with administration may give."""
    world = connected()
    world.keys = [a_key(), a_key(id=9, key="ssh-ed25519 T1RIRVI=", added_by="eve")]

    detail = otherwise(world)["other write keys"].detail

    eve = fingerprint("ssh-ed25519 T1RIRVI=")
    assert f"monokeel (id 9, {eve}, added by eve at 2026-01-01T00:00:00Z)" in detail
    assert detail.endswith("which of them is ours cannot be told")


def test_another_default_branch_is_named_with_the_command() -> None:
    world = connected()
    world.default_branch = "trunk"

    assert otherwise(world) == {
        "default branch on GitHub": Otherwise(
            detail="GitHub's default branch is trunk, infra/platform.toml says main;"
            " what binds trunk: no ruleset",
            remedy="gh api -X PATCH repos/acme/shop -f default_branch=main",
            severe=True,
        )
    }


def test_the_key_as_a_secret_of_the_repository_is_named() -> None:
    world = connected()
    world.secret_times[""] = START

    assert "is a secret of the repository, too" in (
        otherwise(world)["secrets of the repository"].detail
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"workflows": "write"}, "a workflow that names no permissions may write"),
        ({"approves": True}, "workflows may approve pull requests, and open them"),
    ],
)
def test_workflows_that_may_too_much_are_named(
    change: dict[str, object], said: str
) -> None:
    world = replace(connected(), **change)  # type: ignore[arg-type]

    assert otherwise(world)["rights of workflows"].detail == said


@pytest.mark.parametrize(
    ("methods", "settings", "decides"),
    [
        ('["squash"]', {}, True),
        ('["squash", "rebase"]', {}, False),
        ('["squash", "rebase"]', {"allow_rebase_merge": False}, True),
        ('["squash"]', {"squash_merge_commit_title": "COMMIT_OR_PR_TITLE"}, False),
        ('["rebase"]', {}, False),
    ],
)
def test_the_title_decides_where_it_is_all_that_lands(
    methods: str, settings: dict[str, str | bool], *, decides: bool
) -> None:
    text = MERGE.replace(
        '_count": 1', f'_count": 1, "allowed_merge_methods": {methods}'
    )
    changed = replace(SETTINGS, on_github={**SETTINGS.on_github, **settings})

    assert title_decides(changed, parse_policy(text)) is decides


def test_without_rules_every_method_may_land() -> None:
    assert not title_decides(SETTINGS, [])


def test_the_age_of_a_secret_is_unknown_where_its_key_is_hidden() -> None:
    world = connected()
    world.hidden = ("keys",)

    assert isinstance(answers(world)["secret in prod"], Unknown)


def test_an_environment_that_nobody_sees_is_not_written_over() -> None:
    world = World(hidden=("environments",))

    with pytest.raises(ServiceError, match="403 to environments"):
        limit(world, "prod", "main")

    assert world.writes == 0
