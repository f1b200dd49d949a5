"""Pins of actions, where a robot of the team's and the template both move them.

A line ``uses: actions/checkout@3d3c42e… # v7.0.1`` that both sides changed would be a
conflict in every update; the newer version wins instead, and is named.
"""

import re
from collections.abc import Mapping

_USES = re.compile(
    rb"(?m)^(?P<head>[ ]*(?:- )?uses:[ ]+)(?P<action>[\w.-]+/[\w./-]+)@"
    rb"(?P<pin>[^\s#]+[ ]+#[ ]*v?(?P<version>\d{1,9}(?:\.\d{1,9})*))(?=\s|$)"
)


def settle_pins(
    team: bytes, old: bytes, new: bytes
) -> tuple[tuple[bytes, bytes, bytes], tuple[str, ...]]:
    """Return the three texts with one pin for each action that all of them have.

    The side that moved it wins; where both did, the newer one, and a sentence says so
    where that is the team's. An action that a text has at two versions at once is left
    as it is.
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
    if _pinned(here, its) != delivered or any(
        _version(pin) <= _version(its[action]) for action, pin in moved.items()
    ):
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
