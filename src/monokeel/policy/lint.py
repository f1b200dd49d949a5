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
from monokeel.policy import re2
from monokeel.policy.agreement import disagreements
from monokeel.policy.checks import lint_checks
from monokeel.policy.combinations import lint_combinations
from monokeel.policy.refs import lint_refs
from monokeel.policy.rule_types import (
    ACTOR,
    ENFORCEMENTS,
    READ_ONLY,
    RULE_TYPES,
    TARGETS,
    WRITABLE,
)
from monokeel.policy.rulesets import BYPASS, Ruleset, rules_of
from monokeel.policy.shape import (
    GITHUB_ACTIONS,
    MOST_PATHS,
    Finding,
    actor_label,
    check_members,
    has_default,
    unknown_name,
)
from monokeel.policy.workflow_jobs import Job

_NEED_ID = ("Integration", "Team", "User", "RepositoryRole")


def lint(
    rulesets: Sequence[Ruleset],
    jobs: Sequence[Job] | None,
    live: Sequence[Ruleset] = (),
    settings: Settings | None = None,
) -> list[Finding]:
    """Return everything wrong with *rulesets*: one by one, then beside other things.

    *jobs* are the jobs of the repository's workflows, *settings* what platform.toml
    says; ``None`` leaves out the comparison with them. *live* is what GitHub has, where
    it was asked: a name that stands there is no slip.
    """
    findings: list[Finding] = []
    for ruleset in rulesets:
        findings += _top(ruleset)
        findings += lint_refs(ruleset)
        findings += _actors(ruleset)
        findings += _rules(ruleset)
    branch = settings.default_branch if settings else "main"
    findings += lint_combinations(rulesets, branch)
    if jobs is not None:
        external = settings.policy.external_checks if settings else ()
        findings += lint_checks(rulesets, jobs, external, branch)
    if settings is not None:
        findings += disagreements(settings, rulesets)
    return list(_held(findings, live))


def _held(findings: Sequence[Finding], live: Sequence[Ruleset]) -> Iterator[Finding]:
    """Yield *findings*; a name that GitHub holds there is GitHub's, not a slip."""
    held = {(each.name, name) for each in live for name in _names(each)}
    for each in findings:
        known = each.unknown and (each.ruleset, each.path) in held
        yield replace(each, warning=True) if known else each


def _names(ruleset: Ruleset) -> Iterator[str]:
    yield from ruleset.body
    for rule in rules_of(ruleset.body):
        yield f"rules.{rule.get('type')}"
        parameters = rule.get("parameters")
        if isinstance(parameters, dict):
            yield from (f"rules.{rule.get('type')}.{key}" for key in parameters)
        yield from (f"rules.{rule.get('type')}.@{key}" for key in rule)


def _top(ruleset: Ruleset) -> Iterator[Finding]:
    name, body = ruleset.name, ruleset.body
    for key in body:
        if key in READ_ONLY:
            problem = "is GitHub's own (read-only): leave it out"
            yield Finding(ruleset=name, path=key, problem=problem)
        elif key not in WRITABLE:
            yield unknown_name(name, key, key, dict.fromkeys(WRITABLE))
    yield from _one_of(name, "target", body.get("target", "branch"), TARGETS)
    yield from _one_of(name, "enforcement", body.get("enforcement"), ENFORCEMENTS)
    if body.get("enforcement") == "evaluate":
        problem = "is evaluate: nothing is enforced, and only Enterprise plans have it"
        yield Finding(ruleset=name, path="enforcement", problem=problem, warning=True)
    if "rules" not in body:
        yield Finding(ruleset=name, path="rules", problem="is missing")


def _one_of(
    ruleset: str, path: str, value: Json, known: Sequence[str]
) -> Iterator[Finding]:
    if value not in known:
        shown = "is missing" if value is None else f"is {value!r}"
        problem = f"{shown}: write one of {', '.join(known)}"
        yield Finding(ruleset=ruleset, path=path, problem=problem)


def _actors(ruleset: Ruleset) -> Iterator[Finding]:
    name, actors = ruleset.name, ruleset.body.get(BYPASS, [])
    if not isinstance(actors, list):
        yield Finding(ruleset=name, path=BYPASS, problem="is not a list; [] for nobody")
        return
    seen: set[str] = set()
    for actor in actors:
        label = actor_label(actor)
        where = f"{BYPASS}{label}"
        if not isinstance(actor, dict):
            yield Finding(ruleset=name, path=where, problem="is not an object")
            continue
        if label in seen:
            yield Finding(ruleset=name, path=where, problem="is there twice")
        seen.add(label)
        given = {key: value for key, value in actor.items() if value is not None}
        for found in check_members(name, where, given, ACTOR.members):
            yield _new_kind(found, str(actor.get("actor_type")))
        for problem, warning in _actor(
            actor, str(ruleset.body.get("target", "branch"))
        ):
            yield Finding(ruleset=name, path=where, problem=problem, warning=warning)


def _new_kind(found: Finding, kind: str) -> Finding:
    """Return *found*; a type of actor that is not known is sent, and GitHub decides."""
    if not found.path.endswith(".actor_type") or "not one of" not in found.problem:
        return found
    known = dict.fromkeys(ACTOR.members["actor_type"].allowed)
    return unknown_name(found.ruleset, found.path, kind, known)


def _actor(actor: Mapping[str, Json], target: str) -> Iterator[tuple[str, bool]]:
    """Yield each problem of one actor, and whether it is a warning only."""
    kind, number = actor.get("actor_type"), actor.get("actor_id")
    mode = actor.get("bypass_mode", "always")
    if kind in _NEED_ID and number is None:
        yield "needs an actor_id", False
    if kind == "DeployKey" and number is not None:
        yield "has an actor_id: deploy keys have none, write null", False
    if (kind, number) == ("Integration", GITHUB_ACTIONS):
        yield "is GitHub Actions: GitHub refuses it in a repository's ruleset", False
    if mode == "pull_request" and kind == "DeployKey":
        yield "a deploy key cannot have bypass_mode pull_request", False
    elif mode == "pull_request" and target != "branch":
        yield "bypass_mode pull_request is for branch rulesets only", False
    if mode == "exempt":
        yield "exempt leaves no audit entry: the rules are not even evaluated", True


def _rules(ruleset: Ruleset) -> Iterator[Finding]:
    name, target = ruleset.name, str(ruleset.body.get("target", "branch"))
    for rule in rules_of(ruleset.body):
        kind = str(rule.get("type"))
        where = f"rules.{kind}"
        known = RULE_TYPES.get(kind)
        if known is None:
            yield unknown_name(name, where, kind, RULE_TYPES)
            continue
        if target in TARGETS and target not in known.targets:
            problem = f"is a rule for {' and '.join(known.targets)}, not for {target}"
            yield Finding(ruleset=name, path=where, problem=problem)
        for key in rule:
            if key not in ("type", "parameters"):
                yield unknown_name(name, f"{where}.@{key}", key, {"parameters": 0})
        yield from _parameters(name, where, rule)
        yield from _limits(name, where, rule)


def _parameters(
    ruleset: str, where: str, rule: Mapping[str, Json]
) -> Iterator[Finding]:
    shapes = RULE_TYPES[str(rule["type"])].parameters
    parameters = rule.get("parameters")
    if parameters is None:
        if any(each.required and not has_default(each) for each in shapes.values()):
            yield Finding(ruleset=ruleset, path=where, problem="has no parameters")
    elif not isinstance(parameters, dict):
        problem = "has parameters that are no object"
        yield Finding(ruleset=ruleset, path=where, problem=problem)
    else:
        yield from check_members(ruleset, where, parameters, shapes)
        if parameters.get("operator") == "regex":
            yield from _pattern(ruleset, f"{where}.pattern", parameters.get("pattern"))


def _pattern(ruleset: str, path: str, pattern: Json) -> Iterator[Finding]:
    if not isinstance(pattern, str):
        return
    expression = re2.read(pattern)
    if expression.problem:
        shown = f"is no regular expression for GitHub: {expression.problem}"
        yield Finding(ruleset=ruleset, path=path, problem=shown)
    elif expression.python is None:
        problem = "has a class of Unicode: GitHub judges it, check.branch cannot"
        yield Finding(ruleset=ruleset, path=path, problem=problem, warning=True)


def _limits(ruleset: str, where: str, rule: Mapping[str, Json]) -> Iterator[Finding]:
    parameters = rule.get("parameters")
    for key, value in (parameters if isinstance(parameters, dict) else {}).items():
        if not key.startswith("restricted_file_") or not isinstance(value, list):
            continue
        if len(value) > MOST_PATHS or any(len(str(x)) > MOST_PATHS for x in value):
            problem = "has more than 200 entries, or one of over 200 characters"
            yield Finding(ruleset=ruleset, path=f"{where}.{key}", problem=problem)


def refuse_errors(findings: Sequence[Finding]) -> None:
    """Raise UsageError that names every error among *findings*, if there is one."""
    errors = [each for each in findings if not each.warning]
    if errors:
        listed = "; ".join(each.line for each in errors)
        raise UsageError(
            f"infra/rulesets.json is wrong in {len(errors)} places: {listed}"
            if len(errors) > 1
            else f"infra/rulesets.json is wrong: {listed}",
            fix="Correct the file that is named. Nothing was written.",
        )


def lint_report(policy: Sequence[Ruleset], findings: Sequence[Finding]) -> Report:
    """Return the report of a file in which nothing is wrong but *findings*."""
    warnings = tuple(each.line for each in findings)
    return Report(
        headline=f"infra/rulesets.json: {len(policy)} rulesets, "
        + (f"no error, {len(warnings)} to know" if warnings else "nothing wrong"),
        sections=(Section("To know", warnings),),
        data={"rulesets": len(policy), "warnings": list(warnings)},
    )
