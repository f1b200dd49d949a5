"""Release tags, and which version comes next, as semantic-release counts."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from monokeel.ground.version import Version, parse_version, rank, read_version
from monokeel.release.commits import Level
from monokeel.release.messages import JS_DOT, JS_SPACE

FIRST: Final = "1.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTag:
    """A git tag that names a version: *commit* is what it peels to."""

    name: str
    commit: str
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The versions above *after* and below *below*; ``None`` is no bound."""

    after: Version | None = None
    below: Version | None = None

    def has(self, version: Version) -> bool:
        """Say whether *version* is one of them."""
        late = self.after is None or version > self.after
        return late and (self.below is None or version < self.below)


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
        if (version := _version_of(name, prefix)) is not None
    ]
    return sorted(found, key=lambda tag: rank(tag.version), reverse=True)


def odd_tags(tags: Iterable[str], prefix: str) -> list[str]:
    """Return the tags that npm takes for versions and then crashes on, by name."""
    return [
        name
        for name in sorted(tags, key=_bytes)
        if (rest := _rest(name, prefix)) is not None
        and _cleaned(rest) is not None
        and _version_of(name, prefix) is None
    ]


def next_release(
    previous: Version | None,
    level: Level,
    *,
    skip: Container[str] = (),
    first: str = FIRST,
) -> Version:
    """Return the version of *level* after *previous*; without one it is *first*.

    A version named in *skip* is never used: the one with the next patch number is
    taken instead, which keeps the level.
    """
    version = parse_version(first) if previous is None else increment(previous, level)
    while str(version) in skip:
        version = increment(version, "patch")
    return version


def increment(version: Version, level: Level) -> Version:
    """Return *version* raised by *level* as npm's ``semver.inc`` does.

    Build metadata is dropped; a pre-release is raised to its own release when that
    is a step of *level* already (1.4.0-rc.1 by a patch gives 1.4.0).
    """
    return version.next_version(level)


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


def versions_of(tags: Iterable[str], *, prefix: str) -> dict[str, str]:
    """Return version → tag for those of *tags* that are release tags of ours."""
    versions = {}
    for tag in tags:
        version = read_version(tag.removeprefix(prefix))
        if tag.startswith(prefix) and version is not None and not version.build:
            versions[str(version)] = tag
    return versions


def is_highest(version: str, others: Iterable[str]) -> bool:
    """Say whether no other version is above *version*; a pre-release never is one."""
    highest = parse_version(version)
    rivals = [each for each in map(parse_version, others) if not each.prerelease]
    return not highest.prerelease and all(each <= highest for each in rivals)
