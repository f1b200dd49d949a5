"""A release plan: the contract between plan, build and publish, and how it is read."""

from collections.abc import Callable, Container, Iterable
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeVar

from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.report import Report, Section, Table, cut
from monokeel.release.commits import CANCELLED, SKIPPED, Caution, Commit, Level
from monokeel.release.notes import HEADINGS, group_of
from monokeel.release.reading import Reading
from monokeel.release.versions import ReleaseTag

T = TypeVar("T")
ImageState = Literal["free", "same", "other", "unknown"]
CheckStatus = Literal["ok", "blocked", "unknown"]
_OfTheStart = Literal[
    "repository", "history", "branch", "line", "remote", "tags", "claims"
]
CheckName = _OfTheStart | Literal["file", "tag", "release", "images", "registry"]
Answer = str | Unknown | Iterable[tuple[str, str]]
"""Fine, and why; or nobody can tell; or what stands in the way: (problem, fix)."""

_OF_A_PLAN = ("reason", "previous", "version", "tag", "commit", "level")
_OF_A_COMMIT = ("sha", "subject", "type", "scope", "level", "rule", "line")
_KINDS = (
    *(*HEADINGS, "Other changes that release"),
    *("Left out", "No release by themselves"),
)
_SHOWN = 20


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question asked before the release, its answer, and what stands in the way."""

    name: CheckName
    status: CheckStatus
    detail: str
    blockers: tuple[Blocker, ...] = ()


def check_of(name: CheckName, answer: Answer) -> Check:
    """Return the check *name* with its *answer*."""
    if isinstance(answer, str):
        return Check(name=name, status="ok", detail=answer)
    if isinstance(answer, Unknown):
        return Check(name=name, status="unknown", detail=answer.reason)
    found = tuple(Blocker(name=name, problem=p, fix=fix) for p, fix in answer)
    detail = "; ".join(each.problem for each in found)
    return Check(name=name, status="blocked", detail=detail, blockers=found)


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
    previous: str | None = None
    version: str | None = None
    tag: str | None = None
    commit: str
    deciding: Commit | None = None
    commits: tuple[Commit, ...] = ()
    services: tuple[ServiceImage, ...] = ()
    checks: tuple[Check, ...] = ()
    warnings: tuple[Caution, ...] = ()
    done: tuple[str, ...] | None = None
    notes: str = ""
    first: tuple[ReleaseTag, ...] = ()
    stale: bool = False
    reading: Reading | None = field(default=None, compare=False, repr=False)

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
        begun = {"version": plan.version, "commit": plan.commit}
        resume = {**begun, "done": [*plan.done]}
    return {
        "needed": plan.needed,
        "released": plan.version is not None,
        **{name: getattr(plan, name) for name in _OF_A_PLAN},
        "commits": [dict(zip(_OF_A_COMMIT, x, strict=False)) for x in plan.commits],
        "services": [asdict(each) for each in plan.services],
        "checks": [
            {"name": each.name, "status": each.status, "detail": each.detail}
            for each in plan.checks
        ],
        "warnings": [asdict(each) for each in plan.warnings],
        "resume": resume,
        "blockers": [asdict(each) for each in plan.blockers],
        "notes": plan.notes,
        "first": [claim.name for claim in plan.first],
    }


def has_nothing_to_do(plan: ReleasePlan) -> bool:
    """Say whether *plan* ends well without a release; never where a check is unknown.

    A commit that is a release itself stays one behind the branch, or below newer tags.
    """
    if plan.needed is not False:
        return False
    is_release = plan.previous is not None and not plan.commits
    harmless = {"remote", "tags"} if is_release else set()
    return all(blocker.name in harmless for blocker in plan.blockers)


def refuse_blocked(plan: ReleasePlan, *, strict: bool = False) -> None:
    """Raise RefusedError if *plan* is blocked, under *strict* by a warning as well."""
    problems = _problems(plan, strict=strict)
    fix = "See Blocked above: each has its way out beside it."
    if not plan.blockers:
        fix = "Warnings refuse here because of --strict."
    elif len(problems) == 1:
        fix = plan.blockers[0].fix
    if problems:
        many = f"{len(problems)} things stand in the way"
        raise RefusedError(problems[0] if len(problems) == 1 else many, fix=fix)


def refuse_unknown(plan: ReleasePlan) -> None:
    """Raise ServiceError if a check of *plan* is unknown: no release on a guess."""
    unclear = [f"{check.name}: {check.detail}" for check in plan.unknown]
    if unclear:
        may = "this may be released"
        what = f"whether {may if plan.needed else 'there is something to release'}"
        fix = "Run this again once everything answers; ./inv doctor says what the"
        fix += " token may see."
        raise ServiceError(f"nobody can tell {what}: {'; '.join(unclear)}", fix=fix)


def report_of(plan: ReleasePlan, *, strict: bool = False) -> Report:
    """Return *plan* as a report; under *strict* its warnings are problems, too."""
    images = tuple(
        (each.name, f"{each.image}:{each.tag}", each.state, each.digest or "")
        for each in plan.services
    )
    notes = [line for line in plan.notes.splitlines() if line]
    names: dict[tuple[str, str, str], list[str]] = {}
    for each in plan.checks:  # those that nobody answered for one reason share a row
        own = "" if each.status == "unknown" else each.name
        names.setdefault((each.status, each.detail, own), []).append(each.name)
    checks = tuple((", ".join(x), status, why) for (status, why, _), x in names.items())
    of_an_image = ("service", "image", "state", "digest")
    return Report(
        headline=_headline(plan),
        sections=(
            Section("Why", tuple(_why(plan))),
            *_commits(plan.commits, {each.sha for each in plan.warnings}),
            Section("Notes", _first_of(notes, cut, " lines")),
            Section("Images", table=Table(of_an_image, images)),
            Section("Checks", table=Table(("check", "status", "detail"), checks)),
            Section("Warnings", _first_of(_warnings(plan), str)),
            Section("Blocked", tuple(f"{x.problem}. {x.fix}" for x in plan.blockers)),
        ),
        data=as_data(plan),
        problems=tuple(_problems(plan, strict=strict)),
    )


def _problems(plan: ReleasePlan, *, strict: bool) -> list[str]:
    problems = [blocker.problem for blocker in plan.blockers]
    return [*problems, *_warnings(plan)] if strict else problems


def _warnings(plan: ReleasePlan) -> list[str]:
    """Return the warnings as lines; those of commits last, of which there are many."""
    listed = sorted(plan.warnings, key=lambda each: each.sha is not None)
    return [f"{x.sha[:7]}: {x.message}" if x.sha else x.message for x in listed]


def _headline(plan: ReleasePlan) -> str:
    state = ", BLOCKED" if plan.blockers else ""
    if plan.version is None:
        if plan.needed is None:
            what = "whether there is something to release"
            return f"Nobody can tell {what}: {plan.reason}"
        begun = ", ".join(claim.name for claim in plan.first)
        then = f"{begun} was cut short and is finished; then" if begun else "No release"
        return f"{then}: {plan.reason}"
    if "clean up" in (plan.done or ()):
        return f"{plan.reason}{state}"  # it is out, and an image lost a name
    kind = f"{plan.level}, " if plan.level else ""
    before = f"after {plan.previous}" if plan.previous else "the first release"
    goes_on = ", goes on where it was cut short" if plan.done is not None else ""
    return f"Next version: {plan.version} ({kind}{before}{goes_on}{state})"


def _why(plan: ReleasePlan) -> Iterable[str]:
    if plan.version is not None and plan.deciding is None:
        yield plan.reason
    elif plan.version is not None and plan.deciding is not None:
        yield f"commit {plan.deciding.sha}"
        yield f"rule   {plan.deciding.rule}: {plan.level}"
        yield f"line   {cut(plan.deciding.line or '')}"
        if plan.reason.endswith(("[release] skip)", "goes on")):
            yield f"note   {plan.reason}"
    if plan.done is not None:
        yield f"done   {', '.join(plan.done)}"


def _commits(commits: Iterable[Commit], odd: Container[str | None]) -> list[Section]:
    """Return a section a kind; those that a warning is about stand first in theirs."""
    kinds: dict[str, list[Commit]] = {kind: [] for kind in _KINDS}
    for commit in sorted(commits, key=lambda each: each.sha not in odd):
        kinds[_kind(commit)].append(commit)
    return [Section(f"{k} ({len(x)})", _first_of(x, _line)) for k, x in kinds.items()]


def _kind(commit: Commit) -> str:
    if commit.rule in {CANCELLED, SKIPPED}:
        return "Left out"
    if commit.level == "major":
        return HEADINGS[0]
    if commit.level is None:
        return "No release by themselves"
    return group_of(commit) or "Other changes that release"


def _first_of(each: list[T], line: Callable[[T], str], of: str = "") -> tuple[str, ...]:
    more = [f"… and {len(each) - _SHOWN} more{of}"] if len(each) > _SHOWN else []
    return (*map(line, each[:_SHOWN]), *more)


def _line(commit: Commit) -> str:
    scope = f"{commit.scope}: " if commit.scope else ""
    if commit.level is None and commit.type:  # its type is the reason
        scope = f"({commit.scope})" if commit.scope else ""
        scope = f"{commit.type}{scope}: "
    left_out = f" ({commit.rule})" if commit.rule in {CANCELLED, SKIPPED} else ""
    return f"{commit.sha[:7]} {cut(scope + commit.subject)}{left_out}"
