"""Whom a plan asks about the outside: the remote, GitHub, the registry.

Each question has three answers; the third, nobody can tell, stays ``unknown``.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.release.plan import ImageState, ServiceImage
from monokeel.release.record import GitHubRelease

T = TypeVar("T")
R = TypeVar("R")


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
    except NO_ANSWER as error:
        return Unknown(reason=error.problem)
