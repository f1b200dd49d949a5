"""The release that would be made now: version, reasons, and what stands in its way.

The version comes from the clone alone. Whatever only the remote, GitHub or the
registry can say is in the ``Reading``, and stays unknown when they are silent.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from semver import Version

from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.release import cautions, checks, record, start, steps
from monokeel.release.commits import Caution
from monokeel.release.goal import NO_GOAL, Goal, find_goal
from monokeel.release.guard import service_images
from monokeel.release.notes import release_notes
from monokeel.release.plan import ReleasePlan, short, unknown
from monokeel.release.ports import Outside
from monokeel.release.reading import Reading


def plan_release(
    settings: Settings,
    outside: Outside,
    *,
    finish: start.Claim | None = None,
    digests: Mapping[str, str] | None = None,
) -> ReleasePlan:
    """Return the release of the commit that is checked out.

    The plan is made whatever stands in its way; that is listed in it, all at once.
    Only a shallow clone has no version: there any would be a guess. *finish* is a
    release begun for an older commit, which is planned in its place. *digests* are
    those of this run's own builds, by service. Raises ServiceError when git fails.
    """
    now, goal = _start(settings, outside, start.ask_refs(outside, settings), finish)
    now, goal = _put_right(now, goal, outside)
    goal = _left_to_newer(now, goal, outside)
    version, notes, reading = goal.version, "", None
    if version is not None:
        page = f"{outside.server}/{settings.repository}"
        notes = release_notes(goal.analysis.commits, page=page)
        reading = _read(now, now.own or version, notes, outside, digests or {})
    older, left = _begun_before(now, outside)
    found = checks.check_start(now, version, older.values(), outside.misplaced)
    found += goal.checks
    said = [*goal.cautions, *cautions.about_claims(left)]
    if reading is not None:
        found += checks.check_publication(now, reading)
        said += cautions.about_drafts(reading)
    return ReleasePlan(
        reason=goal.reason,
        previous=None if now.previous is None else str(now.previous.version),
        version=None if version is None else str(version),
        tag=None if version is None else settings.tag(str(version)),
        commit=now.clone.commit,
        deciding=goal.analysis.deciding,
        commits=goal.analysis.commits,
        services=() if reading is None else service_images(reading),
        checks=tuple(found),
        warnings=tuple(said),
        done=None if reading is None or now.own is None else _done(reading),
        notes=notes,
        first=tuple(older),
        stale=now.is_stale,
        reading=reading,
    )


def _start(
    settings: Settings, outside: Outside, refs: start.Refs, begun: start.Claim | None
) -> tuple[start.Start, Goal]:
    """Return where the release starts from, and what the commits since then ask for."""
    history = outside.history
    now = start.read_start(settings, outside, refs, begun=begun)
    goal = NO_GOAL if now.clone.shallow else find_goal(now, history)
    if goal is None:  # the highest release tag is none of this history
        now = start.read_start(settings, outside, refs, begun=begun, surely=True)
        goal = find_goal(now, history)
    return now, goal or NO_GOAL


def _put_right(
    now: start.Start, goal: Goal, outside: Outside
) -> tuple[start.Start, Goal]:
    """Return the release that this very commit is, if its images have lost a name.

    A build that ended after it does that, or a clean-up of the registry. Where nobody
    can tell a check says so; what cannot be put back is told, and stops nobody.
    """
    last = now.previous
    if goal.version or last is None or last.commit != now.clone.commit:
        return now, goal
    out = start.Claim(
        tag=last.name, version=last.version, commit=last.commit, is_tagged=True
    )
    lost = steps.lost_names(_read(now, out, "", outside, {}))
    if lost.refusals:
        told = (Caution(message=each.problem) for each in lost.refusals)
        return now, replace(goal, cautions=(*goal.cautions, *told))
    if lost.unclear:
        silent = unknown("images", lost.unclear)
        return now, replace(goal, checks=(*goal.checks, silent))
    if lost.missing:
        now, goal = _start(now.settings, outside, now.clone.refs, out)
        reason = f"{out.tag} is out; put back to its digest: {', '.join(lost.missing)}"
        goal = replace(goal, reason=reason)
    return now, goal


def _left_to_newer(now: start.Start, goal: Goal, outside: Outside) -> Goal:
    """Return *goal*, or none where a run that waits for the newest commit has it all.

    No answer is no such run; what was begun is never left.
    """
    page, tip = "", now.tip or ""
    if goal.version and now.place == "behind" and not (now.own or now.older):
        with suppress(*NO_ANSWER):
            page = outside.waiting(tip, now.line)
    if not page:
        return goal
    reason = f"left to the run of {short(tip)}, which is newer and waits: {page}"
    return replace(goal, version=None, reason=reason)


def _begun_before(
    now: start.Start, outside: Outside
) -> tuple[dict[start.Claim, Reading], list[start.Claim]]:
    """Return what is finished before this release, and what is left to another line.

    What stops one of our own line stops this release; one of another line stops
    nothing and waits for that line's next run.
    """
    older = {claim: _read(now, claim, "", outside, {}) for claim in now.older}
    others = [claim for claim in older if not now.is_rival(claim)]
    left = [claim for claim in others if not _may_finish(now, claim, outside)]
    return {claim: x for claim, x in older.items() if claim not in left}, left


def _may_finish(now: start.Start, claim: start.Claim, outside: Outside) -> bool:
    """Say whether a run would finish *claim*: by the very plan that it would follow."""
    plan = plan_release(now.settings, outside, finish=claim)
    return all(check.status == "ok" for check in plan.checks)


def _read(
    now: start.Start,
    begun: start.Claim | Version,
    notes: str,
    outside: Outside,
    digests: Mapping[str, str],
) -> Reading:
    """Return the reading of what is *begun*, or of a version of this commit.

    An older commit's release has the services that its record names: those of
    ``platform.toml`` may be others by now.
    """
    version, commit = begun, now.clone.commit
    if isinstance(begun, start.Claim):
        version, commit = begun.version, begun.commit
    wanted = record.candidate_of(
        now.settings, version=str(version), commit=commit, notes=notes, span=now.span
    )
    reading = Reading(wanted, outside, refs=now.clone.refs, digests=digests)
    if commit == outside.history.head():
        return reading
    with suppress(*NO_ANSWER):
        if reading.record is not None:
            then = record.candidate_of_record(now.settings, reading.record, notes=notes)
            return Reading(then, outside, refs=now.clone.refs)
    return reading


def _done(reading: Reading) -> tuple[str, ...]:
    return tuple(x.name for x in steps.STEPS if x.state(reading) == steps.DONE)
