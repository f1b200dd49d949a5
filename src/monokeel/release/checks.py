"""Checks of a plan: may this commit be released, is the version free everywhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monokeel.ground.answers import Unknown
from monokeel.release.plan import (
    Finding,
    Reason,
    ServiceImage,
    blocked,
    blocked_by,
    ok,
    short,
    unknown,
)
from monokeel.release.record import GitHubRelease, marked_commit
from monokeel.release.situation import Claim, History, Situation
from monokeel.release.versions import ReleaseTag, release_tags


def check_history(now: Situation) -> Finding:
    """Say whether all of history is here: without it every answer is a guess."""
    if not now.shallow:
        return ok("history", "complete")
    return blocked(
        "history",
        problem="this clone is shallow: the last release and the commits since are"
        " not all here",
        fix="Run: git fetch --unshallow --tags (in a workflow: fetch-depth: 0)",
    )


def check_branch(now: Situation) -> Finding:
    """Say whether the release branch is checked out, or its tip without a branch."""
    wanted = now.settings.default_branch
    if now.branch == wanted:
        return ok("branch", f"on {wanted}")
    if now.branch is not None:
        return blocked(
            "branch",
            problem=f"on branch {now.branch}, not on {wanted}",
            fix=f"Run: git switch {wanted}",
        )
    if now.own is not None:
        return ok("branch", f"no branch; {now.own.tag} is claimed for this commit")
    if isinstance(now.refs, Unknown):
        return unknown("branch", f"no branch is checked out; {now.refs.reason}")
    if now.refs.get(f"refs/heads/{wanted}") == now.commit:
        return ok("branch", f"no branch, at the tip of {wanted}")
    return blocked(
        "branch",
        problem=f"no branch is checked out, and {short(now.commit)} is not the tip"
        f" of {wanted}",
        fix=f"Run: git switch {wanted}",
    )


def newer_tip(now: Situation, history: History) -> str | None:
    """Return the tip of the release branch on the remote if it went on from here.

    ``None`` where this commit is the tip, is claimed, is not on the remote yet, or
    nobody can tell.
    """
    tip = None if isinstance(now.refs, Unknown) else now.tip
    if tip is None or tip == now.commit or now.own is not None:
        return None
    here = not now.shallow and history.commit_of(tip) is not None
    return None if here and history.is_ancestor(tip, now.commit) else tip


def check_tip(now: Situation, newer: str | None) -> Finding:
    """Say whether this commit is the tip of the release branch on the remote.

    *newer* is what ``newer_tip`` says.
    """
    branch = now.settings.default_branch
    if isinstance(now.refs, Unknown):
        return unknown("remote", now.refs.reason)
    tip = now.tip
    if tip == now.commit:
        return ok("remote", f"at the tip of {branch}")
    if now.own is not None:
        return ok("remote", f"{now.own.tag} is claimed for this commit")
    if tip is None:
        return blocked(
            "remote",
            problem=f"the remote has no branch {branch}",
            fix=f"Run: git push origin {branch}",
        )
    if newer is None:
        return blocked(
            "remote",
            problem=f"{short(now.commit)} is not on the remote: its {branch} is at"
            f" {short(tip)}",
            fix=f"Bring your commits into {branch} by a pull request, then run:"
            " git pull --ff-only --tags",
        )
    return blocked(
        "remote",
        problem=f"behind the remote: its {branch} is at {short(newer)}, this is"
        f" {short(now.commit)}",
        fix="Run: git pull --ff-only --tags (an older commit is not released: the"
        f" release of {short(newer)} contains it)",
    )


def check_tags(now: Situation) -> Finding:
    """Say whether the highest release tag is in this history, here and there."""
    previous = now.previous
    lost = [tag for tag in now.unreachable if not _is_skipped(tag, now)]
    reasons = [_unreachable(tag, now) for tag in lost[:1]]
    there = now.remote_tags
    if not isinstance(there, Unknown):
        reasons += _differences(now, there)
    if reasons:
        found = blocked_by("tags", reasons)
        if isinstance(there, Unknown) or previous is None:
            return found
        if there.get(previous.name) == previous.commit:
            return found
        # It may be no release at all, so nothing is finished with it.
        doubts = (replace(each, name="last release") for each in found.blockers)
        return replace(found, blockers=tuple(doubts))
    last = f"{previous.name} is the last release" if previous else "no release yet"
    if isinstance(there, Unknown):
        return unknown("tags", f"{last} here; {there.reason}")
    return ok("tags", last)


def check_claims(
    now: Situation, releases: Sequence[GitHubRelease] | Unknown
) -> Finding:
    """Say whether another release was begun and not finished."""
    if isinstance(now.refs, Unknown):
        return unknown("claims", now.refs.reason)
    out = set() if isinstance(releases, Unknown) else _published(releases)
    unfinished = [
        claim
        for claim in now.claims
        if claim != now.own
        and claim.tagged in (None, claim.commit)
        and claim.tag not in out
    ]
    unclear = [claim.tag for claim in unfinished if claim.tagged is not None]
    if unclear and len(unclear) == len(unfinished) and isinstance(releases, Unknown):
        return unknown(
            "claims", f"is {', '.join(unclear)} published? {releases.reason}"
        )
    if unfinished:
        return blocked_by("claims", (_unfinished(claim) for claim in unfinished))
    return ok("claims", f"{now.own.tag} is ours" if now.own else "none is open")


def _above(tags: Mapping[str, str], now: Situation) -> list[ReleaseTag]:
    """Return the releases among *tags* that are above the last one, highest first."""
    previous = now.previous
    return [
        tag
        for tag in release_tags(tags, now.settings.tag_prefix)
        if not tag.version.prerelease
        and not _is_skipped(tag, now)
        and (previous is None or tag.version > previous.version)
    ]


def _is_skipped(tag: ReleaseTag, now: Situation) -> bool:
    return str(tag.version) in now.settings.skip


def _differences(now: Situation, there: Mapping[str, str]) -> list[Reason]:
    previous = now.previous
    reasons = []
    for tag in _above(there, now):
        if tag.name not in now.tags and (now.own is None or tag.name != now.own.tag):
            problem = f"{tag.name} is on the remote and not here"
            reasons.append(Reason(problem=problem, fix="Run: git fetch --tags"))
    if previous is not None and there.get(previous.name) != previous.commit:
        if previous.name in there:
            problem = (
                f"{previous.name} is at {short(previous.commit)} here and at"
                f" {short(there[previous.name])} on the remote"
            )
            fix = "Run: git fetch --tags --force"
        else:
            problem = f"{previous.name} is a tag of this clone only"
            fix = f"If it is no release, delete it: git tag -d {previous.name}"
        reasons.append(Reason(problem=problem, fix=fix))
    return reasons


def _unreachable(tag: ReleaseTag, now: Situation) -> Reason:
    return Reason(
        problem=f"the highest release {tag.name} ({short(tag.commit)}) is not in the"
        f" history of {short(now.commit)}",
        fix=f"Release from a commit that contains {short(tag.commit)}; if it is gone"
        f' for good (a rebase), add "{tag.version}" to [release] skip in'
        " infra/platform.toml. If the tag is no release, delete it.",
    )


def _unfinished(claim: Claim) -> Reason:
    return Reason(
        problem=f"{claim.tag} is claimed by {short(claim.commit)}: that release is"
        " running or was cut short",
        fix=f"Run the release of {claim.commit} again, which finishes it"
        + (
            "."
            if claim.tagged
            else f", or take it back: ./inv release --abandon {claim.version}"
        ),
    )


def _published(releases: Iterable[GitHubRelease]) -> set[str]:
    return {release.tag for release in releases if not release.draft}


def check_file(now: Situation, history: History, version: str) -> Finding | None:
    """Say whether ``release.version_file`` holds *version*, if there is such a file."""
    path = now.settings.version_file
    if not path:
        return None
    text = history.file_at(now.commit, path)
    if text is not None and text.strip() == version:
        return ok("file", f"{path} holds {version}")
    holds = "is missing" if text is None else f"holds {text.strip()[:40]!r}"
    return blocked(
        "file",
        problem=f"{path} {holds}, the release would be {version}",
        fix=f"Write {version} into {path} by a pull request.",
    )


def check_tag(now: Situation, tag: str) -> Finding:
    """Say whether *tag* is free as a git tag, or names this commit already."""
    there = now.remote_tags
    known = {} if isinstance(there, Unknown) else there
    holder = known.get(tag) or now.tags.get(tag)
    if holder is not None and (holder != now.commit or now.own is None):
        return blocked(
            "tag",
            problem=f"the git tag {tag} exists at {short(holder)}",
            fix=_skip_fix(now, tag),
        )
    if isinstance(there, Unknown):
        return unknown("tag", there.reason)
    return ok("tag", f"{tag} is at this commit" if holder else f"{tag} is free")


def check_release(
    now: Situation, tag: str, releases: Sequence[GitHubRelease] | Unknown
) -> Finding:
    """Say whether *tag* is free as a release, or has one of this commit."""
    if isinstance(releases, Unknown):
        return unknown("release", releases.reason)
    reasons = []
    for release in releases:
        marked = marked_commit(release.body)
        if release.tag != tag or marked == now.commit:
            continue
        if release.draft:
            whose = f"for {short(marked)}" if marked else "made by hand"
            fix = f"Keep its text if you need it, then delete it: {release.page}"
            problem = f"a draft of {tag} exists, {whose}"
            reasons.append(Reason(problem=problem, fix=fix))
        elif now.own is None or now.own.tagged is None:
            problem = f"release {tag} is published"
            reasons.append(Reason(problem=problem, fix=_skip_fix(now, tag)))
    if reasons:
        return blocked_by("release", reasons)
    return ok("release", f"none of {tag}" if now.own is None else f"{tag} goes on")


def check_images(
    now: Situation, services: Iterable[ServiceImage], unclear: Sequence[Unknown]
) -> Finding:
    """Say whether the version is free in the registry, for every service."""
    taken = [service for service in services if service.state == "other"]
    if taken:
        fix = _skip_fix(now, now.settings.tag(taken[0].tag))
        return blocked_by(
            "images",
            [Reason(problem=_not_ours(each), fix=fix) for each in taken],
        )
    if unclear:
        return unknown("images", _reasons(unclear))
    return ok("images", "no service has another image of this version")


def check_access(now: Situation, access: Mapping[str, bool | Unknown]) -> Finding:
    """Say whether the images may be pushed; found out before anything is built."""
    refused = [name for name, answer in access.items() if answer is False]
    if refused:
        images = ", ".join(
            f"{now.settings.registry_host}/{now.settings.image(name)}"
            for name in refused
        )
        return blocked(
            "registry",
            problem=f"no right to push {images}",
            fix="Give the token packages: write; if the package was first pushed by"
            " hand, add this repository under 'Manage Actions access'.",
        )
    unclear = [each for each in access.values() if isinstance(each, Unknown)]
    if unclear:
        return unknown("registry", _reasons(unclear))
    return ok("registry", "every image may be pushed")


def _not_ours(there: ServiceImage) -> str:
    name = f"{there.image}:{there.tag}"
    return f"{name} exists and is not of this commit ({there.digest})"


def _skip_fix(now: Situation, tag: str) -> str:
    version = tag.removeprefix(now.settings.tag_prefix)
    return (
        "A version is never used twice. If this one cannot be ours, add"
        f' "{version}" to [release] skip in infra/platform.toml: the next one is taken.'
    )


def _reasons(unclear: Iterable[Unknown]) -> str:
    return "; ".join(dict.fromkeys(each.reason for each in unclear))
