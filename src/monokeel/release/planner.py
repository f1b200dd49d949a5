"""The release that would be made now: version, reasons, and what stands in its way.

The version comes from the clone alone. Whatever only the remote, GitHub or the
registry can say is asked through ``Sources``, and stays unknown when they are silent.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import Settings
from monokeel.ground.version import Version, parse_version
from monokeel.release.cautions import cautions_about_reverts, watch
from monokeel.release.checks import (
    check_access,
    check_branch,
    check_claims,
    check_file,
    check_history,
    check_images,
    check_release,
    check_tag,
    check_tags,
    check_tip,
    newer_tip,
)
from monokeel.release.commits import Analysis, Caution, analyze, read_commits
from monokeel.release.messages import RULE_SETS
from monokeel.release.notes import release_notes
from monokeel.release.plan import Finding, ReleasePlan, Resume, ServiceImage, blocked
from monokeel.release.record import GitHubRelease, marked_commit
from monokeel.release.situation import History, Situation, look_around
from monokeel.release.sources import (
    Sources,
    ask_access,
    ask_images,
    ask_releases,
    ask_remote,
)
from monokeel.release.versions import FIRST, increment, next_version, odd_tags

_SERVER = "https://github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goal:
    """The version to release and what its commits say; *version* may be ``None``."""

    version: Version | None
    analysis: Analysis
    cautions: tuple[Caution, ...]
    reason: str
    findings: tuple[Finding, ...] = ()


_NO_GOAL = _Goal(
    version=None,
    analysis=Analysis(commits=(), open_reverts=()),
    cautions=(),
    reason="nobody can tell from a shallow clone",
)


def plan_release(
    settings: Settings, history: History, sources: Sources, *, server: str = _SERVER
) -> ReleasePlan:
    """Return the release of the commit that is checked out.

    The plan is made whatever stands in its way; that is listed in it, all at once.
    Only a shallow clone has no version: there any would be a guess. *server* is where
    the notes link to. Raises ServiceError when git itself fails.
    """
    refs, releases = ask_remote(sources, settings), ask_releases(sources)
    now = look_around(settings, history, refs)
    goal = _NO_GOAL if now.shallow else _find_goal(now, history)
    if goal is None:
        now = look_around(settings, history, refs, surely=True)
        goal = _find_goal(now, history) or _NO_GOAL
    newer = newer_tip(now, history)
    findings = [check_history(now), check_branch(now), check_tip(now, newer)]
    if not now.shallow:
        findings += [check_tags(now), check_claims(now, releases)]
    services: tuple[ServiceImage, ...] = ()
    if goal.version is not None:
        services, asked = _ask_about(now, goal.version, sources, releases)
        file = check_file(now, history, str(goal.version))
        findings += [*goal.findings, *([file] if file else []), *asked]
    return ReleasePlan(
        released=goal.version is not None,
        reason=goal.reason,
        previous=None if now.previous is None else str(now.previous.version),
        version=None if goal.version is None else str(goal.version),
        tag=None if goal.version is None else settings.tag(str(goal.version)),
        commit=now.commit,
        level=goal.analysis.deciding.level if goal.analysis.deciding else None,
        deciding=goal.analysis.deciding,
        commits=goal.analysis.commits,
        services=services,
        checks=tuple(finding.check for finding in findings),
        warnings=goal.cautions,
        resume=_resume(now, releases, services),
        blockers=tuple(each for finding in findings for each in finding.blockers),
        notes=_notes(goal, f"{server}/{settings.repository}"),
        newer=newer,
    )


def plan_with_news(
    fetch: Callable[[], None], plan: Callable[[], ReleasePlan]
) -> ReleasePlan:
    """Return a plan of what the remote has now; plan twice if the first is blocked.

    Another runner may finish this very release after our fetch: its tag then looks
    like somebody else's, until it is fetched. A failed fetch is no end: the plan asks
    the remote itself and says what it could not see.
    """

    def fetch_then_plan() -> ReleasePlan:
        with suppress(ServiceError):
            fetch()
        return plan()

    first = fetch_then_plan()
    return fetch_then_plan() if first.blockers else first


def _find_goal(now: Situation, history: History) -> _Goal | None:
    """Return what is to be released, ``None`` if the previous release is not in it."""
    previous, settings = now.previous, now.settings
    rules = RULE_SETS[settings.rules]
    cautions: list[Caution] = []
    log = history.log(None if previous is None else previous.commit, now.commit)
    analysis = analyze(watch(read_commits(log, rules), rules, cautions))
    if not log.reached:
        return None
    cautions += cautions_about_reverts(analysis)
    cautions += [
        Caution(
            sha=None,
            message=f"the tag {tag} is ignored: it is no version, and"
            " semantic-release would crash on it",
        )
        for tag in odd_tags(now.tags, settings.tag_prefix)
    ]
    deciding = analysis.deciding
    version = None
    if deciding is not None and deciding.level is not None:
        last = None if previous is None else previous.version
        version = next_version(last, deciding.level, skip=settings.skip)
    return _continued(
        now,
        _Goal(
            version=version,
            analysis=analysis,
            cautions=tuple(cautions),
            reason=_reason(now, analysis, version),
        ),
    )


def _continued(now: Situation, goal: _Goal) -> _Goal:
    """Return *goal*, or the version that is claimed for this commit already."""
    own = now.own
    if own is None or (goal.version is not None and own.version == goal.version):
        return goal
    findings: tuple[Finding, ...] = ()
    if own.tagged is None:  # once the git tag is there, the version is decided
        problem = (
            f"{own.tag} is claimed for this commit, but its commits ask for"
            f" {goal.version or 'no release'}: tags or settings were changed since"
        )
        fix = f"Take it back: ./inv release --abandon {own.version}"
        findings = (
            blocked(
                "claims",
                problem=problem,
                fix=fix,
            ),
        )
    return _Goal(
        version=own.version,
        analysis=goal.analysis,
        cautions=goal.cautions,
        reason=f"{own.tag} was begun for this commit and goes on",
        findings=findings,
    )


def _ask_about(
    now: Situation,
    version: Version,
    sources: Sources,
    releases: Sequence[GitHubRelease] | Unknown,
) -> tuple[tuple[ServiceImage, ...], list[Finding]]:
    settings = now.settings
    tag = settings.tag(str(version))
    services, unclear = ask_images(
        sources, settings, version=str(version), commit=now.commit
    )
    return services, [
        check_tag(now, tag),
        check_release(now, tag, releases),
        check_images(now, services, unclear),
        check_access(now, ask_access(sources, settings)),
    ]


def _resume(
    now: Situation,
    releases: Sequence[GitHubRelease] | Unknown,
    services: Sequence[ServiceImage],
) -> Resume | None:
    own = now.own
    if own is None or now.shallow:
        return None
    known = () if isinstance(releases, Unknown) else releases
    mine = [
        release
        for release in known
        if release.tag == own.tag and marked_commit(release.body) == own.commit
    ]
    finished = {
        "claim": True,
        "draft": bool(mine),
        "images": bool(services) and all(each.state == "same" for each in services),
        "tag": own.tagged == own.commit,
        "publish": any(not release.draft for release in mine),
    }
    return Resume(
        version=str(own.version),
        commit=own.commit,
        done=tuple(step for step, is_done in finished.items() if is_done),
    )


def _reason(now: Situation, analysis: Analysis, version: Version | None) -> str:
    previous, deciding = now.previous, analysis.deciding
    since = f"since {previous.name}" if previous else "in all of history"
    count = len(analysis.commits)
    if deciding is None or deciding.level is None or version is None:
        return f"none of {count} commits {since} asks for a release"
    why = f"{deciding.level}: {deciding.sha[:7]}, {deciding.rule}: {deciding.line}"
    if previous is None:
        why = f"the first release, because of {deciding.sha[:7]}: {deciding.line}"
    wanted = (
        parse_version(FIRST)
        if previous is None
        else increment(previous.version, deciding.level)
    )
    if wanted != version:
        why += f" ({wanted} is in [release] skip)"
    return why


def _notes(goal: _Goal, page: str) -> str:
    if goal.version is None:
        return ""
    return release_notes(goal.analysis.commits, page=page)
