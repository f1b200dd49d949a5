"""Versions: parsed as npm does, compared, and the known ones nearest to another.

Which text is one is decided here: ``semver`` takes other digits, and any size.
"""

import re
from collections.abc import Iterable

from semver import Version

from monokeel.ground.errors import UsageError

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
_BETWEEN = re.compile(r"[^0-9A-Za-z.+-]+|(?<=[A-Za-z])[-.](?=[vV]?[0-9]+\.)")
_NEAREST, _SHOWN = 5, 40


def parse_version(text: str) -> Version:
    """Return the version that *text* is, such as ``1.4.0``; UsageError for no such."""
    version = read_version(text)
    if version is None:
        problem = f"{text!r} is not a version" if text else "no version given"
        raise UsageError(problem, fix="Write it as 1.4.0, without a prefix.")
    return version


def read_version(text: str) -> Version | None:
    """Return the version that *text* is, or ``None`` if it is not one."""
    match = _VERSION.match(text) if len(text) <= _MAX_LENGTH else None
    if match is None:
        return None
    major, minor, patch = (int(match[i]) for i in (1, 2, 3))
    if max(major, minor, patch) > _MAX_NUMBER:
        return None
    return Version(major, minor, patch, prerelease=match[4], build=match[5])


def rank(version: Version) -> tuple[int, int, int, Version]:
    """Return what sorts by precedence, and fast; a build has none (semver.org 10)."""
    return (version.major, version.minor, version.patch, version)


def parse_wanted(text: str, *, prefix: str) -> str:
    """Return the version that *text* (``1.4.0`` or ``v1.4.0``) names, without *prefix*.

    Strict SemVer. No ``latest``, no range, and no ``+build``: a container tag cannot
    hold a plus sign (OCI distribution-spec). Raises UsageError for anything else.
    """
    version = read_version(text.removeprefix(prefix))
    if version is None:
        # The one version that stands in *text* (V1.4.0, refs/tags/v1.4.0, a link,
        # digits of another script), for somebody to write it so.
        plain = "".join(str(int(x)) if x.isdecimal() else x for x in text[:_MAX_LENGTH])
        words = [word.lstrip("vV").partition("+")[0] for word in _BETWEEN.split(plain)]
        found = {word for word in words if read_version(word) is not None}
        fix = f"Name one release exactly, such as 1.4.0 or {prefix}1.4.0."
        shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        fix = f"Write it as {found.pop()}." if len(found) == 1 else fix
        problem = f"{shown!r} is not a version" if text else "no version given"
        raise UsageError(problem, fix=fix)
    if version.build:
        problem = f"{text!r} has build metadata: no container tag can carry it"
        fix = f"Name the release without it: {str(version).partition('+')[0]}."
        raise UsageError(problem, fix=fix)
    return str(version)


def is_prerelease(version: str) -> bool:
    """Say whether *version* (valid SemVer) is one, such as ``1.5.0-rc.1``."""
    return bool(parse_version(version).prerelease)


def newest_first(versions: Iterable[str]) -> tuple[str, ...]:
    """Return *versions* by SemVer precedence, the highest first."""
    return tuple(sorted(versions, key=lambda v: rank(parse_version(v)), reverse=True))


def is_newer(version: str, than: str) -> bool:
    """Say whether *version* has a higher precedence than *than*."""
    return parse_version(version) > parse_version(than)


def nearest(wanted: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the five of *known* nearest to *wanted*: the major counts most."""
    goal = parse_version(wanted).to_tuple()[:3]

    def distance(version: str) -> list[int]:
        numbers = parse_version(version).to_tuple()[:3]
        return [abs(a - b) for a, b in zip(numbers, goal, strict=True)]

    return tuple(sorted(newest_first(known), key=distance)[:_NEAREST])
