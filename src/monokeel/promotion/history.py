"""What moved before: the records of one environment, and moves without one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from monokeel.ground.answers import Json
from monokeel.ground.errors import UsageError
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings
from monokeel.ground.words import span, stamp
from monokeel.promotion.pointers import Pointers, read_remote
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Reading, moves_of, read_on, read_records
from monokeel.promotion.records import BranchMove, Note, Record

_NOWHERE = "0" * 40
COLUMNS = ("when", "version", "from", "task", "by", "live for", "state", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move of an environment branch, with its *state* for people.

    A move outside promote has a record without id: its task is what GitHub saw then.
    *live_for* is ``None`` for one that was never confirmed, *why* says what is wrong.
    """

    record: Record
    state: str
    why: str = ""
    live_for: timedelta | None = None

    @property
    def row(self) -> tuple[str, ...]:
        """What people read of it, a cell for each of ``COLUMNS``."""
        record, note = self.record, self.record.note
        said = [self.why, note.reason]
        said += [f"{gate} overridden: {x}" for gate, x in note.overrides.items()]
        said += [f"approved by {', '.join(note.approvers)}"] * bool(note.approvers)
        return (
            f"{record.created_at:%Y-%m-%d %H:%MZ}",
            record.version,
            note.from_version or "-",
            record.task,
            record.by,
            span(self.live_for) if self.live_for is not None else "-",
            self.state,
            "; ".join(filter(None, said)),
        )

    @property
    def fields(self) -> dict[str, Json]:
        """The same for machines."""
        record, note, lived = self.record, self.record.note, self.live_for
        return {
            "at": stamp(record.created_at),
            "version": record.version,
            "from": note.from_version or None,
            "task": record.task,
            "by": record.by,
            "state": self.state,
            "live_s": int(lived.total_seconds()) if lived is not None else None,
            "record": record.id or None,
            "approvers": list(note.approvers),
            "reason": note.reason,
            "why": self.why,
            "overrides": dict(note.overrides),
            "run": note.run_url,
        }


def parse_count(text: str) -> int:
    """Return the number that *text* means; UsageError unless it is 1 to 9999."""
    if re.fullmatch("0*[1-9][0-9]{0,3}", text) is None:
        fix = "Give a number from 1 to 9999."
        raise UsageError(f"--count {text[:40]!r} shows nothing", fix=fix)
    return int(text)


def moves_report(outside: Outside, local: Settings, *, env: str, count: int) -> Report:
    """Return the newest *count* records of *env*, and the moves without one.

    It may be a former name (``was``), or any ``env/*`` that is there. A request for
    each hundred records. UsageError for another one, ServiceError without an answer.
    """
    if not env:
        raise UsageError("no environment given", fix="Add --env NAME.")
    pointers = read_remote(outside.clone, local)
    name = pointers.names.get(env, env)
    if name not in pointers.branches:
        pointers.settings.environment(name)
    # Also a branch that belongs to no environment any more has a history.
    reading = read_records(outside, pointers, env=name)
    if count > len(reading.ledger.of(name)):
        reading = read_on(reading, outside, name)
    every, found = reading.ledger.of(name), moves_of(name, outside, pointers)
    seen, unseen = ((), found) if isinstance(found, str) else (found, "")
    oldest = every[count - 1].created_at if len(every) > count else None
    moves = [recorded(each, reading) for each in every[:count]]
    odd = (x for x in reading.ledger.odd if x[0].environment == name)
    moves += [recorded(each, reading, why) for each, why in odd]
    for each in _without_record(seen, every):
        if oldest is None or each.at >= oldest:
            moves.append(_outside(each, name, pointers))
    moves.sort(key=lambda move: move.record.created_at, reverse=True)
    told = (f"moves outside promote could not be looked for: {unseen}",)
    return Report(
        headline=f"Moves of {name}" if moves else f"Nothing was promoted to {name} yet",
        sections=(
            Section("", table=Table(COLUMNS, tuple(each.row for each in moves))),
            Section("Not seen", told * bool(unseen)),
        ),
        data={
            "environment": name,
            "moves": [each.fields for each in moves],
            "unseen": unseen or None,
        },
    )


def recorded(record: Record, reading: Reading, odd: str = "") -> Move:
    """Return the move that *record* is of; *odd* is why it does not count."""
    ended = "rolled back" if record.live_from and record.end else record.state
    return Move(
        record=record,
        state="does not count" if odd else ended,
        why=odd or record.why,
        live_for=reading.ledger.time_live(record) if record.live_from else None,
    )


def _outside(move: BranchMove, environment: str, pointers: Pointers) -> Move:
    at, gone = pointers.version_at, "gone" if move.after == _NOWHERE else ""
    version = at(move.after) or gone or move.after[:12]
    record = Record(
        id=0,
        environment=environment,
        sha=move.after,
        task=move.kind,
        created_at=move.at,
        creator=move.actor,
        note=Note(version=version, from_version=at(move.before)),
    )
    return Move(record=record, state="outside promote")


def _without_record(
    seen: tuple[BranchMove, ...], records: tuple[Record, ...]
) -> Iterator[BranchMove]:
    # A branch that was gone and is put back leaves what the record before it says.
    unmatched = [(each.note.from_sha or _NOWHERE, each.sha) for each in records]
    left = list[BranchMove]()
    for move in seen:
        if (move.before, move.after) in unmatched:
            unmatched.remove((move.before, move.after))
        else:
            left.append(move)
    for move in left:
        again = [x for x in unmatched if move.before == _NOWHERE and x[1] == move.after]
        if again:
            unmatched.remove(again[0])
        else:
            yield move
