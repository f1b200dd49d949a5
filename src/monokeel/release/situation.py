"""Where a release would start from: the clone, its tags, what the remote has.

Nothing is written.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol, TypeVar

from monokeel.ground.answers import Unknown
from monokeel.ground.settings import Settings
from monokeel.ground.version import Version, read_version
from monokeel.release.versions import ReleaseTag, release_tags

_TAGS = "refs/tags/"
T = TypeVar("T")
R = TypeVar("R")


class Log(Protocol):
    """The commits since some commit."""

    @property
    def reached(self) -> bool:
        """Say, after all were read, whether history leads to where they begin."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield (40 hex digits, message), newest first."""


class History(Protocol):
    """The clone at hand; nothing in it is changed."""

    def head(self) -> str:
        """Return the commit that is checked out."""

    def branch(self) -> str | None:
        """Return the branch that is checked out, ``None`` on a detached HEAD."""

    def is_shallow(self) -> bool:
        """Say whether history is cut off."""

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names here, or ``None``."""

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Say whether *ancestor* is *commit* or stands in its history."""

    def tags(self, merged: str | None = None) -> dict[str, str]:
        """Return tag name → commit; only those in the history of *merged*."""

    def file_at(self, commit: str, path: str) -> str | None:
        """Return the text of *path* in *commit*, ``None`` if it has no such file."""

    def log(self, since: str | None, commit: str) -> Log:
        """Return the commits from *commit* back to the commit *since*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A release that was begun: *ref* names *commit*, and *tagged* its git tag."""

    ref: str
    tag: str
    version: Version
    commit: str
    tagged: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known before any commit message is read.

    *tags* are all tags of the clone. *previous* is the last release in the history of
    *commit*, *unreachable* are the releases above it that are not in it, the highest
    first. *own* is an open claim of this very commit: its release was cut short and
    goes on, and its tag counts as neither. In a *shallow* clone nothing is known about
    releases.
    """

    settings: Settings
    commit: str
    branch: str | None
    shallow: bool
    refs: Mapping[str, str] | Unknown
    tags: Mapping[str, str]
    previous: ReleaseTag | None
    unreachable: tuple[ReleaseTag, ...]
    claims: tuple[Claim, ...]
    own: Claim | None

    @property
    def tip(self) -> str | None:
        """The commit of the release branch on the remote, if there is one."""
        if isinstance(self.refs, Unknown):
            return None
        return self.refs.get(f"refs/heads/{self.settings.default_branch}")

    @property
    def remote_tags(self) -> Mapping[str, str] | Unknown:
        """Tag name → commit on the remote."""
        if isinstance(self.refs, Unknown):
            return self.refs
        return {
            ref.removeprefix(_TAGS): commit
            for ref, commit in self.refs.items()
            if ref.startswith(_TAGS)
        }


def look_around(
    settings: Settings,
    history: History,
    refs: Mapping[str, str] | Unknown,
    *,
    surely: bool = False,
) -> Situation:
    """Return the situation of the commit that is checked out.

    The highest release tag is taken for the previous release: it nearly always is,
    and the log shows it at no cost. If it does not, ask again *surely*: git then walks
    through all of history to say which tags are in it.
    """
    commit, tags, shallow = history.head(), history.tags(), history.is_shallow()
    claims = () if isinstance(refs, Unknown) else tuple(_claims(settings, refs))
    own = _own(claims, commit)
    candidates = [
        tag
        for tag in release_tags(tags, settings.tag_prefix)
        if not tag.version.prerelease and (own is None or tag.name != own.tag)
    ]
    merged = history.tags(commit) if surely and candidates else tags
    above = list(takewhile(lambda tag: tag.name not in merged, candidates))
    found = candidates[len(above) :]
    return Situation(
        settings=settings,
        commit=commit,
        branch=history.branch(),
        shallow=shallow,
        refs=refs,
        tags=tags,
        previous=found[0] if found and not shallow else None,
        unreachable=tuple(above),
        claims=claims,
        own=own,
    )


def _own(claims: Iterable[Claim], commit: str) -> Claim | None:
    """Return the open claim of *commit*; of several the highest version."""
    mine = [
        claim
        for claim in claims
        if claim.commit == commit and claim.tagged in (None, commit)
    ]
    return max(mine, key=lambda claim: claim.version, default=None)


def _claims(settings: Settings, refs: Mapping[str, str]) -> Iterator[Claim]:
    place = settings.claim("")
    for ref, commit in sorted(refs.items()):
        tag = ref.removeprefix(place)
        version = read_version(tag.removeprefix(settings.tag_prefix))
        if ref.startswith(place) and version is not None:
            yield Claim(
                ref=ref,
                tag=tag,
                version=version,
                commit=commit,
                tagged=refs.get(f"{_TAGS}{tag}"),
            )
