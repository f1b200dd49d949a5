"""A release plan as a value: the contract between plan, build and publish."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Literal

from monokeel.ground.answers import Json
from monokeel.release.commits import Caution, Commit, Level

ImageState = Literal["free", "same", "other", "unknown"]
CheckStatus = Literal["ok", "blocked", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceImage:
    """The image that one service would get.

    *image* is ``ghcr.io/acme/shop/api``, *tag* the version. *state* says what is there
    now: nothing, an image of this commit, something else, or nobody can tell. *digest*
    is what the registry answered, ``None`` unless something is there.
    """

    name: str
    image: str
    tag: str
    state: ImageState
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question that was asked before the release, and its answer."""

    name: str
    status: CheckStatus
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A reason to refuse: *name* of the check, the problem, and what to do about it."""

    name: str
    problem: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """A release of this very commit that was cut short.

    *done* holds the finished steps in their order: ``claim``, ``draft``, ``images``,
    ``tag``, ``release``.
    """

    version: str
    commit: str
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePlan:
    """The release of *commit*: which version, why, and what stands in its way.

    *released* says whether there is something to release; *version*, *tag* and
    *level* are ``None`` otherwise. Versions have no prefix. *deciding* is the newest
    commit of the highest level. *commits* are those since *previous*, newest first.
    *newer* is where the branch on the remote is when it has moved on from *commit*.
    """

    released: bool
    reason: str
    previous: str | None
    version: str | None
    tag: str | None
    commit: str
    level: Level | None
    deciding: Commit | None
    commits: tuple[Commit, ...]
    services: tuple[ServiceImage, ...]
    checks: tuple[Check, ...]
    warnings: tuple[Caution, ...]
    resume: Resume | None
    blockers: tuple[Blocker, ...]
    notes: str
    newer: str | None = None

    @property
    def unknown(self) -> tuple[Check, ...]:
        """The checks that nobody could answer; a release must not go on with any."""
        return tuple(check for check in self.checks if check.status == "unknown")


def as_data(plan: ReleasePlan) -> dict[str, Json]:
    """Return the plan as the JSON object of ``./inv release --dry-run --json``."""
    resume: Json = None
    if plan.resume is not None:
        resume = {**asdict(plan.resume), "done": list(plan.resume.done)}
    return {
        "released": plan.released,
        "reason": plan.reason,
        "previous": plan.previous,
        "version": plan.version,
        "tag": plan.tag,
        "commit": plan.commit,
        "level": plan.level,
        "commits": [_commit(commit) for commit in plan.commits],
        "services": [asdict(each) for each in plan.services],
        "checks": [asdict(each) for each in plan.checks],
        "warnings": [asdict(each) for each in plan.warnings],
        "resume": resume,
        "blockers": [asdict(each) for each in plan.blockers],
        "notes": plan.notes,
        "newer": plan.newer,
    }


def _commit(commit: Commit) -> Json:
    return {
        "sha": commit.sha,
        "subject": commit.subject,
        "type": commit.type,
        "scope": commit.scope,
        "level": commit.level,
        "rule": commit.rule,
        "line": commit.line,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a release is refused, with its values, and what to do about it."""

    problem: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check and the blockers that it found."""

    check: Check
    blockers: tuple[Blocker, ...] = ()


def ok(name: str, detail: str) -> Finding:
    """Return the finding that nothing stands in the way."""
    return Finding(check=Check(name=name, status="ok", detail=detail))


def unknown(name: str, reason: str) -> Finding:
    """Return the finding that nobody can tell, because of *reason*."""
    return Finding(check=Check(name=name, status="unknown", detail=reason))


def blocked(name: str, *, problem: str, fix: str) -> Finding:
    """Return the finding that one thing stands in the way."""
    return blocked_by(name, [Reason(problem=problem, fix=fix)])


def blocked_by(name: str, reasons: Iterable[Reason]) -> Finding:
    """Return the finding that *reasons* stand in the way."""
    found = [Blocker(name=name, problem=r.problem, fix=r.fix) for r in reasons]
    detail = "; ".join(each.problem for each in found)
    return Finding(
        check=Check(name=name, status="blocked", detail=detail), blockers=tuple(found)
    )


def short(commit: str) -> str:
    """Return the first seven digits of *commit*, as people quote it."""
    return commit[:7]


def left_to_newer(plan: ReleasePlan, branch: str) -> ReleasePlan:
    """Return *plan*, or one without a release if *branch* has moved on from it.

    The newer commit has a release run of its own, and that contains this commit. So
    what stands in the way of this one is nobody's concern.
    """
    if plan.newer is None:
        return plan
    reason = f"{branch} is at {plan.newer[:7]} by now, and its own run releases this"
    return replace(
        plan,
        released=False,
        reason=reason,
        version=None,
        tag=None,
        level=None,
        services=(),
        blockers=(),
    )


def has_nothing_to_do(plan: ReleasePlan) -> bool:
    """Say whether *plan* ends well without a release.

    A commit that is a release itself stays finished when newer ones exist: that it is
    behind the branch or below another tag then stands in nobody's way. Where a check
    is unknown, nobody can say that there is nothing to do.
    """
    if plan.version is not None or plan.unknown:
        return False
    is_release = plan.previous is not None and not plan.commits
    harmless = {"remote", "tags"} if is_release else set()
    return all(blocker.name in harmless for blocker in plan.blockers)
