"""What moved before: the records of one environment, and moves without one."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monokeel.ground.errors import UsageError
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings
from monokeel.ground.words import span, stamp
from monokeel.promotion.evidence import moves_of
from monokeel.promotion.pointers import read_remote
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Reading, read_on, read_records
from monokeel.promotion.records import BranchMove, Note, Record

_NOWHERE = "0" * 40
_AWAY = {_NOWHERE: "gone"}
_NO_NOTE = Note(version="", sha="")
COLUMNS = ("when", "version", "from", "task", "by", "live for", "state", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move of an environment branch.

    *record* is ``None`` for a move outside promote: *task* says what GitHub saw then.
    *live_for* is ``None`` for one that was never confirmed, *why* says why it failed.
    """

    at: datetime
    version: str
    before: str
    task: str
    by: str
    state: str
    live_for: timedelta | None = None
    why: str = ""
    record: int | None = None
    note: Note = _NO_NOTE

    @property
    def row(self) -> tuple[str, ...]:
        """What people read of it, a cell for each of ``COLUMNS``."""
        note, approved = self.note, ", ".join(self.note.approvers)
        said = [self.why, note.reason]
        said += [f"{gate} overridden: {x}" for gate, x in note.overrides.items()]
        said += [f"approved by {approved}" if approved else ""]
        return (
            f"{self.at:%Y-%m-%d %H:%MZ}",
            self.version,
            self.before or "-",
            self.task,
            self.by or "unknown",
            span(self.live_for) if self.live_for is not None else "-",
            self.state,
            "; ".join(filter(None, said)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMoves:
    """The newest moves; *unseen* says why those outside promote are not among them."""

    environment: str
    moves: tuple[Move, ...]
    unseen: str


def parse_count(text: str) -> int:
    """Return the number that *text* means; UsageError unless it is 1 to 9999."""
    if re.fullmatch("0*[1-9][0-9]{0,3}", text) is None:
        raise UsageError(
            f"--count {text[:40]!r} shows nothing", fix="Give a number from 1 to 9999."
        )
    return int(text)


def past_moves(
    outside: Outside, local: Settings, *, environment: str, count: int
) -> PastMoves:
    """Return the newest *count* records of *environment*, and the moves without one.

    It may be a former name (``was``), or any ``env/*`` that is there. A request for
    each hundred records. UsageError for another one, ServiceError without an answer.
    """
    if not environment:
        raise UsageError("no environment given", fix="Add --env NAME.")
    pointers = read_remote(outside.clone, local)
    environment = pointers.names.get(environment, environment)
    if environment not in pointers.branches:
        pointers.settings.environment(environment)
    # Also a branch that belongs to no environment any more has a history.
    reading = read_records(outside, pointers, stray=environment)
    if count > len(reading.ledger.of(environment)):
        reading = read_on(reading, outside, environment)
    every = reading.ledger.of(environment)
    moves = [recorded(each, reading) for each in every[:count]]
    moves += [
        replace(recorded(each, reading), state="does not count", why=why)
        for each, why in reading.ledger.odd
        if each.environment == environment
    ]
    found = moves_of(environment, outside, pointers)
    seen, unseen = ((), found) if isinstance(found, str) else (found, "")
    oldest = every[count - 1].created_at if len(every) > count else None
    at = reading.pointers.version_at
    moves += [
        Move(
            at=each.at,
            version=at(each.after) or _AWAY.get(each.after, each.after[:12]),
            before=at(each.before),
            task=each.kind,
            by=each.actor,
            state="outside promote",
        )
        for each in _without_record(seen, every)
        if oldest is None or each.at >= oldest
    ]
    moves.sort(key=lambda move: move.at, reverse=True)
    return PastMoves(environment=environment, moves=tuple(moves), unseen=unseen)


def moves_report(past: PastMoves) -> Report:
    """Return the moves of one environment, the newest first."""
    name, moves = past.environment, past.moves
    unseen = f"moves outside promote could not be looked for: {past.unseen}"
    return Report(
        headline=f"Moves of {name}" if moves else f"Nothing was promoted to {name} yet",
        sections=(
            Section("", table=Table(COLUMNS, tuple(each.row for each in moves))),
            Section("Not seen", (unseen,) if past.unseen else ()),
        ),
        data={
            "environment": name,
            "moves": [
                {
                    "at": stamp(move.at),
                    "version": move.version,
                    "from": move.before or None,
                    "task": move.task,
                    "by": move.by,
                    "state": move.state,
                    "live_s": int(move.live_for.total_seconds())
                    if move.live_for is not None
                    else None,
                    "record": move.record,
                    "approvers": list(move.note.approvers),
                    "reason": move.note.reason,
                    "why": move.why,
                    "overrides": dict(move.note.overrides),
                    "run": move.note.run_url,
                }
                for move in moves
            ],
            "unseen": past.unseen or None,
        },
    )


def recorded(record: Record, reading: Reading) -> Move:
    """Return the move that *record* is of."""
    return Move(
        at=record.created_at,
        version=record.version,
        before=record.note.from_version,
        task=record.task,
        by=record.by,
        state="rolled back" if record.live_from and record.end else record.state,
        live_for=reading.time_live(record) if record.live_from is not None else None,
        why=record.why,
        record=record.id,
        note=record.note,
    )


def _without_record(
    seen: tuple[BranchMove, ...], records: tuple[Record, ...]
) -> list[BranchMove]:
    # A branch that was gone and is put back leaves what the record before it says.
    unmatched = [(each.note.from_sha or _NOWHERE, each.sha) for each in records]
    exact, left = list[BranchMove](), list[BranchMove]()
    for move in seen:
        if (move.before, move.after) in unmatched:
            unmatched.remove((move.before, move.after))
            exact.append(move)
    for move in (each for each in seen if each not in exact):
        again = [x for x in unmatched if move.before == _NOWHERE and x[1] == move.after]
        if again:
            unmatched.remove(again[0])
        else:
            left.append(move)
    return left
