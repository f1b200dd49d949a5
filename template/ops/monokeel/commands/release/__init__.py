"""Release one version once: plan it, build it, publish it, or take it back.

A plan is a value, the contract between plan, build and publish; it shows the next
version first, then why, what, and whether it may.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from monokeel.core.commits import CANCELLED, SKIPPED, Caution, Commit, Level
from monokeel.core.lookup import Json
from monokeel.core.notes import group_of
from monokeel.core.report import Report, Section, Table
from monokeel.errors import RefusedError

_KINDS = (
    *("Breaking changes", "Features", "Bug fixes", "Performance", "Reverts"),
    *("Other changes that release", "Left out", "No release by themselves"),
)
_SHOWN = 20

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


def report_of(plan: ReleasePlan, *, strict: bool = False) -> Report:
    """Return *plan* as a report; under *strict* its warnings are problems, too."""
    checks = tuple((each.name, each.status, each.detail) for each in plan.checks)
    return Report(
        headline=_headline(plan),
        sections=(
            Section("Why", _why(plan)),
            *_commits(plan.commits),
            Section("Images", table=_images(plan)),
            Section("Checks", table=Table(("check", "status", "detail"), checks)),
            Section("Warnings", _warnings(plan)),
            Section(
                "Blocked",
                tuple(f"{each.problem}. {each.fix}" for each in plan.blockers),
            ),
        ),
        data=as_data(plan),
        problems=tuple(_problems(plan, strict=strict)),
    )


def refuse_blocked(plan: ReleasePlan, *, strict: bool = False) -> None:
    """Raise RefusedError if *plan* is blocked, naming every reason and every fix.

    Under *strict* a warning is a reason, too.
    """
    problems = _problems(plan, strict=strict)
    if problems:
        fixes = dict.fromkeys(blocker.fix for blocker in plan.blockers)
        if len(problems) > len(plan.blockers):
            fixes["Warnings refuse here because of --strict."] = None
        raise RefusedError("; ".join(problems), fix="\n".join(fixes))


def _problems(plan: ReleasePlan, *, strict: bool) -> list[str]:
    problems = [blocker.problem for blocker in plan.blockers]
    return [*problems, *_warnings(plan)] if strict else problems


def _warnings(plan: ReleasePlan) -> tuple[str, ...]:
    return tuple(
        f"{each.sha[:7]}: {each.message}" if each.sha else each.message
        for each in plan.warnings
    )


def _headline(plan: ReleasePlan) -> str:
    if plan.version is None:
        return f"Next version: none, {plan.reason}"
    kind = f"{plan.level}, " if plan.level else ""
    before = f"after {plan.previous}" if plan.previous else "the first release"
    state = ", BLOCKED" if plan.blockers else ""
    goes_on = ", goes on where it was cut short" if plan.resume else ""
    return f"Next version: {plan.version} ({kind}{before}{goes_on}{state})"


def _why(plan: ReleasePlan) -> tuple[str, ...]:
    lines = [plan.reason]
    if plan.deciding is not None and plan.version is not None:
        lines = [
            f"commit {plan.deciding.sha}",
            f"rule   {plan.deciding.rule}: {plan.level}",
            f"line   {plan.deciding.line}",
        ]
        if plan.reason.endswith("[release] skip)") or plan.resume:
            lines.append(f"note   {plan.reason}")
    if plan.resume is not None:
        lines.append(f"done   {', '.join(plan.resume.done)}")
    return tuple(lines)


def _commits(commits: Iterable[Commit]) -> list[Section]:
    kinds: dict[str, list[Commit]] = {kind: [] for kind in _KINDS}
    for commit in commits:
        kinds[_kind(commit)].append(commit)
    return [
        Section(f"{kind} ({len(found)})", _lines(found))
        for kind, found in kinds.items()
    ]


def _kind(commit: Commit) -> str:
    if commit.rule in {CANCELLED, SKIPPED}:
        return "Left out"
    if commit.level == "major":
        return "Breaking changes"
    if commit.level is None:
        return "No release by themselves"
    return group_of(commit) or "Other changes that release"


def _lines(commits: list[Commit]) -> tuple[str, ...]:
    lines = tuple(_line(commit) for commit in commits[:_SHOWN])
    left = len(commits) - _SHOWN
    return (*lines, f"… and {left} more") if left > 0 else lines


def _line(commit: Commit) -> str:
    scope = f"{commit.scope}: " if commit.scope else ""
    left_out = f" ({commit.rule})" if commit.rule in {CANCELLED, SKIPPED} else ""
    return f"{commit.sha[:7]} {scope}{commit.subject}{left_out}"


def _images(plan: ReleasePlan) -> Table:
    return Table(
        columns=("service", "image", "state", "digest"),
        rows=tuple(
            (each.name, f"{each.image}:{each.tag}", each.state, each.digest or "")
            for each in plan.services
        ),
    )
