"""Is the name of a branch one that the rules allow."""

import re

from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.report import Report

_SHOWN = 120


def judge_branch(name: str, pattern: str) -> Report:
    """Return a report if branch *name* follows *pattern*, the policy's own.

    Raises RefusedError otherwise. The pattern is searched for, as GitHub's rule does:
    it has its own anchors.
    """
    try:
        matches = re.search(pattern, name) is not None
    except re.error as error:
        raise UsageError(
            f"the pattern {pattern!r} of branch names is wrong: {error}",
            fix="Correct it in infra/rulesets.json; ./inv policy.lint reads all of it.",
        ) from error
    if not matches or not name or name != name.strip():
        raise RefusedError(
            f"the name of branch {name[:_SHOWN]!r} is not allowed",
            fix=f"Rename it (git branch -m NAME): it must match {pattern}",
        )
    return Report(headline=f"{name}: allowed", data={"branch": name})
