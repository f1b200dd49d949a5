"""Judge the name of a branch and the title of a pull request."""

import re

from monokeel.core.messages import RULE_SETS, parse_message
from monokeel.core.report import Report
from monokeel.core.settings import Settings
from monokeel.errors import RefusedError

TYPES = (
    *("build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert"),
    *("style", "test"),
)
_REVERT = re.compile(r'Revert ".+"\Z')  # the title that GitHub's own button gives
_SHOWN = 120


def judge_branch(name: str, pattern: str) -> Report:
    """Return a report if branch *name* follows *pattern*, the policy's own.

    Raises RefusedError otherwise. The pattern is searched for, as GitHub's rule does:
    it has its own anchors.
    """
    if not name or re.search(pattern, name) is None or name != name.strip():
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
