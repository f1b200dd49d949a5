"""Updates that may not go ahead, or fail half-way: nothing is changed."""

import shutil
from pathlib import Path

import pytest

from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError, UsageError
from tests.rendered.renders import git
from tests.rendered.versions import NEW, save, tree_of, update

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
