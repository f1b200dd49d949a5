"""Environment branches that are not where the records say."""

from monokeel.drift.sections import Deviation, Facts
from monokeel.ground.answers import Json
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.version import is_newer
from monokeel.ground.words import stamp, when
from monokeel.policy.reading import Unverified
from monokeel.promotion.pointers import back_command, branch_of
from monokeel.promotion.ports import Records
from monokeel.promotion.reading import Place, Reading

_STRAY = (
    "name its environment in infra/platform.toml by a pull request, or delete the"
    " branch as its line says"
)


def check_pointers(reading: Reading, records: Records) -> Facts:
    """Return what is wrong with the environment branches; read only."""
    drift, entries = list[Deviation](), list[Json]()
    for place in reading.places:
        mover = _mover(place, records) if place.drift else None
        by = f" (by {mover[0]} at {when(mover[1])})" if mover else ""
        drift += [_deviation(place, problem, by) for problem in place.drift]
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
    drift += [
        Deviation(each, each.partition(" ")[0], (_STRAY,), severe=1)
        for each in reading.pointers.strays()
    ]
    unchecked = reading.unchecked.values()
    return Facts(
        drift=drift,
        unverified=[Unverified("pointers", "", reason=each) for each in unchecked],
        notes=_notes(reading),
        entries=entries,
    )


def _mover(place: Place, records: Records) -> tuple[str, str] | None:
    """Return who moved the branch to where it is, and when; ``None`` if unknown."""
    try:
        moves = records.branch_moves(branch_of(place.name))
    except NO_ANSWER:  # reading it needs push rights; 422 without the branch
        return None
    here = (x for x in moves if place.commit is None or x.after == place.commit)
    move = next(here, None)
    return (move.actor or "somebody", stamp(move.at)) if move else None


def _deviation(place: Place, problem: str, by: str) -> Deviation:
    """Return *problem*: its fact, and apart from that what ends it."""
    fact, _, helps = problem.partition("; ")
    last, here, steps = place.last, place.version, [helps] * bool(helps)
    astray = fact.startswith(branch_of(place.name))
    if astray and here and last is not None and place.current is None:
        back = f"./inv promote --env {place.name} --version {last.version}"
        if is_newer(here, last.version):
            back = back_command(place.name, last.version)
        steps.insert(0, f"to go back to what the last record says: {back}")
    return Deviation(fact + by, branch_of(place.name), steps, severe=int(astray))


def _notes(reading: Reading) -> list[str]:
    if not any(place.left for place in reading.places):
        return ["nothing promoted yet"]
    notes, before = list[str](), ""
    for place in reading.places:
        if place.version and before and is_newer(place.version, before):
            newer = f"{branch_of(place.name)} ({place.version}) is newer than the"
            notes.append(f"{newer} environment before it ({before})")
        before = place.version or before
    return notes
