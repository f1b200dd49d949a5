"""What is wrong with a policy file, found before any write.

Never part of drift: what GitHub has and what the file says are compared there, and a
file that is badly written still says what it says.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from monokeel.ground.answers import Json
from monokeel.ground.errors import UsageError
from monokeel.ground.report import Report, Section
from monokeel.ground.settings import Settings
from monokeel.policy import re2, rule_types, shape
from monokeel.policy.agreement import disagreements, lint_combinations
from monokeel.policy.checks import WorkflowJob, lint_checks
from monokeel.policy.refs import lint_refs
from monokeel.policy.rule_types import RuleType
from monokeel.policy.rulesets import BYPASS, Ruleset, rules_of
from monokeel.policy.shape import Finding, unknown_name

_PULLS = "pull_request"
_NEED_ID = ("Integration", "Team", "User", "RepositoryRole")
# GitHub docs, "Available rules for rulesets": at most 200 entries of 200 characters.
_MOST_PATHS = 200


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
    findings = [
        replace(found, ruleset=each.name)
        for each in rulesets
        for part in (_top, lint_refs, _actors, _rules)
        for found in part(each)
    ]
    branch = settings.default_branch if settings else "main"
    findings += lint_combinations(rulesets, branch)
    if jobs is not None:
        external = settings.policy.external_checks if settings else ()
        lines = settings.lines if settings else ()
        findings += lint_checks(rulesets, jobs, external, (branch, *lines))
    if settings is not None:
        findings += disagreements(settings, rulesets)
    # A name that GitHub holds there is GitHub's, not a slip.
    held = {(each.name, key) for each in live for key in each.body}
    for each, rule in ((x, rule) for x in live for rule in rules_of(x.body)):
        where, parameters = f"rules.{rule.get('type')}", rule.get("parameters")
        members = parameters if isinstance(parameters, dict) else {}
        paths = (where, *(f"{where}.{x}" for x in members))
        held |= {(each.name, x) for x in (*paths, *(f"{where}.@{x}" for x in rule))}
    return [
        replace(x, warning=x.warning or (x.unknown and (x.ruleset, x.path) in held))
        for x in findings
    ]


def _top(ruleset: Ruleset) -> Iterator[Finding]:
    body = ruleset.body
    for key in body:
        if key in rule_types.READ_ONLY:
            yield Finding(path=key, problem="is GitHub's own (read-only): leave it out")
        elif key not in rule_types.WRITABLE:
            yield unknown_name(key, key, dict.fromkeys(rule_types.WRITABLE))
    enforcement = body.get("enforcement")
    for key, value, known in (
        ("target", body.get("target", "branch"), rule_types.TARGETS),
        ("enforcement", enforcement, rule_types.ENFORCEMENTS),
    ):
        if value not in known:
            shown = "is missing" if value is None else f"is {value!r}"
            yield Finding(path=key, problem=f"{shown}: write one of {', '.join(known)}")
    if "rules" not in body:
        yield Finding(path="rules", problem="is missing")
    yield from _weak(ruleset)


def _weak(ruleset: Ruleset) -> Iterator[Finding]:
    if ruleset.body.get("enforcement") == "evaluate":
        problem = "is evaluate: nothing is enforced, and only Enterprise plans have it"
        yield Finding(path="enforcement", problem=problem, warning=True)
    if ruleset.name != ruleset.name.strip():
        problem = f"is {ruleset.name!r}: leave out the blanks at its edges"
        yield Finding(path="name", problem=problem, unknown=True)


def _actors(ruleset: Ruleset) -> Iterator[Finding]:
    actors = ruleset.body.get(BYPASS, [])
    if not isinstance(actors, list):
        yield Finding(path=BYPASS, problem="is not a list; [] for nobody")
        return
    labels = [shape.actor_label(each) for each in actors]
    for twice in shape.repeated(labels):
        yield Finding(path=f"{BYPASS}{twice}", problem="is there twice")
    for label, actor in zip(labels, actors, strict=True):
        if isinstance(actor, dict):
            target = ruleset.body.get("target", "branch")
            yield from _actor(f"{BYPASS}{label}", actor, target)
        else:
            yield Finding(path=f"{BYPASS}{label}", problem="is not an object")


def _actor(where: str, actor: Mapping[str, Json], target: Json) -> Iterator[Finding]:
    kind, number = actor.get("actor_type"), actor.get("actor_id")
    mode = actor.get("bypass_mode", "always")
    given = {key: value for key, value in actor.items() if value is not None}
    known = rule_types.ACTOR.members
    for found in shape.check_members(where, given, known):
        if found.path.endswith(".actor_type") and "not one of" in found.problem:
            types = dict.fromkeys(known["actor_type"].allowed)
            yield unknown_name(found.path, str(kind), types)
        else:
            yield found
    by_key, has_id, pulls = kind == "DeployKey", number is not None, mode == _PULLS
    actions = (kind, number) == ("Integration", shape.GITHUB_ACTIONS)
    no_branch = target != "branch" and not by_key
    problems = {
        "needs an actor_id": kind in _NEED_ID and not has_id,
        "has an actor_id: deploy keys have none, write null": by_key and has_id,
        "is GitHub Actions: GitHub refuses it in a repository's ruleset": actions,
        "a deploy key cannot have bypass_mode pull_request": pulls and by_key,
        "bypass_mode pull_request is for branch rulesets only": pulls and no_branch,
    }
    yield from (Finding(path=where, problem=x) for x in problems if problems[x])
    if mode == "exempt":
        problem = "exempt leaves no audit entry: the rules are not even evaluated"
        yield Finding(path=where, problem=problem, warning=True)


def _rules(ruleset: Ruleset) -> Iterator[Finding]:
    target = ruleset.body.get("target", "branch")
    for rule in rules_of(ruleset.body):
        kind = str(rule.get("type"))
        where, known = f"rules.{kind}", rule_types.RULE_TYPES.get(kind)
        if known is None:
            yield unknown_name(where, kind, rule_types.RULE_TYPES)
            continue
        if target in rule_types.TARGETS and target not in known.targets:
            problem = f"is a rule for {' and '.join(known.targets)}, not for {target}"
            yield Finding(path=where, problem=problem)
        for key in rule:
            if key not in ("type", "parameters"):
                yield unknown_name(f"{where}.@{key}", key, {"parameters": 0})
        yield from _parameters(where, rule.get("parameters"), known)


def _parameters(where: str, parameters: Json, kind: RuleType) -> Iterator[Finding]:
    if not isinstance(parameters, dict):
        if parameters is not None:
            yield Finding(path=where, problem="has parameters that are no object")
        elif any(x.required and x.default is None for x in kind.parameters.values()):
            yield Finding(path=where, problem="has no parameters")
        return
    yield from shape.check_members(where, parameters, kind.parameters)
    for key, value in parameters.items():
        paths = value if isinstance(value, list) else []
        sizes = (len(paths), *(len(str(each)) for each in paths))
        if key.startswith("restricted_file_") and max(sizes) > _MOST_PATHS:
            problem = "has more than 200 entries, or one of over 200 characters"
            yield Finding(path=f"{where}.{key}", problem=problem)
    pattern = parameters.get("pattern")
    if parameters.get("operator") == "regex" and isinstance(pattern, str):
        read = re2.read(pattern)
        unsure = "has a class of Unicode: GitHub judges it, check.branch cannot"
        wrong = f"is no regular expression for GitHub: {read.problem}"
        if read.python is None:
            problem, warning = (wrong, False) if read.problem else (unsure, True)
            yield Finding(path=f"{where}.pattern", problem=problem, warning=warning)


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
    return Report(
        headline=f"infra/rulesets.json: {len(policy)} rulesets, "
        + (f"no error, {len(warnings)} to know" if warnings else "nothing wrong"),
        sections=(Section("To know", warnings),),
        data={"rulesets": len(policy), "warnings": list(warnings)},
    )
