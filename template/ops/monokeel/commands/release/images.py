"""The images of a release: each built once per commit, its version free or taken.

What is there for a commit is never built again.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from monokeel.commands.release import ServiceImage
from monokeel.commands.release.sources import image_state
from monokeel.core.lookup import Absent, Found, Unknown
from monokeel.core.report import Report, Section, Table
from monokeel.core.settings import Settings
from monokeel.core.version import parse_version
from monokeel.errors import CommandError, RefusedError, ServiceError

_COLUMNS = ("service", "state", "image", "detail")
_HEADLINES = {
    "free": "free for every service",
    "taken": "taken",
    "unknown": "not known to be free",
}


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

    Raises CommandError for an unknown service, and for files that are not those of
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
        raise CommandError(
            f"{head} is checked out, not {commit}", fix=f"Run: git checkout {commit}"
        )
    if not checkout.is_clean():
        raise CommandError(
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedImage(ServiceImage):
    """What is at the version of one service's image; *detail* says more of it."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The answer for one *version*: one taken image is enough to refuse it."""

    version: str
    images: tuple[GuardedImage, ...]

    @property
    def taken(self) -> tuple[GuardedImage, ...]:
        """The images that have this version already."""
        return tuple(each for each in self.images if each.state in {"same", "other"})

    @property
    def unclear(self) -> tuple[GuardedImage, ...]:
        """The images of which nobody can tell."""
        return tuple(each for each in self.images if each.state == "unknown")

    @property
    def verdict(self) -> str:
        """``taken``, else ``unknown``, else ``free``."""
        if self.taken:
            return "taken"
        return "unknown" if self.unclear else "free"


def look_at_version(
    images: Images, settings: Settings, *, version: str, commit: str | None
) -> Guard:
    """Ask the registry about *version* of every service, all at once.

    *commit*, if known, tells our own images from others'. Raises CommandError when
    *version* is not one, such as a tag with its prefix: nobody would have that.
    """
    if parse_version(version).build:
        raise CommandError(
            f"{version!r} cannot be an image tag", fix="Leave out the part after '+'."
        )
    names = [service.name for service in settings.services]
    answers = images.look_up_all([(settings.image(name), version) for name in names])
    return Guard(
        version=version,
        images=tuple(
            GuardedImage(
                name=name,
                image=f"{settings.registry_host}/{settings.image(name)}",
                tag=version,
                state=image_state(answer, commit),
                digest=answer.digest if isinstance(answer, Found) else None,
                detail=_detail(answer),
            )
            for name, answer in zip(names, answers, strict=True)
        ),
    )


def require_free(guard: Guard) -> None:
    """Raise unless the version is free everywhere: Refused if taken, else Service.

    Every taken image is named, and every one that could not be looked up beside it.
    """
    unclear = [f"{each.name}: {each.detail}" for each in guard.unclear]
    if guard.taken:
        taken = [
            f"{each.image}:{guard.version} ({each.detail})" for each in guard.taken
        ]
        beside = f"; and nobody can tell of {'; '.join(unclear)}" if unclear else ""
        raise RefusedError(
            f"version {guard.version} is taken: {', '.join(taken)}{beside}",
            fix=_advice(guard),
        )
    if unclear:
        raise ServiceError(
            f"nobody can tell whether {guard.version} is free: {'; '.join(unclear)}",
            fix="Run again once the registry answers; ./inv doctor checks the token.",
        )


def guard_report(guard: Guard) -> Report:
    """Return the table of all services and the JSON verdict."""
    rows = tuple(
        (each.name, each.state, each.image, each.detail) for each in guard.images
    )
    not_free = (*guard.taken, *guard.unclear)
    return Report(
        headline=f"{guard.version} is {_HEADLINES[guard.verdict]}",
        sections=(Section("", table=Table(_COLUMNS, rows)),),
        data={
            "version": guard.version,
            "verdict": guard.verdict,
            "services": [asdict(each) for each in guard.images],
        },
        problems=tuple(
            f"{each.image}:{guard.version}: {each.state}, {each.detail}"
            for each in not_free
        ),
    )


def _detail(answer: Found | Absent | Unknown) -> str:
    match answer:
        case Found(digest=digest, revision=revision):
            whose = f"built from {revision}" if revision else "of unknown origin"
            return f"{digest}, {whose}"
        case Unknown(reason=reason):
            return reason
        case Absent():
            return "nothing there"


def _advice(guard: Guard) -> str:
    if all(each.state == "same" for each in guard.taken):
        return (
            "These are images of this very commit: ./inv release finishes a release"
            " that was cut short, and changes nothing that is done."
        )
    return (
        "An image with a version is never replaced. Release another one, or add"
        f' "{guard.version}" to [release] skip in infra/platform.toml.'
    )
