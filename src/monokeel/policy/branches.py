"""Is the name of a branch one that the rules allow."""

import re
from collections.abc import Sequence

from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.report import Report
from monokeel.policy import re2
from monokeel.policy.rulesets import Ruleset, parameters_of

_SHOWN = 120


def judge_branch(name: str, pattern: str) -> Report:
    """Return a report if branch *name* follows *pattern*, the policy's own.

    Raises RefusedError otherwise. The pattern is searched for, as GitHub's rule does:
    it has its own anchors, and means what RE2 says.
    """
    expression = re2.read(pattern)
    if expression.problem:
        raise UsageError(
            f"the pattern {pattern!r} of branch names is wrong: {expression.problem}",
            fix="Correct it in infra/rulesets.json; ./inv policy.lint reads all of it.",
        )
    allowed = expression.python
    if allowed is None:
        said = f"{name}: GitHub judges it; {pattern} has a class of Unicode"
        return Report(headline=said, data={"branch": name})
    if name and name == name.strip() and allowed.search(name):
        return Report(headline=f"{name}: allowed", data={"branch": name})
    words = [x for x in re.split(r"[^A-Za-z0-9.]+", name.rpartition("/")[2]) if x]
    rest = "-".join(words).strip(".").lower()[:_SHOWN] or "what-it-does"
    first = name.partition("/")[0].lower()
    kinds = {"bugfix": "fix", "hotfix": "fix", "feature": "feat"}
    own = () if first == "env" else (kinds.get(first, first),)  # those are pointers
    likely = (*own, "feat", "fix", "feature", "")
    names = (f"{kind}/{rest}" if kind else rest for kind in likely)
    better = next((each for each in names if allowed.search(each)), "")
    fix = f"Rename it (git branch -m NAME): it must match {pattern}"
    if better:
        fix = f"Rename it, such as: git branch -m {better}"
    raise RefusedError(f"the name of branch {name[:_SHOWN]!r} is not allowed", fix=fix)


def branch_pattern(rulesets: Sequence[Ruleset]) -> str:
    """Return the regular expression that names of branches must match, in full.

    Read from the first ``branch_name_pattern`` rule. Raises UsageError when there
    is none, or when it is not a plain ``regex``.
    """
    for ruleset in rulesets:
        rule = parameters_of(ruleset, "branch_name_pattern")
        if rule is None:
            continue
        pattern, plain = rule.get("pattern"), rule.get("operator") == "regex"
        if plain and not rule.get("negate") and isinstance(pattern, str):
            return pattern
        raise UsageError(
            f"the branch name rule of ruleset {ruleset.name!r} is no plain regex",
            fix='Write it with "operator": "regex" and without "negate".',
        )
    raise UsageError(
        "infra/rulesets.json has no branch_name_pattern rule",
        fix="Add one, or take the check of branch names out of the workflow.",
    )
