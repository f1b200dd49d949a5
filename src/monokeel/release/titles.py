"""Is the title of a pull request one that says what the change is."""

import re

from monokeel.ground.errors import RefusedError
from monokeel.ground.report import Report
from monokeel.ground.settings import Settings
from monokeel.release.messages import RULE_SETS, parse_message

TYPES = (
    *("build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert"),
    *("style", "test"),
)
_SHOWN = 120
_REVERT = re.compile(r'Revert ".+"\Z')  # the title that GitHub's own button gives


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
