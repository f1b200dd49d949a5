"""The image of one service at one commit, built if it is not there yet."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.report import Report
from monokeel.ground.settings import Settings


class Images(Protocol):
    """The container images in the registry; ``acme/shop/api``, without host."""

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        """Say what is at each (image, tag), in that order, asked at the same time."""

    def look_up(self, image: str, tag: str) -> Found | Absent | Unknown:
        """Say what is at *tag* of *image*."""

    def may_push(self, image: str) -> bool | Unknown:
        """Say whether an upload to *image* would be accepted; leave nothing there."""


class Builder(Protocol):
    """The configured build command."""

    def build(self, service: str, commit: str) -> None:
        """Build *service* at *commit* and push it as ``sha-<commit>``."""


class Checkout(Protocol):
    """The files that the build command reads."""

    def head(self) -> str:
        """Return the commit that is checked out."""

    def is_clean(self) -> bool:
        """Say whether the files are those of that commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Everything that a build reads and writes."""

    images: Images
    builder: Builder
    checkout: Checkout


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One image: *image* with host, *built* is false when it was there before."""

    service: str
    image: str
    tag: str
    digest: str
    built: bool


def build_service(
    workplace: Workplace, settings: Settings, *, service: str, commit: str
) -> Built:
    """Return the image of *service* at *commit*, built and pushed if it is missing.

    Raises UsageError for an unknown service, and for files that are not those of
    *commit*; RefusedError when the image there, or the one pushed, is labelled with
    another commit, or when we may not push; ServiceError when nobody can tell.
    """
    path = settings.image(settings.service(service).name)
    tag = f"sha-{commit}"
    found = _settled(workplace.images, path, tag)
    built = isinstance(found, Absent)
    if built:
        _check_files(workplace.checkout, commit)
        _check_access(workplace.images, path)
        workplace.builder.build(service, commit)
        found = _settled(workplace.images, path, tag)
    if isinstance(found, Absent):
        raise ServiceError(
            f"the build command ended well, but {path}:{tag} is not in the registry",
            fix="It must push {image}; see MONOKEEL_BUILD in the reference.",
        )
    if found.revision != commit:
        label = found.revision or "no commit"
        raise RefusedError(
            f"{path}:{tag} ({found.digest}) is labelled with {label}, not {commit}",
            fix="The build command must set org.opencontainers.image.revision (the"
            " presets do). Delete that image, then build again.",
        )
    return Built(
        service=service,
        image=f"{settings.registry_host}/{path}",
        tag=tag,
        digest=found.digest,
        built=built,
    )


def build_report(built: Built) -> Report:
    """Return what was built, or was there, and its digest."""
    word = "built" if built.built else "was built before"
    return Report(
        headline=f"{built.service} {word}: {built.image}@{built.digest}",
        data=asdict(built),
    )


def _settled(images: Images, image: str, tag: str) -> Found | Absent:
    answer = images.look_up(image, tag)
    if isinstance(answer, Unknown):
        raise ServiceError(
            f"{image}:{tag}: {answer.reason}",
            fix="Run again once the registry answers.",
        )
    return answer


def _check_files(checkout: Checkout, commit: str) -> None:
    head = checkout.head()
    if head != commit:
        raise UsageError(
            f"{head} is checked out, not {commit}", fix=f"Run: git checkout {commit}"
        )
    if not checkout.is_clean():
        raise UsageError(
            f"the files here are not those of {commit}",
            fix="Commit, stash or remove what `git status` shows, then build again.",
        )


def _check_access(images: Images, image: str) -> None:
    """Refuse before the build what would be refused after it."""
    allowed = images.may_push(image)
    if isinstance(allowed, Unknown):
        raise ServiceError(
            f"nobody can tell whether {image} may be pushed: {allowed.reason}",
            fix="Run again once the registry answers; ./inv doctor checks tokens.",
        )
    if not allowed:
        raise RefusedError(
            f"the credentials may not push {image}",
            fix="The job needs `packages: write`; a package that was first pushed by"
            " hand must name this repository under Manage Actions access.",
        )
