"""Which records count: what anybody who may write can put down proves nothing.

One counts if its creator is our writer or whoever asks, or if GitHub itself saw the
move that it is of: each move has one record. Its tag, version and commit agree.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from monokeel.ground.errors import NO_ANSWER, RefusedError
from monokeel.ground.settings import Settings
from monokeel.ground.version import read_version
from monokeel.promotion.pointers import Pointers, branch_of, names_on_github
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import TASKS, BranchMove, Ledger, Record

ACTIONS = "github-actions[bot]"
_LAG = timedelta(minutes=1)  # between a record and the push that it announces


def ledger_that_counts(
    outside: Outside, listed: Ledger, settings: Settings, pointers: Pointers
) -> tuple[Ledger, dict[str, str]]:
    """Return *listed*, the rest as odd; and environment → why nobody can judge it."""
    ours = {listed.viewer, ACTIONS}
    told = tuple(_told(each, ours) for each in listed.records)
    listed = replace(listed, records=told)
    counted, odd, unchecked, proven = list[Record](), [], {}, set[int]()
    for name in {x.environment: 0 for x in listed.records if x.creator not in ours}:
        seen = moves_of(name, outside, settings, pointers)
        if isinstance(seen, str):
            who = f"records in {name} by others than {listed.viewer or 'us'}"
            unchecked[name] = f"{who} could not be checked: {seen}"
        else:
            proven |= _proven(listed.of(name), seen, ours)
    for record in listed.records:
        why = _disagreement(record, pointers)
        if not why and record.creator not in ours and record.id not in proven:
            why = f"written by {record.creator or 'nobody'}, and no move was seen"
        if why:
            odd.append((record, why))
        else:
            counted.append(record)
    ledger = replace(listed, records=tuple(counted), odd=tuple(odd))
    return ledger, unchecked


def moves_of(
    environment: str, outside: Outside, settings: Settings, pointers: Pointers
) -> tuple[BranchMove, ...] | str:
    """Return what GitHub saw of its branch, newest first, or why nobody can tell."""
    known = names_on_github(settings).items()
    moves = list[BranchMove]()
    for name in {environment, *(name for name, ours in known if ours == environment)}:
        try:
            moves += outside.records.branch_moves(branch_of(name))
        except NO_ANSWER as error:  # reading it needs push rights; 422 without a branch
            if not isinstance(error, RefusedError) or name in pointers.branches:
                return error.problem
    return tuple(sorted(moves, key=lambda move: move.at, reverse=True))


def _told(record: Record, ours: set[str]) -> Record:
    # What others say about it says nothing.
    told = (each for each in record.statuses if each.by in {record.creator, *ours})
    return replace(record, statuses=tuple(told))


def _proven(
    records: Iterable[Record], moves: tuple[BranchMove, ...], ours: set[str]
) -> set[int]:
    # The record of each move. It was made before the move, or after a move by hand and
    # before the next one. Ours goes first, but for the one of whoever pushed.
    left = [each for each in records if each.live_from or each.state == "pending"]
    found = set[int]()
    for number, move in reversed([*enumerate(moves)]):
        last = moves[number - 1].at + _LAG if number else None
        mine = [
            each
            for each in left
            if each.sha == move.after and (last is None or each.created_at <= last)
        ]
        ranked = [
            (
                x.creator != move.actor,
                x.creator not in ours,
                abs(x.created_at - move.at),
            )
            for x in mine
        ]
        if mine:
            best = mine[ranked.index(min(ranked))]
            left.remove(best)
            found.add(best.id)
    return found


def _disagreement(record: Record, pointers: Pointers) -> str:
    tagged = pointers.releases.get(record.version, record.sha)
    if record.task not in TASKS:
        return f"its task is {record.task!r}"
    if record.note.sha != record.sha:
        said = record.note.sha[:12] or "nothing"
        return f"it is of {record.sha[:12]}, and says {said}"
    if read_version(record.version) is None:
        return f"{record.version!r} is not a version"
    if tagged != record.sha:
        return f"{record.version} is {tagged[:12]}, and it says {record.sha[:12]}"
    return ""
