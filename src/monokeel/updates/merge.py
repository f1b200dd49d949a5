"""A template update as values: what the team has, what the template changes, and both.

Three versions of each file decide: the render that the repository was made from, the
new one, and the team's. A conflict costs the hunk that it is in: there the team's lines
stay, everything else of the new version is taken, and what was not is named.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from monokeel.updates.pins import settle_pins

WORKFLOWS = ".github/workflows/"
DELETED_HERE = "deleted here, and the template changed it"
DELETED_THERE = "edited here, and the template deleted it"
BINARY = "no text, and both sides changed it"
CONFLICT = "both sides changed the same lines"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Content and mode of a file: ``100644``, ``100755``, or ``120000`` for a link."""

    content: bytes
    mode: str = "100644"


Tree = Mapping[str, File]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A merge of three texts in which each conflict went to the team's side.

    *missing* are the template's lines of each conflict, as text.
    """

    content: bytes
    missing: tuple[str, ...] = ()


# (team's, old, new) → the merge; None for what is no text.
Merge = Callable[[bytes, bytes, bytes], Merged | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What of a file was not taken, and why; *missing* are the template's lines."""

    path: str
    reason: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The renders of two versions, and what the team has.

    *old* is what was taken last, path by path: for a file of which something is still
    open it is older than the recorded version. *seeds* belong to the team once they are
    written. *renamed* is old path → new path.
    """

    team: Tree
    old: Tree
    new: Tree
    seeds: Collection[str] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the update changes (path → file, ``None``: deleted), and what it leaves.

    *pins* are sentences about versions of actions where both sides moved one.
    """

    changes: Mapping[str, File | None]
    left: tuple[Open, ...] = ()
    pins: tuple[str, ...] = ()


def merge_sides(sides: Sides, merge: Merge) -> Outcome:
    """Return what becomes of every path that either render has."""
    changes: dict[str, File | None] = {}
    left: list[Open] = []
    pins: list[str] = []
    moved = _moved_edits(sides)
    for path in sorted({*sides.old, *sides.new} - set(moved.values())):
        one = _three(sides, path, moved.get(path, path))
        if path in sides.seeds:
            result, missed = _seed(one)
        else:
            one, said = _with_pins(one)
            pins += said
            result, missed = _merge_one(one, merge)
        if missed is not None:
            left.append(missed)
        if path in moved:
            changes[path] = None
        if result != sides.team.get(one.path):
            changes[one.path] = result
    return Outcome(changes=changes, left=tuple(left), pins=tuple(dict.fromkeys(pins)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Three:
    """One path in three versions; ``None`` where it is not there."""

    path: str
    team: File | None
    old: File | None
    new: File | None


def _moved_edits(sides: Sides) -> dict[str, str]:
    """Return the renames that an edit of the team's has to follow."""
    return {
        old: new
        for old, new in sides.renamed.items()
        if old in sides.team
        and new not in sides.team
        and sides.team[old] != sides.old.get(old)
        and not {old, new} & set(sides.seeds)
    }


def _three(sides: Sides, path: str, now: str) -> _Three:
    return _Three(
        path=now,
        team=sides.team.get(path),
        old=sides.old.get(path),
        new=sides.new.get(now),
    )


def _seed(one: _Three) -> tuple[File | None, Open | None]:
    """Write a seed once; take it away only while nobody has edited it."""
    if one.new is None and one.team is not None:
        if one.team == one.old:
            return None, None
        return one.team, Open(path=one.path, reason=DELETED_THERE)
    if one.old is None and one.team is None:
        return one.new, None
    return one.team, None


def _with_pins(one: _Three) -> tuple[_Three, tuple[str, ...]]:
    team, old, new = one.team, one.old, one.new
    if not (team and old and new) or not one.path.startswith(WORKFLOWS):
        return one, ()
    settled = settle_pins(team.content, old.content, new.content)
    return (
        _Three(
            path=one.path,
            team=File(content=settled.team, mode=team.mode),
            old=File(content=settled.old, mode=old.mode),
            new=File(content=settled.new, mode=new.mode),
        ),
        tuple(f"{one.path}: {sentence}" for sentence in settled.said),
    )


def _merge_one(one: _Three, merge: Merge) -> tuple[File | None, Open | None]:
    team, old, new = one.team, one.old, one.new
    if new in (old, team):
        return team, None
    if team == old:
        return new, None
    if team is None or new is None:
        reason = DELETED_HERE if team is None else DELETED_THERE
        return team, Open(path=one.path, reason=reason)
    link = "120000" in {team.mode, new.mode}
    base = old.content if old else b""
    merged = None if link else merge(team.content, base, new.content)
    if merged is None:
        return team, Open(path=one.path, reason=BINARY)
    missed = None
    if merged.missing:
        missed = Open(path=one.path, reason=CONFLICT, missing=merged.missing)
    mode = team.mode if old is not None and old.mode == new.mode else new.mode
    return File(content=merged.content, mode=mode), missed
