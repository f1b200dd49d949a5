from pathlib import Path

import pytest

from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api, grow
from tests.sandbox.cases import ENV, TAGS, TAGS_CREATE, rule, ruleset
from tests.sandbox.clones import Clone, new_key, run

_SSH = "git@github.com:acme/shop.git"


@pytest.fixture
def clone(box: Sandbox, start: str, tmp_path: Path) -> Clone:
    path = tmp_path / "shop"
    address = "https://github.com/acme/shop.git"
    done = run("git", "clone", "-q", address, str(path), env=box.environ())
    assert done.code == 0, done.output
    assert start
    return Clone(box=box, path=path)


@pytest.fixture
def key(api: Api, tmp_path: Path) -> Path:
    """Return the private half of a registered write deploy key."""
    return _register(api, tmp_path, read_only=False)


def _register(api: Api, folder: Path, *, read_only: bool) -> Path:
    path = new_key(folder)
    text = path.with_suffix(".pub").read_text()
    body: Json = {"title": "monokeel", "key": text, "read_only": read_only}
    api.box.allow_deploy_keys()
    assert api("POST", "/keys", body).status == 201
    return path


def test_a_push_by_token_is_recorded(clone: Clone, api: Api) -> None:
    commit = clone.commit("feat: x")

    done = clone.git("push", "-q", "origin", "main")

    assert (done.code, done.output) == (0, "")
    (move,) = api("GET", "/activity").items
    assert move["after"] == commit
    assert move["activity_type"] == "push"


def test_a_push_of_a_name_with_odd_blanks_is_recorded(clone: Clone, api: Api) -> None:
    """git takes them, whatever Python takes for white space."""
    clone.commit("feat: x")

    done = clone.git("push", "-q", "origin", "HEAD:refs/heads/feat/a\u2028\u00a0b")

    assert (done.code, done.output) == (0, "")
    (move,) = api("GET", "/activity").items
    assert move["ref"] == "refs/heads/feat/a\u2028\u00a0b"


def test_a_push_without_credentials_is_asked_for_them(clone: Clone) -> None:
    clone.commit("feat: x")

    done = clone.git("push", "origin", "main", token="none")

    assert done.code != 0
    assert "terminal prompts disabled" in done.output


def test_a_token_without_the_right_is_refused(clone: Clone) -> None:
    clone.commit("feat: x")

    done = clone.git("push", "origin", "main", token="reader")

    assert done.code != 0
    assert "403" in done.output


@pytest.mark.parametrize("token", ["admin", "actions"])
def test_environment_branches_refuse_tokens_and_the_rest_goes_through(
    clone: Clone, api: Api, token: str
) -> None:
    clone.git("push", "-q", "origin", "HEAD:refs/heads/env/prod")
    api("POST", "/rulesets", ENV)
    clone.commit("feat: x")

    done = clone.git("push", "origin", "main", "main:env/prod", token=token)

    assert done.code != 0
    assert (
        "remote: error: GH013: Repository rule violations found for "
        "refs/heads/env/prod." in done.output
    )
    assert "remote: - Cannot update this protected ref." in done.output
    assert "rules?ref=refs%2Fheads%2Fenv%2Fprod" in done.output
    assert (
        "! [remote rejected] main -> env/prod "
        "(push declined due to repository rule violations)" in done.output
    )
    assert "main -> main" in done.output


def test_a_release_tag_never_moves(clone: Clone, api: Api, key: Path) -> None:
    clone.git("push", "-q", "origin", "HEAD:refs/tags/v1.0.0")
    api("POST", "/rulesets", TAGS)
    clone.commit("feat: x")

    moved = clone.git_with_key(key, "push", "-f", _SSH, "HEAD:refs/tags/v1.0.0")
    gone = clone.git("push", "origin", ":refs/tags/v1.0.0")

    assert "GH013" in moved.output
    assert "- Cannot update this protected ref." in moved.output
    assert "- Cannot delete this tag" in gone.output


def test_the_deploy_key_passes_and_says_so(clone: Clone, api: Api, key: Path) -> None:
    api("POST", "/rulesets", ENV)
    api("POST", "/rulesets", TAGS_CREATE)

    done = clone.git_with_key(
        key, "push", _SSH, "HEAD:refs/heads/env/dev", "HEAD:refs/tags/v1.0.0"
    )

    assert done.code == 0, done.output
    assert "remote: Bypassed rule violations for refs/tags/v1.0.0:" in done.output
    assert api("GET", "/git/ref/heads/env/dev").status == 200


def test_an_unknown_key_is_denied(clone: Clone, tmp_path: Path) -> None:
    done = clone.git_with_key(new_key(tmp_path), "push", _SSH, "HEAD:refs/heads/feat/x")

    assert done.code != 0
    assert "git@github.com: Permission denied (publickey)." in done.output


def test_a_read_only_key_reads_only(clone: Clone, api: Api, tmp_path: Path) -> None:
    key = _register(api, tmp_path, read_only=True)

    read = clone.git_with_key(key, "ls-remote", _SSH, "refs/heads/main")
    written = clone.git_with_key(key, "push", _SSH, "HEAD:refs/heads/feat/x")

    assert read.code == 0, read.output
    assert "marked as read only" in written.output


def test_a_lease_that_lost_moves_nothing(clone: Clone, box: Sandbox, key: Path) -> None:
    base = clone.git("rev-parse", "HEAD").output.strip()
    clone.git("push", "-q", "origin", "HEAD:refs/heads/env/dev")
    theirs = grow(box, "feat: theirs", "refs/heads/env/dev")
    clone.commit("feat: ours")

    done = clone.git_with_key(
        key,
        "push",
        f"--force-with-lease=refs/heads/env/dev:{base}",
        _SSH,
        "HEAD:refs/heads/env/dev",
    )

    assert done.code != 0
    assert box.state.git.ref("refs/heads/env/dev") == theirs


def test_an_atomic_push_fails_as_a_whole(clone: Clone, api: Api) -> None:
    api("POST", "/rulesets", ENV)
    clone.commit("feat: x")

    done = clone.git("push", "--atomic", "origin", "main", "main:env/prod")

    assert done.code != 0
    assert clone.box.state.git.ref("refs/heads/env/prod") is None


def test_a_commit_is_fetched_by_its_id(clone: Clone, box: Sandbox) -> None:
    hidden = grow(box, "feat: x", "refs/releases/v1.0.0")

    done = clone.git("fetch", "-q", "--depth=1", "origin", hidden)

    assert (done.code, done.output) == (0, "")


def test_refs_elsewhere_can_be_switched_off(clone: Clone, box: Sandbox) -> None:
    before = clone.git("push", "-q", "origin", "HEAD:refs/releases/v1.0.0")
    box.switches.refuse_other_refs = True
    after = clone.git("push", "-q", "origin", "HEAD:refs/releases/v2.0.0")

    assert (before.code, after.code) == (0, 1)
    assert box.state.git.ref("refs/releases/v2.0.0") is None


def test_a_workflow_change_needs_the_right_or_a_deploy_key(
    clone: Clone, key: Path
) -> None:
    folder = clone.path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text("on: push\n")
    clone.git("add", "-A")
    clone.git("commit", "-qm", "ci: x")
    clone.git("push", "-q", "origin", "main")
    (folder / "ci.yml").write_text("on: pull_request\n")
    clone.git("commit", "-qam", "ci: y")

    refused = clone.git("push", "origin", "HEAD:refs/heads/feat/y", token="actions")
    passed = clone.git_with_key(key, "push", _SSH, "HEAD:refs/heads/feat/y")

    assert "without `workflows` permission" in refused.output
    assert "GH013" not in refused.output
    assert passed.code == 0, passed.output


def test_names_follow_their_pattern_at_creation(clone: Clone, api: Api) -> None:
    names = rule("branch_name_pattern", operator="regex", pattern="^(main|feat/.+)$")
    api("POST", "/rulesets", ruleset("branch-names", names, ref="~ALL"))

    bad = clone.git("push", "origin", "HEAD:refs/heads/wip")
    good = clone.git("push", "origin", "HEAD:refs/heads/feat/x")

    assert "GH013" in bad.output
    assert good.code == 0, good.output


@pytest.mark.parametrize("kind", ["lost", "reset"])
@pytest.mark.parametrize("transport", ["https", "ssh"])
def test_a_push_can_lose_its_answer_or_never_happen(
    clone: Clone, box: Sandbox, key: Path, kind: str, transport: str
) -> None:
    commit = clone.commit("feat: x")
    # Twice: curl repeats a request itself that a kept connection did not take.
    box.switches.fail("git-receive-pack$", method="POST", kind=kind, times=2)
    to = _SSH if transport == "ssh" else "origin"

    done = clone.git_with_key(key, "push", to, "HEAD:refs/heads/feat/x")

    assert done.code != 0
    seen = box.state.git.ref("refs/heads/feat/x")
    assert seen == (commit if kind == "lost" else None)


@pytest.mark.parametrize("transport", ["https", "ssh"])
def test_a_push_counts_as_one_write_before_its_answer(
    clone: Clone, box: Sandbox, key: Path, transport: str
) -> None:
    before, seen = box.writes, list[str]()
    box.on_write = lambda _, method, target: seen.append(f"{method} {target}")
    to = _SSH if transport == "ssh" else "origin"

    done = clone.git_with_key(
        key, "push", to, "HEAD:refs/heads/feat/x", "HEAD:refs/tags/t"
    )

    assert done.code == 0, done.output
    assert seen == ["PUSH refs/heads/feat/x"]
    assert box.writes == before + 1


def test_nobody_takes_the_server_for_github(api: Api) -> None:
    assert api("GET", "//meta").headers["Server"] == "monokeel-sandbox"


def test_a_burned_name_is_refused_to_everybody(
    clone: Clone, api: Api, key: Path
) -> None:
    api("POST", "/rulesets", TAGS_CREATE)
    clone.box.state.burned.add("v1.0.0")

    done = clone.git_with_key(key, "push", _SSH, "HEAD:refs/tags/v1.0.0")

    assert "GH013" in done.output
    assert "- Cannot create ref due to creations being restricted." in done.output
    suite = api("GET", "/rulesets/rule-suites").items[0]
    detail = api("GET", f"/rulesets/rule-suites/{suite['id']}")
    assert '"type": "immutable_release_tag"' in detail.body.decode()


@pytest.mark.parametrize(
    ("pushed", "default"),
    [(("trunk",), "trunk"), (("zoo", "ant"), "ant"), (("ant", "main"), "main")],
)
def test_the_first_push_decides_the_default_branch(
    box: Sandbox, api: Api, tmp_path: Path, pushed: tuple[str, ...], default: str
) -> None:
    """The one GitHub would give, else the first by name (a gist of ugultopu)."""
    clone = Clone(box=box, path=tmp_path)
    clone.git("init", "-q")
    clone.commit("feat: x")
    address = "https://github.com/acme/shop.git"

    done = clone.git("push", "-q", address, *(f"HEAD:refs/heads/{x}" for x in pushed))
    later = clone.git("push", "-q", address, "HEAD:refs/heads/aaa")

    assert (done.code, later.code) == (0, 0)
    assert api("GET", "")["default_branch"] == default
    cloned = clone.git("clone", "-q", address, "again")
    head = clone.git("-C", "again", "symbolic-ref", "--short", "HEAD").output
    assert (cloned.code, head) == (0, f"{default}\n")
