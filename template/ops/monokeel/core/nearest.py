"""A version as people type it, and the known versions nearest to one that is not."""

from collections.abc import Iterable

from monokeel.core.version import parse_version, read_version
from monokeel.errors import CommandError

_SHOWN = 5


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

    return tuple(sorted(newest_first(known), key=distance)[:_SHOWN])
