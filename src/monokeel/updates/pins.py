"""Pins of actions, where a robot of the team's and the template both move them.

A line ``uses: actions/checkout@3d3c42e… # v7.0.1`` that both sides changed would be a
conflict in every update; the newer version wins instead, and is named.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_USES = re.compile(
    rb"(?m)^(?P<head>[ ]*(?:- )?uses:[ ]+)(?P<action>[\w.-]+/[\w./-]+)@"
    rb"(?P<pin>[^\s#]+[ ]+#[ ]*v?(?P<version>\d+(?:\.\d+)*))(?=\s|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Three texts with the same pins, and a sentence for each that both had moved."""

    team: bytes
    old: bytes
    new: bytes
    said: tuple[str, ...]


def settle_pins(team: bytes, old: bytes, new: bytes) -> Settled:
    """Return the three texts with one pin for each action that all of them have.

    The side that moved it wins; where both did, the newer one. An action that a text
    has at two versions at once is left as it is.
    """
    ours, before, theirs = _pins(team), _pins(old), _pins(new)
    chosen: dict[bytes, bytes] = {}
    said = []
    for action in sorted(ours.keys() & before.keys() & theirs.keys()):
        mine, was, its = ours[action], before[action], theirs[action]
        if its in (was, mine):
            chosen[action] = mine
        elif mine == was or _version(mine) <= _version(its):
            chosen[action] = its
        else:
            chosen[action] = mine
            said.append(
                f"{action.decode()} stays at {_shown(mine)}; the template has"
                f" {_shown(its)}"
            )
    return Settled(
        team=_pinned(team, chosen),
        old=_pinned(old, chosen),
        new=_pinned(new, chosen),
        said=tuple(said),
    )


def _pins(text: bytes) -> Mapping[bytes, bytes]:
    """Return action → pin with its comment, of those that *text* has in one version."""
    found: dict[bytes, set[bytes]] = {}
    for match in _USES.finditer(text):
        found.setdefault(match["action"], set()).add(match["pin"])
    return {
        action: next(iter(pins)) for action, pins in found.items() if len(pins) == 1
    }


def _pinned(text: bytes, chosen: Mapping[bytes, bytes]) -> bytes:
    return _USES.sub(
        lambda m: m["head"] + m["action"] + b"@" + chosen.get(m["action"], m["pin"]),
        text,
    )


def _version(pin: bytes) -> tuple[int, ...]:
    return tuple(int(part) for part in _shown(pin).removeprefix("v").split("."))


def _shown(pin: bytes) -> str:
    return pin.rpartition(b"#")[2].strip().decode()
