"""The objects of a clone: what is not there, and what nobody can tell."""

from pathlib import Path

import pytest

from monokeel.adapters.objects import Objects
from monokeel.ground.errors import ServiceError, UsageError
from tests.rendered.renders import git


def test_a_branch_of_no_repository_is_not_called_absent(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="not a git repository"):
        Objects(tmp_path, work=tmp_path).branch("main")


@pytest.mark.parametrize("name", ["nobody", "a..b", "@{9", "-x"])
def test_a_name_that_git_cannot_read_names_no_commit(tmp_path: Path, name: str) -> None:
    git(tmp_path, "init", "-q")

    with pytest.raises(UsageError, match="there is no commit"):
        Objects(tmp_path, work=tmp_path).commit_of(name)
