from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.adapters.github import GitHub
from monokeel.adapters.issues import Pulls
from monokeel.adapters.process import run
from monokeel.adapters.session import Session
from monokeel.ground.answers import Declined
from sandbox.server import Sandbox

BRANCH = "template/v1.2.0"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox with a branch that is one commit ahead of main."""
    with Sandbox() as sandbox:
        clone = tmp_path / "clone"
        run(["git", "init", "--quiet", str(clone)])
        for branch in ("main", BRANCH):
            run(["git", "commit", "-q", "--allow-empty", "-m", branch], cwd=clone)
            target = f"HEAD:refs/heads/{branch}"
            run(["git", "push", "-q", str(sandbox.bare), target], cwd=clone)
        yield sandbox
        assert sandbox.violations() == []


@pytest.fixture
def pulls(box: Sandbox) -> Pulls:
    token = box.tokens["admin"]
    session = Session(tries=1)
    github = GitHub(session, api=box.url, repository=box.repository, token=token)
    return Pulls(github, base="main")


def test_a_pull_request_is_found_by_its_branch_until_it_is_closed(pulls: Pulls) -> None:
    number = pulls.create(BRANCH, title="chore(template): update", body="New.")
    assert isinstance(number, int)
    assert pulls.open_from("template/v") == {BRANCH: number}
    assert pulls.open_from("feat/") == {}

    pulls.close(number, comment="Superseded.")

    assert pulls.open_from("template/v") == {}


def test_a_second_pull_request_from_the_branch_is_declined(pulls: Pulls) -> None:
    pulls.create(BRANCH, title="one", body="")

    again = pulls.create(BRANCH, title="two", body="")

    assert isinstance(again, Declined)
    assert "already exists" in again.reason


def test_a_branch_that_is_not_there_is_declined(pulls: Pulls) -> None:
    assert isinstance(pulls.create("template/v9", title="x", body=""), Declined)


def test_a_pull_request_to_another_branch_is_none_of_ours(
    box: Sandbox, pulls: Pulls
) -> None:
    """A member opens one from our branch: the update would be proposed to nobody."""
    run(["git", "branch", "topic", "main"], cwd=box.bare)
    member = GitHub(
        Session(tries=1),
        api=box.url,
        repository=box.repository,
        token=box.tokens["reviewer"],
    )
    theirs = Pulls(member, base="topic").create(BRANCH, title="x", body="")
    assert isinstance(theirs, int)

    found = pulls.open_from("template/v")
    Pulls(member, base="topic").close(theirs, comment="no")

    assert (found, pulls.rejected(BRANCH)) == ({}, None)
