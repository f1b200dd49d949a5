"""What moved before: the records of one environment, and moves without one."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monokeel.ground.answers import Json
from monokeel.ground.errors import NO_ANSWER, UsageError
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings
from monokeel.ground.words import span, stamp
from monokeel.promotion.pointers import (
    Pointers,
    branch_of,
    names_on_github,
    read_remote,
)
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Reading, read_on, read_records
from monokeel.promotion.records import BranchMove, Record

_NOWHERE = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move of an environment branch.

    *record* is ``None`` for a move outside promote, *task* then says what GitHub saw
    (``force_push``). *live_for* is ``None`` for a move that was never confirmed, *why*
    the reason of a failure.
    """

    at: datetime
    version: str
    before: str
    task: str
    by: str
    state: str
    live_for: timedelta | None = None
    why: str = ""
    record: Record | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The newest moves of *environment*, newest first.

    *unseen* says why moves outside promote could not be looked for, if so.
    """

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


def look_back(
    outside: Outside, local: Settings, *, environment: str, count: int
) -> History:
    """Return the newest *count* records of *environment*, and the moves without one.

    *environment* may also be a former name (``was``), or any ``env/*`` that is there. A
    request for each hundred records. Raises UsageError for an unknown environment,
    ServiceError when GitHub cannot be read.
    """
    if not environment:
        raise UsageError("no environment given", fix="Add --env NAME.")
    settings, pointers = read_remote(outside.clone, local)
    environment = names_on_github(settings).get(environment, environment)
    if environment not in pointers.branches:
        settings.environment(environment)
    # Also a branch that belongs to no environment any more has a history.
    reading = read_records(outside, (settings, pointers), stray=environment)
    if count > len(reading.ledger.of(environment)):
        reading = read_on(reading, outside, environment)
    every = reading.ledger.of(environment)
    moves = [_recorded(each, reading) for each in every[:count]]
    moves += [
        replace(_recorded(each, reading), state="does not count", why=why)
        for each, why in reading.ledger.odd
        if each.environment == environment
    ]
    seen, unseen = _seen(outside, environment)
    oldest = every[count - 1].created_at if len(every) > count else None
    moves += [
        _outside(each, reading.pointers)
        for each in _without_record(seen, every)
        if oldest is None or each.at >= oldest
    ]
    moves.sort(key=lambda move: move.at, reverse=True)
    return History(environment=environment, moves=tuple(moves), unseen=unseen)


def history_report(history: History) -> Report:
    """Return the moves of one environment, the newest first."""
    columns = ("when", "version", "from", "task", "by", "live for", "state", "reason")
    rows = tuple(_move_row(move) for move in history.moves)
    unseen = (
        (f"moves outside promote could not be looked for: {history.unseen}",)
        if history.unseen
        else ()
    )
    name = history.environment
    return Report(
        headline=f"Moves of {name}" if rows else f"Nothing was promoted to {name} yet",
        sections=(
            Section("", table=Table(columns, rows)),
            Section("Not seen", unseen),
        ),
        data={
            "environment": name,
            "moves": [_move_data(move) for move in history.moves],
            "unseen": history.unseen or None,
        },
    )


def _recorded(record: Record, reading: Reading) -> Move:
    return Move(
        at=record.created_at,
        version=record.version,
        before=record.note.from_version,
        task=record.task,
        by=record.by,
        state=record.state,
        live_for=reading.time_live(record) if record.live_from is not None else None,
        why=record.why,
        record=record,
    )


def _seen(outside: Outside, environment: str) -> tuple[tuple[BranchMove, ...], str]:
    try:
        return outside.records.branch_moves(branch_of(environment)), ""
    except NO_ANSWER as error:
        return (), error.problem


def _without_record(
    seen: tuple[BranchMove, ...], records: tuple[Record, ...]
) -> list[BranchMove]:
    unmatched = [(each.note.from_sha or _NOWHERE, each.sha) for each in records]
    left = []
    for move in seen:
        if (move.before, move.after) in unmatched:
            unmatched.remove((move.before, move.after))
        else:
            left.append(move)
    return left


def _outside(move: BranchMove, pointers: Pointers) -> Move:
    gone = move.after == _NOWHERE
    version = pointers.version_at(move.after) or move.after[:12]
    return Move(
        at=move.at,
        version="gone" if gone else version,
        before=pointers.version_at(move.before),
        task=move.kind,
        by=move.actor,
        state="outside promote",
    )


def _move_row(move: Move) -> tuple[str, ...]:
    note = move.record.note if move.record is not None else None
    reasons = [move.why] if move.why else []
    reasons += [note.reason] if note is not None and note.reason else []
    if note is not None:
        reasons += [f"{gate} overridden: {why}" for gate, why in note.overrides.items()]
        reasons += (
            [f"approved by {', '.join(note.approvers)}"] if note.approvers else []
        )
    return (
        f"{move.at:%Y-%m-%d %H:%MZ}",
        move.version,
        move.before or "-",
        move.task,
        move.by or "unknown",
        span(move.live_for) if move.live_for is not None else "-",
        move.state,
        "; ".join(reasons),
    )


def _move_data(move: Move) -> Json:
    note = move.record.note if move.record is not None else None
    lived = move.live_for
    return {
        "at": stamp(move.at),
        "version": move.version,
        "from": move.before or None,
        "task": move.task,
        "by": move.by,
        "state": move.state,
        "live_s": int(lived.total_seconds()) if lived is not None else None,
        "record": move.record.id if move.record is not None else None,
        "approvers": list(note.approvers) if note is not None else [],
        "reason": note.reason if note is not None else "",
        "why": move.why,
        "overrides": dict(note.overrides) if note is not None else {},
        "run": note.run_url if note is not None else "",
    }
