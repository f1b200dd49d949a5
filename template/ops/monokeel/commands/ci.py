"""Answers for ci.yml: which services changed; are branch and title well named."""

import re
from collections.abc import Iterable
from typing import Protocol

from monokeel.core.messages import RULE_SETS, parse_message
from monokeel.core.report import Report, Section, Table
from monokeel.core.settings import Service, Settings
from monokeel.errors import CommandError, RefusedError

# What decides how every service is built and tested; a change there concerns all.
_SHARED = ("infra/platform.toml", ".github/workflows/")
TYPES = (
    *("build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert"),
    *("style", "test"),
)
_REVERT = re.compile(r'Revert ".+"\Z')  # the title that GitHub's own button gives
_SHOWN = 120


class History(Protocol):
    """The history of the clone."""

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names, ``None`` if there is none."""

    def changed_paths(self, since: str, commit: str) -> list[str]:
        """Return the paths that *commit* changed since it left *since*."""


def list_services(settings: Settings, history: History, *, since: str = "") -> Report:
    """Return the services, or only those that changed since *since* (any ref).

    Raises CommandError when *since* names no commit.
    """
    chosen: Iterable[Service] = settings.services
    if since:
        start = history.commit_of(since)
        if start is None or since.startswith("-"):
            raise CommandError(
                f"there is no commit {since!r}",
                fix="Name a branch, a tag or a commit that this clone has.",
            )
        chosen = changed_services(settings, history.changed_paths(start, "HEAD"))
    services = [{"name": s.name, "kind": s.kind, "path": s.path} for s in chosen]
    rows = tuple((s["name"], s["kind"], s["path"]) for s in services)
    table = Table(("service", "kind", "path"), rows)
    return Report(
        headline=f"{len(services)} of {len(settings.services)} services",
        sections=(Section(heading="", table=table),),
        data={
            "registry": settings.registry_host,
            "repository": settings.repository,
            "services": [{**service} for service in services],
        },
    )


def changed_services(settings: Settings, paths: Iterable[str]) -> tuple[Service, ...]:
    """Return the services that *paths* concern: their own files, or what all share."""
    changed = tuple(paths)
    if any(path.startswith(_SHARED) for path in changed):
        return settings.services
    return tuple(
        service
        for service in settings.services
        if any(path.startswith(f"{service.path}/") for path in changed)
    )


def judge_branch(name: str, pattern: str) -> Report:
    """Return a report if branch *name* follows *pattern*, the policy's own.

    Raises RefusedError otherwise. The pattern is searched for, as GitHub's rule does:
    it has its own anchors.
    """
    try:
        matches = re.search(pattern, name) is not None
    except re.error as error:
        raise CommandError(
            f"the pattern {pattern!r} of branch names is wrong: {error}",
            fix="Correct it in infra/rulesets.json; ./inv policy.lint reads all of it.",
        ) from error
    if not matches or not name or name != name.strip():
        raise RefusedError(
            f"the name of branch {name[:_SHOWN]!r} is not allowed",
            fix=f"Rename it (git branch -m NAME): it must match {pattern}",
        )
    return Report(headline=f"{name}: allowed", data={"branch": name})


def judge_title(title: str, settings: Settings) -> Report:
    """Return a report if *title* says what the change is, by the release rules.

    Squashed, the title is the commit that decides the version. Raises RefusedError
    for one that is no Conventional Commit, or of a type that nobody knows.
    """
    if _REVERT.match(title):
        return Report(headline="a revert", data={"title": title, "type": "revert"})
    rules = RULE_SETS[settings.rules]
    message = parse_message(title, rules) if title == title.strip() else None
    if message is None or message.type is None or not message.subject:
        raise RefusedError(
            f"the title {title[:_SHOWN]!r} is no Conventional Commit",
            fix="Write TYPE(SCOPE): SUBJECT, such as 'fix(api): answer 404',"
            f" by the {rules.name} rules.",
        )
    if message.type not in TYPES:
        raise RefusedError(
            f"the title's type {message.type[:_SHOWN]!r} is not known",
            fix=f"Choose one of: {', '.join(TYPES)}.",
        )
    return Report(
        headline=f"{message.type}: {message.subject}",
        data={"title": title, "type": message.type, "scope": message.scope},
    )
