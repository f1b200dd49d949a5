"""What a build would have beside the files of its commit, or lack."""

import shutil
import subprocess
from pathlib import Path

import pytest

from monokeel.adapters.git import Git
from monokeel.ground.answers import Moved


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


def test_no_setting_of_git_makes_it_ask_the_remotes_of_submodules(
    clone: Path, with_submodule: Path, tmp_path: Path
) -> None:
    allowed = ("-c", "protocol.file.allow=always")
    git(with_submodule, *allowed, "submodule", "update", "--init")
    shutil.rmtree(tmp_path / "part")
    git(with_submodule, "config", "fetch.recurseSubmodules", "true")
    git(with_submodule, "config", "push.gpgSign", "true")
    git(clone, "commit", "-q", "--allow-empty", "-m", "fix: later")
    git(clone, "tag", "-a", "-m", "said", "v1.0.0")
    there = Git(with_submodule)
    at = there.remote_objects()["refs/tags/v1.0.0"]

    assert there.tag_message("refs/tags/v1.0.0", at) == "said\n"
    there.fetch_commit(at.commit)
    moved = there.move_ref("refs/heads/env/dev", old=None, new=at.commit)
    assert moved == Moved(now=at.commit, changed=True)
