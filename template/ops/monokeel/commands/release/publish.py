"""Publish one version: images, tag and release, as one unit; or take it back.

Every step looks, writes, and looks again. What counts is the state that is found and
never an answer: an answer that got lost is healed by looking, another state is a
refusal, and no answer ends the run with nothing further written.

Before the git tag exists nothing of a release is visible but image tags, which no
registry takes back: then the version must be given up for good, in ``[release] skip``.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from monokeel.commands.release import ReleasePlan
from monokeel.commands.release.images import Workplace, build_service
from monokeel.commands.release.standing import (
    Conflict,
    Done,
    Standing,
    State,
    Step,
    Todo,
    commit_of,
)
from monokeel.commands.release.steps import STEPS
from monokeel.commands.release.target import Outside, Target, claim_kept
from monokeel.core.lookup import Declined, Found, Json, Lost
from monokeel.core.release import ReleaseRecord
from monokeel.core.report import Report, Section, Table
from monokeel.core.settings import Settings
from monokeel.errors import CommandError, RefusedError, ServiceError

_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A complete release: *written* names the steps in which this run wrote.

    It is empty when the release was complete before. *page* is its address on GitHub.
    """

    record: ReleaseRecord
    tag: str
    page: str
    written: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedBuilder:
    """Builds only from the files of the commit, and only what we may push."""

    workplace: Workplace
    settings: Settings

    def build(self, service: str, commit: str) -> None:
        """Build *service* at *commit*, unless it is there.

        Raises what ``build_service`` raises: files of another state, another label.
        """
        build_service(self.workplace, self.settings, service=service, commit=commit)


def refuse_unknown(plan: ReleasePlan) -> None:
    """Raise ServiceError if a check of *plan* is unknown: no release on a guess."""
    unclear = [f"{check.name}: {check.detail}" for check in plan.unknown]
    if unclear:
        raise ServiceError(
            "nobody can tell whether this may be released: " + "; ".join(unclear),
            fix="Set GITHUB_TOKEN (./inv doctor says what it may), or run this again"
            " once everything answers.",
        )


def publish(
    target: Target, outside: Outside, tell: Callable[[str], None]
) -> Publication:
    """Publish *target* and return it once all of it can be seen.

    *tell* is given a line after each step that wrote. Raises RefusedError with every
    conflict that is seen before the first write, or the first one afterwards; and
    ServiceError when something cannot be read or does not appear. The same call again
    finishes what is missing; on a complete release it writes nothing.
    """
    written: list[str] = []
    for _ in range(_ROUNDS):
        now = Standing(target, outside)
        states = [step.look(now) for step in STEPS]
        _refuse(states)
        if all(isinstance(state, Done) for state in states):
            return _publication(now, written)
        for step in STEPS:
            if _converge(step, Standing(target, outside)):
                written.append(step.name)
                tell(f"{target.tag}: {step.name}: done")
    raise ServiceError(
        f"{target.tag} is still not complete: somebody else is changing it",
        fix="Run the same command again.",
    )


def _converge(step: Step, now: Standing) -> bool:
    """Do *step* until a look says that it is done; say whether anything was written.

    It goes on only while each look finds less missing than the one before: then the
    write happened, whatever its answer was.
    """
    state = step.look(now)
    if isinstance(state, Todo):
        while isinstance(state, Todo):
            failure = _attempt(step, now)
            now = now.again()
            after = step.look(now)
            if isinstance(after, Todo) and len(after.missing) >= len(state.missing):
                raise failure or _without_effect(step, after)
            state = after
        _refuse([state])
        return True
    _refuse([state])
    return False


def _attempt(step: Step, now: Standing) -> CommandError | None:
    try:
        step.act(now)
    except CommandError as error:
        return error
    return None


def _refuse(states: list[State]) -> None:
    refusals = [
        refusal
        for state in states
        if isinstance(state, Conflict)
        for refusal in state.refusals
    ]
    problems = dict.fromkeys(each.problem for each in refusals)
    if problems:
        fixes = dict.fromkeys(each.fix for each in refusals)
        raise RefusedError("; ".join(problems), fix=" ".join(fixes))


def _without_effect(step: Step, state: Todo) -> ServiceError:
    return ServiceError(
        f"step {step.name!r} was accepted and has no effect:"
        f" {', '.join(state.missing)}",
        fix="Run the same command again in a minute.",
    )


def _publication(now: Standing, written: list[str]) -> Publication:
    if now.record is None or now.published is None:
        raise AssertionError(now.target)  # look_at_release said Done
    return Publication(
        record=now.record,
        tag=now.target.tag,
        page=now.published.page,
        written=tuple(dict.fromkeys(written)),
    )


def publication_report(done: Publication) -> Report:
    """Return what is out now: version, commit, images, and what this run wrote."""
    record = done.record
    services: list[Json] = [
        {"name": image.service, "image": image.image, "digest": image.digest}
        for image in record.images
    ]
    word = "is published" if done.written else "was complete already"
    lines = [f"commit  {record.commit}", f"page    {done.page}"]
    if done.written:
        lines.append(f"wrote   {', '.join(done.written)}")
    rows = tuple((each.service, each.reference) for each in record.images)
    return Report(
        headline=f"{done.tag} {word}",
        sections=(
            Section("Release", tuple(lines)),
            Section("Images", table=Table(("service", "image"), rows)),
        ),
        data={
            "released": True,
            "version": record.version,
            "tag": done.tag,
            "commit": record.commit,
            "page": done.page,
            "services": services,
            "written": list(done.written),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandonment:
    """What was taken back; *kept* are drafts made by hand, which are not ours."""

    version: str
    deleted: tuple[str, ...]
    kept: tuple[str, ...]


def abandon(target: Target, outside: Outside, *, skip: Collection[str]) -> Abandonment:
    """Delete the drafts and the claim of *target*'s version, whatever its commit.

    *skip* are the versions that are never used. Raises RefusedError when the git tag
    or the release exists (then only forward), or an image carries the version and it
    is not in *skip*; ServiceError when something cannot be read. Nothing to take back
    is no error: the same call again, after a crash, finishes.
    """
    now = Standing(target, outside)
    _refuse_beyond_return(now, skip)
    ours, kept = [], []
    for draft, record in now.drafts:
        name = f"draft {draft.tag} ({draft.id})"
        if commit_of(draft, record) is None:
            kept.append(name)
            continue
        outside.releases.delete(draft)
        ours.append(name)
    claimed = now.refs.get(target.claim)
    # The claim goes last: as long as it is there, the release counts as unfinished.
    if claimed is not None:
        moved = outside.refs.move_ref(target.claim, old=claimed, new=None)
        if isinstance(moved, Declined):
            raise claim_kept(target.claim, moved)
        if isinstance(moved, Lost) and moved.now is not None:
            raise RefusedError(
                f"{target.claim} moved from {claimed} to {moved.now} meanwhile",
                fix="Somebody is releasing this version now: wait for them.",
            )
        ours.append(target.claim)
    _read_back(now.again(), kept)
    return Abandonment(version=target.version, deleted=tuple(ours), kept=tuple(kept))


def _refuse_beyond_return(now: Standing, skip: Collection[str]) -> None:
    target = now.target
    tagged = now.refs.get(target.tag_ref)
    if tagged is not None or now.published is not None:
        what = f"{target.tag} is tagged" if tagged else f"{target.tag} is published"
        raise RefusedError(
            f"{what}: it cannot be taken back",
            fix=f"Finish it: run ./inv release on commit {tagged}. To withdraw what is"
            " in it, release a new version."
            if tagged
            else "Release a new version.",
        )
    named = [
        f"{image.path}:{target.version}"
        for image in target.images
        if isinstance(now.named[image.service], Found)
    ]
    if named and target.version not in skip:
        raise RefusedError(
            f"{', '.join(named)} cannot be taken back: a registry has no untag",
            fix=f'Add "{target.version}" to [release] skip in infra/platform.toml, so'
            " that it is never used, and run the same command again; or finish it with"
            " ./inv release.",
        )


def _read_back(now: Standing, kept: Collection[str]) -> None:
    left: list[str] = [
        f"draft {draft.tag} ({draft.id})"
        for draft, _ in now.drafts
        if f"draft {draft.tag} ({draft.id})" not in kept
    ]
    if now.refs.get(now.target.claim) is not None:
        left.append(now.target.claim)
    if left:
        raise ServiceError(
            f"still there after it was deleted: {', '.join(left)}",
            fix="Run the same command again in a minute.",
        )


def abandonment_report(done: Abandonment) -> Report:
    """Return what was taken back, and what was left because it is not ours."""
    headline = f"nothing is left of {done.version}"
    if not done.deleted:
        headline = f"there is nothing of {done.version} to take back"
    return Report(
        headline=headline,
        sections=(
            Section("Deleted", done.deleted),
            Section("Left, made by hand", done.kept),
        ),
        data={
            "version": done.version,
            "deleted": list(done.deleted),
            "kept": list(done.kept),
        },
    )
