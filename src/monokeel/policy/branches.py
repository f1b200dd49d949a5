"""Is the name of a branch one that the rules allow."""

import re
from collections.abc import Sequence

from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.report import Report
from monokeel.policy.rulesets import Ruleset, rules_of

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


def branch_pattern(rulesets: Sequence[Ruleset]) -> str:
    """Return the regular expression that names of branches must match, in full.

    Read from the first ``branch_name_pattern`` rule. Raises UsageError when there
    is none, or when it is not a plain ``regex``.
    """
    for ruleset in rulesets:
        for rule in rules_of(ruleset.body):
            if rule.get("type") != "branch_name_pattern":
                continue
            parameters = rule.get("parameters")
            if (
                isinstance(parameters, dict)
                and parameters.get("operator") == "regex"
                and not parameters.get("negate")
                and isinstance(pattern := parameters.get("pattern"), str)
            ):
                return pattern
            raise UsageError(
                f"the branch name rule of ruleset {ruleset.name!r} is no plain regex",
                fix='Write it with "operator": "regex" and without "negate".',
            )
    raise UsageError(
        "infra/rulesets.json has no branch_name_pattern rule",
        fix="Add one, or take the check of branch names out of the workflow.",
    )
