"""A plan for people: the next version first, then why, what, and whether it may."""

from collections.abc import Callable, Container, Iterable
from typing import TypeVar

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.report import Report, Section, Table, cut
from monokeel.release.commits import CANCELLED, SKIPPED, Commit
from monokeel.release.notes import group_of
from monokeel.release.plan import ReleasePlan, as_data

T = TypeVar("T")
_KINDS = (
    *("Breaking changes", "Features", "Bug fixes", "Performance", "Reverts"),
    *("Other changes that release", "Left out", "No release by themselves"),
)
_OF_AN_IMAGE = ("service", "image", "state", "digest")
_SHOWN = 20


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
    return Report(
        headline=_headline(plan),
        sections=(
            Section("Why", _why(plan)),
            *_commits(plan.commits, {each.sha for each in plan.warnings}),
            Section("Notes", _first_of(notes, cut, " lines")),
            Section("Images", table=Table(_OF_AN_IMAGE, images)),
            Section("Checks", table=Table(("check", "status", "detail"), checks)),
            Section("Warnings", _first_of(_warnings(plan), str)),
            Section("Blocked", tuple(f"{x.problem}. {x.fix}" for x in plan.blockers)),
        ),
        data=as_data(plan),
        problems=tuple(_problems(plan, strict=strict)),
    )


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


def _problems(plan: ReleasePlan, *, strict: bool) -> list[str]:
    problems = [blocker.problem for blocker in plan.blockers]
    return [*problems, *_warnings(plan)] if strict else problems


def _warnings(plan: ReleasePlan) -> list[str]:
    """Return the warnings as lines; those of commits last, of which there are many."""
    listed = sorted(plan.warnings, key=lambda each: each.sha is not None)
    return [f"{x.sha[:7]}: {x.message}" if x.sha else x.message for x in listed]


def _headline(plan: ReleasePlan) -> str:
    if plan.version is None and plan.needed is None:
        return f"Nobody can tell whether there is something to release: {plan.reason}"
    if plan.version is None and plan.first:
        begun = ", ".join(claim.name for claim in plan.first)
        return f"{begun} was cut short and is finished; then: {plan.reason}"
    if plan.version is None:
        return f"No release: {plan.reason}"
    state = ", BLOCKED" if plan.blockers else ""
    if "clean up" in (plan.done or ()):
        return f"{plan.reason}{state}"  # it is out, and an image lost a name
    kind = f"{plan.level}, " if plan.level else ""
    before = f"after {plan.previous}" if plan.previous else "the first release"
    goes_on = ", goes on where it was cut short" if plan.done is not None else ""
    return f"Next version: {plan.version} ({kind}{before}{goes_on}{state})"


def _why(plan: ReleasePlan) -> tuple[str, ...]:
    lines, deciding = [], plan.deciding
    if plan.version is not None and deciding is None:
        lines = [plan.reason]
    elif plan.version is not None and deciding is not None:
        lines = [f"commit {deciding.sha}", f"rule   {deciding.rule}: {plan.level}"]
        lines.append(f"line   {cut(deciding.line or '')}")
        if plan.reason.endswith(("[release] skip)", "goes on")):
            lines.append(f"note   {plan.reason}")
    if plan.done is not None:
        lines.append(f"done   {', '.join(plan.done)}")
    return tuple(lines)


def _commits(commits: Iterable[Commit], odd: Container[str | None]) -> list[Section]:
    """Return a section a kind; those that a warning is about stand first in theirs."""
    kinds: dict[str, list[Commit]] = {kind: [] for kind in _KINDS}
    for commit in sorted(commits, key=lambda each: each.sha not in odd):
        kinds[_kind(commit)].append(commit)
    shown = {kind: _first_of(found, _line) for kind, found in kinds.items()}
    return [Section(f"{k} ({len(kinds[k])})", lines) for k, lines in shown.items()]


def _kind(commit: Commit) -> str:
    if commit.rule in {CANCELLED, SKIPPED}:
        return "Left out"
    if commit.level == "major":
        return "Breaking changes"
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
