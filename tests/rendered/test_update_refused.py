"""Updates that may not go ahead, or fail half-way: nothing is changed."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from monokeel.adapters.copier import Template
from monokeel.adapters.credentials import Credentials
from monokeel.adapters.worktree import Worktree
from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError, UsageError
from monokeel.updates.edits import Render
from monokeel.updates.update import Wanted, carry_out, plan_update
from tests.rendered.renders import git
from tests.rendered.versions import put, save, tree_of, update

Edits = Mapping[str, bytes | None]


@pytest.mark.parametrize(
    ("edits", "problem"),
    [
        pytest.param({"docs/guide.md": b"x"}, "not committed", id="changed"),
        pytest.param({"new.txt": b"x"}, "not committed", id="untracked"),
    ],
)
def test_a_dirty_tree_is_refused_as_it_is(
    shop: Path, tmp_path: Path, edits: Edits, problem: str
) -> None:
    put(shop, edits)
    before = tree_of(shop)

    with pytest.raises(RefusedError, match=problem):
        update(shop, tmp_path / "work")

    assert tree_of(shop) == before
    assert git(shop, "branch", "--show-current").strip() == "main"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        pytest.param("_commit: v9998.0.0-1-g0123456", RefusedError, id="no release"),
        pytest.param("_commit: v9997.0.0", UsageError, id="unknown release"),
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


@pytest.mark.parametrize("failure", [ServiceError("gone"), KeyboardInterrupt()])
def test_a_failure_half_way_leaves_the_repository_as_it_was(
    shop: Path, tmp_path: Path, failure: BaseException
) -> None:
    class Broken(Template):
        def renamed(self, old: Render, new: Render) -> dict[str, str]:
            assert old.folder != new.folder
            raise failure

    put(shop, {"docs/leaving.md": b"ours"})
    save(shop, "feat: ours")
    before = tree_of(shop)
    work = tmp_path / "work"
    work.mkdir()
    template = Broken(shop, work=work, credentials=Credentials())
    plan = plan_update(Worktree(shop), template, Wanted())
    assert plan is not None

    with pytest.raises(type(failure)):
        carry_out(plan, Worktree(shop), template, settle=False)

    assert tree_of(shop) == before
    assert git(shop, "status", "--porcelain") == ""
    assert git(shop, "branch", "--format=%(refname:short)").split() == ["main"]


def test_an_edit_that_git_was_told_to_overlook_is_not_lost(
    shop: Path, tmp_path: Path
) -> None:
    git(shop, "update-index", "--skip-worktree", "docs/leaving.md")
    put(shop, {"docs/leaving.md": b"ours"})

    update(shop, tmp_path / "work")

    assert (shop / "docs/leaving.md").read_bytes() == b"ours"
