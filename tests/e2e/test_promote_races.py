"""Promotions and rollbacks that start together, as processes on one repository.

Six at once, one trial each; ``RACE_TRIALS=10 RACERS=20`` is the full proof.
"""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.promotion.reading import Reading, read_promotion
from sandbox.server import Sandbox
from tests.e2e.live_shop import LiveShop

TRIALS = range(int(os.environ.get("RACE_TRIALS", "1")))
RACERS = int(os.environ.get("RACERS", "6"))
ON = ("promote", "--env=dev", "--version=1.1.0")
BACK = ("promote", "--env=dev", "--rollback", "--reason=data loss")
ENDS: Counter[str] = Counter()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[LiveShop]:
    with Sandbox() as box:
        yield LiveShop(box, tmp_path)
        assert box.violations() == []


@pytest.fixture(scope="module", autouse=True)
def counts() -> Iterator[None]:
    yield
    print(f"\n{len(TRIALS)} trials of {RACERS}: {dict(sorted(ENDS.items()))}")  # noqa: T201


def race(shop: LiveShop, *commands: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """Start all *commands* together; return how each ended."""
    running = [shop.start(*command) for command in commands]
    return [(each.returncode, *said) for each, said in ended(running)]


def ended(
    running: list["subprocess.Popen[str]"],
) -> Iterator[tuple["subprocess.Popen[str]", tuple[str, str]]]:
    for each in running:
        yield each, each.communicate(timeout=280)


def moves(shop: LiveShop, start: str) -> list[str]:
    """The versions that dev was moved to after *start*, in order, as GitHub saw it."""
    tags = shop.git("tag", "--list").split()
    names = {shop.git("rev-list", "-1", tag): tag.removeprefix("v") for tag in tags}
    seen = [names[x.after] for x in shop.outside().records.branch_moves("env/dev")]
    return seen[::-1][seen[::-1].index(start) + 1 :]


def check(
    shop: LiveShop, ends: list[tuple[int, str, str]], moved: list[str]
) -> Reading:
    """What must hold after any race: each move is one run's, and the records agree."""
    assert {code for code, _, _ in ends} <= {0, 3}, ends
    assert not [err for _, _, err in ends if "Traceback" in err]
    won = [out for code, out, _ in ends if code == 0 and " -> " in out]
    assert len(won) == len(moved)
    shop.box.switches.clock_offset_s += 3600
    shop.inv("promote", "--env=dev", f"--version={shop.version_at('dev')}")
    reading = read_promotion(shop.outside(), shop.settings)
    place = reading.place("dev")
    assert (place.version, place.drift, place.owed) == (shop.version_at("dev"), (), ())
    assert place.current is not None
    assert reading.ledger.unfinished("dev") == []
    lasting = [each.version for each in reading.ledger.confirmed("dev")]
    assert lasting[: len(moved)] == moved[::-1]
    return reading


@pytest.mark.timeout(600)
@pytest.mark.parametrize("trial", TRIALS)
def test_promoters_move_forward_only(shop: LiveShop, trial: int) -> None:
    versions = [f"1.{minor}.0" for minor in range(RACERS + 1)]
    for version in versions:
        shop.release(version)
    shop.place("1.0.0", "dev")
    order = versions[1:] if trial % 2 else versions[:0:-1]

    ends = race(shop, *((*ON[:2], f"--version={each}") for each in order))

    moved = moves(shop, "1.0.0")
    check(shop, ends, moved)
    ENDS.update(f"promoter {code}" for code, _, _ in ends)
    minors = [int(each.split(".")[1]) for each in moved]
    assert minors == sorted(set(minors)) != []
    for code, _, err in ends:
        assert code == 0 or " by " in err or "older than" in err or " ago)" in err, err


@pytest.mark.timeout(600)
@pytest.mark.parametrize("trial", TRIALS)
def test_no_promoter_undoes_a_rollback(shop: LiveShop, trial: int) -> None:
    for version in ("0.9.0", "1.0.0", "1.1.0"):
        shop.release(version)
    for version in ("0.9.0", "1.0.0"):
        shop.place(version, "dev")
    half = RACERS // 2
    first, second = (ON, BACK) if trial % 2 else (BACK, ON)

    ends = race(shop, *(first, second) * half)

    moved = moves(shop, "1.0.0")
    reading = check(shop, ends, moved)
    ENDS.update(f"both {code}" for code, _, _ in ends)
    left: set[str] = set()
    before = "1.0.0"
    for version in moved:
        assert version not in left, moved
        if version < before:
            left.add(before)
            ENDS["rolled back"] += 1
        before = version
    for version in left:
        record = reading.ledger.track_record("dev", reading.pointers.releases[version])
        assert (record.outcome, record.why) == ("rolled_back", "data loss")
