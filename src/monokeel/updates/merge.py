"""A template update as values: what the team has, what the template changes, and both.

Three versions of each file decide: the render that the repository was made from, the
new one, and the team's. A conflict costs the hunk that it is in: there the team's lines
stay, everything else of the new version is taken, and what was not is named.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from monokeel.ground.answers import Json
from monokeel.ground.parsers import once, parse_json, parse_toml, parse_yaml

_PARSERS: Mapping[str, Callable[[str], Json]] = {
    "toml": parse_toml,
    "json": partial(parse_json, members=once),
    "yml": parse_yaml,
    "yaml": parse_yaml,
}
WORKFLOWS = ".github/workflows/"
DELETED_HERE = "deleted here, and the template changed it"
DELETED_THERE = "edited here, and the template deleted it"
BINARY = "no text, and both sides changed it"
CONFLICT = "both sides changed the same lines"
UNREAD = "the lines of both sides together cannot be read"
IN_THE_WAY = "something of the team's is where its folder or file would be"
# A line ``uses: actions/checkout@3d3c42e… # v7.0.1`` that a robot of the team's and the
# template both moved would be a conflict in every update: the newer version wins.
_USES = re.compile(
    rb"(?m)^(?P<head>[ ]*(?:- )?uses:[ ]+)(?P<action>[\w.-]+/[\w./-]+)@"
    rb"(?P<pin>[^\s#]+[ ]+#[ ]*v?(?P<version>\d{1,9}(?:\.\d{1,9})*))(?=\s|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Content and mode; that of a submodule (``160000``) is its commit's name."""

    content: bytes
    mode: str = "100644"


Tree = Mapping[str, File]


@dataclass(frozen=True, slots=True, kw_only=True)
class Render:
    """A pristine render of *ref* in *folder*: path → file, and what it recorded."""

    ref: str
    folder: str
    files: Tree
    answers: Mapping[str, Json]


# A merge, conflicts to the team, and the template's lines that are missing in it.
Merged = tuple[bytes, tuple[str, ...]]
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
    written. *renamed* is old path → new path, *paths* all that the team has.
    """

    team: Tree
    old: Tree
    new: Tree
    seeds: Collection[str] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    paths: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedTree:
    """What the update changes (``None``: deletes), leaves, and says of *pins*."""

    changes: Mapping[str, File | None]
    left: tuple[Open, ...] = ()
    pins: tuple[str, ...] = ()


_File = File | None
# The file, why not all of it was taken ("": it was), and the lines that were not.
_Result = tuple[_File, str, tuple[str, ...]]


def merge_sides(sides: Sides, merge: Merge) -> MergedTree:
    """Return what becomes of every path that either render has."""
    changes: dict[str, File | None] = {}
    left: list[Open] = []
    pins: list[str] = []
    moved = {  # the renames that an edit of the team's, or its deletion, follows
        old: new
        for old, new in sides.renamed.items()
        if new not in sides.team
        and sides.team.get(old) != sides.old.get(old)
        and not {old, new} & set(sides.seeds)
    }
    for path in sorted({*sides.old, *sides.new} - set(moved.values())):
        now = moved.get(path, path)
        team, old, new = sides.team.get(path), sides.old.get(path), sides.new.get(now)
        seed = path in sides.seeds
        if now.startswith(WORKFLOWS) and not seed and team and old and new:
            texts, said = settle_pins(team.content, old.content, new.content)
            files = zip((team, old, new), texts, strict=True)
            team, old, new = (replace(file, content=text) for file, text in files)
            pins += (f"{now}: {sentence}" for sentence in said)
        seeded = team if team or old else new, "", ()  # the rest is the team's to say
        merged = seeded if seed else _merge_one(merge, team, old, new)
        result, reason, missing = _readable(now, team, new, merged)
        left += [Open(path=now, reason=reason, missing=missing)] if reason else []
        if path != now and path in sides.team:
            changes[path] = None
        if result != sides.team.get(now):
            changes[now] = result
    blocked = _in_the_way(sides.paths, changes)
    left += (Open(path=path, reason=IN_THE_WAY) for path in sorted(blocked))
    # Where the new place of an edit is taken, the edit stays in its old one.
    blocked |= {old for old, new in moved.items() if new in blocked}
    taken = {path: file for path, file in changes.items() if path not in blocked}
    return MergedTree(changes=taken, left=tuple(left), pins=tuple(dict.fromkeys(pins)))


def _readable(path: str, team: _File, new: _File, result: _Result) -> _Result:
    """Return *result*, or *team* where that can be read, and both together cannot."""
    parse, merged = _PARSERS.get(path.rpartition(".")[2]), result[0]
    if parse is None or team is None or merged in (None, team, new):
        return result
    for file in (team, merged):
        try:
            parse(file.content.decode())
        except ValueError:
            return result if file is team else (team, UNREAD, result[2])
    return result


def _in_the_way(paths: Collection[str], changes: Mapping[str, File | None]) -> set[str]:
    """Return the new files for which git's index would drop something of the team's."""
    stay = {path for path in paths if path not in changes or changes[path]}
    folders = {folder for path in stay for folder in _folders(path)}
    return {
        path
        for path, file in changes.items()
        if file is not None and (path in folders or not stay.isdisjoint(_folders(path)))
    }


def _folders(path: str) -> list[str]:
    """Return the folders that *path* lies in, ``a`` and ``a/b`` of ``a/b/c``."""
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _merge_one(merge: Merge, team: _File, old: _File, new: _File) -> _Result:
    if new in (old, team):
        return team, "", ()
    if team == old:
        return new, "", ()
    if team is None or new is None:
        return team, DELETED_HERE if team is None else DELETED_THERE, ()
    link = not {"120000", "160000"}.isdisjoint({team.mode, new.mode})
    base = old.content if old else b""
    merged = None if link else merge(team.content, base, new.content)
    if merged is None:
        return team, BINARY, ()
    mode = team.mode if old is not None and old.mode == new.mode else new.mode
    content, missing = merged
    reason = CONFLICT if missing else ""
    return File(content=content, mode=mode), reason, missing


def settle_pins(
    team: bytes, old: bytes, new: bytes
) -> tuple[tuple[bytes, bytes, bytes], tuple[str, ...]]:
    """Return the three texts with one pin for each action that all have in one version.

    The side that moved it wins; where both did, the newer one, and a sentence says so
    where that is the team's.
    """
    ours, before, theirs = _pins(team), _pins(old), _pins(new)
    chosen: dict[bytes, bytes] = {}
    said = []
    for action in sorted(ours.keys() & before.keys() & theirs.keys()):
        mine, was, its = ours[action], before[action], theirs[action]
        moved = its not in (was, mine)
        newer = moved and mine != was and _version(mine) > _version(its)
        chosen[action] = its if moved and not newer else mine
        if newer:
            stays = f"{action.decode()} stays at {_shown(mine)}"
            said.append(f"{stays}; the template has {_shown(its)}")
    pinned = _pinned(team, chosen), _pinned(old, chosen), _pinned(new, chosen)
    return pinned, tuple(said)


def newer_pins(here: bytes, delivered: bytes) -> tuple[str, ...] | None:
    """Return the actions that *here* has newer; ``None`` if it differs otherwise."""
    its = _pins(delivered)
    moved = {a: pin for a, pin in _pins(here).items() if pin != its.get(a, pin)}
    newer = all(_version(pin) > _version(its[a]) for a, pin in moved.items())
    if not newer or _pinned(here, its) != delivered:
        return None
    return tuple(f"{action.decode()} {_shown(pin)}" for action, pin in moved.items())


def _pins(text: bytes) -> Mapping[bytes, bytes]:
    """Return action → pin with its comment, of those that *text* has in one version."""
    found: dict[bytes, set[bytes]] = {}
    for match in _USES.finditer(text):
        found.setdefault(match["action"], set()).add(match["pin"])
    return {action: min(pins) for action, pins in found.items() if len(pins) == 1}


def _pinned(text: bytes, chosen: Mapping[bytes, bytes]) -> bytes:
    return _USES.sub(
        lambda m: m["head"] + m["action"] + b"@" + chosen.get(m["action"], m["pin"]),
        text,
    )


def _version(pin: bytes) -> tuple[int, ...]:
    return tuple(int(part) for part in _shown(pin).removeprefix("v").split("."))


def _shown(pin: bytes) -> str:
    return pin.rpartition(b"#")[2].strip().decode()
