"""Kinds of tokens: what each may not do, and what goes when one goes."""

from pathlib import Path

import pytest

from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api, grow
from tests.sandbox.clones import Clone, new_key

_KEY: Json = {"title": "monokeel", "key": "ssh-ed25519 AAAA", "read_only": False}
_PAT = "a Personal Access Token", "`workflow` scope"


@pytest.fixture
def clone(box: Sandbox, tmp_path: Path) -> Clone:
    clone = Clone(box=box, path=tmp_path / "clone")
    clone.path.mkdir()
    clone.git("init", "-q", "-b", "main")
    clone.git("config", "user.name", "ann")
    clone.git("config", "user.email", "ann@example.com")
    clone.git("remote", "add", "origin", f"https://github.com/{box.repository}.git")
    return clone


def _add_workflow(clone: Clone, name: str) -> None:
    path = clone.path / ".github" / "workflows" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("on: push\n", encoding="utf-8")
    clone.git("add", ".")
    clone.commit("ci: add a workflow")


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("fine", _PAT),
        ("admin", _PAT),
        ("gh", ("an OAuth App", "`workflow` scope")),
        ("actions", ("a GitHub App", "`workflows` permission")),
    ],
)
def test_the_first_push_of_workflows_needs_the_right(
    clone: Clone, box: Sandbox, who: str, words: tuple[str, str]
) -> None:
    box.limit(who, "contents:write")
    _add_workflow(clone, "release.yml")

    done = clone.git("push", "origin", "main", token=who)

    path = ".github/workflows/release.yml"
    assert done.code == 1
    assert (
        f"refusing to allow {words[0]} to create or update workflow `{path}` without "
        f"{words[1]}" in done.output
    )
    assert box.state.git.refs("refs/heads/") == {}


@pytest.mark.parametrize("who", ["fine", "admin", "gh"])
def test_with_the_right_the_first_push_goes_through(
    clone: Clone, box: Sandbox, who: str
) -> None:
    box.limit(who, "contents:write", "workflows:write")
    _add_workflow(clone, "ci.yml")

    assert clone.git("push", "origin", "main", token=who).code == 0


def test_a_first_push_without_workflows_needs_no_right(
    clone: Clone, box: Sandbox
) -> None:
    box.limit("fine", "contents:write")
    clone.commit("feat: start")

    assert clone.git("push", "origin", "main", token="fine").code == 0


def test_the_refusal_names_the_file_that_changes(clone: Clone, box: Sandbox) -> None:
    _add_workflow(clone, "a.yml")
    clone.git("push", "origin", "main")
    _add_workflow(clone, "b.yml")
    box.limit("fine", "contents:write")

    assert (
        "`.github/workflows/b.yml`"
        in clone.git("push", "origin", "main", token="fine").output
    )


def test_an_old_kindness_can_be_switched_on(clone: Clone, box: Sandbox) -> None:
    box.limit("fine", "contents:write")
    box.switches.first_push_needs_right = False
    _add_workflow(clone, "ci.yml")

    assert clone.git("push", "origin", "main", token="fine").code == 0


@pytest.mark.parametrize(("who", "left"), [("admin", 0), ("gh", 0), ("app", 1)])
def test_a_key_goes_with_the_token_that_made_it(
    api: Api, box: Sandbox, who: str, left: int
) -> None:
    box.allow_deploy_keys()
    assert api("POST", "/keys", _KEY, who=who).status == 201

    box.delete_token(who)

    assert api("GET", "/keys", who=who).status == 401
    assert len(api("GET", "/keys", who="fine").items) == left


def test_a_key_of_another_token_stays(api: Api, box: Sandbox) -> None:
    box.allow_deploy_keys()
    api("POST", "/keys", _KEY, who="fine")

    box.delete_token("admin")

    assert len(api("GET", "/keys", who="fine").items) == 1


def test_a_regenerated_token_keeps_its_keys(api: Api, box: Sandbox) -> None:
    box.allow_deploy_keys()
    api("POST", "/keys", _KEY)
    old = box.tokens["admin"]

    box.regenerate_token("admin")

    headers = {"Authorization": f"Bearer {old}"}
    assert api("GET", "/keys", who="none", headers=headers).status == 401
    assert len(api("GET", "/keys").items) == 1


def test_a_key_that_is_gone_or_forbidden_opens_nothing(
    api: Api, box: Sandbox, clone: Clone, tmp_path: Path
) -> None:
    key = new_key(tmp_path)
    public = key.with_suffix(".pub").read_text(encoding="utf-8")
    box.allow_deploy_keys()
    api("POST", "/keys", {"title": "a", "key": public, "read_only": False})
    grow(box, "feat: start")
    read = ("ls-remote", box.ssh_url)

    before = clone.git_with_key(key, *read)
    used = api("GET", "/keys").items[0]["last_used"]
    box.switches.organization_deploy_keys = False
    forbidden = clone.git_with_key(key, *read)
    box.switches.organization_deploy_keys = True
    box.delete_token("admin")
    gone = clone.git_with_key(key, *read)

    assert before.code == 0
    assert used is not None
    assert "Deploy keys are disabled" in forbidden.output
    assert "Permission denied (publickey)" in gone.output


@pytest.mark.parametrize("who", ["fine", "gh"])
def test_a_token_says_what_it_is(api: Api, who: str) -> None:
    scopes = api("GET", "//user", who=who).headers["X-OAuth-Scopes"]

    assert scopes == {"gh": "gist, read:org, repo", "fine": None}[who]
