"""Say whether a version is free in the registry, for every service."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monokeel.core.lookup import Absent, Found, Json, Unknown
from monokeel.core.report import Report, Section, Table
from monokeel.core.settings import Settings
from monokeel.errors import CommandError, RefusedError, ServiceError

_VERSION = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?\Z")


class Images(Protocol):
    """The container images already published."""

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        """Say what is at each (image, tag), in that order, asked at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedImage:
    """What is at the version of one service's image.

    *state* is ``free``, ``same`` (taken, built from the commit that was asked for),
    ``other`` (taken by something else) or ``unknown``; *detail* says more.
    """

    service: str
    image: str
    state: str
    digest: str | None
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
    if not _VERSION.match(version):
        raise CommandError(
            f"{version!r} is not a version", fix="Give it without prefix, as 1.4.0."
        )
    names = [service.name for service in settings.services]
    answers = images.look_up_all([(settings.image(name), version) for name in names])
    hosted = [f"{settings.registry_host}/{settings.image(name)}" for name in names]
    return Guard(
        version=version,
        images=tuple(
            _judged(name, image, answer, commit)
            for name, image, answer in zip(names, hosted, answers, strict=True)
        ),
    )


def require_free(guard: Guard) -> None:
    """Raise unless the version is free everywhere: Refused if taken, else Service.

    Every taken image is named, and every one that could not be looked up beside it.
    """
    unclear = [f"{each.service}: {each.detail}" for each in guard.unclear]
    if guard.taken:
        taken = [
            f"{each.image}:{guard.version} ({each.detail})" for each in guard.taken
        ]
        beside = f"; and nobody can tell of {'; '.join(unclear)}" if unclear else ""
        raise RefusedError(
            f"version {guard.version} is already published: {', '.join(taken)}{beside}",
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
        (each.service, each.state, each.image, each.detail) for each in guard.images
    )
    services: list[Json] = [
        {
            "name": each.service,
            "image": each.image,
            "tag": guard.version,
            "state": each.state,
            "digest": each.digest,
            "detail": each.detail,
        }
        for each in guard.images
    ]
    not_free = (*guard.taken, *guard.unclear)
    return Report(
        headline=f"{guard.version} is {_HEADLINES[guard.verdict]}",
        sections=(Section("", table=Table(_COLUMNS, rows)),) if rows else (),
        data={
            "version": guard.version,
            "verdict": guard.verdict,
            "services": services,
        },
        problems=tuple(
            f"{each.image}:{guard.version}: {each.state}, {each.detail}"
            for each in not_free
        ),
    )


_COLUMNS = ("service", "state", "image", "detail")
_HEADLINES = {
    "free": "free for every service",
    "taken": "already published",
    "unknown": "not known to be free",
}


def _judged(
    service: str, image: str, answer: Found | Absent | Unknown, commit: str | None
) -> GuardedImage:
    state, detail = "free", "nothing there"
    match answer:
        case Found(digest=digest, revision=revision):
            # An image that does not say where it comes from is never taken for ours.
            is_ours = commit is not None and revision == commit
            state = "same" if is_ours else "other"
            whose = f"built from {revision}" if revision else "of unknown origin"
            detail = f"{digest}, {whose}"
        case Unknown(reason=reason):
            state, detail = "unknown", reason
        case Absent():
            pass
    return GuardedImage(
        service=service,
        image=image,
        state=state,
        digest=answer.digest if isinstance(answer, Found) else None,
        detail=detail,
    )


def _advice(guard: Guard) -> str:
    if all(each.state == "same" for each in guard.taken):
        return (
            "These are images of this very commit: ./inv release finishes what was"
            " begun, and changes nothing that is done."
        )
    return (
        "A published version is never replaced. Release a new one, or add"
        f' "{guard.version}" to [release] skip in infra/platform.toml.'
    )
