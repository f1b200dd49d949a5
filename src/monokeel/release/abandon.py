"""Take a half-finished release back: its drafts and its claim, never a tag."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from monokeel.ground.answers import Declined, Found, Lost, Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.report import Report, Section
from monokeel.release.reading import Reading
from monokeel.release.record import GitHubRelease
from monokeel.release.refusals import claim_kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandonment:
    """What was taken back; *kept* are drafts made by hand, which are not ours."""

    version: str
    deleted: tuple[str, ...]
    kept: tuple[str, ...]


def plan_abandonment(now: Reading, *, skip: Collection[str]) -> Abandonment:
    """Return what taking back the version of *now* deletes, whatever its commit.

    *skip* are the versions that are never used. Raises RefusedError when the git tag
    or the release exists (then only forward), or an image carries the version and it
    is not in *skip*; ServiceError when something cannot be read.
    """
    candidate, tagged = now.candidate, now.tagged
    if tagged is not None or now.published is not None:
        what = f"{candidate.tag} is {'tagged' if tagged else 'published'}"
        finish = "Release a new version."
        if tagged:
            finish = f"Finish it: run ./inv release on commit {tagged.commit}."
            finish += " To withdraw what is in it, release a new version."
        raise RefusedError(f"{what}: it cannot be taken back", fix=finish)
    named = [] if candidate.version in skip else _named_images(now)
    if named:
        problem = f"{', '.join(named)} cannot be taken back: a registry has no untag"
        fix = f'Add "{candidate.version}" to [release] skip in infra/platform.toml,'
        fix += " so that it is never used, and run the same command again; or finish it"
        fix += " with ./inv release."
        raise RefusedError(problem, fix=fix)
    ours = [
        _named(x)
        for x in now.drafts
        if now.is_left_of_ours(x, now.record_in(now.candidate.claim))
    ]
    kept = tuple(_named(x) for x in now.drafts if _named(x) not in ours)
    # The claim goes last: as long as it is there, the release counts as unfinished.
    deleted = (*ours, *([now.candidate.claim] if now.claimed else []))
    return Abandonment(version=now.candidate.version, deleted=deleted, kept=kept)


def _named_images(now: Reading) -> list[str]:
    """Return the images with the version, also of services dropped since the claim."""
    wanted, version = now.candidate, now.candidate.version
    begun, host = (
        replace(wanted, then=now.record_in(wanted.claim)),
        wanted.settings.registry_host,
    )
    others = [x for x in begun.images.values() if not x.startswith(f"{host}/")]
    if begun.then and others:
        problem = f"nobody can tell here whether {', '.join(others)} has {version}:"
        fix = f"Name them as they were: {begun.then.images[0].setting}. Or add"
        fix += f' "{version}" to [release] skip, so that it is never used. Then run'
        fix += " the same command again."
        raise ServiceError(f"{problem} infra/platform.toml names {host}", fix=fix)
    paths = [*dict.fromkeys((*wanted.paths.values(), *begun.paths.values()))]
    said = now.images.look_up_all([(path, version) for path in paths])
    if unclear := [each.reason for each in said if isinstance(each, Unknown)]:
        fix = "Run this again once the registry answers."
        raise ServiceError("; ".join(unclear), fix=fix)
    found = zip(paths, said, strict=True)
    return [f"{path}:{version}" for path, x in found if isinstance(x, Found)]


def abandon(now: Reading, *, skip: Collection[str]) -> Abandonment:
    """Do what ``plan_abandonment`` says; after a crash the same call finishes."""
    plan = plan_abandonment(now, skip=skip)
    for draft in now.drafts:
        if _named(draft) in plan.deleted:
            now.releases.delete(draft)
    claimed, claim = now.claimed, now.candidate.claim
    if claimed is not None:
        moved = now.remote.move_ref(claim, old=claimed.object, new=None)
        if isinstance(moved, Declined):
            raise claim_kept(claim, moved)
        if isinstance(moved, Lost) and moved.now is not None:
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
    found = Section("To delete" if planned else "Deleted", done.deleted)
    what = "planned" if planned else "deleted"
    return Report(
        headline=headline,
        sections=(found, Section("Left, not ours", done.kept)),
        data={"version": done.version, what: [*done.deleted], "kept": [*done.kept]},
    )
