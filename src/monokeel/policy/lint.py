"""What is wrong with a policy file, found before any write.

Never part of drift: what GitHub has and what the file says are compared there, and a
file that is badly written still says what it says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from monokeel.ground.answers import Json
from monokeel.ground.errors import UsageError
from monokeel.ground.report import Report, Section
from monokeel.ground.settings import Settings
from monokeel.policy.actors import lint_actors
from monokeel.policy.agreement import disagreements
from monokeel.policy.checks import lint_checks
from monokeel.policy.combinations import lint_combinations
from monokeel.policy.refs import lint_refs
from monokeel.policy.rule_types import ENFORCEMENTS, READ_ONLY, TARGETS, WRITABLE
from monokeel.policy.rules import lint_rules
from monokeel.policy.rulesets import Ruleset, rules_of
from monokeel.policy.shape import Finding, unknown_name
from monokeel.policy.workflow_jobs import Job


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
        findings += lint_actors(ruleset)
        findings += lint_rules(ruleset)
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
