"""Checks of a plan: may this commit be released, is the version free everywhere."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial

from semver import Version

from monokeel.ground import answers, errors, report
from monokeel.ground.answers import Unknown, ask
from monokeel.ground.settings import Settings
from monokeel.ground.version import parse_wanted
from monokeel.release import plan as plans
from monokeel.release.plan import Answer, check_of
from monokeel.release.ports import Images
from monokeel.release.reading import Reading
from monokeel.release.record import Candidate
from monokeel.release.start import Place, Start
from monokeel.release.steps import STEPS
from monokeel.release.versions import Limits, ReleaseTag

_SHOWN = 10
_FETCH = "Run: git fetch --tags"
_TAKEN = ("same", "other")
_COLUMNS = ("service", "state", "image", "detail")


def check_start(
    now: Start, version: Version | None, older: Iterable[Reading]
) -> list[plans.Check]:
    """Say whether a release of *version* may start here, after those of *older*."""
    # Without all of history every answer is a guess.
    shallow = "this clone is shallow: the last release and the commits since are not"
    fix = "Run: git fetch --unshallow --tags (in a workflow: fetch-depth: 0)"
    asked: dict[plans.CheckName, Answer] = {
        "history": [(f"{shallow} all here", fix)] if now.shallow else "complete",
        "branch": _branch(now),
        "remote": _tip(now),
    }
    if (misplaced := now.outside.misplaced) is not None:
        asked["repository"] = [(misplaced.problem, misplaced.fix)]
    if now.settings.lines:
        asked["line"] = _line(now, version)
    found = [check_of(name, answer) for name, answer in asked.items()]
    if not now.shallow:
        found += [_check_tags(now), check_of("claims", _claims(now))]
    for check in (each for begun in older for each in check_publication(begun)):
        if check.status != "ok":
            found.append(replace(_renamed(check, "claims"), name="claims"))
    return found


def _renamed(check: plans.Check, name: str) -> plans.Check:
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
    places: dict[Place, Answer] = {
        "tip": f"at the tip of {branch}",
        "behind": f"in {branch}, which is at {tip} by now (git pull gets it)",
        "unfetched": Unknown(
            reason=f"{branch} is at {tip}, which is not here. {_FETCH}"
        ),
        "no branch": [_missing(branch)],
        "elsewhere": [(here, f"{fix} git pull --ff-only --tags")],
    }
    return places[now.place]


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


def _check_tags(now: Start) -> plans.Check:
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
    fix = f"Release from a commit that contains {lost[0].commit[:7]}; if that is"
    fix += f" gone for good (a rebase), add {skip}"
    if lost[0].commit not in now.history.known({lost[0].commit}):
        fix = f"{lost[0].name} names no commit: add {skip}"
    fix += " to [release] skip in infra/platform.toml. If it is no release, delete the"
    fix += " tag."
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


def check_file(now: Start, version: str) -> list[plans.Check]:
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


def check_publication(now: Reading) -> list[plans.Check]:
    """Return what the steps of publishing say, as far as a plan can see it."""
    shown: tuple[plans.CheckName, ...] = ("tag", "release", "images")
    found = [check_of(name, _steps(now, name)) for name in shown]
    return [*found, check_of("registry", _access(now))]


def _steps(now: Reading, name: plans.CheckName) -> Answer:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The answer for one *version*: one taken image is enough to refuse it."""

    version: str
    images: tuple[plans.ServiceImage, ...]


def ask_version(
    images: Images, settings: Settings, *, version: str, commit: str
) -> Guard:
    """Ask the registry about *version* (or its tag); UsageError if it is none."""
    version = parse_wanted(version, prefix=settings.tag_prefix)
    wanted = Candidate(settings=settings, version=version, commit=commit)
    said = images.settled_all([(path, version) for path in wanted.paths.values()])
    found = map(partial(_service_image, wanted), wanted.images, said)
    return Guard(version=version, images=tuple(found))


def service_images(reading: Reading) -> tuple[plans.ServiceImage, ...]:
    """Return what is at the version of every service; unknown if nobody answers."""
    wanted, found = reading.candidate, ask(lambda: reading.named)
    if isinstance(found, Unknown):
        found = dict.fromkeys(wanted.images, found)
    return tuple(_service_image(wanted, *each) for each in found.items())


def require_free(guard: Guard) -> None:
    """Raise unless the version is free everywhere: Refused if taken, else Service."""
    silent = (each for each in guard.images if each.state == "unknown")
    unclear = "; ".join(f"{each.name}: {each.detail}" for each in silent)
    if found := [each for each in guard.images if each.state in _TAKEN]:
        taken = [f"{x.image}:{guard.version} ({x.detail})" for x in found]
        beside = f"; and nobody can tell of {unclear}" if unclear else ""
        fix = "An image with a version is never replaced. Release another one, or add"
        fix += f' "{guard.version}" to [release] skip in infra/platform.toml.'
        if all(each.state == "same" for each in found):
            fix = "These are images of this very commit: ./inv release finishes a"
            fix += " release that was cut short, and changes nothing that is done."
        problem = f"version {guard.version} is taken: {', '.join(taken)}{beside}"
        raise errors.RefusedError(problem, fix=fix)
    if unclear:
        problem = f"nobody can tell whether {guard.version} is free: {unclear}"
        fix = "Run again once the registry answers; ./inv doctor checks the token."
        raise errors.ServiceError(problem, fix=fix)


def guard_report(guard: Guard) -> report.Report:
    """Return the table of all services and the JSON verdict."""
    images, version = guard.images, guard.version
    states = {each.state for each in images}
    verdict, said = "free", "free for every service"
    if "unknown" in states:
        verdict, said = "unknown", "not known to be free"
    if not states.isdisjoint(_TAKEN):
        verdict = said = "taken"
    rows = tuple((each.name, each.state, each.image, each.detail) for each in images)
    services: list[answers.Json] = [asdict(each) for each in images]
    return report.Report(
        headline=f"{version} is {said}",
        sections=(report.Section("", table=report.Table(_COLUMNS, rows)),),
        data={"version": version, "verdict": verdict, "services": services},
        problems=tuple(
            f"{each.image}:{version}: {each.state}, {each.detail}"
            for each in images
            if each.state != "free"
        ),
    )


def _service_image(
    wanted: Candidate, name: str, answer: answers.ImageAnswer
) -> plans.ServiceImage:
    """Return what *answer*, to the version of service *name*, means to *wanted*."""
    image, tag = wanted.images[name], wanted.version
    at = partial(plans.ServiceImage, name=name, image=image, tag=tag)
    match answer:
        case answers.Absent():
            return at(state="free", detail="nothing there")
        case Unknown(reason=reason):
            return at(state="unknown", detail=reason)
        case answers.Found(digest=digest, revision=revision, missing=missing):
            whose = f"built from {revision}" if revision else "of unknown origin"
            lost = f"; manifests of it are gone: {', '.join(missing)}"
            detail = f"{digest}, {whose}{lost if missing else ''}"
            state: plans.ImageState = "same" if revision == wanted.commit else "other"
            return at(state=state, digest=digest, detail=detail)
