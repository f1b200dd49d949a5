"""Rules that GitHub never takes together, or that together let nothing through."""

from collections.abc import Iterator, Sequence

from monokeel.policy.refs import binds, is_wildcard
from monokeel.policy.rulesets import Ruleset, listed, parameters_of
from monokeel.policy.shape import Finding

# A branch as a merge queue makes it, deeper than one level (apache/texera#7123).
_QUEUE_BRANCH = "refs/heads/gh-readonly-queue/main/pr-1-" + "0" * 40
_FREEZES = ("creation", "update")


def lint_combinations(
    rulesets: Sequence[Ruleset], default_branch: str
) -> Iterator[Finding]:
    """Yield what is wrong with rules beside one another."""
    active = [each for each in rulesets if each.is_active]
    for queue in rulesets:
        if parameters_of(queue, "merge_queue") is None:
            continue
        wide = [each for each in queue.refs("include") if is_wildcard(each)]
        if wide:
            # 422 Wildcard ref names are not supported (SceneWorks/SceneWorks#2236).
            yield Finding(
                ruleset=queue.name,
                path="rules.merge_queue",
                problem=f"cannot stand with {', '.join(wide)}: a queue needs the exact"
                " names of its branches",
            )
        for each in active:
            frozen = [kind for kind in each.kinds if kind in _FREEZES]
            if frozen and binds(each, _QUEUE_BRANCH, default_branch):
                yield Finding(
                    ruleset=each.name,
                    path=f"rules.{frozen[0]}",
                    problem=f"freezes the merge queue of {queue.name}: exclude"
                    " refs/heads/gh-readonly-queue/**/*",
                    warning=True,
                )
    for linear in active:
        if "required_linear_history" in linear.kinds:
            yield from _linear(linear, active, default_branch)


def _linear(
    linear: Ruleset, active: Sequence[Ruleset], default_branch: str
) -> Iterator[Finding]:
    """Yield the ways to merge that a linear history on the same branch refuses."""

    def shared(pattern: str) -> bool:
        default = pattern == "~DEFAULT_BRANCH"
        ref = f"refs/heads/{default_branch}" if default else pattern
        return pattern in linear.refs("include") or (
            not is_wildcard(ref) and binds(linear, ref, default_branch)
        )

    for each in active:
        if not any(map(shared, each.refs("include"))):
            continue
        queue = parameters_of(each, "merge_queue") or {}
        methods = listed(each, "pull_request", "allowed_merge_methods")
        if queue.get("merge_method") == "MERGE":
            yield Finding(
                ruleset=each.name,
                path="rules.merge_queue.merge_method",
                problem=f"is MERGE, and {linear.name} requires a linear history:"
                " nothing could ever merge",
            )
        if "merge" in methods:
            yield Finding(
                ruleset=each.name,
                path="rules.pull_request.allowed_merge_methods",
                problem=f"has merge, and {linear.name} requires a linear history:"
                " a merge commit is always refused",
                warning=methods != ["merge"],
            )
