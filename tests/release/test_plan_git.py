"""The plan of real repositories, read through the real adapter."""

import hashlib
from pathlib import Path

import pytest

from monokeel.adapters.git import Git
from monokeel.adapters.process import run
from monokeel.ground.errors import ServiceError
from monokeel.release.plan import as_data
from tests.fakes.clones import Clone
from tests.fakes.plans import problems, statuses


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def digest_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_plan_changes_nothing_in_the_repository(clone: Clone) -> None:
    clone.commit("feat: a")
    clone.push()
    before = digest_of(clone.root), digest_of(clone.remote)

    clone.plan_online()

    assert (digest_of(clone.root), digest_of(clone.remote)) == before


def test_the_next_version_of_a_clone(clone: Clone) -> None:
    head = clone.commit("feat: a\n\nbody")

    plan = clone.plan()

    assert (plan.previous, plan.version, plan.commit) == ("1.0.0", "1.1.0", head)
    assert [(each.sha, each.subject) for each in plan.commits] == [(head, "a")]


def test_an_annotated_tag_is_a_release(clone: Clone) -> None:
    clone.commit("feat: a")
    clone.git("tag", "-a", "-m", "text", "v1.4.0")
    clone.commit("fix: b")

    assert clone.plan().version == "1.4.1"


def test_a_tag_of_a_tag_is_peeled_wholly(clone: Clone) -> None:
    clone.git("tag", "-a", "-f", "-m", "one", "v1.0.0")
    clone.git(
        "-c", "advice.nestedTag=false", "tag", "-a", "-f", "-m", "b", "v1.0.0", "v1.0.0"
    )
    clone.commit("fix: b")
    clone.push()

    assert (clone.plan().version, clone.plan_online().version) == ("1.0.1", "1.0.1")
    assert problems(clone.plan_online()) == []


def test_after_a_release_elsewhere_there_is_nothing_to_release_here(
    clone: Clone,
) -> None:
    clone.commit("feat: a")
    clone.push()
    clone.git("push", "--quiet", "origin", "HEAD:refs/tags/v1.1.0")

    plan = clone.plan_online()

    assert (plan.needed, plan.previous, problems(plan)) == (False, "1.1.0", [])
    assert "v1.1.0" not in clone.git("tag")


def test_a_claim_costs_no_ref_of_the_clone(clone: Clone) -> None:
    head = clone.commit("feat: a")
    clone.push()
    clone.claim("v1.1.0", head)
    before = clone.git("for-each-ref")

    clone.plan_online()

    assert clone.git("for-each-ref") == before


def test_messages_come_through_byte_for_byte(clone: Clone) -> None:
    clone.commit("chore: x\r\n\r\n\u00a0BREAKING CHANGE: y ==END==\r\n")

    plan = clone.plan()

    assert plan.version == "2.0.0"
    assert plan.commits[0].breaking == ("y ==END==",)


def test_merge_commits_and_their_branches_count(clone: Clone) -> None:
    clone.git("switch", "--quiet", "-c", "topic")
    clone.commit("fix: in the branch")
    clone.git("switch", "--quiet", "main")
    clone.commit("docs: beside it")
    clone.git("merge", "--quiet", "--no-ff", "-m", "feat: merged", "topic")

    plan = clone.plan()

    assert plan.version == "1.1.0"
    assert len(plan.commits) == 3


def test_a_release_on_a_merged_branch_is_the_last_one(clone: Clone) -> None:
    clone.git("switch", "--quiet", "-c", "hotfix")
    clone.commit("fix: urgent", tag="v1.0.1")
    clone.git("switch", "--quiet", "main")
    clone.commit("docs: beside it")
    clone.git("merge", "--quiet", "--no-ff", "-m", "chore: merge", "hotfix")

    plan = clone.plan()

    assert (plan.previous, plan.version) == ("1.0.1", None)


def test_a_release_elsewhere_is_found_not_to_be_in_this_history(clone: Clone) -> None:
    clone.git("switch", "--quiet", "-c", "elsewhere")
    there = clone.commit("feat: elsewhere", tag="v1.1.0")
    clone.git("switch", "--quiet", "main")
    clone.commit("fix: here")

    plan = clone.plan()

    assert (plan.previous, plan.version) == ("1.0.0", "1.0.1")
    assert there[:7] in problems(plan)[0]


def test_a_commit_older_than_the_last_release_has_its_own_past(clone: Clone) -> None:
    clone.commit("fix: b", tag="v1.0.1")
    clone.git("checkout", "--quiet", "v1.0.0")

    plan = clone.plan()

    assert (plan.previous, plan.version, problems(plan)) == ("1.0.0", None, [])
    assert plan.reason == "v1.0.1 contains this commit"


def test_a_tag_on_a_tree_is_no_release(clone: Clone) -> None:
    clone.git("tag", "v7.0.0", "HEAD^{tree}")
    clone.commit("fix: b")

    plan = clone.plan()

    assert plan.version == "1.0.1"
    [fix] = [x.fix for x in plan.blockers if "v7.0.0" in x.problem]
    assert fix.startswith('v7.0.0 names no commit: add "7.0.0" to [release] skip')


def test_a_branch_with_the_name_of_a_tag_confuses_nobody(clone: Clone) -> None:
    clone.commit("feat: a")
    clone.git("branch", "v1.0.0", "HEAD")
    clone.commit("fix: b")

    assert len(clone.plan().commits) == 2


@pytest.mark.parametrize("odd", ["\u00a0", "\u2028x", "\x85"], ids=ascii)
def test_an_odd_character_in_a_tag_confuses_nobody(clone: Clone, odd: str) -> None:
    clone.commit("feat: a", tag=f"v1.1.0{odd}")
    clone.push()
    clone.commit("fix: b")

    plan = clone.plan_online()

    assert plan.previous == ("1.0.0" if odd == "\x85" else "1.1.0")
    assert statuses(plan)["tags"] == "ok"


def test_settings_of_a_user_do_not_change_the_plan(clone: Clone) -> None:
    key = clone.root.parent / "key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    for name, value in (
        ("tag.sort", "-creatordate"),
        ("column.ui", "always"),
        ("log.showSignature", "true"),
        ("log.decorate", "full"),
        ("color.ui", "always"),
        ("gpg.format", "ssh"),
        ("gpg.ssh.allowedSignersFile", "/dev/null"),
        ("user.signingKey", f"{key}"),
    ):
        clone.git("config", name, value)
    clone.commit("feat: a", tag="v1.9.0")
    clone.commit("feat: b", tag="v1.10.0")
    (clone.root / "file").write_text("1\n", encoding="utf-8")
    clone.git("add", "file")
    clone.git("commit", "--quiet", "-S", "-m", "fix: c")

    assert clone.plan().version == "1.10.1"
    [version] = Git(clone.root).versions_of("file", 9)
    assert (version.subject, version.text) == ("fix: c", "1\n")


def test_a_shallow_clone_is_recognised(clone: Clone, tmp_path: Path) -> None:
    clone.commit("feat: a")
    clone.push()
    address, shallow = f"file://{clone.remote}", tmp_path / "shallow"
    run(["git", "clone", "--quiet", "--depth=1", address, str(shallow)])

    plan = clone.plan(root=shallow)

    assert (plan.version, statuses(plan)["history"]) == (None, "blocked")


def test_the_remote_is_compared(clone: Clone) -> None:
    clone.commit("docs: b")
    pushed_at = clone.commit("feat: a")
    clone.push()
    pushed = statuses(clone.plan_online())
    clone.commit("feat: b")
    ahead = clone.plan_online()
    clone.git("reset", "--quiet", "--hard", "HEAD~2")
    behind = clone.plan_online()

    assert (pushed["remote"], pushed["tags"], pushed["tag"]) == ("ok", "ok", "ok")
    assert "is not on the remote" in problems(ahead)[0]
    assert problems(behind) == []
    assert [each.detail for each in behind.checks if each.name == "remote"] == [
        f"in main, which is at {pushed_at[:7]} by now (git pull gets it)"
    ]


def test_a_claim_on_the_remote_is_gone_on_with(clone: Clone) -> None:
    head = clone.commit("feat: a")
    clone.push()
    claimed = clone.claim("v1.1.0", head)

    plan = clone.plan_online()

    assert as_data(plan)["resume"] == {
        "version": plan.version,
        "commit": head,
        "done": ["build", "claim"],
    }
    assert clone.git("rev-parse", "--verify", claimed) != head


def test_a_remote_that_is_gone_leaves_the_version(clone: Clone) -> None:
    clone.commit("feat: a")
    clone.git("remote", "set-url", "origin", str(clone.root / "nowhere"))

    plan = clone.plan_online()

    assert (plan.version, problems(plan)) == ("1.1.0", [])
    assert {"remote", "tags", "claims", "tag"} <= {each.name for each in plan.unknown}


@pytest.mark.parametrize("content", [None, b"junk"], ids=["lost", "broken"])
def test_a_commit_that_cannot_be_read_is_not_a_first_one_to_make(
    clone: Clone, content: bytes | None
) -> None:
    """R50: the advice for another cause would hide this one."""
    head = clone.git("rev-parse", "HEAD")
    path = clone.root / ".git/objects" / head[:2] / head[2:]
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ServiceError, match=f"commit {head} cannot be read") as caught:
        Git(clone.root).head()

    assert "git fsck" in caught.value.fix
