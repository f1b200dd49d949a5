"""A release plan as a value: the contract between plan, build and publish."""

from dataclasses import KW_ONLY, asdict, dataclass, field
from functools import partial
from typing import Literal

from monokeel.ground.answers import Json
from monokeel.release.commits import Caution, Commit, Level
from monokeel.release.reading import Reading
from monokeel.release.versions import ReleaseTag

ImageState = Literal["free", "same", "other", "unknown"]
CheckStatus = Literal["ok", "blocked", "unknown"]
_OfTheStart = Literal[
    "repository", "history", "branch", "line", "remote", "tags", "claims"
]
CheckName = _OfTheStart | Literal["file", "tag", "release", "images", "registry"]

_OF_A_PLAN = (
    *("needed", "released", "reason", "previous", "version", "tag", "commit", "level"),
)
_OF_A_COMMIT = ("sha", "subject", "type", "scope", "level", "rule", "line")
_OF_A_CHECK = ("name", "status", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceImage:
    """The image that one service would get.

    *image* is ``ghcr.io/acme/shop/api``, *tag* the version, *state* what is there now
    (of this commit, or not), *digest* what the registry answered, *detail* its words.
    """

    name: str
    image: str
    tag: str
    state: ImageState
    digest: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A reason to refuse: *name* of the check, the problem, and what to do about it."""

    name: str
    problem: str
    fix: str


@dataclass(frozen=True, slots=True)
class Check:
    """One question asked before the release, its answer, and what stands in the way."""

    name: CheckName
    detail: str
    _: KW_ONLY
    status: CheckStatus
    blockers: tuple[Blocker, ...] = ()


passed = partial(Check, status="ok")
unknown = partial(Check, status="unknown")  # its detail is the reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePlan:
    """The release of *commit*: which version, why, and what stands in its way.

    *version* (no prefix) and *tag* are ``None`` where nothing is released. *deciding*
    is the newest commit of the highest level. *commits* are those since *previous*,
    newest first. *first* are releases begun for older commits, which are finished
    before this one. *done* are the steps with nothing left to do of a release that was
    begun for this very commit. *stale* says that the remote has what the clone has not.
    *reading* is what the steps were judged on, and what a publication begins with.
    """

    reason: str
    previous: str | None
    version: str | None
    tag: str | None
    commit: str
    deciding: Commit | None
    commits: tuple[Commit, ...]
    services: tuple[ServiceImage, ...]
    checks: tuple[Check, ...]
    warnings: tuple[Caution, ...]
    done: tuple[str, ...] | None
    notes: str
    first: tuple[ReleaseTag, ...] = ()
    stale: bool = False
    reading: Reading | None = field(default=None, compare=False, repr=False)

    @property
    def released(self) -> bool:
        """Whether there is something to release."""
        return self.version is not None

    @property
    def level(self) -> Level | None:
        """The level of the deciding commit."""
        return self.deciding.level if self.deciding else None

    @property
    def needed(self) -> bool | None:
        """Whether a run has something to do; ``None`` when nobody can tell.

        A release that was begun is work as well, so without a look at the remote, its
        tags and its claims there is no "no".
        """
        if self.version is not None or self.first:
            return True
        shallow = any(blocker.name == "history" for blocker in self.blockers)
        return None if self.unknown or shallow else False

    @property
    def unbuilt(self) -> list[str]:
        """The services that a run has to build; none once a record names digests."""
        if self.reading is None or "build" in (self.done or ()):
            return []
        built = self.reading.digests
        return [each.name for each in self.services if each.name not in built]

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """What stands in the way, each once, by the checks that found it."""
        every = (each for check in self.checks for each in check.blockers)
        return tuple({each.problem: each for each in every}.values())

    @property
    def unknown(self) -> tuple[Check, ...]:
        """The checks that nobody could answer; a release must not go on with any."""
        return tuple(check for check in self.checks if check.status == "unknown")


def as_data(plan: ReleasePlan) -> dict[str, Json]:
    """Return the plan as the JSON object of ``./inv release --dry-run --json``."""
    resume: Json = None
    if plan.done is not None:
        resume = {**_fields(plan, ("version", "commit")), "done": [*plan.done]}
    return {
        **_fields(plan, _OF_A_PLAN),
        "commits": [_fields(each, _OF_A_COMMIT) for each in plan.commits],
        "services": [asdict(each) for each in plan.services],
        "checks": [_fields(each, _OF_A_CHECK) for each in plan.checks],
        "warnings": [asdict(each) for each in plan.warnings],
        "resume": resume,
        "blockers": [asdict(each) for each in plan.blockers],
        "notes": plan.notes,
        "first": [claim.name for claim in plan.first],
    }


def _fields(value: object, names: tuple[str, ...]) -> dict[str, Json]:
    return {name: getattr(value, name) for name in names}


def blocked(name: CheckName, *reasons: tuple[str, str]) -> Check:
    """Return the check that *reasons* (problem, fix) stand in the way."""
    return Check(
        name=name,
        status="blocked",
        detail="; ".join(problem for problem, _ in reasons),
        blockers=tuple(Blocker(name=name, problem=p, fix=f) for p, f in reasons),
    )


def has_nothing_to_do(plan: ReleasePlan) -> bool:
    """Say whether *plan* ends well without a release; never where a check is unknown.

    A commit that is a release itself stays one behind the branch, or below newer tags.
    """
    if plan.needed is not False:
        return False
    is_release = plan.previous is not None and not plan.commits
    harmless = {"remote", "tags"} if is_release else set()
    return all(blocker.name in harmless for blocker in plan.blockers)
