"""Whose records count: what anybody who may write can put down proves nothing.

A record counts if its creator is our writer or whoever asks, or if GitHub itself saw
the branch move as it says; and if its tag, version and commit agree.
"""

from dataclasses import replace
from datetime import timedelta

from monokeel.ground.errors import NO_ANSWER, RefusedError
from monokeel.promotion.pointers import Pointers, branch_of
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import (
    PROMOTE,
    ROLLBACK,
    BranchMove,
    Ledger,
    Listed,
    Record,
)

ACTIONS = "github-actions[bot]"
_LAG = timedelta(minutes=1)  # between a record and the push that it announces


def ledger_of(
    outside: Outside, listed: Listed, pointers: Pointers
) -> tuple[Ledger, dict[str, str]]:
    """Return the ledger of the records in *listed* that count; the rest is odd.

    With it environment → which records there nobody could judge, and why.
    """
    # Whoever may write can write a record: it counts if it is our writer's, or if
    # GitHub saw the branch move as it says.
    others = [each for each in listed.records if not _is_ours(each, listed.viewer)]
    names = dict.fromkeys(each.environment for each in others)
    moves = {name: _moves_of(name, outside, pointers) for name in names}
    counted, odd = [], []
    for record in listed.records:
        why = _disagreement(record, pointers)
        if not why and not _is_ours(record, listed.viewer):
            seen = moves[record.environment]
            if isinstance(seen, str) or not _was_seen(record, seen):
                why = f"written by {record.creator or 'nobody'}, and no move was seen"
        if why:
            odd.append((record, why))
            continue
        known = {record.creator, listed.viewer, ACTIONS}
        told = tuple(each for each in record.statuses if each.by in known)
        counted.append(replace(record, statuses=told))
    ledger = Ledger(records=tuple(counted), floors=listed.floors, odd=tuple(odd))
    who = listed.viewer or "us"
    return ledger, {
        name: f"records in {name} by others than {who} could not be checked: {seen}"
        for name, seen in moves.items()
        if isinstance(seen, str)
    }


def _moves_of(
    environment: str, outside: Outside, pointers: Pointers
) -> tuple[BranchMove, ...] | str:
    try:
        return outside.records.branch_moves(branch_of(environment))
    except RefusedError as error:  # 422 without the branch: then it did not move
        return error.problem if environment in pointers.branches else ()
    except NO_ANSWER as error:  # reading it needs push rights
        return error.problem


def _is_ours(record: Record, viewer: str) -> bool:
    return record.creator in {viewer, ACTIONS}


def _disagreement(record: Record, pointers: Pointers) -> str:
    tagged = pointers.releases.get(record.version, record.sha)
    if record.task not in {PROMOTE, ROLLBACK}:
        return f"its task is {record.task!r}"
    if record.note.sha != record.sha:
        return f"it is of {record.sha[:12]}, and says {record.note.sha[:12]}"
    if tagged != record.sha:
        return f"{record.version} is {tagged[:12]}, and it says {record.sha[:12]}"
    return ""


def _was_seen(record: Record, moves: tuple[BranchMove, ...]) -> bool:
    # The record comes first, the move second; a move by hand got its record after it.
    before = [each for each in moves if each.at < record.created_at]
    there = before[0].after if before else ""
    later = [each.after for each in moves if each.at >= record.created_at - _LAG]
    return record.sha in {there, *later}
