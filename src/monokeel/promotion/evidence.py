"""What the records prove: which of them count, and what a crash left.

Whoever may write can put down anything. A record counts if its creator is our writer or
whoever asks, or if GitHub saw its move. Its tag, version and commit agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from monokeel.ground.errors import NO_ANSWER, RefusedError
from monokeel.ground.version import read_version
from monokeel.ground.words import brief
from monokeel.promotion import records
from monokeel.promotion.pointers import Pointers, branch_of
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import BranchMove, Ledger, Record, Status

ACTIONS = "github-actions[bot]"
STALE = timedelta(minutes=15)
"""How long a pending record may belong to a run that is still at work."""
LONGEST_DESCRIPTION = 140
"""Of a status, in characters; source: GitHub's OpenAPI description."""

_LAG = timedelta(minutes=1)  # between a record and the push that it announces


def ledger_that_counts(
    outside: Outside, listed: Ledger, pointers: Pointers
) -> tuple[Ledger, dict[str, str]]:
    """Return *listed*, the rest as odd; and environment → why nobody can judge it."""
    ours, told = {listed.viewer, ACTIONS}, list[Record]()
    for x in listed.records:  # what others say about a record says nothing
        mine = tuple(each for each in x.statuses if each.by in {x.creator, *ours})
        told.append(replace(x, statuses=mine))
    listed = replace(listed, records=tuple(told))
    counted, odd, unchecked, proven = list[Record](), [], {}, set[int]()
    unsure = list[Record]()
    for name in {x.environment: 0 for x in told if x.creator not in ours}:
        seen = moves_of(name, outside, pointers)
        if isinstance(seen, str):
            who = f"records in {name} by others than {listed.viewer or 'us'}"
            unchecked[name] = f"{who} could not be checked: {seen}"
        else:
            proven |= _proven(listed.of(name), seen, ours)
    for record in told:
        why = _disagreement(record, pointers)
        if not why and record.creator not in ours and record.id not in proven:
            why = f"written by {record.creator or 'nobody'}, and no move was seen"
            if record.environment in unchecked:
                why = why.replace(
                    "no move was seen", "its move could not be looked for"
                )
                unsure.append(record)
        if why:
            odd.append((record, why))
        else:
            counted.append(record)
    listed = replace(listed, records=tuple(counted), odd=tuple(odd))
    return replace(listed, unsure=tuple(unsure)), unchecked


def moves_of(
    environment: str, outside: Outside, pointers: Pointers
) -> tuple[BranchMove, ...] | str:
    """Return what GitHub saw of its branch, newest first, or why nobody can tell."""
    moves, names = list[BranchMove](), pointers.names
    for name in {environment, *(x for x in names if names[x] == environment)}:
        try:
            moves += outside.records.branch_moves(branch_of(name))
        except NO_ANSWER as error:  # reading it needs push rights; 422 without a branch
            if not isinstance(error, RefusedError) or name in pointers.branches:
                return error.problem
    return tuple(sorted(moves, key=lambda move: move.at, reverse=True))


def _proven(
    listed: Iterable[Record], moves: tuple[BranchMove, ...], ours: set[str]
) -> set[int]:
    # The record of each move. It was made before the move, or after a move by hand and
    # before the next one. Ours goes first, but for the one of whoever pushed.
    left = [each for each in listed if each.live_from or each.state == "pending"]
    found = set[int]()
    for number, move in reversed([*enumerate(moves)]):
        last = moves[number - 1].at + _LAG if number else None
        by, at = move.actor, move.at
        mine = {
            (x.creator != by, x.creator not in ours, abs(x.created_at - at)): x
            for x in reversed(left)  # of equal ones the first in the list stays
            if x.sha == move.after and (last is None or x.created_at <= last)
        }
        if mine:
            best = mine[min(mine)]
            left.remove(best)
            found.add(best.id)
    return found


def _disagreement(record: Record, pointers: Pointers) -> str:
    tagged = pointers.releases.get(record.version, record.sha)
    if record.task not in records.TASKS:
        return f"its task is {record.task!r}"
    if record.note.sha != record.sha:
        said = record.note.sha[:12] or "nothing"
        return f"it is of {record.sha[:12]}, and says {said}"
    if read_version(record.version) is None:
        return f"{record.version!r} is not a version"
    if tagged != record.sha:
        return f"{record.version} is {tagged[:12]}, and it says {record.sha[:12]}"
    return ""


@dataclass(frozen=True, slots=True)
class Repair:
    """A status that is still owed to *record*, because a run was cut short."""

    record: Record
    state: str
    description: str

    @property
    def is_mark(self) -> bool:
        """Whether it says that a rollback left the version of a good record."""
        return self.record.state == "success"


def repairs(ledger: Ledger, environment: str) -> tuple[Repair, ...]:
    """Return what must be written, in this order, so that the records are true again.

    Of the pending records one may be that of the move that put the branch where it is:
    it happened. One older than a move that happened has lost its lease. Any other may
    belong to a run at work, until it is 15 minutes old. What a rollback left is marked.
    """
    owed, mover = [], _mover(ledger, environment)
    happened = [*ledger.confirmed(environment), *([mover] if mover else [])]
    for record in reversed(ledger.unfinished(environment)):
        later = {each.id: each for each in happened if each.id > record.id}
        if record is mover:
            owed.append(Repair(record, "success", "the branch is there: confirmed"))
        elif later:
            owed.append(overtaken(record, later[min(later)].version))
        elif ledger.now - record.created_at > STALE:
            owed.append(Repair(record, "error", "cut short before the branch moved"))
    for record in (x for x in ledger.of(environment) if x.task == records.ROLLBACK):
        if record is mover or record.state == "success":
            # They keep the version that it left from going further, until it is
            # promoted there again.
            left = ledger.of(environment, record.note.from_sha)
            older = [each for each in left if each.id < record.id]
            owed += rolled_back(older, record.note.reason)
    return tuple({each.record.id: each for each in owed}.values())


def rolled_back(left: Iterable[Record], reason: str) -> list[Repair]:
    """Return the marks that keep the version of the records *left* from going on."""
    said = brief(
        records.ROLLED_BACK + (reason or records.NO_REASON), LONGEST_DESCRIPTION
    )
    return [Repair(each, "failure", said) for each in left if each.state == "success"]


def overtaken(record: Record, version: str) -> Repair:
    """Return the end of an unfinished *record* that lost to the move to *version*."""
    return Repair(
        record, "failure", brief(f"overtaken by {version}", LONGEST_DESCRIPTION)
    )


def repaired(ledger: Ledger, owed: Iterable[Repair]) -> Ledger:
    """Return *ledger* as it is once *owed* has been written."""
    more = {x.record.id: (Status(x.state, ledger.now, x.description),) for x in owed}
    given = ((x, x.statuses + more.get(x.id, ())) for x in ledger.records)
    mended = (replace(x, statuses=statuses) for x, statuses in given)
    return replace(ledger, records=tuple(mended))


def _mover(ledger: Ledger, environment: str) -> Record | None:
    # The pending record of the move that put the branch where it is: newer than every
    # confirmed one, from there on, and the first of several that wanted the same.
    last, here = ledger.last(environment), ledger.branches.get(environment)
    waiting = [x for x in ledger.unfinished(environment) if x.sha == here]
    if last is not None:
        mine = (x for x in waiting if x.id > last.id and x.note.from_sha == last.sha)
        waiting = [] if last.sha == here else [*mine]
    return waiting[-1] if waiting else None
