"""Publish one version as one unit, or take back what was begun; never a tag."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from monokeel.ground import answers
from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings
from monokeel.release import steps
from monokeel.release.plan import ReleasePlan, has_nothing_to_do
from monokeel.release.planner import plan_release
from monokeel.release.ports import WAITS_S, ImageTags, Outside
from monokeel.release.reading import Reading
from monokeel.release.record import GitHubRelease, ReleaseRecord
from monokeel.release.refusals import claim_kept

_ROUNDS = 3
_PLANS = 5
_LONGEST_WAIT_S = 60.0
_VISIBILITY = (
    "Who pulls without a login gets 401; who may is said in Package settings of each:"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A complete release; *written* are the steps in which this run wrote, if any."""

    record: ReleaseRecord
    tag: str
    page: str
    written: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def publish(first: Reading, tell: Callable[[str], None]) -> Publication:
    """Publish the candidate of *first* and return it once all of it can be seen.

    *first* is the reading that the plan was judged on. *tell* is given a line after
    each step that wrote. Raises RefusedError with every conflict that is seen before
    the first write, or the first one afterwards (OvertakenError when another commit
    has the version); and ServiceError when something cannot be read or does not
    appear. The same call again finishes what is missing, or has nothing to write.
    """
    now, written, tag = first, dict[str, None](), first.candidate.tag
    for _ in range(_ROUNDS):
        done = all(x == steps.DONE for x in _states(steps.STEPS, now))
        if done and now.record and now.published:
            assets = now.candidate.settings.assets
            foreign = [x for x in now.published.foreign_assets if x not in assets]
            beside = f"files that no run of ours attached: {', '.join(foreign)}"
            return Publication(
                record=now.record,
                tag=tag,
                page=now.published.page,
                written=tuple(written),
                warnings=(beside,) if foreign else (),
            )
        for step in steps.STEPS:
            before = now
            now = _converge(step, now)
            if now is not before:
                written[step.name] = None
                tell(f"{tag}: {step.name}: done")
    problem = f"{tag} is still not complete: somebody else is changing it"
    raise ServiceError(problem, fix="Run the same command again.")


def _converge(step: steps.Step, now: Reading) -> Reading:
    """Do *step* until a look says that it is done; return what is so then."""
    waits, [state] = iter(WAITS_S), _states([step], now)
    while state.missing:
        failure: MonokeelError | None = None
        try:
            now = step.act(now)
        except MonokeelError as error:
            failure, now = error, now.without("refs", "releases", "images")
        [after] = _states([step], now)
        if after.missing and (failure or len(after.missing) >= len(state.missing)):
            failure = failure or ServiceError(
                f"step {step.name!r} was accepted and is not shown yet:"
                f" {', '.join(after.missing)}",
                fix="Run the same command again in a minute.",
                again_s=0.0,
            )
            wait_s = next(waits, None)
            again_s = failure.again_s if isinstance(failure, ServiceError) else None
            if wait_s is None or again_s is None or again_s > _LONGEST_WAIT_S:
                raise failure  # looking again cannot help: it is no 429 or 5xx
            now.outside.wait(max(wait_s, again_s))
            now = now.without("refs", "releases", "images")
            [after] = _states([step], now)
        state = after
    return now


def _states(asked: Sequence[steps.Step], now: Reading) -> list[steps.State]:
    """Return how far each step is; raise for all that is in the way, or unclear."""
    states = [step.state(now) for step in asked]
    unique = {each.problem: each.fix for at in states for each in at.refusals}
    if unique:
        others = {at.commit for at in (now.tagged, now.claimed) if at}
        is_overtaken = bool(others - {now.candidate.commit})
        kind = steps.OvertakenError if is_overtaken else RefusedError
        raise kind("; ".join(unique), fix=" ".join(dict.fromkeys(unique.values())))
    for unclear in filter(None, (state.unclear for state in states)):
        raise ServiceError(unclear, fix="Run the same command again once it answers.")
    return states


def hidden_images(
    record: ReleaseRecord, nobody: ImageTags, settings: Settings
) -> tuple[str, ...]:
    """Return the images of *record* that *nobody*, a reader without a login, sees not.

    A new package on GHCR is private whatever its repository is (GitHub's packages
    documentation). Other registries are private on purpose, and are not asked.
    """
    if settings.registry_host != "ghcr.io":
        return ()
    names = [(settings.image(each.service), record.version) for each in record.images]
    said = nobody.look_up_all(names)
    found = ((image, each) for (image, _), each in zip(names, said, strict=True))
    return tuple(
        x for x, each in found if isinstance(each, answers.Unknown) and each.hidden
    )


def publication_report(done: Publication, hidden: Sequence[str] = ()) -> Report:
    """Return what is out now; *hidden* are images that not everybody may pull."""
    record = done.record
    wrote = [f"wrote   {', '.join(done.written)}"] if done.written else []
    lines = (f"commit  {record.commit}", f"page    {done.page}", *wrote)
    rows = tuple((each.service, each.reference) for each in record.images)
    packages = f"{done.page.partition('/releases/')[0]}/pkgs/container/"
    pages = (packages + x.partition("/")[2].replace("/", "%2F") for x in hidden)
    data: dict[str, answers.Json] = {"released": True, "version": record.version}
    data |= {"tag": done.tag, "commit": record.commit, "page": done.page}
    data["services"] = [
        {"name": x.service, "image": x.image, "digest": x.digest} for x in record.images
    ]
    return Report(
        headline=f"{done.tag} {'is published' if wrote else 'was complete already'}",
        sections=(
            Section("Release", lines),
            Section("Images", table=Table(("service", "image"), rows)),
            Section("Not public", (_VISIBILITY, *pages) if hidden else ()),
            Section("Warnings", done.warnings),
        ),
        data={**data, "written": [*done.written]},
        problems=done.warnings,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a run ended: its last *plan*, and what is *out* by it, in order."""

    plan: ReleasePlan
    out: tuple[Publication, ...]


def release_commit(
    settings: Settings,
    outside: Outside,
    accept: Callable[[ReleasePlan], None],
    tell: Callable[[str], None],
    digests: Mapping[str, str],
) -> Run:
    """Release the commit that is checked out, after what its history has begun.

    *accept* raises for a plan that must not be done. *tell* is given a line after each
    step that wrote. *digests* are those of this run's own builds, by service; what
    lacks one is built. Whoever is overtaken plans anew, with the images that it has:
    the version is then the next one, or the commit is in the other release, which is a
    good end. Raises as *accept* and ``publish``, and RefusedError if that never ends.
    """
    own, out = dict(digests), list[Publication]()
    for _ in range(_PLANS):
        plan = _plan(settings, outside, own)
        if has_nothing_to_do(plan):
            return Run(plan=plan, out=tuple(out))
        accept(plan)
        try:
            for claim in plan.first:  # nothing is built: its record is there
                older = plan_release(settings, outside, finish=claim)
                accept(older)
                if older.reading is not None:
                    out.append(publish(older.reading, tell))
            if plan.reading is not None and not plan.first:
                out.append(publish(plan.reading, tell))
                return Run(plan=plan, out=tuple(out))
        except steps.OvertakenError as error:
            tell(f"{error.problem}: planning again")
        if plan.reading is not None:
            own |= plan.reading.digests
    fix = "Run ./inv release again once they have ended."
    raise RefusedError("others were first, again and again", fix=fix)


def _plan(settings: Settings, outside: Outside, own: dict[str, str]) -> ReleasePlan:
    """Return a plan of what the remote has now: fetched only if the clone lacks it."""
    plan = plan_release(settings, outside, digests=own)
    if plan.stale:
        with suppress(ServiceError):  # the plan says what it could not see
            outside.remote.fetch()
    # Twice: who releases the same commit meanwhile is only seen by halves.
    again = plan.stale or plan.blockers
    return plan_release(settings, outside, digests=own) if again else plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandonment:
    """What was taken back; *kept* are drafts made by hand, which are not ours."""

    version: str
    deleted: tuple[str, ...]
    kept: tuple[str, ...]


def plan_abandonment(now: Reading) -> Abandonment:
    """Return what taking back the version of *now* deletes, whatever its commit.

    Raises RefusedError when the git tag or the release exists (then only forward), or
    an image carries the version and ``[release] skip`` does not name it; ServiceError
    when something cannot be read.
    """
    candidate, tagged = now.candidate, now.tagged
    if tagged is not None or now.published is not None:
        what = f"{candidate.tag} is {'tagged' if tagged else 'published'}"
        finish = "Release a new version."
        if tagged:
            finish = f"Finish it: run ./inv release on commit {tagged.commit}."
            finish += " To withdraw what is in it, release a new version."
        raise RefusedError(f"{what}: it cannot be taken back", fix=finish)
    skipped = candidate.version in candidate.settings.skip
    if named := [] if skipped else _named_images(now):
        problem = f"{', '.join(named)} cannot be taken back: a registry has no untag"
        fix = f'Add "{candidate.version}" to [release] skip in infra/platform.toml,'
        fix += " so that it is never used, and run the same command again; or finish it"
        fix += " with ./inv release."
        raise RefusedError(problem, fix=fix)
    is_ours, claim = now.is_left_of_ours, candidate.claim
    ours = [_named(x) for x in now.drafts if is_ours(x, now.record_in(claim))]
    kept = tuple(_named(x) for x in now.drafts if _named(x) not in ours)
    # The claim goes last: as long as it is there, the release counts as unfinished.
    deleted = (*ours, *([claim] if now.claimed else []))
    return Abandonment(version=candidate.version, deleted=deleted, kept=kept)


def _named_images(now: Reading) -> list[str]:
    """Return the images with the version, also of services dropped since the claim."""
    wanted, version = now.candidate, now.candidate.version
    begun, host = now.record_in(wanted.claim), wanted.settings.registry_host
    then = replace(wanted, then=begun)
    others = [x for x in then.images.values() if not x.startswith(f"{host}/")]
    if begun and others:
        problem = f"nobody can tell here whether {', '.join(others)} has {version}:"
        fix = f"Name them as they were: {begun.images[0].setting}. Or add"
        fix += f' "{version}" to [release] skip, so that it is never used. Then run'
        fix += " the same command again."
        raise ServiceError(f"{problem} infra/platform.toml names {host}", fix=fix)
    paths = [*dict.fromkeys((*wanted.paths.values(), *then.paths.values()))]
    said = now.images.look_up_all([(path, version) for path in paths])
    if unclear := [each.reason for each in said if isinstance(each, answers.Unknown)]:
        fix = "Run this again once the registry answers."
        raise ServiceError("; ".join(unclear), fix=fix)
    found = zip(paths, said, strict=True)
    return [f"{path}:{version}" for path, x in found if isinstance(x, answers.Found)]


def abandon(now: Reading) -> Abandonment:
    """Do what ``plan_abandonment`` says; after a crash the same call finishes."""
    plan = plan_abandonment(now)
    for draft in now.drafts:
        if _named(draft) in plan.deleted:
            now.releases.delete(draft)
    claimed, claim = now.claimed, now.candidate.claim
    if claimed is not None:
        moved = now.remote.move_ref(claim, old=claimed.object, new=None)
        if isinstance(moved, answers.Declined):
            raise claim_kept(claim, moved)
        if isinstance(moved, answers.Lost) and moved.now is not None:
            problem = f"{claim} moved from {claimed.object} to {moved.now} meanwhile"
            fix = "Somebody is releasing this version now: wait for them."
            raise RefusedError(problem, fix=fix)
    now = now.without("refs", "releases")
    left = [_named(draft) for draft in now.drafts if _named(draft) not in plan.kept]
    left += [claim] if now.claimed else []
    if left:
        problem = f"still there after it was deleted: {', '.join(left)}"
        raise ServiceError(problem, fix="Run the same command again in a minute.")
    return plan


def _named(draft: GitHubRelease) -> str:
    return f"draft {draft.tag} ({draft.id})"


def abandonment_report(done: Abandonment, *, planned: bool = False) -> Report:
    """Return what was taken back, or is *planned* to be, and what is not ours."""
    headline = f"nothing is left of {done.version}"
    if planned:
        headline = f"{done.version} can be taken back"
    if not done.deleted:
        headline = f"there is nothing of {done.version} to take back"
    what = "planned" if planned else "deleted"
    found = Section("To delete" if planned else "Deleted", done.deleted)
    return Report(
        headline=headline,
        sections=(found, Section("Left, not ours", done.kept)),
        data={"version": done.version, what: [*done.deleted], "kept": [*done.kept]},
    )
