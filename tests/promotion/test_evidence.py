"""What anybody who may write can put down proves nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.promotion.facts import ways_back
from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import Plan, Request, plan_promotion
from monokeel.promotion.reading import Reading, read_promotion
from monokeel.promotion.records import BranchMove
from tests.fakes.pointers import Shop, commit_named

TO_PROD = Request(environment="prod", version="1.0.0")


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.release("1.0.0", "1.1.0")
    shop.place("dev", "1.0.0")
    return shop


@contextmanager
def written_by(login: str, shop: Shop) -> Iterator[None]:
    """What is written to GitHub here has *login* as its creator."""
    before, shop.records.viewer = shop.records.viewer, login
    yield
    shop.records.viewer = before


def seen(shop: Shop, version: str) -> BranchMove:
    """A move of a branch to *version*, as GitHub's own log has it."""
    return BranchMove(
        before="0" * 40,
        after=commit_named(version),
        actor="deploy-key",
        at=shop.records.clock,
        kind="push",
    )


def plan(shop: Shop, request: Request = TO_PROD) -> Plan:
    return plan_promotion(request, shop.outside, shop.settings)


def reading(shop: Shop) -> Reading:
    return read_promotion(shop.outside, shop.settings)


def test_a_record_of_a_member_opens_no_gate(shop: Shop) -> None:
    with written_by("eve", shop):
        shop.records.remember("staging", "1.0.0", commit_named("1.0.0"))

    with pytest.raises(RefusedError) as caught:
        plan(shop).require()

    assert "order: 1.0.0 has not been in staging" in caught.value.problem
    ((_, why),) = reading(shop).ledger.odd
    assert why == "written by eve, and no move was seen"


def test_a_record_of_a_colleague_counts_where_github_saw_the_move(shop: Shop) -> None:
    with written_by("ben", shop):
        shop.records.remember("staging", "1.0.0", commit_named("1.0.0"))
    shop.records.moves = [seen(shop, "1.0.0")]

    plan(shop).require()


def test_a_move_long_ago_is_no_proof_of_a_new_record(shop: Shop) -> None:
    shop.records.moves = [seen(shop, "1.0.0")]
    shop.records.wait(timedelta(hours=1))
    shop.records.moves.insert(0, seen(shop, "1.1.0"))
    shop.records.wait(timedelta(hours=1))
    with written_by("eve", shop):
        shop.records.remember("staging", "1.0.0", commit_named("1.0.0"))

    assert plan(shop).stops


def test_a_log_that_cannot_be_read_is_said(shop: Shop) -> None:
    with written_by("ben", shop):
        shop.records.remember("staging", "1.0.0", commit_named("1.0.0"))
    shop.records.blind = True

    (said,) = reading(shop).ledger.unchecked.values()
    assert said == (
        "records in staging by others than github-actions[bot] could not be checked:"
        " GitHub answered 403 to GET /activity"
    )


@pytest.fixture
def taken_back(shop: Shop) -> Shop:
    """Ben took 1.1.0 back in dev, from his terminal; GitHub's log is silent now."""
    shop.place("dev", "1.1.0")
    with written_by("ben", shop):
        back = Request(environment="dev", rollback=True, reason="data loss")
        move_environment(plan(shop, back), shop.outside)
    shop.records.blind = True
    return shop


@pytest.mark.parametrize(
    ("environment", "gate"), [("staging", "order"), ("dev", "setback")]
)
def test_a_rollback_that_nobody_can_check_is_not_passed_over(
    taken_back: Shop, environment: str, gate: str
) -> None:
    request = Request(environment=environment, version="1.1.0")

    with pytest.raises(ServiceError, match=f"{gate}: the rollback by ben"):
        plan(taken_back, request).require()

    plan(taken_back, replace(request, overrides=(f"{gate}=looked myself",))).require()
    taken_back.records.blind, taken_back.records.moves = False, [seen(taken_back, "1")]
    plan(taken_back, request).require()  # nobody moved anything: it is no rollback


def test_a_way_back_that_may_be_bad_is_not_called_ready(taken_back: Shop) -> None:
    shop = taken_back
    shop.release("1.2.0")
    shop.place("dev", "1.2.0")
    there = reading(shop)

    [first, *_] = ways_back(there, shop.outside, there.place("dev"))

    assert first == ("1.1.0", "the rollback by ben could not be checked")


def test_what_nobody_can_check_is_neither_drift_nor_recorded_again(
    taken_back: Shop,
) -> None:
    again = Request(environment="dev", version="1.0.0")
    writes = len(taken_back.records.kept)

    done = move_environment(plan(taken_back, again), taken_back.outside)

    assert (done.kind, len(taken_back.records.kept)) == ("there", writes)
    assert "could not be checked" in done.warnings[0]
    assert reading(taken_back).place("dev").drift == ()
    assert "could not be looked for" in reading(taken_back).ledger.odd[0][1]


def test_a_status_of_a_member_says_nothing(shop: Shop) -> None:
    mine = shop.records.remember(
        "staging", "1.0.0", commit_named("1.0.0"), state="pending"
    )
    with written_by("eve", shop):
        shop.records.settle(mine.id, "success", "")

    assert plan(shop).stops
    (record,) = reading(shop).ledger.of("staging")
    assert record.state == "pending"


def test_a_record_whose_tag_names_another_commit_does_not_count(shop: Shop) -> None:
    shop.place("dev", "1.1.0")
    record = shop.records.remember("dev", "1.0.0", commit_named("elsewhere"))

    ledger = reading(shop).ledger

    assert [each.version for each in ledger.of("dev")] == ["1.1.0", "1.0.0"]
    ((odd, why),) = ledger.odd
    assert (odd.id, why[:9]) == (record.id, "1.0.0 is ")


def test_a_record_that_contradicts_itself_does_not_count(shop: Shop) -> None:
    record = shop.records.remember("staging", "1.0.0", commit_named("1.0.0"))
    note = replace(record.note, sha=commit_named("1.1.0"))
    shop.records.kept[record.id] = replace(record, note=note)

    assert plan(shop).stops
    assert len(reading(shop).ledger.odd) == 1


def test_the_end_of_a_soak_is_found_however_old() -> None:
    shop = Shop(soak="1h")
    shop.release("1.0.0", "1.1.0", "1.2.0")
    shop.place("dev", "1.0.0")
    shop.records.wait(timedelta(minutes=10))
    shop.place("dev", "1.1.0")
    shop.records.wait(timedelta(hours=5))
    for _ in range(3):
        shop.place("dev", "1.2.0")
    shop.records.page = 2

    gates = plan(shop, Request(environment="staging", version="1.0.0")).gates

    (soak,) = (gate for gate in gates if gate.name == "soak")
    assert soak.detail == "live in dev for 10m of 1h, and no longer"


def test_marks_come_before_the_success(shop: Shop) -> None:
    shop.place("dev", "1.1.0")
    shop.records.remember("dev", "1.1.0", commit_named("1.1.0"), state="pending")
    shop.records.wait(timedelta(minutes=1))
    shop.push_by_hand("dev", commit_named("1.1.0"))
    shop.place("dev", "1.1.0")
    shop.release("1.2.0")
    shop.records.remember("dev", "1.2.0", commit_named("1.2.0"), state="pending")

    made = plan(shop, Request(environment="dev", version="1.0.0", rollback=True))
    move_environment(made, shop.outside)

    assert shop.fuse.log[-5:] == [
        "refs/heads/env/dev 1.0.0",
        "failure 1.2.0",
        "failure 1.1.0",
        "failure 1.1.0",
        "success 1.0.0",
    ]


def test_each_move_has_one_record(shop: Shop) -> None:
    # Eve writes another one for what ben put there, to be the one who did it.
    with written_by("ben", shop):
        shop.place("staging", "1.0.0")
    shop.records.moves = [replace(seen(shop, "1.0.0"), actor="ben")]
    shop.records.wait(timedelta(hours=1))
    for login in ("eve", "aaron"):
        with written_by(login, shop):
            shop.records.remember("staging", "1.0.0", commit_named("1.0.0"))

    place = reading(shop).place("staging")

    assert place.current is not None
    assert place.current.by == "ben (claims: ana)"
    assert reading(shop).ledger.time_live(place.current) >= timedelta(hours=1)
    assert [why for _, why in reading(shop).ledger.odd] == [
        "written by aaron, and no move was seen",
        "written by eve, and no move was seen",
    ]


@pytest.mark.parametrize("age", [timedelta(hours=-1), timedelta(hours=1)])
def test_a_member_takes_no_version_back(shop: Shop, age: timedelta) -> None:
    shop.place("staging", "1.0.0")
    shop.records.moves = [seen(shop, "1.0.0")]
    with written_by("eve", shop):
        forged = shop.records.remember("staging", "1.0.0", commit_named("1.0.0"))
    note = replace(forged.note, from_sha=commit_named("1.1.0"), reason="a joke")
    shop.records.kept[forged.id] = replace(
        forged, task="rollback", note=note, created_at=forged.created_at + age
    )

    taken_back = reading(shop).ledger.track_record("staging", commit_named("1.1.0"))
    assert taken_back.outcome == "never"
    assert [record.id for record, _ in reading(shop).ledger.odd] == [forged.id]


def test_a_record_of_no_version_does_not_count(shop: Shop) -> None:
    record = shop.records.remember("dev", "\x1b[2J", commit_named("1.0.0"))

    ((odd, why),) = reading(shop).ledger.odd

    assert (odd.id, why) == (record.id, "'\\x1b[2J' is not a version")


def test_moves_under_a_former_name_count(shop: Shop) -> None:
    with written_by("ben", shop):
        shop.records.remember("staging", "1.0.0", commit_named("1.0.0"))
    shop.records.moves, shop.records.moved = [seen(shop, "1.0.0")], "env/staging"
    shop.clone.policy = shop.clone.policy.replace(
        'name = "staging"', 'name = "preprod"\nwas = "staging"'
    )

    plan(shop).require()
