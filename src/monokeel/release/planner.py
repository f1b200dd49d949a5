"""The release that would be made now: version, reasons, and what stands in its way.

The version comes from the clone alone. Whatever only the remote, GitHub or the
registry can say is in the ``Reading``, and stays unknown when they are silent.
"""

from collections.abc import Mapping
from contextlib import suppress

from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.release.candidate import candidate_of, candidate_of_record
from monokeel.release.cautions import cautions_about_drafts
from monokeel.release.checks import check_start, check_version
from monokeel.release.goal import NO_GOAL, Goal, find_goal
from monokeel.release.guard import service_images
from monokeel.release.notes import release_notes
from monokeel.release.plan import Finding, ReleasePlan, Resume
from monokeel.release.ports import Outside
from monokeel.release.reading import Reading
from monokeel.release.start import Claim, Start, ask_refs, read_start
from monokeel.release.states import Done
from monokeel.release.steps import STEPS

_SERVER = "https://github.com"


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
        services=() if reading is None else service_images(reading),
        checks=tuple(finding.check for finding in findings),
        warnings=(*goal.cautions, *(cautions_about_drafts(reading) if reading else ())),
        resume=None if reading is None or now.own is None else _resume(reading),
        blockers=tuple(each for finding in findings for each in finding.blockers),
        notes=notes,
        first=now.older,
        stale=now.is_stale,
        reading=reading,
    )


def _start(settings: Settings, outside: Outside, finish: str) -> tuple[Start, Goal]:
    """Return where the release starts from, and what the commits since then ask for."""
    history, refs = outside.history, ask_refs(outside, settings)
    now = read_start(settings, history, refs, commit=finish)
    goal = NO_GOAL if now.shallow else find_goal(now, history)
    if goal is None:
        now = read_start(settings, history, refs, commit=finish, surely=True)
        goal = find_goal(now, history)
    return now, goal or NO_GOAL


def _findings(
    now: Start, goal: Goal, reading: Reading | None, outside: Outside
) -> list[Finding]:
    # A run finishes the older ones first, so what stops one stops this release.
    older = (_read(now, claim, "", outside, {}) for claim in now.older)
    found = [*check_start(now, older), *goal.findings]
    return found if reading is None else [*found, *check_version(now, reading)]


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


def _resume(reading: Reading) -> Resume:
    return Resume(
        version=reading.candidate.version,
        commit=reading.candidate.commit,
        done=tuple(
            step.name for step in STEPS if isinstance(step.state(reading), Done)
        ),
    )


def _notes(goal: Goal, page: str) -> str:
    if goal.version is None:
        return ""
    return release_notes(goal.analysis.commits, page=page)
