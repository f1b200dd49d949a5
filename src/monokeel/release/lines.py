"""Maintenance lines (``1.x``, ``1.4.x``): which versions each of them may release.

As npm's semantic-release 24 does for ``branches: ["1.x", "1.4.x", "main"]``
(lib/branches/normalize.js), for tags without its notes on channels.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from monokeel.ground.version import Version, parse_version, rank
from monokeel.release.versions import FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a line may release: from *low* up to *high*, without it.

    *stranger* is a release in its history that must not be merged into it, the highest
    one. *same* are the other lines with equal limits, which npm refuses.
    """

    low: Version
    high: Version
    stranger: Version | None
    same: tuple[str, ...] = ()


def limits_of(
    lines: Mapping[str, Iterable[Version]], main: Iterable[Version]
) -> dict[str, Limits]:
    """Return the limits of each of *lines*: name → the versions of its history.

    *main* are those of the default branch. A line ends where the default branch has
    released something that is on no line; so nothing can be released from it before.
    """
    names, first = sorted(lines), parse_version(FIRST)  # npm sorts them as text
    on_main, on_lines = [*main], {name: [*lines[name]] for name in names}
    top = _highest(v for name in names for v in on_lines[name])
    full = [v for v in on_main if not v.prerelease]
    above = full if top is None else [v for v in on_main if v > top]
    base = min(above, key=rank, default=None) or _highest(full) or first
    found: dict[str, Limits] = {}
    for before, name in zip(["", *names], names, strict=False):
        low, high = bounds(name)
        if before and name.count(".") == 1 and before.count(".") > 1:
            low = bounds(before)[1]
        latest = _highest(v for v in on_lines[name] if not v.prerelease) or first
        found[name] = Limits(
            low=max(low, latest),
            high=min(high, base),
            stranger=_stranger(on_lines[name], low, high),
        )
    return {name: replace(own, same=_same(own, found)) for name, own in found.items()}


def bounds(name: str) -> tuple[Version, Version]:
    """Return from where up to where the name of a line reaches: ``1.4.x``, ``1.x``."""
    major, minor, *_ = [*name.split("."), "x"]
    if minor == "x":
        return Version(int(major)), Version(int(major) + 1)
    return Version(int(major), int(minor)), Version(int(major), int(minor) + 1)


def _highest(versions: Iterable[Version]) -> Version | None:
    return max(versions, key=rank, default=None)


def _stranger(
    versions: Iterable[Version], low: Version, high: Version
) -> Version | None:
    """Return the highest of *versions* from *low* on, if it is not below *high*.

    A pre-release at the top is refused as well (lib/get-release-to-add.js: it
    satisfies no range).
    """
    top = _highest(v for v in versions if v >= low)
    return top if top and (top.prerelease or top >= high) else None


def _same(own: Limits, found: Mapping[str, Limits]) -> tuple[str, ...]:
    ends = (own.low, own.high)
    return tuple(
        n for n, x in found.items() if x is not own and (x.low, x.high) == ends
    )
