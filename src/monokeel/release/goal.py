"""The version to release next, what it is because of, and what is odd about it.

It comes from the clone alone.
"""

from dataclasses import dataclass
from itertools import chain

from semver import Version

from monokeel.release import cautions
from monokeel.release.commits import Analysis, Caution, Level, analyze, read_commits
from monokeel.release.messages import RULE_SETS
from monokeel.release.plan import Check, blocked
from monokeel.release.ports import History
from monokeel.release.start import Claim, Start
from monokeel.release.versions import increment, next_release


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The version to release and what its commits say; *version* may be ``None``."""

    version: Version | None
    analysis: Analysis
    cautions: tuple[Caution, ...]
    reason: str
    checks: tuple[Check, ...] = ()


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
    found: list[Caution] = []
    squash = now.merge if now.merge and now.merge.message else None
    head = squash.base if squash else now.clone.commit
    log = history.log(None if previous is None else previous.commit, head)
    merged = [(now.clone.commit, squash.message)] if squash else []
    commits = read_commits(chain(merged, log), rules, settings.types)
    analysis = analyze(cautions.watch(commits, rules, found))
    if not log.reached:
        return None
    found += cautions.about_reverts(analysis)
    claim = settings.claim("").removeprefix("refs/tags/")
    tags = (tag for tag in now.tags if not tag.startswith(claim))
    found += cautions.about_tags(tags, settings.tag_prefix, previous)
    deciding = analysis.deciding
    version, own = None, now.own
    if deciding is not None and deciding.level is not None and not now.container:
        version = _next_version(now, deciding.level)
    reason = _reason(now, analysis, version)
    checks: tuple[Check, ...] = ()
    if own is not None and own.version != version:
        reason = f"{own.tag} was begun for this commit and goes on"
        # Once the git tag is there, the version is decided.
        checks = () if own.is_tagged else (_changed(own, version),)
        version = own.version
    return Goal(
        version=version,
        analysis=analysis,
        cautions=tuple(found),
        reason=reason,
        checks=checks,
    )


def _changed(own: Claim, version: Version | None) -> Check:
    problem = f"{own.tag} is claimed for this commit, but its commits ask for"
    problem += f" {version or 'no release'}: tags or settings were changed since"
    fix = f"Take it back: ./inv release --abandon {own.version}"
    return blocked("claims", (problem, fix))


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
    version = next_release(last, step, skip=settings.skip, first=settings.initial)
    given_up = [
        tag.version for tag in now.unreachable if str(tag.version) in settings.skip
    ]
    highest = max(given_up, default=version)
    return version if version > highest or not given_up else increment(highest, "patch")


def _reason(now: Start, analysis: Analysis, version: Version | None) -> str:
    previous, deciding = now.previous, analysis.deciding
    if now.container is not None:
        return f"{now.container} contains this commit"
    if deciding is None or deciding.level is None or version is None:
        since = f"since {previous.name}" if previous else "in all of history"
        if not analysis.commits:
            return f"no commit {since}"
        count = len(analysis.commits)
        if count == 1:
            return f"the one commit {since} asks for none"
        return f"none of {count} commits {since} asks for a release"
    why = f"{deciding.level}: {deciding.sha[:7]}, {deciding.rule}: {deciding.line}"
    if previous is None:
        why = f"the first release, because of {deciding.sha[:7]}: {deciding.line}"
    last = None if previous is None else previous.version
    step = _step(now, deciding.level)
    wanted = next_release(last, step, first=now.settings.initial)
    return why if wanted == version else f"{why} ({wanted} is in [release] skip)"
