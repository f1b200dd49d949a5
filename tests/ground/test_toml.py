"""Readers of single values: what passes, and what is refused in words."""

from datetime import datetime, timedelta, timezone

import pytest

from monokeel.ground import toml
from monokeel.ground.errors import UsageError


@pytest.mark.parametrize("value", [True, -1, 1.0, "1", None])
def test_a_number_is_whole_and_not_negative(value: object) -> None:
    with pytest.raises(UsageError, match="app_id must be a whole number, not "):
        toml.number("app_id", value)


def test_a_number_may_be_nothing() -> None:
    assert toml.number("app_id", 0) == 0


@pytest.mark.parametrize("path", ["..", "a/../b", "a//b", "./a", "a/.GIT", "git~1/x"])
def test_no_folder_is_outside_of_the_repository(path: str) -> None:
    with pytest.raises(UsageError, match="is not inside the repository"):
        toml.whole_folder("context", path)


def test_only_a_whole_folder_may_be_the_root() -> None:
    assert toml.whole_folder("context", ".") == "."

    with pytest.raises(UsageError, match=r"path = '\.' is not inside the repository"):
        toml.folder("path", ".")


def test_a_moment_beyond_the_calendar_is_no_time_of_ours() -> None:
    west = timezone(-timedelta(hours=1))

    with pytest.raises(UsageError, match="is no time of ours"):
        toml.moment("to", datetime(9999, 12, 31, 23, 59, tzinfo=west))
