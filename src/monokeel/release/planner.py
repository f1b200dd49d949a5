"""The release that would be made now: version, reasons, and what stands in its way.

The version comes from the clone alone. Whatever only the remote, GitHub or the
registry can say is in the ``Reading``, and stays unknown when they are silent.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.ground.version import Version
from monokeel.release import cautions
from monokeel.release.candidate import candidate_of, candidate_of_record
from monokeel.release.checks import check_publication, check_start
from monokeel.release.commits import Analysis, Caution, Level, analyze, read_commits
from monokeel.release.guard import service_images
from monokeel.release.messages import RULE_SETS
from monokeel.release.notes import release_notes
from monokeel.release.plan import Check, ReleasePlan, Resume, blocked
from monokeel.release.ports import History, Outside
from monokeel.release.reading import Reading
from monokeel.release.start import Claim, Start, ask_refs, read_start
from monokeel.release.steps import STEPS, Done
from monokeel.release.versions import increment, next_release, odd_tags


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goal:
    """The version to release and what its commits say; *version* may be ``None``."""

    version: Version | None
    analysis: Analysis
    cautions: tuple[Caution, ...]
    reason: str
    checks: tuple[Check, ...] = ()


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
    server: str = "https://github.com",
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
    analysis, version, notes = goal.analysis, goal.version, ""
    reading = None
    if version is not None:
        page = f"{server}/{settings.repository}"
        notes = release_notes(analysis.commits, page=page)
        reading = _read(now, now.own or version, notes, outside, digests or {})
    # A run finishes the older ones first, so what stops one stops this release.
    older = (_read(now, claim, "", outside, {}) for claim in now.older)
    checks = [*check_start(now, older), *goal.checks]
    left_out: list[Caution] = []
    if reading is not None:
        checks += check_publication(now, reading)
        left_out = cautions.about_drafts(reading)
    return ReleasePlan(
        released=version is not None,
        reason=goal.reason,
        previous=None if now.previous is None else str(now.previous.version),
        version=None if version is None else str(version),
        tag=None if version is None else settings.tag(str(version)),
        commit=now.commit,
        deciding=analysis.deciding,
        commits=analysis.commits,
        services=() if reading is None else service_images(reading),
        checks=tuple(checks),
        warnings=(*goal.cautions, *left_out),
        resume=None if reading is None or now.own is None else _resume(reading),
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
    if goal is None:  # the highest release tag is none of this history
        now = read_start(settings, history, refs, commit=finish, surely=True)
        goal = _find_goal(now, history)
    return now, goal or _NO_GOAL


def _find_goal(now: Start, history: History) -> _Goal | None:
    """Return what is to be released, ``None`` if the previous release is not in it."""
    previous, settings = now.previous, now.settings
    rules = RULE_SETS[settings.rules]
    found: list[Caution] = []
    log = history.log(None if previous is None else previous.commit, now.commit)
    commits = read_commits(log, rules, settings.types)
    analysis = analyze(cautions.watch(commits, rules, found))
    if not log.reached:
        return None
    found += cautions.about_reverts(analysis)
    found += cautions.about_tags(odd_tags(now.tags, settings.tag_prefix))
    deciding = analysis.deciding
    version, own = None, now.own
    if deciding is not None and deciding.level is not None and not now.container:
        version = _next_version(now, deciding.level)
    reason = _reason(now, analysis, version)
    checks: list[Check] = []
    if own is not None and own.version != version:
        reason = f"{own.tag} was begun for this commit and goes on"
        if not own.is_tagged:  # once the git tag is there, the version is decided
            problem = (
                f"{own.tag} is claimed for this commit, but its commits ask for"
                f" {version or 'no release'}: tags or settings were changed since"
            )
            fix = f"Take it back: ./inv release --abandon {own.version}"
            checks.append(blocked("claims", (problem, fix)))
        version = own.version
    return _Goal(
        version=version,
        analysis=analysis,
        cautions=tuple(found),
        reason=reason,
        checks=tuple(checks),
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
    version = next_release(last, step, skip=settings.skip, first=settings.initial)
    given_up = [
        tag.version for tag in now.unreachable if str(tag.version) in settings.skip
    ]
    highest = max(given_up, default=version)
    return version if version > highest or not given_up else increment(highest, "patch")


def _reason(now: Start, analysis: Analysis, version: Version | None) -> str:
    previous, deciding = now.previous, analysis.deciding
    if now.container is not None:
        return f"{now.container} contains this commit"
    if deciding is None or deciding.level is None or version is None:
        since = f"since {previous.name}" if previous else "in all of history"
        return f"none of {len(analysis.commits)} commits {since} asks for a release"
    why = f"{deciding.level}: {deciding.sha[:7]}, {deciding.rule}: {deciding.line}"
    if previous is None:
        why = f"the first release, because of {deciding.sha[:7]}: {deciding.line}"
    last = None if previous is None else previous.version
    step = _step(now, deciding.level)
    wanted = next_release(last, step, first=now.settings.initial)
    return why if wanted == version else f"{why} ({wanted} is in [release] skip)"


def _read(
    now: Start,
    begun: Claim | Version,
    notes: str,
    outside: Outside,
    digests: Mapping[str, str],
) -> Reading:
    """Return the reading of what is *begun*, or of a version of this commit.

    An older commit's release has the services that its record names: those of
    ``platform.toml`` may be others by now.
    """
    version, commit = begun, now.commit
    if isinstance(begun, Claim):
        version, commit = begun.version, begun.commit
    candidate = candidate_of(
        now.settings, version=str(version), commit=commit, notes=notes
    )
    reading = Reading(candidate, outside, refs=now.refs, digests=digests)
    if commit == outside.history.head():
        return reading
    with suppress(*NO_ANSWER):
        if reading.record is not None:
            then = candidate_of_record(now.settings, reading.record, notes=notes)
            return Reading(then, outside, refs=now.refs)
    return reading


def _resume(reading: Reading) -> Resume:
    done = [step.name for step in STEPS if isinstance(step.state(reading), Done)]
    candidate = reading.candidate
    return Resume(version=candidate.version, commit=candidate.commit, done=tuple(done))
