"""What a build would have beside the files of its commit, or lack."""

import subprocess
from pathlib import Path

import pytest

from monokeel.adapters.git import Git


def git(cwd: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=cwd, check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "clone")
    git(tmp_path / "clone", "commit", "-q", "--allow-empty", "-m", "feat: first")
    return tmp_path / "clone"


def test_files_are_named_as_they_are_written(clone: Path) -> None:
    for name in ("caf\u00e9", "a\u2028b"):
        (clone / name).touch()

    assert Git(clone).unclean() == ("?? a\u2028b", "?? caf\u00e9")


@pytest.fixture
def with_submodule(clone: Path, tmp_path: Path) -> Path:
    """A clone of a commit with a submodule, in which nobody has checked it out."""
    part, whole = tmp_path / "part", tmp_path / "whole"
    git(tmp_path, "clone", "-q", "clone", "part")
    allowed = ("-c", "protocol.file.allow=always")
    git(clone, *allowed, "submodule", "add", str(part), "services/api/lib")
    quiet = ("submodule.services/api/lib.ignore", "all")
    git(clone, "config", "-f", ".gitmodules", *quiet)
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "feat: a part")
    git(tmp_path, "clone", "-q", "clone", "whole")
    return whole


@pytest.mark.usefixtures("with_submodule")
def test_what_settings_of_git_hide_is_unclean_all_the_same(clone: Path) -> None:
    git(clone, "config", "status.showUntrackedFiles", "no")
    (clone / "new").touch()
    (clone / "services/api/lib/new").touch()

    assert Git(clone).unclean() == (" M services/api/lib", "?? new")


def test_a_submodule_that_is_not_checked_out_is_no_file_of_the_commit(
    with_submodule: Path,
) -> None:
    [lacking] = Git(with_submodule).unclean("services/api")

    assert lacking.startswith("services/api/lib (a submodule, not checked out:")
    assert Git(with_submodule).unclean("services/web") == ()


def test_another_commit_of_a_submodule_is_a_change(with_submodule: Path) -> None:
    assert "services/api/lib" in Git(with_submodule).changed_paths("HEAD~1", "HEAD")
