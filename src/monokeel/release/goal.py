"""The version to release next, what it is because of, and what is odd about it.

It comes from the clone alone.
"""

from dataclasses import dataclass, replace

from monokeel.ground.version import Version
from monokeel.release.cautions import cautions_about_reverts, watch
from monokeel.release.commits import Analysis, Caution, Level, analyze, read_commits
from monokeel.release.messages import RULE_SETS
from monokeel.release.plan import Finding, blocked
from monokeel.release.ports import History
from monokeel.release.start import Start
from monokeel.release.versions import increment, next_version, odd_tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The version to release and what its commits say; *version* may be ``None``."""

    version: Version | None
    analysis: Analysis
    cautions: tuple[Caution, ...]
    reason: str
    findings: tuple[Finding, ...] = ()


NO_GOAL = Goal(
    version=None,
    analysis=Analysis(commits=(), open_reverts=()),
    cautions=(),
    reason="nobody can tell from a shallow clone",
)


def find_goal(now: Start, history: History) -> Goal | None:
    """Return what is to be released, ``None`` if the previous release is not in it."""
    previous, settings = now.previous, now.settings
    rules = RULE_SETS[settings.rules]
    cautions: list[Caution] = []
    log = history.log(None if previous is None else previous.commit, now.commit)
    analysis = analyze(watch(read_commits(log, rules, settings.types), rules, cautions))
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
    if deciding is not None and deciding.level is not None and not now.container:
        version = _next_version(now, deciding.level)
    return _continued(
        now,
        Goal(
            version=version,
            analysis=analysis,
            cautions=tuple(cautions),
            reason=_reason(now, analysis, version),
        ),
    )


def _step(now: Start, level: Level) -> Level:
    """Return the number to raise: below 1.0.0, where that is begun with, one less.

    Ours, and off by default: npm's semantic-release counts 0.x as any other.
    """
    before = now.previous is not None and now.previous.version.major == 0
    if before and now.settings.initial.startswith("0."):
        return "minor" if level == "major" else "patch"
    return level


def _next_version(now: Start, level: Level) -> Version:
    """Return the version of *level*, above every release that was given up.

    One that history no longer leads to (a rebase) was published all the same: what
    comes after it must not rank below it.
    """
    settings = now.settings
    last = None if now.previous is None else now.previous.version
    step = _step(now, level)
    version = next_version(last, step, skip=settings.skip, first=settings.initial)
    given_up = [
        tag.version for tag in now.unreachable if str(tag.version) in settings.skip
    ]
    highest = max(given_up, default=version)
    return version if version > highest or not given_up else increment(highest, "patch")


def _continued(now: Start, goal: Goal) -> Goal:
    """Return *goal*, or the version that is claimed for this commit already."""
    own = now.own
    if own is None or (goal.version is not None and own.version == goal.version):
        return goal
    findings: tuple[Finding, ...] = ()
    if not own.is_tagged:  # once the git tag is there, the version is decided
        problem = (
            f"{own.tag} is claimed for this commit, but its commits ask for"
            f" {goal.version or 'no release'}: tags or settings were changed since"
        )
        fix = f"Take it back: ./inv release --abandon {own.version}"
        findings = (blocked("claims", problem=problem, fix=fix),)
    return replace(
        goal,
        version=own.version,
        reason=f"{own.tag} was begun for this commit and goes on",
        findings=findings,
    )


def _reason(now: Start, analysis: Analysis, version: Version | None) -> str:
    previous, deciding = now.previous, analysis.deciding
    since = f"since {previous.name}" if previous else "in all of history"
    count = len(analysis.commits)
    if now.container is not None:
        return f"{now.container} contains this commit"
    if deciding is None or deciding.level is None or version is None:
        return f"none of {count} commits {since} asks for a release"
    why = f"{deciding.level}: {deciding.sha[:7]}, {deciding.rule}: {deciding.line}"
    if previous is None:
        why = f"the first release, because of {deciding.sha[:7]}: {deciding.line}"
    last = None if previous is None else previous.version
    step = _step(now, deciding.level)
    wanted = next_version(last, step, first=now.settings.initial)
    if wanted != version:
        why += f" ({wanted} is in [release] skip)"
    return why
