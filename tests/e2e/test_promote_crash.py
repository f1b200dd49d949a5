"""A promotion and a rollback that die, or hear no answer, after any of their writes.

After each, whoever looks next sees the truth in every environment without a write, the
next promotion to any environment is decided by it, and the same command ends it.
"""

import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest

from monokeel.drift.environments import check_pointers
from monokeel.ground.errors import MonokeelError, RefusedError
from monokeel.ground.report import as_plain
from monokeel.promotion.history import moves_report
from monokeel.promotion.plan import Plan, Request, plan_promotion
from monokeel.promotion.reading import read_promotion
from monokeel.promotion.status import overview_of, overview_report
from sandbox.server import Sandbox
from tests.e2e.kept import Kept
from tests.e2e.live_shop import LiveShop

BACK = ("promote", "--env=staging", "--rollback", "--reason=data loss")
ON = ("promote", "--env=staging", "--version=1.6.0")
ENDS = {
    BACK: (
        "1.4.0",
        Request(environment="staging", rollback=True, reason="data loss"),
    ),
    ON: ("1.6.0", Request(environment="staging", version="1.6.0")),
}
WRITES = {
    BACK: ("record", "move", "mark", "success"),
    ON: ("record", "move", "success"),
}
CASES = [
    pytest.param(command, number, manner, id=f"{command[2][2:10]}-{write}-{manner}")
    for command, writes in WRITES.items()
    for number, write in enumerate(writes, 1)
    for manner in ("killed", "lost")
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveShop, Kept]]:
    with Sandbox() as box:
        shop = LiveShop(box, tmp_path_factory.mktemp("crash") / "shop")
        for version in ("1.4.0", "1.5.0", "1.6.0"):
            shop.release(version)
        for version in ("1.4.0", "1.5.0"):
            shop.place(version, "dev", "staging")
        shop.place("1.6.0", "dev")
        assert box.violations() == []
        yield shop, Kept(box, shop.folder)


def killed(shop: LiveShop, command: tuple[str, ...], number: int) -> None:
    """Kill *command* right after its write *number*, before the answer."""
    running: list[subprocess.Popen[str]] = []
    last = shop.box.writes + number

    def kill(write: int, _: str, __: str) -> None:
        if write == last:
            running[0].kill()

    shop.box.on_write = kill
    running.append(shop.start(*command))
    running[0].communicate(timeout=200)
    shop.box.on_write = None
    assert (running[0].returncode, shop.box.writes) == (-9, last)


def lost(shop: LiveShop, command: tuple[str, ...], number: int) -> None:
    """Let *command* not hear the answer to its write *number*."""
    writes = r"/(deployments|statuses|git-receive-pack)$"
    shop.box.switches.fail(writes, method="POST", kind="lost", skip=number - 1)
    done = shop.inv(*command)
    assert done.code in {0, 4}, done.err
    assert "Traceback" not in done.err
    shop.box.switches.faults.clear()


def plan(shop: LiveShop, environment: str, version: str) -> Plan:
    request = Request(environment=environment, version=version)
    return plan_promotion(request, shop.outside(), shop.settings)


def order(shop: LiveShop, environment: str, version: str) -> str:
    """What the gate ``order`` has against it."""
    stops = plan(shop, environment, version).stops
    return "; ".join(gate.detail for gate in stops if gate.name == "order")


def status(shop: LiveShop) -> str:
    overview = overview_of(shop.outside(), shop.settings, hold="")
    return " ".join(as_plain(overview_report(overview)).split())


def history(shop: LiveShop) -> list[str]:
    past = moves_report(shop.outside(), shop.settings, env="staging", count=20)
    return [" ".join(row) for row in past.sections[0].table.rows]


@pytest.mark.parametrize(("command", "number", "manner"), CASES)
def test_whoever_looks_next_sees_the_truth(
    shop: LiveShop, command: tuple[str, ...], number: int, manner: str
) -> None:
    (killed if manner == "killed" else lost)(shop, command, number)
    writes, moved = shop.box.writes, number > 1
    at = {(BACK, True): "1.4.0", (ON, True): "1.6.0"}.get((command, moved), "1.5.0")

    reading = read_promotion(shop.outside(), shop.settings)
    found = check_pointers(reading, shop.outside().records)
    newest = history(shop)[0 if moved else 1]

    assert shop.version_at("staging") == at
    assert f"staging {at} for " in status(shop)
    assert f" {at} " in newest
    assert all("staging" in each.line for each in found.drift)
    assert plan(shop, "dev", "1.6.0").kind == "there"
    assert order(shop, "prod", "1.5.0") == (
        "1.5.0 was rolled back in staging: data loss" if at == "1.4.0" else ""
    )
    assert bool(order(shop, "prod", "1.6.0")) == (at != "1.6.0")
    assert shop.box.writes == writes
    finish(shop, command)


def finish(shop: LiveShop, command: tuple[str, ...]) -> None:
    """The same command ends it, and then there is nothing left to write."""
    shop.box.switches.clock_offset_s += 3600
    goal, request = ENDS[command]
    writes = []
    for _ in range(3):
        with suppress(RefusedError):  # it was made already, by whom and when
            shop.promote(request)
        writes.append(shop.box.writes)

    reading = read_promotion(shop.outside(), shop.settings)

    assert shop.version_at("staging") == goal
    assert writes[1] == writes[2]
    assert [each.drift for each in reading.places] == [(), (), ()]
    if command is BACK:
        record = reading.ledger.track_record(
            "staging", reading.pointers.releases["1.5.0"]
        )
        assert (record.outcome, record.why) == ("rolled_back", "data loss")


def test_a_rollback_after_its_last_write_is_not_made_again(shop: LiveShop) -> None:
    killed(shop, BACK, 4)

    again = shop.inv(*BACK)

    assert again.code == 3
    assert "staging was rolled back from 1.5.0 to 1.4.0 by ada " in again.err
    assert shop.version_at("staging") == "1.4.0"


def test_an_unread_ledger_is_no_empty_one(shop: LiveShop) -> None:
    shop.box.switches.fail("/graphql", kind="lost", times=99)

    with pytest.raises(MonokeelError) as caught:
        plan(shop, "prod", "1.5.0")

    assert caught.value.exit_code == 4
