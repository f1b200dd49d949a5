"""Checks of a plan: may this commit be released, is the version free everywhere."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from semver import Version

from monokeel.ground.answers import Unknown, ask
from monokeel.release.plan import Answer, Check, CheckName, check_of
from monokeel.release.reading import Reading
from monokeel.release.start import Place, Start
from monokeel.release.steps import STEPS
from monokeel.release.versions import Limits, ReleaseTag

_SHOWN = 10
_FETCH = "Run: git fetch --tags"


def check_start(
    now: Start, version: Version | None, older: Iterable[Reading]
) -> list[Check]:
    """Say whether a release of *version* may start here, after those of *older*."""
    # Without all of history every answer is a guess.
    shallow = "this clone is shallow: the last release and the commits since are not"
    fix = "Run: git fetch --unshallow --tags (in a workflow: fetch-depth: 0)"
    answers: dict[CheckName, Answer] = {
        "history": [(f"{shallow} all here", fix)] if now.shallow else "complete",
        "branch": _branch(now),
        "remote": _tip(now),
    }
    if (misplaced := now.outside.misplaced) is not None:
        answers["repository"] = [(misplaced.problem, misplaced.fix)]
    if now.settings.lines:
        answers["line"] = _line(now, version)
    found = [check_of(name, answer) for name, answer in answers.items()]
    if not now.shallow:
        found += [_check_tags(now), check_of("claims", _claims(now))]
    for check in (each for begun in older for each in check_publication(begun)):
        if check.status != "ok":
            found.append(replace(_renamed(check, "claims"), name="claims"))
    return found


def _renamed(check: Check, name: str) -> Check:
    """Return *check* with blockers that are called *name*."""
    blockers = tuple(replace(each, name=name) for each in check.blockers)
    return replace(check, blockers=blockers)


def _branch(now: Start) -> Answer:
    """Say whether a release branch is checked out, or a commit of it."""
    wanted, here, onto = now.line, now.commit[:7], now.merge and now.merge.onto
    if onto not in {wanted, None}:
        problem = f"{onto} is no release branch: a merge there is no release"
        return [(problem, "It counts once that branch is merged.")]
    if onto or now.branch == wanted:
        return f"a merge into {onto}" if onto else f"on {wanted}"
    if now.own is not None:
        return f"{now.own.name} is claimed for this commit"
    problem = f"on branch {now.branch}, not on {wanted}"
    if now.branch is None:
        if isinstance(now.refs, Unknown):
            return Unknown(reason=f"no branch is checked out; {now.refs.reason}")
        if now.place in {"tip", "behind", "unfetched"}:
            return f"no branch, at a commit of {wanted}"
        problem = f"no branch is checked out, and {here} is not in {wanted}"
    fix = f"Run: git switch {wanted}"
    if str(now.branch).endswith(".x"):
        fix = f"Name {now.branch} in [release] lines, or run: git switch {wanted}"
    return [(problem, fix)]


def _tip(now: Start) -> Answer:
    """Say whether this commit is in the release branch on the remote."""
    branch, tip = now.line, (now.tip or "")[:7]
    if now.merge is not None:
        return f"not merged into {now.merge.onto} yet"
    if isinstance(now.refs, Unknown):
        return now.refs
    if now.own is not None:
        return f"{now.own.name} is claimed for this commit"
    here = f"{now.commit[:7]} is not on the remote: its {branch} is at {tip}"
    fix = f"Bring your commits into {branch} by a pull request, then run:"
    answers: dict[Place, Answer] = {
        "tip": f"at the tip of {branch}",
        "behind": f"in {branch}, which is at {tip} by now (git pull gets it)",
        "unfetched": Unknown(
            reason=f"{branch} is at {tip}, which is not here. {_FETCH}"
        ),
        "no branch": [_missing(branch)],
        "elsewhere": [(here, f"{fix} git pull --ff-only --tags")],
    }
    return answers[now.place]


def _missing(branch: str) -> tuple[str, str]:
    return f"the remote has no branch {branch}", f"Run: git push origin {branch}"


def _line(now: Start, version: Version | None) -> Answer:
    """Say whether *version* is one of the line, and nothing else was merged into it."""
    line, main = now.line, now.settings.default_branch
    if not isinstance(now.refs, Unknown) and f"refs/heads/{main}" not in now.refs:
        return [_missing(main)]
    if isinstance(now.limits, Unknown):
        every = "git fetch --tags origin '+refs/heads/*:refs/remotes/origin/*'"
        return Unknown(reason=f"{now.limits.reason}. Run: {every}")
    if twins := [name for name, limits in now.limits.items() if limits.same]:
        fix = "Take those out of [release] lines that are of no use any more."
        return [(f"{', '.join(twins)} may release the same versions", fix)]
    own = now.limits.get(line)
    if own is None:
        return f"{line} has no end"
    within = f"{line} releases from {own.low} up to {own.high}"
    return _off_line(now, own, version) or within


def _off_line(
    now: Start, own: Limits, version: Version | None
) -> list[tuple[str, str]]:
    line, main = now.line, now.settings.default_branch
    if own.stranger:
        tag = now.settings.tag(str(own.stranger))
        fix = f"Only releases of {line} may be merged into it: reset it to a commit"
        fix += f" without {tag} and bring over single fixes (git cherry-pick)."
        return [(f"{tag} is in the history of {line}", fix)]
    if version is None or now.own is not None or own.low <= version < own.high:
        return []
    problem = f"{version} is no version of {line}: it ends below {own.high}"
    fix = f"Bring the change into {main}, or a fix alone into {line}."
    if own.high <= own.low:
        problem = f"nothing can be released from {line}: {main} has no later release"
        fix = f"Release from {main}: a line begins where it has gone on."
    elif version < own.low:
        problem = f"{version} is no version of {line}: it begins at {own.low}"
        fix = f"Bring a fix into the line of {version}; here, a feature."
    return [(problem, fix)]


def _check_tags(now: Start) -> Check:
    """Say whether the highest release tag is in this history, here and there."""
    previous, there = now.previous, now.remote_tags
    reasons = [*_unreachable(now), *_differences(now)]
    if reasons:
        found = check_of("tags", reasons)
        if isinstance(there, Unknown) or previous is None:
            return found
        # It may be no release at all, so nothing is finished with it.
        doubtful = there.get(previous.name) != previous.commit
        return _renamed(found, "last release") if doubtful else found
    last = f"{previous.name} is the last release" if previous else "no release yet"
    if isinstance(there, Unknown):
        return check_of("tags", Unknown(reason=f"{last} here; {there.reason}"))
    return check_of("tags", last)


def _unreachable(now: Start) -> Iterator[tuple[str, str]]:
    """Yield one reason for all releases that history does not lead to."""
    lost = [tag for tag in now.unreachable if str(tag.version) not in now.settings.skip]
    if now.own is not None:  # what was begun stays below what is above it
        lost = [tag for tag in lost if tag.version < now.own.version]
    if not lost or now.container is not None:
        return
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
    yield f"{those} not in the history of {now.commit[:7]}", fix


def _differences(now: Start) -> Iterator[tuple[str, str]]:
    last, there = now.previous, now.remote_tags
    if isinstance(there, Unknown):
        return
    if now.unfetched:
        yield (
            f"{', '.join(now.unfetched[:_SHOWN])} is on the remote and not here",
            _FETCH,
        )
    if last is None or last.name in {claim.name for claim in now.older}:
        return
    at = there.get(last.name)
    if at is None:
        fix = f"If it is no release, delete it: git tag -d {last.name}"
        yield f"{last.name} is a tag of this clone only", fix
    elif at != last.commit:
        places = f"{last.commit[:7]} here and at {at[:7]} on the remote"
        yield f"{last.name} is at {places}", f"{_FETCH} --force"


def _claims(now: Start) -> Answer:
    """Say whether another release was begun and can be finished by nobody."""
    if isinstance(now.refs, Unknown):
        return now.refs
    if now.stray:
        return map(_stray, now.stray)
    if now.unseen:
        tags = ", ".join(claim.name for claim in now.unseen)
        lack = f"{tags} was begun for a commit that is not here. {_FETCH}"
        return Unknown(reason=lack)
    if now.older:
        begun = ", ".join(f"{each.name} ({each.commit[:7]})" for each in now.older)
        return f"{begun} was cut short and is finished first"
    return f"{now.own.name} is ours" if now.own else "none is open"


def _stray(claim: ReleaseTag) -> tuple[str, str]:
    fix = "If its branch was deleted, push it again, and its next run finishes"
    fix += f" this. Else take it back: ./inv release --abandon {claim.version}"
    if claim.made:
        fix = f"Check that commit out and run ./inv release there: {claim.commit}"
    claimed = f"{claim.name} is claimed by {claim.commit[:7]}"
    return f"{claimed}, which no release branch leads to: it was cut short", fix


def check_file(now: Start, version: str) -> list[Check]:
    """Say whether ``release.version_file`` holds *version*, if there is such a file."""
    path = now.settings.version_file
    if not path:
        return []
    text = now.history.file_at(now.commit, path)
    if text is not None and text.strip() == version:
        return [check_of("file", f"{path} holds {version}")]
    holds = "is missing" if text is None else f"holds {text.strip()[:40]!r}"
    problem = f"{path} {holds}, the release would be {version}"
    fix = f"Write {version} into {path} by a pull request."
    return [check_of("file", [(problem, fix)])]


def check_publication(now: Reading) -> list[Check]:
    """Return what the steps of publishing say, as far as a plan can see it."""
    shown: tuple[CheckName, ...] = ("tag", "release", "images")
    found = [check_of(name, _steps(now, name)) for name in shown]
    return [*found, check_of("registry", _access(now))]


def _steps(now: Reading, name: CheckName) -> Answer:
    states = [step.state(now) for step in STEPS if step.check == name]
    if against := {each.problem: each.fix for x in states for each in x.refusals}:
        return against.items()
    if unclear := dict.fromkeys(state.unclear for state in states if state.unclear):
        return Unknown(reason="; ".join(unclear))
    tag = now.candidate.tag
    if name == "images":
        return "no service has another image of this version"
    if name == "tag":
        return f"{tag} is {'at this commit' if now.tagged else 'free'}"
    if now.published is not None:
        return f"{tag} is published, ours"
    return f"{tag} goes on" if now.record else f"none of {tag}"


def _access(now: Reading) -> Answer:
    """Say whether the images may be pushed; found out before anything is built."""
    access = ask(lambda: now.access)
    if isinstance(access, Unknown):
        return access
    refused = [x for each, x in now.candidate.images.items() if access[each] is False]
    if refused:
        fix = "Give the token packages: write; if the package was first pushed by hand,"
        fix += " add this repository under 'Manage Actions access'."
        return [(f"no right to push {', '.join(refused)}", fix)]
    unclear = [each.reason for each in access.values() if isinstance(each, Unknown)]
    if unclear:
        return Unknown(reason="; ".join(dict.fromkeys(unclear)))
    return "every image may be pushed"
