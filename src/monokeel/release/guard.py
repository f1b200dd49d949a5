"""Is a version free in the registry: every image of it, asked all at once."""

from dataclasses import asdict, dataclass
from functools import partial

from monokeel.ground.answers import Absent, Found, ImageAnswer, Unknown, ask
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings
from monokeel.ground.version import parse_wanted
from monokeel.release.plan import ImageState, ServiceImage
from monokeel.release.ports import Images
from monokeel.release.reading import Reading
from monokeel.release.record import Candidate

_COLUMNS = ("service", "state", "image", "detail")
_HEADLINES = {"free": "free for every service", "unknown": "not known to be free"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The answer for one *version*: one taken image is enough to refuse it."""

    version: str
    images: tuple[ServiceImage, ...]

    def having(self, *states: ImageState) -> list[ServiceImage]:
        """Return the images that are in one of *states*."""
        return [each for each in self.images if each.state in states]

    @property
    def verdict(self) -> str:
        """``taken``, else ``unknown``, else ``free``."""
        if self.having("same", "other"):
            return "taken"
        return "unknown" if self.having("unknown") else "free"


def ask_version(
    images: Images, settings: Settings, *, version: str, commit: str
) -> Guard:
    """Ask the registry about *version* (or its tag); UsageError if it is none."""
    version = parse_wanted(version, prefix=settings.tag_prefix)
    wanted = Candidate(settings=settings, version=version, commit=commit)
    paths = wanted.paths
    answers = images.settled_all([(path, version) for path in paths.values()])
    found = (_service_image(wanted, *x) for x in zip(paths, answers, strict=True))
    return Guard(version=version, images=tuple(found))


def service_images(reading: Reading) -> tuple[ServiceImage, ...]:
    """Return what is at the version of every service; unknown if nobody answers."""
    candidate = reading.candidate
    found = ask(lambda: reading.named)
    if isinstance(found, Unknown):
        found = dict.fromkeys(candidate.images, found)
    return tuple(_service_image(candidate, *each) for each in found.items())


def require_free(guard: Guard) -> None:
    """Raise unless the version is free everywhere: Refused if taken, else Service."""
    silent = guard.having("unknown")
    unclear = "; ".join(f"{each.name}: {each.detail}" for each in silent)
    if found := guard.having("same", "other"):
        taken = [f"{x.image}:{guard.version} ({x.detail})" for x in found]
        beside = f"; and nobody can tell of {unclear}" if unclear else ""
        fix = "An image with a version is never replaced. Release another one, or add"
        fix += f' "{guard.version}" to [release] skip in infra/platform.toml.'
        if all(each.state == "same" for each in found):
            fix = "These are images of this very commit: ./inv release finishes a"
            fix += " release that was cut short, and changes nothing that is done."
        problem = f"version {guard.version} is taken: {', '.join(taken)}{beside}"
        raise RefusedError(problem, fix=fix)
    if unclear:
        problem = f"nobody can tell whether {guard.version} is free: {unclear}"
        fix = "Run again once the registry answers; ./inv doctor checks the token."
        raise ServiceError(problem, fix=fix)


def guard_report(guard: Guard) -> Report:
    """Return the table of all services and the JSON verdict."""
    images = guard.images
    rows = tuple((each.name, each.state, each.image, each.detail) for each in images)
    return Report(
        headline=f"{guard.version} is {_HEADLINES.get(guard.verdict, 'taken')}",
        sections=(Section("", table=Table(_COLUMNS, rows)),),
        data={
            "version": guard.version,
            "verdict": guard.verdict,
            "services": [asdict(each) for each in images],
        },
        problems=tuple(
            f"{each.image}:{guard.version}: {each.state}, {each.detail}"
            for each in guard.having("same", "other", "unknown")
        ),
    )


def _service_image(wanted: Candidate, name: str, answer: ImageAnswer) -> ServiceImage:
    """Return what *answer*, to the version of service *name*, means to *wanted*."""
    image, tag = wanted.images[name], wanted.version
    at = partial(ServiceImage, name=name, image=image, tag=tag)
    match answer:
        case Absent():
            return at(state="free", detail="nothing there")
        case Unknown(reason=reason):
            return at(state="unknown", detail=reason)
        case Found(digest=digest, revision=revision, missing=missing):
            whose = f"built from {revision}" if revision else "of unknown origin"
            lost = f"; manifests of it are gone: {', '.join(missing)}"
            detail = f"{digest}, {whose}{lost if missing else ''}"
            state: ImageState = "same" if revision == wanted.commit else "other"
            return at(state=state, digest=digest, detail=detail)
