"""A copy or a fork, whose file still names the repository that it came from."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.ruled_shop import Ruled, ruled_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Ruled]:
    with ruled_shop(tmp_path / "shop") as shop:
        yield shop


@pytest.mark.parametrize(
    "task",
    [
        ("release",),
        ("release", "--dry-run"),
        ("release", "--dry-run", "--offline"),
        ("release", "--abandon=1.0.0", "--yes"),
        ("promote", "--env=dev", "--version=1.0.0"),
        ("promote", "--auto"),
    ],
    ids=" ".join,
)
def test_nothing_is_released_or_moved_in_another_repository(
    shop: Ruled, task: tuple[str, ...]
) -> None:
    """R37: a copy or a fork, whose file still names the repository it came from."""
    writes = shop.box.writes

    done = shop.inv(*task, GITHUB_REPOSITORY="acme/other")

    assert done.code == 3, done
    assert "GITHUB_REPOSITORY says acme/other" in done.err
    assert shop.box.writes == writes


def test_in_a_fork_the_release_of_a_push_is_skipped_and_says_so(
    shop: Ruled, tmp_path: Path
) -> None:
    """R37: syncing a fork is no failure; a copy that is no fork stays one."""
    event, outputs = tmp_path / "event.json", tmp_path / "outputs"
    outputs.write_text("")
    job = {
        "GITHUB_REPOSITORY": "ben/shop",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(outputs),
    }
    codes = {}
    for fork in (True, False):
        event.write_text(json.dumps({"repository": {"fork": fork}}))
        done = shop.inv("release", "--dry-run", **job)
        codes[fork] = done.code

        assert ("ben/shop is a fork" in done.out) is fork
        assert ("needed" in outputs.read_text()) is True

    assert codes == {True: 0, False: 3}
    assert outputs.read_text().splitlines()[1] == "false"
