"""The release that would be made now: version, reasons, and what stands in its way.

The version comes from the clone alone. Whatever only the remote, GitHub or the
registry can say is in the ``Reading``, and stays unknown when they are silent.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import NO_ANSWER, ServiceError
from monokeel.ground.settings import Settings
from monokeel.ground.version import Version, parse_version
from monokeel.release.candidate import candidate_of, candidate_of_record
from monokeel.release.cautions import (
    cautions_about_drafts,
    cautions_about_reverts,
    watch,
)
from monokeel.release.checks import (
    as_claims,
    check_access,
    check_branch,
    check_claims,
    check_file,
    check_history,
    check_steps,
    check_tags,
    check_tip,
)
from monokeel.release.commits import Analysis, Caution, Level, analyze, read_commits
from monokeel.release.guard import digest_in, image_state
from monokeel.release.messages import RULE_SETS
from monokeel.release.notes import release_notes
from monokeel.release.plan import Finding, ReleasePlan, Resume, ServiceImage, blocked
from monokeel.release.ports import History, Outside
from monokeel.release.reading import Reading
from monokeel.release.start import Claim, Start, ask_refs, read_start
from monokeel.release.states import Done
from monokeel.release.steps import STEPS
from monokeel.release.versions import increment, next_version, odd_tags

_SERVER = "https://github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goal:
    """The version to release and what its commits say; *version* may be ``None``."""

    version: Version | None
    analysis: Analysis
    cautions: tuple[Caution, ...]
    reason: str
    findings: tuple[Finding, ...] = ()


_NO_GOAL = _Goal(
    version=None,
    analysis=Analysis(commits=(), open_reverts=()),
    cautions=(),
    reason="nobody can tell from a shallow clone",
)


def plan_release(
    settings: Settings,
    outside: Outside,
    *,
    server: str = _SERVER,
    finish: str = "",
    digests: Mapping[str, str] | None = None,
) -> ReleasePlan:
    """Return the release of the commit that is checked out.

    The plan is made whatever stands in its way; that is listed in it, all at once.
    Only a shallow clone has no version: there any would be a guess. *server* is where
    the notes link to. *finish* is an older commit whose release was begun: its plan is
    made instead. *digests* are those of this run's own builds, by service. Raises
    ServiceError when git itself fails.
    """
    now, goal = _start(settings, outside, finish)
    notes = _notes(goal, f"{server}/{settings.repository}")
    reading = None
    if goal.version is not None:
        begun = now.own or Claim(
            tag="", version=goal.version, commit=now.commit, is_tagged=False
        )
        reading = _read(now, begun, notes, outside, digests or {})
    findings = _findings(now, goal, reading, outside)
    version = None if goal.version is None else str(goal.version)
    return ReleasePlan(
        released=version is not None,
        reason=goal.reason,
        previous=None if now.previous is None else str(now.previous.version),
        version=version,
        tag=None if version is None else settings.tag(version),
        commit=now.commit,
        level=goal.analysis.deciding.level if goal.analysis.deciding else None,
        deciding=goal.analysis.deciding,
        commits=goal.analysis.commits,
        services=() if reading is None else _services(reading),
        checks=tuple(finding.check for finding in findings),
        warnings=(*goal.cautions, *(cautions_about_drafts(reading) if reading else ())),
        resume=None if reading is None or now.own is None else _resume(reading),
        blockers=tuple(each for finding in findings for each in finding.blockers),
        notes=notes,
        first=now.older,
        stale=now.is_stale,
        reading=reading,
    )


def _start(settings: Settings, outside: Outside, finish: str) -> tuple[Start, _Goal]:
    """Return where the release starts from, and what the commits since then ask for."""
    history, refs = outside.history, ask_refs(outside, settings)
    now = read_start(settings, history, refs, commit=finish)
    goal = _NO_GOAL if now.shallow else _find_goal(now, history)
    if goal is None:
        now = read_start(settings, history, refs, commit=finish, surely=True)
        goal = _find_goal(now, history)
    return now, goal or _NO_GOAL


def _findings(
    now: Start, goal: _Goal, reading: Reading | None, outside: Outside
) -> list[Finding]:
    findings = [check_history(now), check_branch(now), check_tip(now)]
    if not now.shallow:
        findings += [check_tags(now), check_claims(now)]
    for claim in now.older:
        # A run finishes it first, so what stops that stops this release.
        begun = _read(now, claim, "", outside, {})
        found = [*check_steps(begun), check_access(begun)]
        findings += [as_claims(each) for each in found if each.check.status != "ok"]
    if reading is not None:
        file = check_file(now, outside.history, reading.candidate.version)
        findings += [*goal.findings, *([file] if file else [])]
        findings += [*check_steps(reading), check_access(reading)]
    return findings


def plan_with_news(
    fetch: Callable[[], None], plan: Callable[[], ReleasePlan]
) -> ReleasePlan:
    """Return a plan of what the remote has now: fetched only if the clone lacks it.

    A failed fetch is no end: the plan says itself what it could not see.
    """
    first = plan()
    if not first.stale:
        return first
    with suppress(ServiceError):
        fetch()
    return plan()


def _read(
    now: Start,
    begun: Claim,
    notes: str,
    outside: Outside,
    digests: Mapping[str, str],
) -> Reading:
    """Return the reading of what is *begun*, or would be.

    An older commit's release has the services that its record names: those of
    ``platform.toml`` may be others by now.
    """
    candidate = candidate_of(
        now.settings, version=str(begun.version), commit=begun.commit, notes=notes
    )
    reading = Reading(candidate, outside, refs=now.refs, digests=digests)
    if begun.commit == outside.history.head():
        return reading
    with suppress(*NO_ANSWER):
        if reading.record is not None:
            then = candidate_of_record(now.settings, reading.record, notes=notes)
            return Reading(then, outside, refs=now.refs)
    return reading


def _find_goal(now: Start, history: History) -> _Goal | None:
    """Return what is to be released, ``None`` if the previous release is not in it."""
    previous, settings = now.previous, now.settings
    rules = RULE_SETS[settings.rules]
    cautions: list[Caution] = []
    log = history.log(None if previous is None else previous.commit, now.commit)
    analysis = analyze(watch(read_commits(log, rules, settings.types), rules, cautions))
    if not log.reached:
        return None
    cautions += cautions_about_reverts(analysis)
    cautions += [
        Caution(
            sha=None,
            message=f"the tag {tag} is ignored: it is no version, and"
            " semantic-release would crash on it",
        )
        for tag in odd_tags(now.tags, settings.tag_prefix)
    ]
    deciding = analysis.deciding
    version = None
    if deciding is not None and deciding.level is not None and not now.container:
        version = _next_version(now, deciding.level)
    return _continued(
        now,
        _Goal(
            version=version,
            analysis=analysis,
            cautions=tuple(cautions),
            reason=_reason(now, analysis, version),
        ),
    )


def _step(now: Start, level: Level) -> Level:
    """Return the number to raise: below 1.0.0, where that is begun with, one less.

    Ours, and off by default: npm's semantic-release counts 0.x as any other.
    """
    before = now.previous is not None and now.previous.version.major == 0
    if before and now.settings.initial.startswith("0."):
        return "minor" if level == "major" else "patch"
    return level


def _next_version(now: Start, level: Level) -> Version:
    """Return the version of *level*, above every release that was given up.

    One that history no longer leads to (a rebase) was published all the same: what
    comes after it must not rank below it.
    """
    settings = now.settings
    last = None if now.previous is None else now.previous.version
    step = _step(now, level)
    version = next_version(last, step, skip=settings.skip, first=settings.initial)
    given_up = [
        tag.version for tag in now.unreachable if str(tag.version) in settings.skip
    ]
    highest = max(given_up, default=version)
    return version if version > highest or not given_up else increment(highest, "patch")


def _continued(now: Start, goal: _Goal) -> _Goal:
    """Return *goal*, or the version that is claimed for this commit already."""
    own = now.own
    if own is None or (goal.version is not None and own.version == goal.version):
        return goal
    findings: tuple[Finding, ...] = ()
    if not own.is_tagged:  # once the git tag is there, the version is decided
        problem = (
            f"{own.tag} is claimed for this commit, but its commits ask for"
            f" {goal.version or 'no release'}: tags or settings were changed since"
        )
        fix = f"Take it back: ./inv release --abandon {own.version}"
        findings = (
            blocked(
                "claims",
                problem=problem,
                fix=fix,
            ),
        )
    return _Goal(
        version=own.version,
        analysis=goal.analysis,
        cautions=goal.cautions,
        reason=f"{own.tag} was begun for this commit and goes on",
        findings=findings,
    )


def _services(reading: Reading) -> tuple[ServiceImage, ...]:
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
            state=image_state(answers[image.service], commit),
            digest=digest_in(answers[image.service]),
        )
        for image in reading.candidate.images
    )


def _resume(reading: Reading) -> Resume:
    return Resume(
        version=reading.candidate.version,
        commit=reading.candidate.commit,
        done=tuple(
            step.name for step in STEPS if isinstance(step.state(reading), Done)
        ),
    )


def _reason(now: Start, analysis: Analysis, version: Version | None) -> str:
    previous, deciding = now.previous, analysis.deciding
    since = f"since {previous.name}" if previous else "in all of history"
    count = len(analysis.commits)
    if now.container is not None:
        return f"{now.container} contains this commit"
    if deciding is None or deciding.level is None or version is None:
        return f"none of {count} commits {since} asks for a release"
    why = f"{deciding.level}: {deciding.sha[:7]}, {deciding.rule}: {deciding.line}"
    if previous is None:
        why = f"the first release, because of {deciding.sha[:7]}: {deciding.line}"
    wanted = (
        parse_version(now.settings.initial)
        if previous is None
        else increment(previous.version, _step(now, deciding.level))
    )
    if wanted != version:
        why += f" ({wanted} is in [release] skip)"
    return why


def _notes(goal: _Goal, page: str) -> str:
    if goal.version is None:
        return ""
    return release_notes(goal.analysis.commits, page=page)
