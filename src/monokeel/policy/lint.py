"""What is wrong with a policy file: alone, beside ``platform.toml``, and within itself.

Found before any write, without a token. Never part of drift: what GitHub has and what
the file says are compared there, and a file that is badly written still says it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from monokeel.ground.answers import as_object
from monokeel.ground.errors import UsageError
from monokeel.ground.report import Report, Section
from monokeel.ground.settings import Settings
from monokeel.policy import re2, rule_types
from monokeel.policy.checks import WorkflowJob, lint_checks
from monokeel.policy.refs import PREFIX, binds, is_wildcard, lint_refs
from monokeel.policy.rule_types import Finding
from monokeel.policy.rulesets import BYPASS, Ruleset, objects_in, shaped

_PULLS = "pull_request"
_DEPLOYED = "required_deployments"
_NEED_ID = ("Integration", "Team", "User", "RepositoryRole")
# GitHub docs, "Available rules for rulesets": at most 200 entries of 200 characters.
_MOST_PATHS = 200
_TOML = "infra/platform.toml"
_Guard = tuple[str, Sequence[str], tuple[str, ...], str]
_KEEPS = ("deletion", "non_fast_forward")
_MOVES = ("creation", "update", "deletion")
_DEFAULTS = {"main", "master", "trunk"}  # as the workflows name them
METHODS = {  # a way to merge, and the setting that allows it
    "squash": "allow_squash_merge",
    "merge": "allow_merge_commit",
    "rebase": "allow_rebase_merge",
}
_VERSIONS = ("1.0.0", *(f"{x}.0.0" for x in range(10)), "10.20.30", "1.0.0-rc.1")
# A branch as a merge queue makes it, deeper than one level (apache/texera#7123).
_QUEUE_BRANCH = "refs/heads/gh-readonly-queue/main/pr-1-" + "0" * 40


def lint(
    rulesets: Sequence[Ruleset],
    jobs: Sequence[WorkflowJob] | None,
    live: Sequence[Ruleset] = (),
    settings: Settings | None = None,
) -> list[Finding]:
    """Return everything wrong with *rulesets*: one by one, then beside other things.

    *jobs* are the jobs of the repository's workflows, *settings* what platform.toml
    says; ``None`` leaves out the comparison with them. *live* is what GitHub has, where
    it was asked: a name that stands there is no slip.
    """
    parts = (_shape, lint_refs, _actors, _rules)
    found = ((each.name, x) for each in rulesets for part in parts for x in part(each))
    findings = [replace(x, ruleset=name) for name, x in found]
    branch = settings.default_branch if settings else "main"
    findings += _combinations(rulesets, branch)
    if jobs is not None:
        external = settings.policy.external_checks if settings else ()
        branches = (branch, *(settings.lines if settings else ()))
        findings += lint_checks(rulesets, jobs, external, branches)
    if settings is not None:
        findings += disagreements(settings, rulesets)
    # A name that GitHub holds there is GitHub's, not a slip.
    held = {(each.name, key) for each in live for key in each.body}
    for each, rules in ((x, as_object(x.tree["rules"])) for x in live):
        for kind, rule in rules.items():
            members = rule if isinstance(rule, dict) else ()
            held |= {(each.name, f"rules.{kind}.{x}") for x in members}
            held.add((each.name, f"rules.{kind}"))
    return [
        replace(x, warning=x.warning or (x.unknown and (x.ruleset, x.path) in held))
        for x in findings
    ]


def _shape(ruleset: Ruleset) -> Iterator[Finding]:
    for key in sorted(ruleset.body.keys() & rule_types.READ_ONLY):
        yield Finding(key, "is GitHub's own (read-only): leave it out")
    members = rule_types.RULESET.members
    yield from rule_types.check_members("", shaped(ruleset.body), members)
    if ruleset.body.get("enforcement") == "evaluate":
        problem = "is evaluate: nothing is enforced, and only Enterprise plans have it"
        yield Finding("enforcement", problem, warning=True)
    if ruleset.name != ruleset.name.strip():
        problem = f"is {ruleset.name!r}: leave out the blanks at its edges"
        yield Finding("name", problem, unknown=True)


def _actors(ruleset: Ruleset) -> Iterator[Finding]:
    target = ruleset.body.get("target", "branch")
    for actor in objects_in(ruleset.body.get(BYPASS)):
        where = f"{BYPASS}{rule_types.RULESET.members[BYPASS].label(actor)}"
        kind, number = actor.get("actor_type"), actor.get("actor_id")
        mode, has_id = actor.get("bypass_mode"), number is not None
        by_key = kind == "DeployKey"
        actions = (kind, number) == ("Integration", rule_types.GITHUB_ACTIONS)
        pulls, no_branch = mode == _PULLS, target != "branch" and not by_key
        problems = {
            "needs an actor_id": kind in _NEED_ID and not has_id,
            "has an actor_id: deploy keys have none, write null": by_key and has_id,
            "is GitHub Actions: GitHub refuses it in a repository's ruleset": actions,
            "a deploy key cannot have bypass_mode pull_request": pulls and by_key,
            "bypass_mode pull_request is for branch rulesets only": pulls and no_branch,
        }
        yield from (Finding(where, x) for x in problems if problems[x])
        if mode == "exempt":
            problem = "exempt leaves no audit entry: the rules are not even evaluated"
            yield Finding(where, problem, warning=True)


def _rules(ruleset: Ruleset) -> Iterator[Finding]:
    target = ruleset.body.get("target", "branch")
    for kind in (x for x in ruleset.kinds if x in rule_types.RULE_TYPES):
        where, targets = f"rules.{kind}", rule_types.RULE_TYPES[kind].targets
        if target in rule_types.TARGETS and target not in targets:
            those = " and ".join(targets)
            yield Finding(where, f"is a rule for {those}, not for {target}")
        parameters = ruleset.rule(kind) or {}
        for key in (x for x in parameters if x.startswith("restricted_file_")):
            paths = ruleset.listed(kind, key)
            if max(len(paths), *(len(str(x)) for x in paths), 0) > _MOST_PATHS:
                problem = "has more than 200 entries, or one of over 200 characters"
                yield Finding(f"{where}.{key}", problem)
        pattern = parameters.get("pattern")
        if parameters.get("operator") == "regex" and isinstance(pattern, str):
            read = re2.read(pattern)
            said = "has a class of Unicode: GitHub judges it, check.branch cannot"
            if read.problem:
                said = f"is no regular expression for GitHub: {read.problem}"
            if read.python is None:
                yield Finding(f"{where}.pattern", said, warning=not read.problem)


def refuse_errors(findings: Sequence[Finding]) -> None:
    """Raise UsageError that names every error among *findings*, if there is one."""
    if errors := [each.line for each in findings if not each.warning]:
        places = f" in {len(errors)} places" if len(errors) > 1 else ""
        problem = f"infra/rulesets.json is wrong{places}: {'; '.join(errors)}"
        fix = "Correct the file that is named. Nothing was written."
        raise UsageError(problem, fix=fix)


def lint_report(policy: Sequence[Ruleset], findings: Sequence[Finding]) -> Report:
    """Return the report of a file in which nothing is wrong but *findings*."""
    warnings = tuple(each.line for each in findings)
    said = f"no error, {len(warnings)} to know" if warnings else "nothing wrong"
    return Report(
        headline=f"infra/rulesets.json: {len(policy)} rulesets, {said}",
        sections=(Section("To know", warnings),),
        data={"rulesets": len(policy), "warnings": list(warnings)},
    )


def disagreements(settings: Settings, rulesets: Sequence[Ruleset]) -> Iterator[Finding]:
    """Yield each ref of *settings* that no active ruleset guards, and the like.

    A warning where the organization's rulesets (``[policy] parents``) may guard it.
    """
    active = [each for each in rulesets if each.is_active]
    found = list[tuple[str, str, bool]]()

    def binding(ref: str) -> list[Ruleset]:
        return [x for x in active if binds(x, ref, settings.default_branch)]

    for key, names, rules, writer in _guards(settings):
        told = dict[str, tuple[str, str, bool]]()  # once, of the first ref
        for ref in names:
            for said, warning in _unguarded(ref, rules, writer, binding(ref)):
                told.setdefault(said.partition(": ")[2], (key, said, warning))
        found += told.values()
    for ref in (f"refs/heads/{x}" for x in (settings.default_branch, *settings.lines)):
        for said, warning in _locked(settings, binding(ref)):
            found.append(("settings", f"{ref}: {said}: nobody could merge", warning))
    for key, said, warning in found:
        problem = f"and infra/rulesets.json do not agree: {said}"
        weak = warning or bool(settings.policy.parents)
        yield Finding(key, problem, ruleset=_TOML, warning=weak)


def _locked(
    settings: Settings, binding: Sequence[Ruleset]
) -> Iterator[tuple[str, bool]]:
    """Yield why nobody could merge into a branch that *binding* bind.

    A warning where somebody may well mean it: a branch that is frozen.
    """
    off = [x for x, key in METHODS.items() if settings.on_github.get(key) is False]
    ways, said = {*METHODS} - {*off}, [f"[settings] switches {', '.join(off)} off"]
    for each in binding:
        if "update" in each.kinds and not each.passing:
            yield f"update of ruleset {each.name} lets nobody pass", True
        deployed = each.listed(_DEPLOYED, "required_deployment_environments")
        ours = sorted(x.name for x in settings.environments if x.name in deployed)
        if ours:
            waits = f"ruleset {each.name} waits for {', '.join(ours)}"
            yield f"{waits}, and only what was merged goes there", True
        if methods := [*map(str, each.listed(_PULLS, "allowed_merge_methods"))]:
            ways &= {*methods}
            said.append(f"ruleset {each.name} allows {', '.join(methods)} alone")
    if not ways:
        yield ", ".join(said if off else said[1:]), False


def absent_branch(settings: Settings, refs: Sequence[str]) -> Iterator[Finding]:
    """Yield what *refs*, known of the remote, lack: the default branch, a line."""
    heads = [x.removeprefix("refs/heads/") for x in refs if x.startswith("refs/heads/")]
    others = " and ".join(sorted(_DEFAULTS.intersection(heads)))
    if others and settings.default_branch not in heads:
        said = f"is {settings.default_branch}, and the remote has {others} alone: name"
        said += " that one (--answer default_branch=NAME of template.update)"
        yield Finding("default_branch", said, ruleset=_TOML, warning=True)
    for line in settings.lines:
        if len(heads) > 1 and line not in heads:  # else one was fetched alone
            said = f"has {line}, and {line} is not on the remote: push it now, or take"
            said += " it out; else anybody who may write begins it, where he likes"
            yield Finding("lines", said, ruleset=_TOML, warning=True)


def _guards(settings: Settings) -> Iterator[_Guard]:
    """Yield a key of platform.toml, its refs, and the rules that must bind those.

    Last is our write identity where it passes them; ``""`` where nobody should. Of tags
    the refs are samples: a pattern may fit some versions alone.
    """
    writer = f"Integration {settings.app_id}" if settings.app_id else "DeployKey"
    yield "default_branch", [f"refs/heads/{settings.default_branch}"], _KEEPS, ""
    yield from (("lines", [f"refs/heads/{x}"], _KEEPS, "") for x in settings.lines)
    for each in settings.environments:
        yield "environments", [f"refs/heads/env/{each.name}"], _MOVES, writer
    tags = [*map(settings.tag, _VERSIONS)]
    claims, released = [*map(settings.claim, tags)], [f"refs/tags/{x}" for x in tags]
    if claims[0].startswith(tuple(PREFIX.values())):
        yield "claim_ref", claims, _MOVES, writer
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
        rule = each.rule("branch_name_pattern") or {}
        if rule.get("operator") == "regex" and not rule.get("negate"):
            allowed = re2.read(str(rule.get("pattern"))).python
            if allowed is not None and allowed.search(name) is None:
                yield f"{name}: branch_name_pattern of {each.name} refuses it", False


def _combinations(rulesets: Sequence[Ruleset], branch: str) -> Iterator[Finding]:
    """Yield rules that GitHub never takes together, or that let nothing through."""
    active = [each for each in rulesets if each.is_active]
    for queue in (each for each in rulesets if "merge_queue" in each.kinds):
        if wide := ", ".join(filter(is_wildcard, queue.refs("include"))):
            # 422 Wildcard ref names are not supported (SceneWorks/SceneWorks#2236).
            said = f"cannot stand with {wide}: a queue needs the exact names of its"
            yield Finding("rules.merge_queue", f"{said} branches", ruleset=queue.name)
        for each in active:
            frozen = [kind for kind in each.kinds if kind in ("creation", "update")]
            if frozen and binds(each, _QUEUE_BRANCH, branch):
                said = f"freezes the merge queue of {queue.name}: exclude"
                said += " refs/heads/gh-readonly-queue/**/*"
                path = f"rules.{frozen[0]}"
                yield Finding(path, said, ruleset=each.name, warning=True)
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
        bound = not is_wildcard(ref) and binds(linear, ref, default_branch)
        return bound or pattern in linear.refs("include")

    refuses = f"and {linear.name} requires a linear history:"
    for each in (x for x in active if any(map(shared, x.refs("include")))):
        queue = each.rule("merge_queue") or {}
        methods = each.listed("pull_request", "allowed_merge_methods")
        if queue.get("merge_method") == "MERGE":
            said = f"is MERGE, {refuses} nothing could ever merge"
            yield Finding("rules.merge_queue.merge_method", said, ruleset=each.name)
        if "merge" in methods:
            path = "rules.pull_request.allowed_merge_methods"
            said = f"has merge, {refuses} a merge commit is always refused"
            yield Finding(path, said, ruleset=each.name, warning=methods != ["merge"])
