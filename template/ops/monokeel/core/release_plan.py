"""What a release would do, as a value: the contract between plan, build and publish."""

from dataclasses import dataclass
from typing import Literal

from monokeel.core.commits import Caution, Commit, Level
from monokeel.core.lookup import Json

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

    @property
    def unknown(self) -> tuple[Check, ...]:
        """The checks that nobody could answer; a release must not go on with any."""
        return tuple(check for check in self.checks if check.status == "unknown")


def as_data(plan: ReleasePlan) -> dict[str, Json]:
    """Return the plan as the JSON object of ``./inv release --dry-run --json``."""
    return {
        "released": plan.released,
        "reason": plan.reason,
        "previous": plan.previous,
        "version": plan.version,
        "tag": plan.tag,
        "commit": plan.commit,
        "level": plan.level,
        "commits": [_commit(commit) for commit in plan.commits],
        "services": [_service(service) for service in plan.services],
        "checks": [
            {"name": each.name, "status": each.status, "detail": each.detail}
            for each in plan.checks
        ],
        "warnings": [
            {"sha": each.sha, "message": each.message} for each in plan.warnings
        ],
        "resume": None if plan.resume is None else _resume(plan.resume),
        "blockers": [
            {"name": each.name, "problem": each.problem, "fix": each.fix}
            for each in plan.blockers
        ],
        "notes": plan.notes,
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


def _service(service: ServiceImage) -> Json:
    return {
        "name": service.name,
        "image": service.image,
        "tag": service.tag,
        "state": service.state,
        "digest": service.digest,
    }


def _resume(resume: Resume) -> Json:
    return {
        "version": resume.version,
        "commit": resume.commit,
        "done": list(resume.done),
    }
