"""Is a version free in the registry: every image of it, asked all at once."""

from dataclasses import asdict, dataclass

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import NO_ANSWER, RefusedError, ServiceError
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings
from monokeel.ground.version import parse_wanted
from monokeel.release.plan import ImageState, ServiceImage
from monokeel.release.ports import Images
from monokeel.release.reading import Reading

_COLUMNS = ("service", "state", "image", "detail")
_HEADLINES = {
    "free": "free for every service",
    "taken": "taken",
    "unknown": "not known to be free",
}


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


def ask_version(
    images: Images, settings: Settings, *, version: str, commit: str | None
) -> Guard:
    """Ask the registry about *version* of every service, all at once.

    *commit*, if known, tells our own images from others'. Raises UsageError when
    *version* (``1.4.0`` or ``v1.4.0``) is not one that an image tag can hold.
    """
    version = parse_wanted(version, prefix=settings.tag_prefix)
    names = [service.name for service in settings.services]
    answers = images.look_up_all([(settings.image(name), version) for name in names])
    return Guard(
        version=version,
        images=tuple(
            GuardedImage(
                name=name,
                image=f"{settings.registry_host}/{settings.image(name)}",
                tag=version,
                state=_image_state(answer, commit),
                digest=_digest_in(answer),
                detail=_detail(answer),
            )
            for name, answer in zip(names, answers, strict=True)
        ),
    )


def service_images(reading: Reading) -> tuple[ServiceImage, ...]:
    """Return what is at the version of every service; unknown if nobody answers."""
    commit, version = reading.candidate.commit, reading.candidate.version
    try:
        answers = reading.named
    except NO_ANSWER as error:
        silent = Unknown(reason=error.problem)
        answers = {each.service: silent for each in reading.candidate.images}
    return tuple(
        ServiceImage(
            name=image.service,
            image=image.image,
            tag=version,
            state=_image_state(answers[image.service], commit),
            digest=_digest_in(answers[image.service]),
        )
        for image in reading.candidate.images
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


def _image_state(answer: Found | Absent | Unknown, commit: str | None) -> ImageState:
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


def _digest_in(answer: Found | Absent | Unknown) -> str | None:
    return answer.digest if isinstance(answer, Found) else None


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
