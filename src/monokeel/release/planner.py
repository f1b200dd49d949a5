"""The release that would be made now: version, reasons, and what stands in its way.

The version comes from the clone alone. Whatever only the remote, GitHub or the
registry can say is in the ``Reading``, and stays unknown when they are silent.
"""

from dataclasses import replace
from itertools import chain

from semver import Version

from monokeel.ground.answers import Unknown, ask
from monokeel.ground.settings import Settings
from monokeel.ground.version import read_version
from monokeel.release import cautions, checks, commits, start, steps, versions
from monokeel.release.messages import RULE_SETS
from monokeel.release.notes import release_notes
from monokeel.release.plan import ReleasePlan, check_of
from monokeel.release.ports import Outside
from monokeel.release.reading import Reading
from monokeel.release.record import Candidate, ReleaseRecord
from monokeel.release.versions import ReleaseTag


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
    refs = start.ask_refs(outside, settings)
    now, plan = _put_right(*_start(settings, outside, refs, finish))
    version, reading = read_version(plan.version or ""), None
    if version is not None:
        page = f"{outside.server}/{settings.repository}"
        notes, tag = release_notes(plan.commits, page=page), settings.tag(str(version))
        new = ReleaseTag(name=tag, commit=now.commit, version=version)
        reading = _read(now, now.own or new, notes, digests)
        plan = replace(
            plan, tag=tag, notes=notes, services=checks.service_images(reading)
        )
    older, left = _begun_before(now)
    found = [*checks.check_start(now, version, older.values()), *plan.checks]
    said = [*plan.warnings, *left]
    if reading is not None:
        found += checks.check_file(now, str(version))
        found += checks.check_publication(reading)
        said += cautions.about_drafts(reading)
    return replace(
        plan,
        checks=tuple(found),
        warnings=tuple(said),
        done=steps.done(reading) if reading and now.own else None,
        first=tuple(older),
        stale=now.is_stale,
        reading=reading,
    )


def _start(
    settings: Settings, outside: Outside, refs: start.Refs, begun: ReleaseTag | None
) -> tuple[start.Start, ReleasePlan]:
    """Return where the release starts from, and what the commits since then ask for."""
    now = start.Start(settings, outside, refs, begun=begun)
    plan, reached = _read_commits(now)
    if not reached:  # the highest release tag is none of this history
        now = start.Start(settings, outside, refs, begun=begun, surely=True)
        plan, _ = _read_commits(now)
    return now, plan


def _put_right(now: start.Start, plan: ReleasePlan) -> tuple[start.Start, ReleasePlan]:
    """Return the release that this very commit is, if its images have lost a name."""
    last, tip = now.previous, now.tip or ""
    if plan.version:  # left to a run that waits for the newest commit
        page: str | Unknown = ""
        if now.place == "behind" and not (now.own or now.older):
            page = ask(lambda: now.outside.waiting(tip, now.line))
        if not page or isinstance(page, Unknown):
            return now, plan
        left = f"left to the run of {tip[:7]}, which is newer and waits: {page}"
        return now, replace(plan, version=None, reason=left)
    if last is None or last.commit != now.commit:
        return now, plan
    # A later build or a clean-up of the registry does that.
    lost = steps.lost_names(_read(now, last))
    if lost.refusals:  # what cannot be put back stops nobody
        told = (commits.Caution(message=each.problem) for each in lost.refusals)
        return now, replace(plan, warnings=(*plan.warnings, *told))
    if lost.unclear:
        silent = check_of("images", Unknown(reason=lost.unclear))
        return now, replace(plan, checks=(*plan.checks, silent))
    if lost.missing:
        now, plan = _start(now.settings, now.outside, now.refs, last)
        put_back = f"put back to its digest: {', '.join(lost.missing)}"
        plan = replace(plan, reason=f"{last.name} is out; {put_back}")
    return now, plan


def _begun_before(
    now: start.Start,
) -> tuple[dict[ReleaseTag, Reading], list[commits.Caution]]:
    """Return what is finished before this, and what is left to its line's next run."""
    older, left = {claim: _read(now, claim) for claim in now.older}, []
    for claim in now.older:
        if claim not in now.rivals:  # the very plan that its own run would follow
            plan = plan_release(now.settings, now.outside, finish=claim)
            if any(check.status != "ok" for check in plan.checks):
                why = "was cut short on another line, whose next run finishes it"
                left.append(commits.Caution(message=f"{claim.name} {why}"))
                del older[claim]
    return older, left


def _read(
    now: start.Start,
    begun: ReleaseTag,
    notes: str = "",
    digests: dict[str, str] | None = None,
) -> Reading:
    """Return the reading of what is *begun*, made, or planned."""
    wanted = Candidate(
        settings=now.settings,
        version=str(begun.version),
        commit=begun.commit,
        notes=notes,
        span=now.span,
    )
    reading = Reading(wanted, now.outside, refs=now.refs, digests=digests)
    if begun.commit == now.history.head():
        return reading
    then, host = ask(lambda: reading.record), f"{now.settings.registry_host}/"
    if isinstance(then, ReleaseRecord) and all(
        each.image.startswith(host) for each in then.images
    ):
        old = replace(wanted, version=then.version, then=then)
        return Reading(old, now.outside, refs=now.refs)
    return reading


def _read_commits(now: start.Start) -> tuple[ReleasePlan, bool]:
    """Return what is to be released, and whether the previous release is reached."""
    if now.shallow:
        why = "nobody can tell from a shallow clone"
        return ReleasePlan(reason=why, commit=now.commit), True
    previous, settings, merge = now.previous, now.settings, now.merge
    rules, found = RULE_SETS[settings.rules], list[commits.Caution]()
    merged = [(now.commit, merge.message)] if merge and merge.message else []
    log = now.history.log(previous.commit if previous else None, now.base)
    parsed = commits.read_commits(chain(merged, log), rules, settings.types)
    analysis = commits.analyze(cautions.watch(parsed, rules, found))
    found += cautions.about_reverts(analysis)
    claim = settings.claim("").removeprefix("refs/tags/")
    tags = (tag for tag in now.tags if not tag.startswith(claim))
    found += cautions.about_tags(tags, settings.tag_prefix, previous)
    version, own, deciding = None, now.own, analysis.deciding
    if deciding is not None and deciding.level is not None and not now.container:
        version = _next_version(now, deciding.level)
    reason, blocked = _reason(now, analysis, version), []
    if own is not None and own.version != version:
        reason = f"{own.name} was begun for this commit and goes on"
        problem = f"{own.name} is claimed for this commit, but its commits ask for"
        problem += f" {version or 'no release'}: tags or settings were changed since"
        fix = f"Take it back: ./inv release --abandon {own.version}"
        # Once the git tag is there, the version is decided.
        blocked = [] if own.made else [check_of("claims", [(problem, fix)])]
        version = own.version
    plan = ReleasePlan(
        reason=reason,
        previous=None if previous is None else str(previous.version),
        version=None if version is None else str(version),
        commit=now.commit,
        deciding=deciding,
        commits=analysis.commits,
        checks=tuple(blocked),
        warnings=tuple(found),
    )
    return plan, log.reached


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
    above = (tag.version for tag in now.unreachable if str(tag.version) in skip)
    highest, version = max(above, default=None), _raised(now, level, skip)
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
