"""The objects of a clone: what is not there, and what nobody can tell."""

from pathlib import Path

import pytest

from monokeel.adapters.objects import Objects
from monokeel.ground.errors import ServiceError, UsageError
from monokeel.updates.merge import Merged
from tests.rendered.renders import git


def test_a_branch_of_no_repository_is_not_called_absent(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="not a git repository"):
        Objects(tmp_path, work=tmp_path).branch("main")


@pytest.mark.parametrize("name", ["nobody", "a..b", "@{9", "-x"])
def test_a_name_that_git_cannot_read_names_no_commit(tmp_path: Path, name: str) -> None:
    git(tmp_path, "init", "-q")

    with pytest.raises(UsageError, match="there is no commit"):
        Objects(tmp_path, work=tmp_path).commit_of(name)


BYTES, OTHER = bytes(range(256)), bytes(reversed(range(256)))
HEAD = b"Title\n" + b"=" * 40


@pytest.mark.parametrize(
    ("team", "old", "new", "merged"),
    [
        pytest.param(BYTES, BYTES, OTHER, (OTHER, ()), id="no text, its"),
        pytest.param(OTHER, BYTES, BYTES, (OTHER, ()), id="no text, ours"),
        pytest.param(OTHER, BYTES, OTHER, (OTHER, ()), id="no text, both"),
        pytest.param(
            b"a\r\nb\r\nc\r\nX",
            b"a\nb\nc\nd",
            b"A\nb\nc\nd",
            (b"A\r\nb\r\nc\r\nX", ()),
            id="the team's line ends",
        ),
        pytest.param(
            b"a\r\nb\nc\nd\n",
            b"a\nb\nc\nd\n",
            b"a\nb\nc\nD\n",
            (b"a\r\nb\nc\nD\n", ()),
            id="one line's end",
        ),
        pytest.param(b"X", b"a\n", b"a\nb\n", (b"X", ("a\nb\n",)), id="no line's end"),
        pytest.param(
            HEAD + b"\na\nX\n",
            HEAD + b"\na\nb\n",
            HEAD + b"\na\nY\n",
            (HEAD + b"\na\nX\n", ("Y\n",)),
            id="a line like a marker",
        ),
    ],
)
def test_what_both_sides_have_is_merged(
    tmp_path: Path, team: bytes, old: bytes, new: bytes, merged: Merged
) -> None:
    git(tmp_path, "init", "-q")

    assert Objects(tmp_path, work=tmp_path).merge(team, old, new) == merged
