"""Updates that may not go ahead, or fail half-way: nothing is changed."""

import json
import shutil
from pathlib import Path

import pytest

from monokeel.adapters.objects import Worktree
from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError, UsageError
from monokeel.updates.propose import check
from monokeel.updates.records import OPEN_FILE
from tests.rendered.renders import git
from tests.rendered.test_update_sources import template_of
from tests.rendered.versions import NEW, Versions, put, save, tree_of, update

BRANCH = f"template/{NEW}"


@pytest.mark.parametrize("ours", [False, True], ids=["a colleague's", "of an update"])
def test_a_branch_that_holds_work_is_refused_as_it_is(
    shop: Path, tmp_path: Path, *, ours: bool
) -> None:
    if ours:
        update(shop, tmp_path / "first")
    else:
        git(shop, "checkout", "-q", "-b", BRANCH)
        save(shop, "feat: by hand")
    git(shop, "checkout", "-q", "main")
    before = git(shop, "rev-parse", BRANCH)

    if ours:
        update(shop, tmp_path / "work")
    else:
        with pytest.raises(RefusedError, match="commits of somebody else"):
            update(shop, tmp_path / "work")

    assert git(shop, "rev-parse", BRANCH) == before


def test_an_empty_branch_left_by_somebody_is_used(shop: Path, tmp_path: Path) -> None:
    git(shop, "branch", BRANCH)

    done = update(shop, tmp_path / "work")

    assert git(shop, "rev-parse", f"{BRANCH}~1").strip() == done.head


def test_a_branch_that_is_checked_out_is_not_moved(shop: Path, tmp_path: Path) -> None:
    git(shop, "checkout", "-q", "-b", BRANCH)

    with pytest.raises(UsageError, match="is checked out"):
        update(shop, tmp_path / "work")

    assert git(shop, "rev-parse", BRANCH) == git(shop, "rev-parse", "main")


def test_a_folder_of_a_repository_is_refused(shop: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q", "-b", "main")
    shutil.copytree(shop, outer / "shop", ignore=shutil.ignore_patterns(".git"))
    save(outer, "chore: inside")

    with pytest.raises(UsageError, match="not its root"):
        update(outer / "shop", tmp_path / "work")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        pytest.param("_commit: v9998.0.0-1-g0123456", RefusedError, id="no release"),
        pytest.param("_commit: v9000.0.0", RefusedError, id="unknown release"),
        pytest.param("_src_path: ../monokeel", UsageError, id="relative"),
        pytest.param("_src_path: /nowhere/at/all", ServiceError, id="gone"),
        pytest.param("required_reviews: 11", UsageError, id="bad answer"),
    ],
)
def test_a_broken_answers_file_changes_nothing(
    shop: Path, tmp_path: Path, line: str, error: type[MonokeelError]
) -> None:
    answers = shop / ".copier-answers.yml"
    name = line.partition(":")[0]
    lines = [
        line if old.startswith(f"{name}:") else old
        for old in answers.read_text().splitlines()
    ]
    answers.write_text("\n".join(lines) + "\n")
    save(shop, "chore: broken")
    before = tree_of(shop)

    with pytest.raises(MonokeelError) as caught:
        update(shop, tmp_path / "work")

    assert type(caught.value) is error
    assert tree_of(shop) == before
    assert git(shop, "branch", "--list", "template/*") == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<<<<<<< ours\n=======\n{}>>>>>>> theirs\n", "is not YAML"),
        ("{}_commit: v9997.0.0\n", "is not YAML: one object has twice: _commit"),
        ("{}owner: another\n", "is not YAML: one object has twice: owner"),
        ("{}'owner': another\n", "is not YAML: one object has twice: owner"),
        ("_src_path: /x\n_commit: 1.0\n", "does not name both"),
        ("_src_path: /x\n", "does not name both"),
        ("../answers.yml", "is not a YAML mapping"),
        ("", "is not a YAML mapping"),
    ],
)
def test_answers_that_a_merge_broke_are_refused_with_a_way_that_helps(
    shop: Path, tmp_path: Path, text: str, said: str
) -> None:
    """What is committed counts, so restoring the file from HEAD would not."""
    answers = shop / ".copier-answers.yml"
    answers.write_text(text.replace("{}", answers.read_text()))
    save(shop, "chore: broken")

    with pytest.raises(UsageError, match=said) as caught:
        update(shop, tmp_path / "work")

    assert "git log --patch -- .copier-answers.yml" in caught.value.fix
    assert "--adopt VERSION" in caught.value.fix


@pytest.mark.parametrize("lost", [".git/HEAD", "the answers", "what was left open"])
def test_what_git_cannot_show_is_unknown_and_never_absent(
    shop: Path, tmp_path: Path, lost: str
) -> None:
    """A clone without its blobs, or of another user's: the disk is no answer."""
    put(shop, {OPEN_FILE: b'{"schema": 1, "open": {}}'})
    save(shop, "chore: nothing open")
    if lost == ".git/HEAD":
        (shop / lost).write_text("nonsense")
    else:
        path = OPEN_FILE if "open" in lost else ".copier-answers.yml"
        blob = git(shop, "rev-parse", f"HEAD:{path}").strip()
        (shop / ".git/objects" / blob[:2] / blob[2:]).unlink()

    with pytest.raises(ServiceError):
        check(template_of(shop, tmp_path / "check"))
    with pytest.raises(ServiceError):
        update(shop, tmp_path / "update")


@pytest.mark.parametrize("other", ["template", f"{BRANCH}/ours"])
def test_a_branch_that_git_cannot_make_beside_another_is_refused(
    shop: Path, tmp_path: Path, other: str
) -> None:
    git(shop, "branch", other)

    with pytest.raises(UsageError, match="git can make none called") as caught:
        update(shop, tmp_path / "work")

    assert f"git branch -m {other} NAME" in caught.value.fix


def test_objects_that_github_does_not_take_are_refused(
    versions: Versions, tmp_path: Path
) -> None:
    shop = Path(shutil.copytree(versions.old, tmp_path / "shop", symlinks=True))
    git(shop, "init", "-q", "-b", "main", "--object-format=sha256")
    save(shop, "chore: start")

    with pytest.raises(UsageError, match="SHA-256"):
        update(shop, tmp_path / "work")
    with pytest.raises(UsageError, match="SHA-256"):
        Worktree(shop).in_index(["inv"])


def test_a_version_that_the_open_list_names_and_nobody_has_is_said(
    shop: Path, tmp_path: Path
) -> None:
    listed = {"base": "0.0.1", "since": "9997.0.0", "reason": "x"}
    text = json.dumps({"schema": 1, "open": {"docs/guide.md": listed}})
    put(shop, {OPEN_FILE: text.encode()})
    save(shop, "chore: by hand")

    with pytest.raises(ServiceError, match=r"has no v0\.0\.1") as caught:
        update(shop, tmp_path / "work")

    assert OPEN_FILE in caught.value.fix
