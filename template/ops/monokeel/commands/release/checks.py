"""What a plan asks the remote, GitHub and the registry; nothing is written.

Each question has three answers. The third, nobody can tell, stays ``unknown``.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from monokeel.core.lookup import Absent, Found, Unknown
from monokeel.core.release import GitHubRelease
from monokeel.core.release_plan import ServiceImage
from monokeel.core.settings import Settings
from monokeel.errors import CommandError

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
    if isinstance(sources.remote, Unknown):
        return sources.remote
    claims = settings.claim("")
    try:
        return sources.remote.remote_refs(("refs/heads/", "refs/tags/", claims))
    except CommandError as error:
        return Unknown(reason=error.problem)


def ask_releases(sources: Sources) -> tuple[GitHubRelease, ...] | Unknown:
    """Return the releases and drafts on GitHub."""
    if isinstance(sources.releases, Unknown):
        return sources.releases
    try:
        return sources.releases.listed()
    except CommandError as error:
        return Unknown(reason=error.problem)


def ask_images(
    sources: Sources, settings: Settings, *, version: str, commit: str
) -> tuple[tuple[ServiceImage, ...], list[Unknown]]:
    """Return what is at *version* of every service, and why some are unknown.

    An image is ``same`` when its label names *commit*, ``other`` when it names
    another one or none: an image that does not say where it comes from is not ours.
    """
    images = sources.images
    names = [service.name for service in settings.services]

    def look_up(name: str) -> Found | Absent | Unknown:
        if isinstance(images, Unknown):
            return images
        try:
            return images.look_up(settings.image(name), version)
        except CommandError as error:
            return Unknown(reason=error.problem)

    answers = sources.each(look_up, names)
    services = []
    for name, answer in zip(names, answers, strict=True):
        image = f"{settings.registry_host}/{settings.image(name)}"
        service = ServiceImage(name=name, image=image, tag=version, state="unknown")
        match answer:
            case Found(digest=digest, revision=revision):
                services.append(
                    ServiceImage(
                        name=name,
                        image=image,
                        tag=version,
                        state="same" if revision == commit else "other",
                        digest=digest,
                    )
                )
            case Absent():
                services.append(
                    ServiceImage(name=name, image=image, tag=version, state="free")
                )
            case Unknown():
                services.append(service)
    return tuple(services), [each for each in answers if isinstance(each, Unknown)]


def ask_access(sources: Sources, settings: Settings) -> dict[str, bool | Unknown]:
    """Return by service whether its image may be pushed."""
    images = sources.images
    names = [service.name for service in settings.services]

    def probe(name: str) -> bool | Unknown:
        if isinstance(images, Unknown):
            return images
        try:
            return images.may_push(settings.image(name))
        except CommandError as error:
            return Unknown(reason=error.problem)

    return dict(zip(names, sources.each(probe, names), strict=True))
