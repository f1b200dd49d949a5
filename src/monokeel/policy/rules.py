"""What is wrong with the rules of a ruleset, one by one."""

from collections.abc import Iterator, Mapping

from monokeel.ground.answers import Json
from monokeel.policy import re2
from monokeel.policy.rule_types import RULE_TYPES, TARGETS
from monokeel.policy.rulesets import Ruleset, rules_of
from monokeel.policy.shape import (
    MOST_PATHS,
    Finding,
    check_members,
    has_default,
    unknown_name,
)


def lint_rules(ruleset: Ruleset) -> Iterator[Finding]:
    """Yield what is wrong with the type and the parameters of each rule."""
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
