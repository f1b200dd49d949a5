"""The release that would be made now: version, reasons, and what stands in its way.

The version comes from the clone alone. Whatever only the remote, GitHub or the
registry can say is in the ``Reading``, and stays unknown when they are silent.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from semver import Version

from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.release import cautions, checks, commits, start, steps, versions
from monokeel.release.guard import service_images
from monokeel.release.messages import RULE_SETS
from monokeel.release.notes import release_notes
from monokeel.release.plan import Check, ReleasePlan, blocked, unknown
from monokeel.release.ports import Outside
from monokeel.release.reading import Reading
from monokeel.release.record import Candidate
from monokeel.release.versions import ReleaseTag


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goal:
    """The version to release and what its commits say; *version* may be ``None``."""

    reason: str
    analysis: commits.Analysis
    version: Version | None = None
    cautions: tuple[commits.Caution, ...] = ()
    checks: tuple[Check, ...] = ()


_NO_GOAL = _Goal(
    reason="nobody can tell from a shallow clone",
    analysis=commits.Analysis(commits=(), open_reverts=()),
)


def plan_release(
    settings: Settings,
    outside: Outside,
    *,
    finish: ReleaseTag | None = None,
    digests: dict[str, str] | None = None,
) -> ReleasePlan:
    """Return the release of the commit that is checked out.

    The plan is made whatever stands in its way; that is listed in it, all at once.
    Only a shallow clone has no version: there any would be a guess. *finish* is a
    release begun for an older commit, which is planned in its place. *digests* are
    those of this run's own builds, by service. Raises ServiceError when git fails.
    """
    now, goal = _start(settings, outside, start.ask_refs(outside, settings), finish)
    now, goal = _put_right(now, goal)
    version, notes, reading = goal.version, "", None
    if version is not None:
        page = f"{outside.server}/{settings.repository}"
        notes = release_notes(goal.analysis.commits, page=page)
        reading = _read(now, now.own or version, notes, digests)
    older, left = _begun_before(now)
    found = [*checks.check_start(now, version, older.values()), *goal.checks]
    said = [*goal.cautions, *left]
    if reading is not None:
        found += checks.check_file(now, str(version))
        found += checks.check_publication(reading)
        said += cautions.about_drafts(reading)
    return ReleasePlan(
        reason=goal.reason,
        previous=None if now.previous is None else str(now.previous.version),
        version=None if version is None else str(version),
        tag=None if version is None else settings.tag(str(version)),
        commit=now.commit,
        deciding=goal.analysis.deciding,
        commits=goal.analysis.commits,
        services=() if reading is None else service_images(reading),
        checks=tuple(found),
        warnings=tuple(said),
        done=steps.done(reading) if reading and now.own else None,
        notes=notes,
        first=tuple(older),
        stale=now.is_stale,
        reading=reading,
    )


def _start(
    settings: Settings, outside: Outside, refs: start.Refs, begun: ReleaseTag | None
) -> tuple[start.Start, _Goal]:
    """Return where the release starts from, and what the commits since then ask for."""
    now = start.Start(settings, outside, refs, begun=begun)
    goal = _NO_GOAL if now.shallow else _find_goal(now)
    if goal is None:  # the highest release tag is none of this history
        now = start.Start(settings, outside, refs, begun=begun, surely=True)
        goal = _find_goal(now)
    return now, goal or _NO_GOAL


def _put_right(now: start.Start, goal: _Goal) -> tuple[start.Start, _Goal]:
    """Return the release that this very commit is, if its images have lost a name."""
    last, tip, page = now.previous, now.tip or "", ""
    if goal.version:  # left to a run that waits for the newest commit
        if now.place == "behind" and not (now.own or now.older):
            with suppress(*NO_ANSWER):
                page = now.outside.waiting(tip, now.line)
        left = f"left to the run of {tip[:7]}, which is newer and waits: {page}"
        return now, replace(goal, version=None, reason=left) if page else goal
    if last is None or last.commit != now.commit:
        return now, goal
    # A later build or a clean-up of the registry does that.
    lost = steps.lost_names(_read(now, last))
    if lost.refusals:  # what cannot be put back stops nobody
        told = (commits.Caution(message=each.problem) for each in lost.refusals)
        return now, replace(goal, cautions=(*goal.cautions, *told))
    if lost.unclear:
        silent = unknown("images", lost.unclear)
        return now, replace(goal, checks=(*goal.checks, silent))
    if lost.missing:
        now, goal = _start(now.settings, now.outside, now.refs, last)
        put_back = f"put back to its digest: {', '.join(lost.missing)}"
        goal = replace(goal, reason=f"{last.name} is out; {put_back}")
    return now, goal


def _begun_before(
    now: start.Start,
) -> tuple[dict[ReleaseTag, Reading], list[commits.Caution]]:
    """Return what is finished before this, and what is left to its line's next run."""
    older = {claim: _read(now, claim) for claim in now.older}
    left = []
    why = "was cut short on another line, whose next run finishes it"
    for claim in now.older:
        if not now.is_rival(claim):  # the very plan that its own run would follow
            plan = plan_release(now.settings, now.outside, finish=claim)
            if any(check.status != "ok" for check in plan.checks):
                left.append(commits.Caution(message=f"{claim.name} {why}"))
                del older[claim]
    return older, left


def _read(
    now: start.Start,
    begun: ReleaseTag | Version,
    notes: str = "",
    digests: dict[str, str] | None = None,
) -> Reading:
    """Return the reading of what is *begun*, or of a version of this commit."""
    version, commit = begun, now.commit
    if isinstance(begun, ReleaseTag):
        version, commit = begun.version, begun.commit
    candidate = partial(Candidate, settings=now.settings, notes=notes, span=now.span)
    wanted = candidate(version=str(version), commit=commit)
    reading = Reading(wanted, now.outside, refs=now.refs, digests=digests)
    if commit != now.history.head():
        with suppress(*NO_ANSWER):
            then, host = reading.record, f"{now.settings.registry_host}/"
            if then and all(x.image.startswith(host) for x in then.images):
                old = replace(wanted, version=then.version, then=then)
                return Reading(old, now.outside, refs=now.refs)
    return reading


def _find_goal(now: start.Start) -> _Goal | None:
    """Return what is to be released, ``None`` if the previous release is not in it."""
    previous, settings, merge = now.previous, now.settings, now.merge
    rules, found = RULE_SETS[settings.rules], list[commits.Caution]()
    merged = [(now.commit, merge.message)] if merge and merge.message else []
    log = now.history.log(previous.commit if previous else None, now.base)
    parsed = commits.read_commits(chain(merged, log), rules, settings.types)
    analysis = commits.analyze(cautions.watch(parsed, rules, found))
    if not log.reached:
        return None
    found += cautions.about_reverts(analysis)
    claim = settings.claim("").removeprefix("refs/tags/")
    tags = (tag for tag in now.tags if not tag.startswith(claim))
    found += cautions.about_tags(tags, settings.tag_prefix, previous)
    version, own, deciding = None, now.own, analysis.deciding
    if deciding is not None and deciding.level is not None and not now.container:
        version = _next_version(now, deciding.level)
    reason, checks = _reason(now, analysis, version), tuple[Check, ...]()
    if own is not None and own.version != version:
        reason = f"{own.name} was begun for this commit and goes on"
        problem = f"{own.name} is claimed for this commit, but its commits ask for"
        problem += f" {version or 'no release'}: tags or settings were changed since"
        fix = f"Take it back: ./inv release --abandon {own.version}"
        # Once the git tag is there, the version is decided.
        checks = () if own.made else (blocked("claims", (problem, fix)),)
        version = own.version
    said = tuple(found)
    return _Goal(
        reason=reason, version=version, analysis=analysis, cautions=said, checks=checks
    )


def _raised(now: start.Start, level: commits.Level, skip: tuple[str, ...]) -> Version:
    """Return what comes next: below 1.0.0, if begun with, one step less than npm."""
    last = now.previous.version if now.previous else None
    first = now.settings.initial
    if last and last.major == 0 and first.startswith("0."):
        level = "minor" if level == "major" else "patch"
    return versions.next_release(last, level, skip=skip, first=first)


def _next_version(now: start.Start, level: commits.Level) -> Version:
    """Return the version of *level*, above all that were given up but published."""
    skip = now.settings.skip
    version = _raised(now, level, skip)
    above = (tag.version for tag in now.unreachable)
    highest = max((x for x in above if str(x) in skip), default=None)
    if highest is None or version > highest:
        return version
    return highest.next_version("patch")


def _reason(now: start.Start, said: commits.Analysis, version: Version | None) -> str:
    previous, deciding = now.previous, said.deciding
    if now.container is not None:
        return f"{now.container} contains this commit"
    if deciding is None or deciding.level is None or version is None:
        since = f"since {previous.name}" if previous else "in all of history"
        count = len(said.commits)
        few = {0: f"no commit {since}", 1: f"the one commit {since} asks for none"}
        return few.get(count, f"none of {count} commits {since} asks for a release")
    why = f"{deciding.level}: {deciding.sha[:7]}, {deciding.rule}: {deciding.line}"
    if previous is None:
        why = f"the first release, because of {deciding.sha[:7]}: {deciding.line}"
    wanted = _raised(now, deciding.level, skip=())
    return why if wanted == version else f"{why} ({wanted} is in [release] skip)"
