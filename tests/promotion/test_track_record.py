from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monokeel.promotion.reading import STALE, Repair, repaired, repairs
from monokeel.promotion.records import (
    Ledger,
    Note,
    Record,
    Status,
    TrackRecord,
    records_in_order,
)

START = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
A, B = "a" * 40, "b" * 40
HOUR = timedelta(hours=1)


def record(
    number: int, sha: str, hour: float, *, task: str = "promote", left: str = ""
) -> Record:
    return Record(
        id=number,
        environment="dev",
        sha=sha,
        task=task,
        created_at=START + hour * HOUR,
        creator="ana",
        note=Note(version=sha[:1], sha=sha, from_sha=left, reason="slow"),
    )


def status(state: str, hour: float) -> Status:
    said = "rolled back: slow" if state == "failure" else ""
    return Status(state=state, at=START + hour * HOUR, description=said)


def ledger(*entries: tuple[Record, list[Status]]) -> Ledger:
    return Ledger(
        now=START,
        records=records_in_order(
            replace(each, statuses=tuple(statuses)) for each, statuses in entries
        ),
    )


def try_a(known: Ledger, *, live: bool, hour: float = 10) -> TrackRecord:
    now, branches = START + hour * HOUR, {"dev": A} if live else {}
    return replace(known, now=now, branches=branches).track_record("dev", A)


def at(known: Ledger, pointer: str | None, now: datetime) -> Ledger:
    return replace(known, now=now, branches={"dev": pointer} if pointer else {})


def owed_by(known: Ledger, pointer: str | None, now: datetime) -> tuple[Repair, ...]:
    return repairs(at(known, pointer, now), "dev")


def test_a_commit_that_was_never_there_is_untried() -> None:
    assert try_a(ledger((record(1, B, 0), [status("success", 0)])), live=False) == (
        TrackRecord(outcome="never")
    )


def test_a_live_commit_has_lived_until_now() -> None:
    known = ledger((record(1, A, 0), [status("success", 1)]))

    assert try_a(known, live=True) == (
        TrackRecord(outcome="good", live_for=9 * HOUR, live=True)
    )


def test_an_inactive_record_is_still_good() -> None:
    known = ledger(
        (record(1, A, 0), [status("success", 1), status("inactive", 3)]),
        (record(2, B, 3), [status("success", 3)]),
    )

    assert try_a(known, live=False) == TrackRecord(outcome="good", live_for=2 * HOUR)


def test_the_time_counts_from_the_last_good_start() -> None:
    known = ledger(
        (record(1, A, 0), [status("success", 0)]),
        (record(2, B, 2), [status("success", 2)]),
        (record(3, A, 5), [status("success", 5)]),
    )

    assert try_a(known, live=True).live_for == 5 * HOUR


def test_a_period_without_an_end_counts_nothing() -> None:
    known = ledger((record(1, A, 0), [status("success", 1)]))

    assert try_a(known, live=False).live_for == timedelta()


def test_a_lost_race_ends_no_period_and_says_nothing() -> None:
    known = ledger(
        (record(1, A, 0), [status("success", 0)]),
        (record(2, B, 2), [status("failure", 2)]),
        (record(3, A, 3), [status("failure", 3)]),
    )

    assert try_a(known, live=True) == (
        TrackRecord(outcome="good", live_for=10 * HOUR, live=True)
    )


@pytest.mark.parametrize("states", ["success failure", "failure success"])
def test_what_failed_once_is_rolled_back_in_whatever_order(states: str) -> None:
    known = ledger((record(1, A, 0), [status(each, 4) for each in states.split()]))

    assert try_a(known, live=False).outcome == "rolled_back"


def test_a_pending_record_alone_is_unconfirmed() -> None:
    assert try_a(ledger((record(1, A, 0), [])), live=False).outcome == "unconfirmed"


LATE = START + STALE + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("pointer", "now", "state"),
    [
        (A, START, ["success"]),
        (A, LATE, ["success"]),
        (B, LATE, ["error"]),
        (None, LATE, ["error"]),
        (B, START, []),
    ],
    ids=["moved", "moved long ago", "not moved", "no branch", "maybe at work"],
)
def test_an_unfinished_record_is_judged_by_the_branch(
    pointer: str | None, now: datetime, state: list[str]
) -> None:
    known = ledger((record(1, A, 0), []))

    owed = owed_by(known, pointer, now)

    assert [state for _, state, _ in owed] == state


def test_an_unfinished_record_below_a_confirmed_one_has_lost() -> None:
    known = ledger(
        (record(1, A, 0), []),
        (record(2, B, 0), [status("success", 0)]),
    )

    owed = owed_by(known, B, START)

    assert [(record.id, state, said) for record, state, said in owed] == [
        (1, "failure", "overtaken by b")
    ]


def test_where_the_branch_was_already_no_unfinished_record_moved_it() -> None:
    known = ledger(
        (record(1, A, 0), [status("success", 0)]),
        (record(2, A, 0, left=A), []),
    )

    owed = owed_by(known, A, LATE)

    assert [(x.id, state) for x, state, _ in owed] == [(2, "error")]


def test_unfinished_records_are_settled_from_the_oldest_on() -> None:
    known = ledger((record(1, A, 0), []), (record(2, B, 0), []))

    owed = owed_by(known, B, START)

    assert [(x.id, state) for x, state, _ in owed] == [
        (1, "failure"),
        (2, "success"),
    ]


def test_a_rollback_that_was_cut_short_still_marks_what_it_left() -> None:
    known = ledger(
        (record(1, A, 0), [status("success", 0)]),
        (record(2, B, 1), [status("success", 1)]),
        (record(3, A, 2, task="rollback", left=B), []),
    )

    owed = owed_by(known, A, START + 2 * HOUR)

    assert [(record.id, state, said) for record, state, said in owed] == [
        (3, "success", "the branch is there: confirmed"),
        (2, "failure", "rolled back: slow"),
    ]


def test_after_the_repairs_nothing_is_owed() -> None:
    known = ledger(
        (record(2, B, 1), [status("success", 1)]),
        (record(3, A, 2, task="rollback", left=B), []),
    )
    now = START + 2 * HOUR

    known = at(known, A, now)
    known = repaired(known, repairs(known, "dev"))

    assert owed_by(known, A, now) == ()


def test_a_version_promoted_again_after_its_rollback_is_not_marked_again() -> None:
    known = ledger(
        (record(2, B, 1), [status("success", 1), status("failure", 2)]),
        (record(3, A, 2, task="rollback", left=B), [status("success", 2)]),
        (record(4, B, 3), [status("success", 3)]),
    )

    assert owed_by(known, B, START + 4 * HOUR) == ()


def test_of_two_that_wanted_the_same_the_one_from_there_moved_it() -> None:
    elsewhere = "c" * 40
    known = ledger(
        (record(1, B, 0), [status("success", 0)]),
        (record(2, A, 1, left=elsewhere), []),
        (record(3, A, 1, left=B), []),
    )

    owed = owed_by(known, A, START + HOUR)

    assert [(x.id, state) for x, state, _ in owed] == [
        (2, "failure"),
        (3, "success"),
    ]
