"""Environment branches that are not where the records say."""

from collections.abc import Sequence

from monokeel.drift.ports import Outside, Records
from monokeel.ground.answers import Json
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.ground.version import is_newer
from monokeel.ground.words import when
from monokeel.policy.verdict import Facts
from monokeel.promotion.facts import Protection
from monokeel.promotion.pointers import (
    Pointers,
    branch_of,
    pointer_drift,
    unread_for_newest,
)
from monokeel.promotion.records import Ledger
from monokeel.promotion.track_record import unread_for_repair


def check_pointers(settings: Settings, pointers: Pointers, outside: Outside) -> Facts:
    """Return what is wrong with the environment branches; read only.

    Raises ServiceError when the records cannot be read. Before the first promotion
    there is nothing to be wrong: a note says so.
    """
    names = [each.name for each in settings.environments]
    ledger = _ledger(names, pointers, outside.records)
    now = outside.records.now()
    drift: list[str] = []
    entries: list[dict[str, Json]] = []
    for name in names:
        problems = pointer_drift(pointers, ledger, name, now)
        mover = _mover(name, pointers, outside.records) if problems else None
        drift += [_with_mover(problem, mover) for problem in problems]
        entries.append(_entry(name, pointers, problems, mover))
    return Facts(
        drift=tuple(drift),
        notes=_notes(settings, pointers, outside.records),
        entries=tuple(entries),
    )


def _ledger(names: Sequence[str], pointers: Pointers, records: Records) -> Ledger:
    ledger = Ledger(records=records.newest(names).records)
    while True:
        wanted: list[int] = []
        for name in names:
            wanted += unread_for_newest(ledger, name)
            wanted += unread_for_repair(ledger, name, pointers.branches.get(name))
        if not wanted:
            return ledger
        ledger = ledger.knowing(records.statuses(list(dict.fromkeys(wanted))))


def _mover(name: str, pointers: Pointers, records: Records) -> tuple[str, str] | None:
    """Return who moved the branch to where it is, and when; ``None`` if unknown."""
    commit = pointers.branches.get(name)
    try:
        moves = records.branch_moves(branch_of(name))
    except NO_ANSWER:  # reading it needs push rights; 422 without the branch
        return None
    for move in moves:
        if commit is None or move.after == commit:
            return move.actor or "somebody", f"{move.at:%Y-%m-%dT%H:%M:%SZ}"
    return None


def _with_mover(problem: str, mover: tuple[str, str] | None) -> str:
    return f"{problem} (by {mover[0]} at {when(mover[1])})" if mover else problem


def _entry(
    name: str,
    pointers: Pointers,
    problems: Sequence[str],
    mover: tuple[str, str] | None,
) -> dict[str, Json]:
    commit = pointers.branches.get(name)
    moved_by: Json = {"by": mover[0], "at": mover[1]} if mover else None
    return {
        "environment": name,
        "branch": branch_of(name),
        "commit": commit,
        "version": pointers.version_at(commit) or None,
        "problems": list(problems),
        "moved_by": moved_by,
    }


def _notes(settings: Settings, pointers: Pointers, records: Records) -> tuple[str, ...]:
    if not pointers.branches:
        return ("nothing promoted yet",)
    notes = []
    before = ""
    for environment in settings.environments:
        version = pointers.version_at(pointers.branches.get(environment.name))
        if version and before and is_newer(version, before):
            notes.append(
                f"{branch_of(environment.name)} ({version}) is newer than the"
                f" environment before it ({before})"
            )
        before = version or before
        if environment.reviewers and environment.name in pointers.branches:
            found = records.protection(environment.name)
            if isinstance(found, Protection) and not found.reviewers:
                notes.append(
                    f"GitHub Environment {environment.name} asks for no approval"
                )
    return tuple(notes)
