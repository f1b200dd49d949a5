"""Checks of a plan: may this commit be released, is the version free everywhere."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from semver import Version

from monokeel.ground.answers import Unknown, ask
from monokeel.release.plan import Check, CheckName, blocked, passed, unknown
from monokeel.release.reading import Reading
from monokeel.release.start import Start
from monokeel.release.steps import STEPS
from monokeel.release.versions import Limits, ReleaseTag

_SHOWN = 10


def check_start(
    now: Start, version: Version | None, older: Iterable[Reading]
) -> list[Check]:
    """Say whether a release of *version* may start here, after those of *older*."""
    # Without all of history every answer is a guess.
    shallow = "this clone is shallow: the last release and the commits since are not"
    fix = "Run: git fetch --unshallow --tags (in a workflow: fetch-depth: 0)"
    history = passed("history", "complete")
    if now.shallow:
        history = blocked("history", (f"{shallow} all here", fix))
    found = [history, _check_branch(now), _check_tip(now)]
    if (misplaced := now.outside.misplaced) is not None:
        found.append(blocked("repository", (misplaced.problem, misplaced.fix)))
    if now.settings.lines:
        found.append(_check_line(now, version))
    if not now.shallow:
        found += [_check_tags(now), _check_claims(now)]
    for check in (each for begun in older for each in check_publication(begun)):
        if check.status != "ok":
            blockers = tuple(replace(each, name="claims") for each in check.blockers)
            found.append(replace(check, name="claims", blockers=blockers))
    return found


def _check_branch(now: Start) -> Check:
    """Say whether a release branch is checked out, or a commit of it."""
    wanted, here, onto = now.line, now.commit[:7], now.merge and now.merge.onto
    if onto not in {wanted, None}:
        problem = f"{onto} is no release branch: a merge there is no release"
        return blocked("branch", (problem, "It counts once that branch is merged."))
    if onto or now.branch == wanted:
        return passed("branch", f"a merge into {onto}" if onto else f"on {wanted}")
    if now.own is not None:
        return passed("branch", f"{now.own.name} is claimed for this commit")
    problem = f"on branch {now.branch}, not on {wanted}"
    if now.branch is None:
        if isinstance(now.refs, Unknown):
            return unknown("branch", f"no branch is checked out; {now.refs.reason}")
        if now.place in {"tip", "behind", "unfetched"}:
            return passed("branch", f"no branch, at a commit of {wanted}")
        problem = f"no branch is checked out, and {here} is not in {wanted}"
    fix = f"Run: git switch {wanted}"
    if str(now.branch).endswith(".x"):
        fix = f"Name {now.branch} in [release] lines, or run: git switch {wanted}"
    return blocked("branch", (problem, fix))


def _check_tip(now: Start) -> Check:
    """Say whether this commit is in the release branch on the remote."""
    branch, tip = now.line, (now.tip or "")[:7]
    if now.merge is not None:
        return passed("remote", f"not merged into {now.merge.onto} yet")
    if isinstance(now.refs, Unknown):
        return unknown("remote", now.refs.reason)
    if now.own is not None:
        return passed("remote", f"{now.own.name} is claimed for this commit")
    if now.place in {"tip", "behind"}:
        by_now = f"in {branch}, which is at {tip} by now (git pull gets it)"
        is_tip = now.place == "tip"
        return passed("remote", f"at the tip of {branch}" if is_tip else by_now)
    if now.place == "unfetched":
        lack = f"{branch} is at {tip}, which is not here. Run: git fetch --tags"
        return unknown("remote", lack)
    problem = f"{now.commit[:7]} is not on the remote: its {branch} is at {tip}"
    fix = f"Bring your commits into {branch} by a pull request, then run:"
    fix += " git pull --ff-only --tags"
    if now.place == "no branch":
        problem = f"the remote has no branch {branch}"
        fix = f"Run: git push origin {branch}"
    return blocked("remote", (problem, fix))


def _check_line(now: Start, version: Version | None) -> Check:
    """Say whether *version* is one of the line, and nothing else was merged into it."""
    line, main = now.line, now.settings.default_branch
    refs = now.refs
    if not isinstance(refs, Unknown) and f"refs/heads/{main}" not in refs:
        fix = f"Run: git push origin {main}"
        return blocked("line", (f"the remote has no branch {main}", fix))
    if isinstance(now.limits, Unknown):
        every = "git fetch --tags origin '+refs/heads/*:refs/remotes/origin/*'"
        return unknown("line", f"{now.limits.reason}. Run: {every}")
    twins = {name: limits.same for name, limits in now.limits.items() if limits.same}
    if twins:
        names = ", ".join(twins)
        fix = "Take those out of [release] lines that are of no use any more."
        return blocked("line", (f"{names} may release the same versions", fix))
    own = now.limits.get(line)
    if own is None:
        return passed("line", f"{line} has no end")
    reason = _off_line(now, own, version)
    if reason is not None:
        return blocked("line", reason)
    return passed("line", f"{line} releases from {own.low} up to {own.high}")


def _off_line(
    now: Start, own: Limits, version: Version | None
) -> tuple[str, str] | None:
    line, main = now.line, now.settings.default_branch
    if own.stranger:
        tag = now.settings.tag(str(own.stranger))
        fix = f"Only releases of {line} may be merged into it: reset it to a commit"
        fix += f" without {tag} and bring over single fixes (git cherry-pick)."
        return f"{tag} is in the history of {line}", fix
    if version is None or now.own is not None or own.low <= version < own.high:
        return None
    if own.high <= own.low:
        problem = f"nothing can be released from {line}: {main} has no later release"
        return problem, f"Release from {main}: a line begins where it has gone on."
    if version < own.low:
        problem = f"{version} is no version of {line}: it begins at {own.low}"
        return problem, f"Bring a fix into the line of {version}; here, a feature."
    problem = f"{version} is no version of {line}: it ends below {own.high}"
    return problem, f"Bring the change into {main}, or a fix alone into {line}."


def _check_tags(now: Start) -> Check:
    """Say whether the highest release tag is in this history, here and there."""
    previous, there = now.previous, now.remote_tags
    lost = [tag for tag in now.unreachable if str(tag.version) not in now.settings.skip]
    if now.own is not None:  # what was begun stays below what is above it
        lost = [tag for tag in lost if tag.version < now.own.version]
    reasons = [_unreachable(lost, now)] if lost and now.container is None else []
    if not isinstance(there, Unknown):
        reasons += _differences(now, there)
    if reasons:
        found = blocked("tags", *reasons)
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
    return passed("tags", last)


def _check_claims(now: Start) -> Check:
    """Say whether another release was begun and can be finished by nobody."""
    if isinstance(now.refs, Unknown):
        return unknown("claims", now.refs.reason)
    if now.stray:
        return blocked("claims", *_strays(now.stray))
    if now.unseen:
        tags = ", ".join(claim.name for claim in now.unseen)
        lack = f"{tags} was begun for a commit that is not here. Run: git fetch --tags"
        return unknown("claims", lack)
    if now.older:
        begun = ", ".join(f"{each.name} ({each.commit[:7]})" for each in now.older)
        return passed("claims", f"{begun} was cut short and is finished first")
    return passed("claims", f"{now.own.name} is ours" if now.own else "none is open")


def _differences(now: Start, there: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if now.unfetched:
        names = ", ".join(now.unfetched[:_SHOWN])
        yield f"{names} is on the remote and not here", "Run: git fetch --tags"
    last = now.previous
    if last is None or last.name in {claim.name for claim in now.older}:
        return
    at = there.get(last.name)
    if at is None:
        fix = f"If it is no release, delete it: git tag -d {last.name}"
        yield f"{last.name} is a tag of this clone only", fix
    elif at != last.commit:
        places = f"{last.commit[:7]} here and at {at[:7]} on the remote"
        yield f"{last.name} is at {places}", "Run: git fetch --tags --force"


def _unreachable(lost: list[ReleaseTag], now: Start) -> tuple[str, str]:
    """Return one reason for all releases that history does not lead to."""
    names = ", ".join(f"{tag.name} ({tag.commit[:7]})" for tag in lost[:_SHOWN])
    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    those = f"the releases {names}{more} are"
    if len(lost) == 1:
        those = f"the highest release {names} is"
    skip = ", ".join(f'"{tag.version}"' for tag in lost)
    fix = (
        f"Release from a commit that contains {lost[0].commit[:7]}; if that is"
        f" gone for good (a rebase), add {skip} to [release] skip in"
        " infra/platform.toml. If it is no release, delete the tag."
    )
    return f"{those} not in the history of {now.commit[:7]}", fix


def _strays(claims: Iterable[ReleaseTag]) -> Iterator[tuple[str, str]]:
    for claim in claims:
        fix = "If its branch was deleted, push it again, and its next run finishes"
        fix += f" this. Else take it back: ./inv release --abandon {claim.version}"
        if claim.made:
            fix = f"Check that commit out and run ./inv release there: {claim.commit}"
        claimed = f"{claim.name} is claimed by {claim.commit[:7]}"
        yield f"{claimed}, which no release branch leads to: it was cut short", fix


def check_file(now: Start, version: str) -> list[Check]:
    """Say whether ``release.version_file`` holds *version*, if there is such a file."""
    path = now.settings.version_file
    if not path:
        return []
    text = now.history.file_at(now.commit, path)
    if text is not None and text.strip() == version:
        return [passed("file", f"{path} holds {version}")]
    holds = "is missing" if text is None else f"holds {text.strip()[:40]!r}"
    problem = f"{path} {holds}, the release would be {version}"
    fix = f"Write {version} into {path} by a pull request."
    return [blocked("file", (problem, fix))]


def check_publication(now: Reading) -> list[Check]:
    """Return what the steps of publishing say, as far as a plan can see it."""
    shown: tuple[CheckName, ...] = ("tag", "release", "images")
    return [*(_check_step(now, name) for name in shown), _check_access(now)]


def _check_step(now: Reading, name: CheckName) -> Check:
    states = [step.state(now) for step in STEPS if step.check == name]
    against = {each.problem: each.fix for x in states for each in x.refusals}
    if against:
        return blocked(name, *against.items())
    unclear = dict.fromkeys(state.unclear for state in states if state.unclear)
    if unclear:
        return unknown(name, "; ".join(unclear))
    tag = now.candidate.tag
    if name == "images":
        return passed(name, "no service has another image of this version")
    if name == "tag":
        return passed(name, f"{tag} is {'at this commit' if now.tagged else 'free'}")
    if now.published is not None:
        return passed(name, f"{tag} is published, ours")
    return passed(name, f"{tag} goes on" if now.record else f"none of {tag}")


def _check_access(now: Reading) -> Check:
    """Say whether the images may be pushed; found out before anything is built."""
    access = ask(lambda: now.access)
    if isinstance(access, Unknown):
        return unknown("registry", access.reason)
    refused = [x for each, x in now.candidate.images.items() if access[each] is False]
    if refused:
        fix = "Give the token packages: write; if the package was first pushed by hand,"
        fix += " add this repository under 'Manage Actions access'."
        return blocked("registry", (f"no right to push {', '.join(refused)}", fix))
    unclear = [each.reason for each in access.values() if isinstance(each, Unknown)]
    if unclear:
        return unknown("registry", "; ".join(dict.fromkeys(unclear)))
    return passed("registry", "every image may be pushed")
