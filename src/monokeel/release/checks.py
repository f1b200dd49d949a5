"""Checks of a plan: may this commit be released, is the version free everywhere."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import NO_ANSWER, RefusedError
from monokeel.release.plan import (
    CheckName,
    Finding,
    Reason,
    blocked,
    blocked_by,
    ok,
    short,
    unknown,
)
from monokeel.release.reading import Reading
from monokeel.release.start import Claim, Start
from monokeel.release.states import Conflict, Unclear
from monokeel.release.steps import STEPS
from monokeel.release.versions import ReleaseTag

_SHOWN = 10


def check_start(now: Start, older: Iterable[Reading]) -> list[Finding]:
    """Say whether a release may start here; *older* are those to be finished first."""
    found = [_check_history(now), _check_branch(now), _check_tip(now)]
    if not now.shallow:
        found += [_check_tags(now), _check_claims(now)]
    for begun in older:
        doubts = [each for each in _check(begun) if each.check.status != "ok"]
        found += [_as_claims(each) for each in doubts]
    return found


def check_version(now: Start, reading: Reading) -> list[Finding]:
    """Say whether the version of *reading* can be published."""
    return [*_check_file(now, reading), *_check(reading)]


def _check_history(now: Start) -> Finding:
    """Say whether all of history is here: without it every answer is a guess."""
    if not now.shallow:
        return ok("history", "complete")
    return blocked(
        "history",
        problem="this clone is shallow: the last release and the commits since are"
        " not all here",
        fix="Run: git fetch --unshallow --tags (in a workflow: fetch-depth: 0)",
    )


def _check_branch(now: Start) -> Finding:
    """Say whether the release branch is checked out, or a commit of it."""
    wanted = now.settings.default_branch
    if now.branch == wanted:
        return ok("branch", f"on {wanted}")
    if now.own is not None:
        return ok("branch", f"{now.own.tag} is claimed for this commit")
    if now.branch is not None:
        return blocked(
            "branch",
            problem=f"on branch {now.branch}, not on {wanted}",
            fix=f"Run: git switch {wanted}",
        )
    if isinstance(now.refs, Unknown):
        return unknown("branch", f"no branch is checked out; {now.refs.reason}")
    if now.place in {"tip", "behind", "unfetched"}:
        return ok("branch", f"no branch, at a commit of {wanted}")
    return blocked(
        "branch",
        problem=f"no branch is checked out, and {short(now.commit)} is not in {wanted}",
        fix=f"Run: git switch {wanted}",
    )


def _check_tip(now: Start) -> Finding:
    """Say whether this commit is in the release branch on the remote."""
    branch, tip = now.settings.default_branch, short(now.tip or "")
    if isinstance(now.refs, Unknown):
        return unknown("remote", now.refs.reason)
    fine = {
        "tip": f"at the tip of {branch}",
        "behind": f"in {branch}, which is at {tip} by now",
    }
    if now.own is not None:
        return ok("remote", f"{now.own.tag} is claimed for this commit")
    if now.place in fine:
        return ok("remote", fine[now.place])
    if now.place == "unfetched":
        return unknown(
            "remote", f"{branch} is at {tip}, which is not here. Run: git fetch --tags"
        )
    if now.place == "no branch":
        return blocked(
            "remote",
            problem=f"the remote has no branch {branch}",
            fix=f"Run: git push origin {branch}",
        )
    return blocked(
        "remote",
        problem=f"{short(now.commit)} is not on the remote: its {branch} is at {tip}",
        fix=f"Bring your commits into {branch} by a pull request, then run:"
        " git pull --ff-only --tags",
    )


def _check_tags(now: Start) -> Finding:
    """Say whether the highest release tag is in this history, here and there."""
    previous = now.previous
    reasons = []
    if now.container is None:
        lost = [tag for tag in now.unreachable if not _is_skipped(tag, now)]
        reasons = [_unreachable(lost, now)] if lost else []
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


def _check_claims(now: Start) -> Finding:
    """Say whether another release was begun and can be finished by nobody."""
    if isinstance(now.refs, Unknown):
        return unknown("claims", now.refs.reason)
    if now.stray:
        return blocked_by("claims", (_stray(claim) for claim in now.stray))
    if now.unseen:
        tags = ", ".join(claim.tag for claim in now.unseen)
        return unknown(
            "claims",
            f"{tags} was begun for a commit that is not here. Run: git fetch --tags",
        )
    if now.older:
        begun = ", ".join(f"{each.tag} ({short(each.commit)})" for each in now.older)
        return ok("claims", f"{begun} was cut short and is finished first")
    return ok("claims", f"{now.own.tag} is ours" if now.own else "none is open")


def _is_skipped(tag: ReleaseTag, now: Start) -> bool:
    return str(tag.version) in now.settings.skip


def _differences(now: Start, there: Mapping[str, str]) -> list[Reason]:
    previous = now.previous
    reasons = []
    if now.unfetched:
        names = ", ".join(now.unfetched[:_SHOWN])
        problem = f"{names} is on the remote and not here"
        reasons.append(Reason(problem=problem, fix="Run: git fetch --tags"))
    claimed = {claim.tag for claim in now.older}
    if previous is None or previous.name in claimed:
        return reasons
    if there.get(previous.name) != previous.commit:
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


def _unreachable(lost: list[ReleaseTag], now: Start) -> Reason:
    """Return one reason for all releases that history does not lead to."""
    names = ", ".join(f"{tag.name} ({short(tag.commit)})" for tag in lost[:_SHOWN])
    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    those = (
        f"the highest release {names} is"
        if len(lost) == 1
        else f"the releases {names}{more} are"
    )
    skip = ", ".join(f'"{tag.version}"' for tag in lost)
    return Reason(
        problem=f"{those} not in the history of {short(now.commit)}",
        fix=f"Release from a commit that contains {short(lost[0].commit)}; if that is"
        f" gone for good (a rebase), add {skip} to [release] skip in"
        " infra/platform.toml. If it is no release, delete the tag.",
    )


def _stray(claim: Claim) -> Reason:
    return Reason(
        problem=f"{claim.tag} is claimed by {short(claim.commit)}, which no release"
        " branch leads to: that release was cut short",
        fix=f"Take it back: ./inv release --abandon {claim.version}"
        if not claim.is_tagged
        else f"Check that commit out and run ./inv release there: {claim.commit}",
    )


def _check_file(now: Start, reading: Reading) -> list[Finding]:
    """Say whether ``release.version_file`` holds *version*, if there is such a file."""
    path, version = now.settings.version_file, reading.candidate.version
    if not path:
        return []
    text = reading.outside.history.file_at(now.commit, path)
    if text is not None and text.strip() == version:
        return [ok("file", f"{path} holds {version}")]
    holds = "is missing" if text is None else f"holds {text.strip()[:40]!r}"
    problem = f"{path} {holds}, the release would be {version}"
    fix = f"Write {version} into {path} by a pull request."
    return [blocked("file", problem=problem, fix=fix)]


def _as_claims(found: Finding) -> Finding:
    """Return *found*, which is about an older release, as one of the claims' check."""
    return Finding(
        check=replace(found.check, name="claims"),
        blockers=tuple(replace(each, name="claims") for each in found.blockers),
    )


def _check(now: Reading) -> list[Finding]:
    """Return what the steps of publishing say, as far as a plan can see it."""
    return [
        _check_step(now, "tag"),
        _check_step(now, "release"),
        _check_step(now, "images"),
        _check_access(now),
    ]


def _check_step(now: Reading, name: CheckName) -> Finding:
    states = [step.state(now) for step in STEPS if step.check == name]
    refusals: dict[str, RefusedError] = {}
    for state in states:
        if isinstance(state, Conflict):
            refusals |= {each.problem: each for each in state.refusals}
    if refusals:
        reasons = [Reason(problem=r.problem, fix=r.fix) for r in refusals.values()]
        return blocked_by(name, reasons)
    unclear = [state.reason for state in states if isinstance(state, Unclear)]
    if unclear:
        return unknown(name, "; ".join(dict.fromkeys(unclear)))
    return ok(name, _fine(now, name))


def _fine(now: Reading, name: CheckName) -> str:
    tag = now.candidate.tag
    if name == "images":
        return "no service has another image of this version"
    if name == "tag":
        return f"{tag} is at this commit" if now.tagged else f"{tag} is free"
    if now.published is not None:
        return f"{tag} is published, ours"
    return f"{tag} goes on" if now.record is not None else f"none of {tag}"


def _check_access(now: Reading) -> Finding:
    """Say whether the images may be pushed; found out before anything is built."""
    try:
        access = now.access
    except NO_ANSWER as error:
        return unknown("registry", error.problem)
    refused = [i.image for i in now.candidate.images if access[i.service] is False]
    if refused:
        return blocked(
            "registry",
            problem=f"no right to push {', '.join(refused)}",
            fix="Give the token packages: write; if the package was first pushed by"
            " hand, add this repository under 'Manage Actions access'.",
        )
    unclear = [each.reason for each in access.values() if isinstance(each, Unknown)]
    if unclear:
        return unknown("registry", "; ".join(dict.fromkeys(unclear)))
    return ok("registry", "every image may be pushed")
