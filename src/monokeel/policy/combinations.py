"""Rules that GitHub never takes together, or that together let nothing through."""

from collections.abc import Iterator, Sequence

from monokeel.policy.refs import binds, is_wildcard, patterns_of
from monokeel.policy.rulesets import Ruleset, parameters_of, rules_of
from monokeel.policy.shape import Finding

# A branch as a merge queue makes it, deeper than one level (apache/texera#7123).
_QUEUE_BRANCH = "refs/heads/gh-readonly-queue/main/pr-1-" + "0" * 40
_FREEZES = ("creation", "update")


def lint_combinations(
    rulesets: Sequence[Ruleset], default_branch: str
) -> Iterator[Finding]:
    """Yield what is wrong with rules beside one another."""
    active = [each for each in rulesets if each.body.get("enforcement") == "active"]
    for ruleset in rulesets:
        queue = parameters_of(ruleset, "merge_queue")
        if queue is None:
            continue
        wide = [each for each in patterns_of(ruleset)[0] if is_wildcard(each)]
        if wide:
            # 422 Wildcard ref names are not supported (SceneWorks/SceneWorks#2236).
            yield Finding(
                ruleset=ruleset.name,
                path="rules.merge_queue",
                problem=f"cannot stand with {', '.join(wide)}: a queue needs the exact"
                " names of its branches",
            )
        yield from _frozen_queues(ruleset, active, default_branch)
    for ruleset in active:
        yield from _linear(ruleset, active, default_branch)


def _frozen_queues(
    queue: Ruleset, active: Sequence[Ruleset], default_branch: str
) -> Iterator[Finding]:
    for each in active:
        kinds = [str(rule.get("type")) for rule in rules_of(each.body)]
        frozen = [kind for kind in kinds if kind in _FREEZES]
        if frozen and binds(each, _QUEUE_BRANCH, default_branch):
            yield Finding(
                ruleset=each.name,
                path=f"rules.{frozen[0]}",
                problem=f"freezes the merge queue of {queue.name}: exclude"
                " refs/heads/gh-readonly-queue/**/*",
                warning=True,
            )


def _linear(
    linear: Ruleset, active: Sequence[Ruleset], default_branch: str
) -> Iterator[Finding]:
    """Yield the ways to merge that a linear history on the same branch refuses."""
    if "required_linear_history" not in {r.get("type") for r in rules_of(linear.body)}:
        return
    for each in active:
        shared = [x for x in patterns_of(each)[0] if _shares(x, linear, default_branch)]
        if not shared:
            continue
        queue = parameters_of(each, "merge_queue") or {}
        if queue.get("merge_method") == "MERGE":
            yield Finding(
                ruleset=each.name,
                path="rules.merge_queue.merge_method",
                problem=f"is MERGE, and {linear.name} requires a linear history:"
                " nothing could ever merge",
            )
        methods = (parameters_of(each, "pull_request") or {}).get(
            "allowed_merge_methods"
        )
        if isinstance(methods, list) and "merge" in methods:
            yield Finding(
                ruleset=each.name,
                path="rules.pull_request.allowed_merge_methods",
                problem=f"has merge, and {linear.name} requires a linear history:"
                " a merge commit is always refused",
                warning=methods != ["merge"],
            )


def _shares(pattern: str, linear: Ruleset, default_branch: str) -> bool:
    ref = f"refs/heads/{default_branch}" if pattern == "~DEFAULT_BRANCH" else pattern
    return pattern in patterns_of(linear)[0] or (
        not is_wildcard(ref) and binds(linear, ref, default_branch)
    )
