"""What is wrong with rulesets beside one another, and beside ``platform.toml``.

Each file is checked alone elsewhere; this is the check of both, without a token.
"""

from collections.abc import Iterator, Sequence

from monokeel.ground.settings import Settings
from monokeel.policy import re2
from monokeel.policy.refs import PREFIX, binds, is_wildcard
from monokeel.policy.rulesets import Ruleset, listed, parameters_of
from monokeel.policy.shape import Finding

_KEEPS = ("deletion", "non_fast_forward")
_MOVES = ("creation", "update", "deletion")
_DEFAULTS = {"main", "master", "trunk"}  # as the workflows name them
METHODS = {  # a way to merge, and the setting that allows it
    "squash": "allow_squash_merge",
    "merge": "allow_merge_commit",
    "rebase": "allow_rebase_merge",
}
# A branch as a merge queue makes it, deeper than one level (apache/texera#7123).
_QUEUE_BRANCH = "refs/heads/gh-readonly-queue/main/pr-1-" + "0" * 40


def disagreements(settings: Settings, rulesets: Sequence[Ruleset]) -> Iterator[Finding]:
    """Yield each ref of *settings* that no active ruleset guards, and the like.

    Where rulesets of the organization must be there (``[policy] parents``), they may
    guard what these do not: then it is a warning.
    """
    active = [each for each in rulesets if each.is_active]
    found = list[tuple[str, str, bool]]()
    for key, ref, rules, writer in _guards(settings):
        binding = [x for x in active if binds(x, ref, settings.default_branch)]
        found += ((key, *said) for said in _unguarded(ref, rules, writer, binding))
    for each in active:
        methods = list(map(str, listed(each, "pull_request", "allowed_merge_methods")))
        keys = [METHODS.get(method, "") for method in methods]
        if methods and all(settings.on_github.get(key) is False for key in keys):
            said = f"ruleset {each.name} allows {', '.join(methods)} alone, and"
            said += " [settings] switches it off: nobody could merge"
            found.append(("settings", said, False))
    for key, problem, warning in found:
        yield Finding(
            ruleset="infra/platform.toml",
            path=key,
            problem=f"and infra/rulesets.json do not agree: {problem}",
            warning=warning or bool(settings.policy.parents),
        )


def absent_branch(settings: Settings, refs: Sequence[str]) -> Iterator[Finding]:
    """Yield the default branch where *refs*, known of the remote, have another one."""
    heads = [each.removeprefix("refs/heads/") for each in refs]
    others = " and ".join(sorted(_DEFAULTS.intersection(heads)))
    if others and settings.default_branch not in heads:
        yield Finding(
            ruleset="infra/platform.toml",
            path="default_branch",
            problem=f"is {settings.default_branch}, and the remote has {others} alone:"
            " name that one (--answer default_branch=NAME of template.update)",
            warning=True,
        )


def _guards(settings: Settings) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Yield a key of platform.toml, a ref of it, and the rules that must bind that.

    Last is our write identity where it passes them; ``""`` where nobody should.
    """
    writer = f"Integration {settings.app_id}" if settings.app_id else "DeployKey"
    yield "default_branch", f"refs/heads/{settings.default_branch}", _KEEPS, ""
    for line in settings.lines:
        yield "lines", f"refs/heads/{line}", _KEEPS, ""
    for each in settings.environments:
        yield "environments", f"refs/heads/env/{each.name}", _MOVES, writer
    tag = settings.tag("1.0.0")
    claim, released = settings.claim(tag), f"refs/tags/{tag}"
    if claim.startswith(tuple(PREFIX.values())):
        yield "claim_ref", claim, _MOVES, writer
    yield "tag_prefix", released, ("creation",), writer
    yield "tag_prefix", released, ("update", "deletion"), ""


def _unguarded(
    ref: str, rules: Sequence[str], writer: str, binding: Sequence[Ruleset]
) -> Iterator[tuple[str, bool]]:
    """Yield each problem with the *rules* of *ref*, and whether it is a warning."""
    there = {kind for each in binding for kind in each.kinds}
    strict = {kind for each in binding if not each.passing for kind in each.kinds}
    passed = ", ".join(kind for kind in rules if kind not in strict)
    if missing := ", ".join(kind for kind in rules if kind not in there):
        yield f"{ref}: no active ruleset has {missing} for it", False
    elif passed and not writer:
        yield f"{ref}: somebody may pass {passed}", True
    name = ref.removeprefix("refs/heads/")
    for each in binding:
        held = next((kind for kind in rules if kind in each.kinds), "")
        may_pass = any(f"{x} ".startswith(f"{writer} ") for x in each.passing)
        if writer and held and not may_pass:
            said = f"{ref}: ruleset {each.name} lets no {writer} pass"
            yield f"{said}, and {held} needs it ([repository] writer)", False
        rule = parameters_of(each, "branch_name_pattern") or {}
        if rule.get("operator") == "regex" and not rule.get("negate"):
            allowed = re2.read(str(rule.get("pattern"))).python
            if allowed is not None and allowed.search(name) is None:
                yield f"{name}: branch_name_pattern of {each.name} refuses it", False


def lint_combinations(rulesets: Sequence[Ruleset], branch: str) -> Iterator[Finding]:
    """Yield rules that GitHub never takes together, or that let nothing through."""
    active = [each for each in rulesets if each.is_active]
    for queue in rulesets:
        if parameters_of(queue, "merge_queue") is None:
            continue
        if wide := [each for each in queue.refs("include") if is_wildcard(each)]:
            # 422 Wildcard ref names are not supported (SceneWorks/SceneWorks#2236).
            yield Finding(
                ruleset=queue.name,
                path="rules.merge_queue",
                problem=f"cannot stand with {', '.join(wide)}: a queue needs the exact"
                " names of its branches",
            )
        for each in active:
            frozen = [kind for kind in each.kinds if kind in ("creation", "update")]
            if frozen and binds(each, _QUEUE_BRANCH, branch):
                yield Finding(
                    ruleset=each.name,
                    path=f"rules.{frozen[0]}",
                    problem=f"freezes the merge queue of {queue.name}: exclude"
                    " refs/heads/gh-readonly-queue/**/*",
                    warning=True,
                )
    for linear in active:
        if "required_linear_history" in linear.kinds:
            yield from _unmergeable(linear, active, branch)


def _unmergeable(
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
