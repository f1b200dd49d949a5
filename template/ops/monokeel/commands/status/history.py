"""The moves of one environment: our records, and what went around them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monokeel.commands.status.needs import Clone, Records, policy_at
from monokeel.core.deployments import BranchMove, Ledger, Record
from monokeel.core.pointers import Pointers, branch_of, main_of, pointers_of
from monokeel.core.settings import Settings
from monokeel.errors import CommandError

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


def look_back(
    clone: Clone, records: Records, local: Settings, *, environment: str, count: int
) -> History:
    """Return the newest *count* records of *environment*, and the moves without one.

    One request per record for its statuses. Raises CommandError for an unknown
    environment or a count below 1, ServiceError when GitHub cannot be read.
    """
    if not environment:
        raise CommandError("no environment given", fix="Add --env NAME.")
    if count < 1:
        raise CommandError(f"--count {count} shows nothing", fix="Give 1 or more.")
    refs = clone.remote_refs()
    main = main_of(refs, local.default_branch)
    if clone.commit_of(main) is None:
        clone.fetch()
    settings = policy_at(clone, main)
    settings.environment(environment)
    pointers = pointers_of(refs, main=main, prefix=settings.tag_prefix)
    every = records.history(environment)
    now = records.now()
    ledger = Ledger(records=every[:count])
    ledger = ledger.knowing(records.statuses([each.id for each in ledger.records]))
    pointer = pointers.branches.get(environment)
    moves = [_recorded(each, ledger, pointer, now) for each in ledger.records]
    seen, unseen = _seen(records, environment)
    oldest = every[count - 1].created_at if len(every) > count else None
    moves += [
        _outside(each, pointers)
        for each in _without_record(seen, every)
        if oldest is None or each.at >= oldest
    ]
    moves.sort(key=lambda move: move.at, reverse=True)
    return History(environment=environment, moves=tuple(moves), unseen=unseen)


def _recorded(
    record: Record, ledger: Ledger, pointer: str | None, now: datetime
) -> Move:
    start = ledger.live_from(record)
    ends = [
        ended
        for later in ledger.records
        if later.id > record.id and (ended := ledger.live_from(later)) is not None
    ]
    live_for = None
    if start is not None:
        end = min(ends) if ends else now if record.sha == pointer else start
        live_for = max(end - start, timedelta())
    return Move(
        at=record.created_at,
        version=record.note.version,
        before=record.note.from_version,
        task=record.task,
        by=record.by,
        state=ledger.state(record),
        live_for=live_for,
        why=ledger.why(record) if ledger.state(record) != "success" else "",
        record=record,
    )


def _seen(records: Records, environment: str) -> tuple[tuple[BranchMove, ...], str]:
    try:
        return records.branch_moves(branch_of(environment)), ""
    except CommandError as error:
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
