"""How a version did in an environment, and which records a crash left unfinished."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from monokeel.ground.words import brief
from monokeel.promotion import records
from monokeel.promotion.records import Ledger, Record, Status

STALE = timedelta(minutes=15)
"""How long a pending record may belong to a run that is still at work."""

_NO_REASON = "no reason given"
LONGEST_DESCRIPTION = 140
"""Of a status, in characters; source: GitHub's OpenAPI description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """How one commit did in one environment.

    *outcome*: ``good``; ``rolled_back`` (*why* says the reason, *ended* the moment);
    ``unconfirmed`` (its record is pending); ``never``. *live_for* is how long it was
    live since its last start, *live* whether it is now.
    """

    outcome: Literal["good", "rolled_back", "unconfirmed", "never"]
    live_for: timedelta = timedelta()
    live: bool = False
    why: str = ""
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """A status that is still owed to *record*, because a run was cut short."""

    record: Record
    state: records.State
    said: str

    @property
    def description(self) -> str:
        """What the status says, as long as GitHub takes it."""
        return brief(self.said, LONGEST_DESCRIPTION)

    @property
    def is_mark(self) -> bool:
        """Whether it says that a rollback left the version of a good record."""
        return self.record.state == "success"


def track_record_of(
    ledger: Ledger, environment: str, commit: str, *, live: bool, now: datetime
) -> TrackRecord:
    """Return how *commit* did in *environment*, where it is *live* now or not.

    A record that never succeeded (a lost race) says nothing about the commit; one that
    succeeded and failed later was rolled back.
    """
    reached = ledger.confirmed(environment, commit)
    if not reached:
        # It may have been put there by hand: a rollback that left it says so, too.
        for each in ledger.confirmed(environment):
            if each.task == records.ROLLBACK and each.note.from_sha == commit:
                return TrackRecord(
                    outcome="rolled_back",
                    live=live,
                    why=each.note.reason or _NO_REASON,
                    ended=each.live_from,
                )
        pending = any(each.sha == commit for each in ledger.unfinished(environment))
        return TrackRecord(outcome="unconfirmed" if pending else "never", live=live)
    newest = reached[0]
    if newest.end is None:
        length = time_live(ledger, newest, live=live, now=now)
        return TrackRecord(outcome="good", live_for=length, live=live)
    why = newest.why.removeprefix(records.ROLLED_BACK)
    return TrackRecord(outcome="rolled_back", live=live, why=why, ended=newest.end.at)


def time_live(ledger: Ledger, each: Record, *, live: bool, now: datetime) -> timedelta:
    """Return how long *each*, once confirmed, was where its environment is.

    It ends with the next confirmed move; without one and not *live* it counts nothing.
    """
    start = each.live_from or each.created_at
    later = [
        other.live_from or now
        for other in ledger.confirmed(each.environment)
        if other.id > each.id
    ]
    end = min(later) if later else now if live else start
    return max(end - start, timedelta())


def repairs(
    ledger: Ledger, environment: str, pointer: str | None, now: datetime
) -> tuple[Repair, ...]:
    """Return what must be written so that the records of *environment* are true again.

    Of the pending records one may be that of the move that put the branch where it is:
    it happened. One older than a move that happened has lost its lease. Any other may
    belong to a run at work and is left alone, until it is 15 minutes old.
    A rollback that did not mark each record of the version it left: they are marked.
    To be written in this order.
    """
    owed = []
    mover = _mover(ledger, environment, pointer)
    happened = [each for each in ledger.of(environment) if each is mover]
    happened += ledger.confirmed(environment)
    for record in reversed(ledger.unfinished(environment)):
        later = [each for each in happened if each.id > record.id]
        if record is mover:
            owed.append(Repair(record, "success", "the branch is there: confirmed"))
        elif later:
            first = min(later, key=lambda each: each.id)
            owed.append(overtaken(record, first.version))
        elif now - record.created_at > STALE:
            owed.append(Repair(record, "error", "cut short before the branch moved"))
    for record in ledger.of(environment):
        stands = record is mover or record.state == "success"
        if record.task == records.ROLLBACK and stands:
            # They keep the version that it left from going further, until it is
            # promoted there again.
            left = ledger.of(environment, record.note.from_sha)
            older = [each for each in left if each.id < record.id]
            owed += rolled_back(older, record.note.reason)
    return tuple({each.record.id: each for each in owed}.values())


def rolled_back(left: Iterable[Record], reason: str) -> list[Repair]:
    """Return the marks that keep the version of the records *left* from going on."""
    said = records.ROLLED_BACK + (reason or _NO_REASON)
    good = [each for each in left if each.state == "success"]
    return [Repair(each, "failure", said) for each in good]


def overtaken(record: Record, version: str) -> Repair:
    """Return the end of an unfinished *record* that lost to the move to *version*."""
    return Repair(record, "failure", f"overtaken by {version}")


def repaired(ledger: Ledger, owed: Iterable[Repair], now: datetime) -> Ledger:
    """Return *ledger* as it is once *owed* has been written at *now*."""
    added = {x.record.id: Status(x.state, now, x.description) for x in owed}
    mended = (
        replace(each, statuses=(*each.statuses, added[each.id]))
        if each.id in added
        else each
        for each in ledger.records
    )
    return replace(ledger, records=tuple(mended))


def _mover(ledger: Ledger, environment: str, pointer: str | None) -> Record | None:
    # The pending record of the move that put the branch where it is: newer than every
    # confirmed one, from there on, and the first of several that wanted the same.
    last = ledger.last(environment)
    if last is not None and last.sha == pointer:
        return None
    waiting = [
        each
        for each in ledger.unfinished(environment)
        if each.sha == pointer
        and (last is None or (each.id > last.id and each.note.from_sha == last.sha))
    ]
    return waiting[-1] if waiting else None
