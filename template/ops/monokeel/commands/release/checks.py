"""Checks of a plan: whether this commit may be released, by clone and remote.

All are asked before anything is said, so that every reason is named at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monokeel.commands.release import (
    Finding,
    Reason,
    blocked,
    blocked_by,
    ok,
    short,
    unknown,
)
from monokeel.commands.release.situation import Claim, History, Situation
from monokeel.core.lookup import Unknown
from monokeel.core.release import GitHubRelease
from monokeel.core.version import ReleaseTag, release_tags


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
