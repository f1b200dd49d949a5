"""Environment branches that are not where the records say."""

from monokeel.drift.sections import Facts
from monokeel.ground.answers import Json
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.version import is_newer
from monokeel.ground.words import when
from monokeel.policy.reading import Unverified
from monokeel.promotion.pointers import branch_of
from monokeel.promotion.ports import Records
from monokeel.promotion.reading import Place, Reading


def check_pointers(reading: Reading, records: Records) -> Facts:
    """Return what is wrong with the environment branches; read only.

    Before the first promotion there is nothing to be wrong: a note says so.
    """
    drift: list[str] = []
    entries: list[dict[str, Json]] = []
    for place in reading.places:
        mover = _mover(place, records) if place.drift else None
        by = f" (by {mover[0]} at {when(mover[1])})" if mover else ""
        for problem in place.drift:
            fact, mark, helps = problem.partition("; ")
            drift.append(f"{fact}{by}{mark}{helps}")
        entries.append(
            {
                "environment": place.name,
                "branch": branch_of(place.name),
                "commit": place.commit,
                "version": place.version or None,
                "problems": list(place.drift),
                "moved_by": {"by": mover[0], "at": mover[1]} if mover else None,
            }
        )
    strays = reading.pointers.strays(reading.settings)
    return Facts(
        drift=dict.fromkeys((*drift, *strays), ""),
        unverified=tuple(
            Unverified(item="pointers", subject="", reason=each, hidden=True)
            for each in reading.unchecked.values()
        ),
        notes=_notes(reading),
        entries=tuple(entries),
    )


def _mover(place: Place, records: Records) -> tuple[str, str] | None:
    """Return who moved the branch to where it is, and when; ``None`` if unknown."""
    try:
        moves = records.branch_moves(branch_of(place.name))
    except NO_ANSWER:  # reading it needs push rights; 422 without the branch
        return None
    for move in moves:
        if place.commit is None or move.after == place.commit:
            return move.actor or "somebody", f"{move.at:%Y-%m-%dT%H:%M:%SZ}"
    return None


def _notes(reading: Reading) -> tuple[str, ...]:
    if not any(place.left for place in reading.places):
        return ("nothing promoted yet",)
    notes, before = list[str](), ""
    for place in reading.places:
        if place.version and before and is_newer(place.version, before):
            newer = f"{branch_of(place.name)} ({place.version}) is newer than the"
            notes.append(f"{newer} environment before it ({before})")
        before = place.version or before
    return tuple(notes)
