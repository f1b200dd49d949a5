"""How a commit did in an environment, and which records a crash left unfinished.

Both read a Ledger. Reading a status costs a request, so each question has a partner
``unread_for_…`` that names the records to read next; ask it until it names none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monokeel.ground.words import span
from monokeel.promotion.records import ROLLBACK, Ledger, Record, State, Status

STALE = timedelta(minutes=15)
"""How long a pending record may belong to a run that is still at work."""

_ROLLED_BACK = "rolled back: "
_LONGEST_DESCRIPTION = 140  # GitHub's OpenAPI description of a deployment status


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How one commit did in one environment.

    *outcome*: ``good``; ``rolled_back`` (*why* says the reason, *ended* the moment);
    ``unconfirmed`` (its record is pending); ``never``. *live_for* is the sum of all
    times it was live there, *live* whether it is now.
    """

    outcome: Literal["good", "rolled_back", "unconfirmed", "never"]
    live_for: timedelta = timedelta()
    live: bool = False
    why: str = ""
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A status that is still owed to *record*, because a run was cut short."""

    record: Record
    state: State
    description: str


def unread_for_trial(
    ledger: Ledger, environment: str, commit: str, *, timed: bool
) -> tuple[int, ...]:
    """Return the ids of the records to read next for ``trial_of``; empty: enough.

    *timed* says whether the time it was live matters; it ends at the next success.
    """
    tried = ledger.of(environment, commit)
    missing = tuple(each.id for each in tried if each.id not in ledger.statuses)
    if missing or not timed:
        return missing
    for record in tried:
        for later in _after(ledger, record):
            if later.id not in ledger.statuses:
                return (later.id,)
            if ledger.live_from(later) is not None:
                break
    return ()


def trial_of(
    ledger: Ledger, environment: str, commit: str, *, live: bool, now: datetime
) -> Trial:
    """Return how *commit* did in *environment*, where it is *live* now or not.

    A record that never succeeded (a lost race) says nothing about the commit; one that
    succeeded and failed later was rolled back.
    """
    tried = ledger.of(environment, commit)
    reached = [each for each in tried if ledger.live_from(each) is not None]
    if not reached:
        pending = any(ledger.state(each) == "pending" for each in tried)
        return Trial(outcome="unconfirmed" if pending else "never", live=live)
    newest = reached[0]
    lived = sum((_lived(ledger, each, live, now) for each in reached), timedelta())
    if ledger.state(newest) == "success":
        return Trial(outcome="good", live_for=lived, live=live)
    return Trial(
        outcome="rolled_back",
        live_for=lived,
        live=live,
        why=ledger.why(newest).removeprefix(_ROLLED_BACK),
        ended=ledger.decided_at(newest),
    )


def unread_for_repair(
    ledger: Ledger, environment: str, pointer: str | None
) -> tuple[int, ...]:
    """Return the ids of the records to read next for ``repairs``; empty: enough.

    Goes back to the newest confirmed move: before a run confirms its own it settles
    every unfinished record that it knows. One made while that run was at work can stand
    right below, so the next is read, too, when it is not much older.
    """
    records = ledger.of(environment)
    first = records[: 2 if _overlap(records[:2]) else 1]
    unread = tuple(each.id for each in first if each.id not in ledger.statuses)
    if unread:
        return unread
    confirmed = False
    for index, record in enumerate(records):
        if record.id not in ledger.statuses:
            return (record.id,)
        before, confirmed = confirmed, ledger.live_from(record) is not None
        if confirmed and (before or not _overlap(records[index : index + 2])):
            break
    left = _left_by_rollback(ledger, environment, pointer)
    return (left.id,) if left is not None and left.id not in ledger.statuses else ()


def read_on(
    ledger: Ledger,
    read: Callable[[Sequence[int]], Mapping[int, tuple[Status, ...]]],
    ask: Callable[[Ledger], Sequence[int]],
) -> Ledger:
    """Return *ledger* with the statuses that *ask* wants, until it wants none.

    *read* returns record id → its statuses, oldest first.
    """
    while ids := ask(ledger):
        ledger = ledger.knowing(read(ids))
    return ledger


def repairs(
    ledger: Ledger, environment: str, pointer: str | None, now: datetime
) -> tuple[Repair, ...]:
    """Return what must be written so that the records of *environment* are true again.

    A pending record below a confirmed move: it did not happen, its lease is lost. One
    whose commit is where the branch is: it happened. One older than 15 minutes: it did
    not. Any other may belong to a run at work: left alone.
    A rollback whose old version was not marked yet: marked, so that it goes no further.
    To be written in this order.
    """
    owed = []
    # The oldest first: what stands below a confirmed record is not found again.
    for record in reversed(unfinished(ledger, environment)):
        winner = _confirmed_after(ledger, record, pointer)
        if winner is not None:
            owed.append(overtaken(record, winner.note.version))
        elif record.sha == pointer:
            owed.append(_repair(record, "success", "the branch is there: confirmed"))
        elif now - record.created_at > STALE:
            owed.append(_repair(record, "error", "cut short before the branch moved"))
    left = _left_by_rollback(ledger, environment, pointer)
    if left is not None and ledger.state(left) == "success":
        by = next(each for each in ledger.of(environment, pointer))
        owed.append(rolled_back(left, by.note.reason))
    return tuple(owed)


def unfinished(ledger: Ledger, environment: str) -> tuple[Record, ...]:
    """Return the records of *environment* that were read and are pending."""
    return tuple(
        record
        for record in ledger.of(environment)
        if record.id in ledger.statuses and ledger.state(record) == "pending"
    )


def rolled_back(record: Record, reason: str) -> Repair:
    """Return the mark that keeps the version of *record* from going further."""
    return _repair(record, "failure", _ROLLED_BACK + (reason or "no reason given"))


def overtaken(record: Record, version: str) -> Repair:
    """Return the end of an unfinished *record* that lost to the move to *version*."""
    return _repair(record, "failure", f"overtaken by {version}")


def repaired(ledger: Ledger, owed: tuple[Repair, ...], now: datetime) -> Ledger:
    """Return *ledger* as it is once *owed* has been written at *now*."""
    for repair in owed:
        known = ledger.statuses[repair.record.id]
        status = Status(
            id=max((each.id for each in known), default=0) + 1,
            state=repair.state,
            at=now,
            description=repair.description,
        )
        ledger = ledger.knowing({repair.record.id: (*known, status)})
    return ledger


def shortened(description: str) -> str:
    """Return *description* as GitHub takes it: one line, at most 140 characters."""
    line = " ".join(description.split())
    if len(line) <= _LONGEST_DESCRIPTION:
        return line
    return line[: _LONGEST_DESCRIPTION - 1] + "…"


def _repair(record: Record, state: State, description: str) -> Repair:
    return Repair(record=record, state=state, description=shortened(description))


def _after(ledger: Ledger, record: Record) -> list[Record]:
    later = [each for each in ledger.of(record.environment) if each.id > record.id]
    return later[::-1]


def _lived(ledger: Ledger, record: Record, live: bool, now: datetime) -> timedelta:  # noqa: FBT001 - all four are one question
    start = ledger.live_from(record)
    if start is None:
        return timedelta()
    end = now if live else start
    for later in _after(ledger, record):
        if later.id not in ledger.statuses:
            return timedelta()  # nobody asked for the time
        ended = ledger.live_from(later)
        if ended is not None:
            end = ended
            break
    return max(end - start, timedelta())


def _overlap(records: tuple[Record, ...]) -> bool:
    return len(records) > 1 and records[0].created_at - records[1].created_at < STALE


def _confirmed_after(
    ledger: Ledger, record: Record, pointer: str | None
) -> Record | None:
    for later in _after(ledger, record):
        if later.id not in ledger.statuses:
            continue
        moved = later.sha == pointer and ledger.state(later) == "pending"
        if moved or ledger.live_from(later) is not None:
            return later
    return None


def _left_by_rollback(
    ledger: Ledger, environment: str, pointer: str | None
) -> Record | None:
    # The record of the version that the newest move there left, if it was a rollback.
    for record in ledger.of(environment):
        if record.id not in ledger.statuses:
            return None
        state = ledger.state(record)
        there = record.sha == pointer and state in ("success", "pending")
        if there and record.task == ROLLBACK:
            return _good_before(ledger, record)
        if there or state == "success":
            return None
    return None


def _good_before(ledger: Ledger, rollback: Record) -> Record | None:
    for record in ledger.of(rollback.environment, rollback.note.from_sha):
        if record.id < rollback.id:
            unread = record.id not in ledger.statuses
            if unread or ledger.live_from(record) is not None:
                return record
    return None


def setback(trial: Trial, now: datetime) -> str:
    """Return when and why a version was rolled back, ``""`` if it was not."""
    if trial.outcome != "rolled_back" or trial.ended is None:
        return ""
    return f"rolled back {span(now - trial.ended)} ago: {trial.why}"
