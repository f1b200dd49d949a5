"""Take a half-finished release back: its drafts and its claim, never a tag."""

from collections.abc import Collection
from dataclasses import dataclass

from monokeel.ground.answers import Declined, Found, Lost
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.report import Report, Section
from monokeel.release.refusals import claim_kept
from monokeel.release.standing import Standing, commit_of
from monokeel.release.target import Outside, Target


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
