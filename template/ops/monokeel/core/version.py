"""Versions, release tags, and which version comes next, as semantic-release counts.

Written without the semver package: importing it takes longer than reading a thousand
commits, it accepts other digits than 0-9, and its increments differ from npm's. Also a
version as people type it, and the known ones nearest to one that is not.
"""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import total_ordering
from typing import Final

from monokeel.core.commits import Level
from monokeel.core.messages import JS_DOT, JS_SPACE
from monokeel.errors import CommandError

FIRST: Final = "1.0.0"
# JavaScript's Number.MAX_SAFE_INTEGER: npm's semver takes no larger number.
_MAX_NUMBER = 2**53 - 1
_MAX_LENGTH = 256
_NUMBER = r"(?:0|[1-9][0-9]*)"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})"
    rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?\Z"
)
_NEAREST = 5


@total_ordering
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Version:
    """A semantic version. Compares by precedence: *build* has no rank (semver.org 10).

    *prerelease* is ``rc.1`` without the hyphen, *build* without the plus; empty means
    none.
    """

    major: int
    minor: int
    patch: int
    prerelease: str = ""
    build: str = ""

    def __str__(self) -> str:
        """Return the version without prefix, such as ``1.4.0-rc.1``."""
        text = f"{self.major}.{self.minor}.{self.patch}"
        text += f"-{self.prerelease}" if self.prerelease else ""
        return text + (f"+{self.build}" if self.build else "")

    def __eq__(self, other: object) -> bool:
        """Say whether *other* has the same precedence."""
        return isinstance(other, Version) and self._rank() == other._rank()

    def __lt__(self, other: "Version") -> bool:
        """Say whether *other* has the higher precedence."""
        return self._rank() < other._rank()

    def __hash__(self) -> int:
        """Return equal numbers for versions of equal precedence."""
        return hash(self._rank())

    def _rank(self) -> tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]:
        identifiers = self.prerelease.split(".") if self.prerelease else []
        return (
            self.major,
            self.minor,
            self.patch,
            not identifiers,
            tuple(
                (False, int(each), "") if each.isdigit() else (True, 0, each)
                for each in identifiers
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTag:
    """A git tag that names a version: *commit* is what it peels to."""

    name: str
    commit: str
    version: Version


def parse_version(text: str) -> Version:
    """Return the version that *text* is, without prefix, such as ``1.4.0``.

    Raises CommandError for anything else: ``1.4``, ``01.4.0``, ``v1.4.0``, a number
    above 2**53 - 1 (npm takes none), or an empty text.
    """
    version = read_version(text)
    if version is None:
        problem = f"{text!r} is not a version" if text else "no version given"
        raise CommandError(problem, fix="Write it as 1.4.0, without a prefix.")
    return version


def read_version(text: str) -> Version | None:
    """Return the version that *text* is, or ``None`` if it is not one."""
    match = _VERSION.match(text) if len(text) <= _MAX_LENGTH else None
    if match is None:
        return None
    numbers = [int(match[i]) for i in (1, 2, 3)]
    if max(numbers) > _MAX_NUMBER:
        return None
    return Version(
        major=numbers[0],
        minor=numbers[1],
        patch=numbers[2],
        prerelease=match[4] or "",
        build=match[5] or "",
    )


def release_tags(tags: Mapping[str, str], prefix: str) -> list[ReleaseTag]:
    """Return the tags that name a version, the highest first, of equals by name.

    *tags* is name → commit. Read as semantic-release reads them: ``vv1.5.0`` counts
    as 1.5.0, ``v1.4.0+build.1`` has the rank of 1.4.0. Pre-releases are among them;
    tags that it crashes on are not (see ``odd_tags``).
    """
    found = [
        ReleaseTag(name=name, commit=tags[name], version=version)
        for name in sorted(tags, key=_bytes)
        if (version := _version_of(name, prefix)) is not None
    ]
    return sorted(found, key=lambda tag: tag.version, reverse=True)


def odd_tags(tags: Iterable[str], prefix: str) -> list[str]:
    """Return the tags that npm takes for versions and then crashes on, by name."""
    return [
        name
        for name in sorted(tags, key=_bytes)
        if (rest := _rest(name, prefix)) is not None
        and _cleaned(rest) is not None
        and _version_of(name, prefix) is None
    ]


def next_version(
    previous: Version | None, level: Level, *, skip: Container[str] = ()
) -> Version:
    """Return the version of *level* after *previous*; the first one is 1.0.0.

    A version named in *skip* is never used: the one with the next patch number is
    taken instead, which keeps the level.
    """
    version = parse_version(FIRST) if previous is None else increment(previous, level)
    while str(version) in skip:
        version = increment(version, "patch")
    return version


def increment(version: Version, level: Level) -> Version:
    """Return *version* raised by *level* as npm's ``semver.inc`` does.

    Build metadata is dropped; a pre-release is raised to its own release when that
    is a step of *level* already (1.4.0-rc.1 by a patch gives 1.4.0).
    """
    major, minor, patch = version.major, version.minor, version.patch
    unreleased = bool(version.prerelease)
    match level:
        case "major":
            step = 0 if unreleased and minor == patch == 0 else 1
            return Version(major=major + step, minor=0, patch=0)
        case "minor":
            step = 0 if unreleased and patch == 0 else 1
            return Version(major=major, minor=minor + step, patch=0)
        case "patch":
            step = 0 if unreleased else 1
            return Version(major=major, minor=minor, patch=patch + step)


def _version_of(name: str, prefix: str) -> Version | None:
    rest = _rest(name, prefix)
    if rest is None or _cleaned(rest) is None:
        return None
    # What npm compares afterwards is the uncleaned text, and there semver takes one
    # "v" and nothing else: it crashes on "vvv1.5.0" and "v=1.4.0".
    return read_version(rest.strip(JS_SPACE).removeprefix("v"))


def _rest(name: str, prefix: str) -> str | None:
    # semantic-release's pattern `^v(.+)` has no `$`, and `.` stops at a line end.
    match = re.match(f"{re.escape(prefix)}({JS_DOT}+)", name)
    return match[1] if match else None


def _cleaned(text: str) -> Version | None:
    return read_version(text.strip(JS_SPACE).lstrip("=v").strip(JS_SPACE))


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", errors="surrogateescape")


def parse_wanted(text: str, *, prefix: str) -> str:
    """Return the version that *text* (``1.4.0`` or ``v1.4.0``) names, without *prefix*.

    Strict SemVer. No ``latest``, no range, and no ``+build``: a container tag cannot
    hold a plus sign (OCI distribution-spec). Raises CommandError for anything else.
    """
    version = read_version(text.removeprefix(prefix))
    if version is None:
        raise CommandError(
            f"{text!r} is not a version",
            fix=f"Name one release exactly, such as 1.4.0 or {prefix}1.4.0.",
        )
    if version.build:
        raise CommandError(
            f"{text!r} has build metadata: no container tag can carry it",
            fix=f"Name the release without it: {str(version).partition('+')[0]}.",
        )
    return str(version)


def versions_of(tags: Iterable[str], *, prefix: str) -> dict[str, str]:
    """Return version → tag for those of *tags* that are release tags of ours."""
    versions = {}
    for tag in tags:
        version = read_version(tag.removeprefix(prefix))
        if tag.startswith(prefix) and version is not None and not version.build:
            versions[str(version)] = tag
    return versions


def is_prerelease(version: str) -> bool:
    """Say whether *version* (valid SemVer) is one, such as ``1.5.0-rc.1``."""
    return bool(parse_version(version).prerelease)


def newest_first(versions: Iterable[str]) -> tuple[str, ...]:
    """Return *versions* by SemVer precedence, the highest first."""
    return tuple(sorted(versions, key=parse_version, reverse=True))


def is_newer(version: str, than: str) -> bool:
    """Say whether *version* has a higher precedence than *than*."""
    return parse_version(version) > parse_version(than)


def nearest(wanted: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the five of *known* that are nearest to *wanted*, the nearest first.

    The same major counts more than the same minor, and that more than the patch.
    """
    goal = parse_version(wanted)

    def distance(version: str) -> tuple[int, int, int]:
        one = parse_version(version)
        return (
            abs(one.major - goal.major),
            abs(one.minor - goal.minor),
            abs(one.patch - goal.patch),
        )

    return tuple(sorted(newest_first(known), key=distance)[:_NEAREST])
