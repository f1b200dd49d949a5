"""Release tags, and which version comes next, as semantic-release counts.

On maintenance lines (``1.x``, ``1.4.x``) as npm's semantic-release 24 does for
``branches: ["1.x", "1.4.x", "main"]`` (lib/branches/normalize.js), without channels.
"""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from semver import Version

from monokeel.ground.version import parse_version, rank, read_version
from monokeel.release.commits import Level
from monokeel.release.messages import JS_DOT, JS_SPACE

_LIKE_A_RELEASE: Final = re.compile(
    r"(?:\A|[^0-9.]\.?)((?:[0-9]+\.){2}[0-9]+)(?:\+|\Z)"
)
FIRST: Final = "1.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTag:
    """A git tag that names a version, on *commit*; begun, not *made*, it is claimed."""

    name: str
    commit: str
    version: Version
    made: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The versions above *after*, from *low* on and below *below*, of those given."""

    after: Version | None = None
    low: Version | None = None
    below: Version | None = None

    def has(self, version: Version) -> bool:
        """Say whether *version* is one of them."""
        after, low, below = self.after, self.low, self.below
        late = (after is None or version > after) and (low is None or version >= low)
        return late and (below is None or version < below)


WHOLE: Final = Span()


def release_tags(tags: Mapping[str, str], prefix: str) -> list[ReleaseTag]:
    """Return the tags that name a version, the highest first, of equals by name.

    *tags* is name → commit. Read as semantic-release reads them: ``vv1.5.0`` counts
    as 1.5.0, ``v1.4.0+build.1`` has the rank of 1.4.0. Pre-releases are among them;
    tags that it crashes on are not (see ``odd_tags``).
    """
    found = [
        ReleaseTag(name=name, commit=tags[name], version=version)
        for name in sorted(tags, key=_bytes)
        if (version := _read(name, prefix)[1]) is not None
    ]
    return sorted(found, key=lambda tag: rank(tag.version), reverse=True)


def odd_tags(
    tags: Iterable[str], prefix: str, after: Version | None = None
) -> tuple[list[str], list[str]]:
    """Return what npm takes for versions and then crashes on; and others' releases.

    Those are above *after* and such as ``3.4.0`` or ``shop@3.4.0``. Both by name.
    """
    crashing, others = list[str](), list[str]()
    for name in sorted(tags, key=_bytes):
        is_version, version = _read(name, prefix)
        like = None if is_version else _LIKE_A_RELEASE.search(name)
        other = read_version(like[1]) if like else None
        if is_version and version is None:
            crashing.append(name)
        elif other is not None and (after is None or other > after):
            others.append(name)
    return crashing, others


def next_release(
    previous: Version | None,
    level: Level,
    *,
    skip: Container[str] = (),
    first: str = FIRST,
) -> Version:
    """Return *previous* raised by *level*, or *first*; past *skip* by the patch."""
    # As npm's `semver.inc`: 1.4.0-rc.1 gives 1.4.0.
    version = previous.next_version(level) if previous else parse_version(first)
    while str(version) in skip:
        version = version.next_version("patch")
    return version


def _read(name: str, prefix: str) -> tuple[bool, Version | None]:
    """Say whether npm takes the tag for a version, and which one it then compares."""
    # semantic-release's pattern `^v(.+)` has no `$`, and `.` stops at a line end. What
    # is below a slash is nobody's version: a rule on `refs/tags/v*` does not reach it.
    match = re.match(f"{re.escape(prefix)}(?!(?s:.*/))({JS_DOT}+)", name)
    rest = match[1].strip(JS_SPACE) if match else ""
    if read_version(rest.lstrip("=v").strip(JS_SPACE)) is None:
        return False, None
    # What npm compares is the uncleaned text, and there semver takes one "v" and
    # nothing else: it crashes on "vvv1.5.0" and "v=1.4.0".
    return True, read_version(rest.removeprefix("v"))


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", errors="surrogateescape")


def versions_of(tags: Iterable[str], prefix: str) -> dict[str, str]:
    """Return version → tag for those of *tags* that are release tags of ours."""
    named = ((tag, read_version(tag.removeprefix(prefix))) for tag in tags)
    ours = (
        (tag, x) for tag, x in named if x and not x.build and tag.startswith(prefix)
    )
    return {str(version): tag for tag, version in ours}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a line may release: from *low* up to *high*, without it.

    *begin* is where it begins, whatever it has released. *stranger* is a release in its
    history that must not be merged into it, the highest one. *same* are the other lines
    with equal limits, which npm refuses.
    """

    begin: Version
    low: Version
    high: Version
    stranger: Version | None = None
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
        # A pre-release satisfies no range (lib/get-release-to-add.js).
        top_here = _highest(v for v in on_lines[name] if v >= low)
        is_strange = top_here and (top_here.prerelease or top_here >= high)
        own = Limits(begin=low, low=max(low, latest), high=min(high, base))
        found[name] = replace(own, stranger=top_here) if is_strange else own
    ends = {name: (each.low, each.high) for name, each in found.items()}
    same = {x: tuple(n for n in ends if n != x and ends[n] == ends[x]) for x in ends}
    return {name: replace(own, same=same[name]) for name, own in found.items()}


def bounds(name: str) -> tuple[Version, Version]:
    """Return from where up to where the name of a line reaches: ``1.4.x``, ``1.x``."""
    major, minor, *_ = [*name.split("."), "x"]
    if minor == "x":
        return Version(int(major)), Version(int(major) + 1)
    return Version(int(major), int(minor)), Version(int(major), int(minor) + 1)


def _highest(versions: Iterable[Version]) -> Version | None:
    return max(versions, key=rank, default=None)
