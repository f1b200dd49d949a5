"""Where a release would start from: the clone, its tags, the remote, the registry.

Nothing is written. Each question to the outside has three answers; the third, nobody
can tell, stays ``unknown``.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol, TypeVar

from monokeel.commands.release import ImageState, ServiceImage
from monokeel.core.lookup import Absent, Found, Unknown
from monokeel.core.release import GitHubRelease
from monokeel.core.settings import Settings
from monokeel.core.version import (
    ReleaseTag,
    Version,
    read_version,
    release_tags,
)
from monokeel.errors import CommandError

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


class Remote(Protocol):
    """The refs on the remote."""

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        """Return full ref name → peeled commit of the refs under *prefixes*."""


class ReleaseList(Protocol):
    """The releases on GitHub."""

    def listed(self) -> tuple[GitHubRelease, ...]:
        """Return every release and draft that the token may see."""


class Images(Protocol):
    """The container images in the registry."""

    def look_up(self, image: str, tag: str) -> Found | Absent | Unknown:
        """Say what is at *tag* of *image* (``acme/shop/api``, without host)."""

    def may_push(self, image: str) -> bool | Unknown:
        """Say whether an upload to *image* would be accepted; leave nothing there."""


def one_by_one(ask: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return ``[ask(item) for item in items]``."""
    return [ask(item) for item in items]


class Each(Protocol):
    """A way to ask the same question about many things."""

    def __call__(self, ask: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Return ``[ask(item) for item in items]``, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Whom a plan asks. A part that cannot be asked is Unknown, with the reason."""

    remote: Remote | Unknown
    releases: ReleaseList | Unknown
    images: Images | Unknown
    each: Each = one_by_one


def offline(reason: str) -> Sources:
    """Return sources that are not asked, because of *reason*."""
    unknown = Unknown(reason=reason)
    return Sources(remote=unknown, releases=unknown, images=unknown)


def ask_remote(sources: Sources, settings: Settings) -> dict[str, str] | Unknown:
    """Return the branches, tags and claims on the remote, by full ref name."""
    prefixes = ("refs/heads/", "refs/tags/", settings.claim(""))
    return _ask(sources.remote, lambda remote: remote.remote_refs(prefixes))


def ask_releases(sources: Sources) -> tuple[GitHubRelease, ...] | Unknown:
    """Return the releases and drafts on GitHub."""
    return _ask(sources.releases, lambda releases: releases.listed())


def ask_images(
    sources: Sources, settings: Settings, *, version: str, commit: str
) -> tuple[tuple[ServiceImage, ...], list[Unknown]]:
    """Return what is at *version* of every service, and why some are unknown.

    An image is ``same`` when its label names *commit*, ``other`` when it names
    another one or none: an image that does not say where it comes from is not ours.
    """
    names = [service.name for service in settings.services]

    def look_up(name: str) -> Found | Absent | Unknown:
        image = settings.image(name)
        return _ask(sources.images, lambda images: images.look_up(image, version))

    answers = sources.each(look_up, names)
    services = tuple(
        ServiceImage(
            name=name,
            image=f"{settings.registry_host}/{settings.image(name)}",
            tag=version,
            state=image_state(answer, commit),
            digest=answer.digest if isinstance(answer, Found) else None,
        )
        for name, answer in zip(names, answers, strict=True)
    )
    return services, [each for each in answers if isinstance(each, Unknown)]


def image_state(answer: Found | Absent | Unknown, commit: str | None) -> ImageState:
    """Return what *answer* means to a release of *commit*.

    An image that does not say where it comes from is never taken for ours.
    """
    match answer:
        case Found(revision=revision):
            return "same" if commit is not None and revision == commit else "other"
        case Absent():
            return "free"
        case Unknown():
            return "unknown"


def ask_access(sources: Sources, settings: Settings) -> dict[str, bool | Unknown]:
    """Return by service whether its image may be pushed."""
    names = [service.name for service in settings.services]

    def probe(name: str) -> bool | Unknown:
        image = settings.image(name)
        return _ask(sources.images, lambda images: images.may_push(image))

    return dict(zip(names, sources.each(probe, names), strict=True))


def _ask(source: T | Unknown, question: Callable[[T], R]) -> R | Unknown:
    if isinstance(source, Unknown):
        return source
    try:
        return question(source)
    except CommandError as error:
        return Unknown(reason=error.problem)
