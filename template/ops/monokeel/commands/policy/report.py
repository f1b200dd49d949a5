"""A plan and what became of it, as a report."""

from collections.abc import Sequence

from monokeel.commands.policy.apply import Applied
from monokeel.commands.policy.plan import Plan, Policy
from monokeel.core.lookup import Json
from monokeel.core.policy import Verdict, comparison_json, judge
from monokeel.core.report import Report, Section
from monokeel.core.ruleset_diff import Comparison
from monokeel.core.ruleset_lint import lint
from monokeel.core.ruleset_report import finding_line, problem_lines, sections_of
from monokeel.core.ruleset_schema import Finding


def plan_verdict(plan: Plan, allowed: Sequence[str] = ()) -> Verdict:
    """Return ``drift`` when there is something to write or to look at by hand."""
    return judge(
        drifts=any(each.drifts for each in plan.comparisons),
        unverified=plan.unverified,
        allowed=allowed,
    )


def plan_report(plan: Plan, allowed: Sequence[str] = ()) -> Report:
    """Return the report of *plan*; *allowed* names what may stay unverified."""
    verdict = plan_verdict(plan, allowed)
    writes = tuple(f"{each.verb} {each.name}" for each in plan.actions)
    sections = [
        Section("Writes", writes or ("none",)),
        *sections_of(plan.comparisons, {}),
    ]
    warnings = tuple(finding_line(each) for each in plan.findings)
    sections += [
        Section(heading, lines)
        for heading, lines in (
            ("To know", plan.notes + warnings),
            ("Inherited, not touched", plan.inherited),
        )
        if lines
    ]
    actions: list[Json] = [
        {"verb": each.verb, "name": each.name} for each in plan.actions
    ]
    headline = {
        "in_sync": "policy: in sync, but for optional rules"
        if plan.actions
        else "policy: in sync, nothing to write",
        "drift": f"policy: {len(plan.actions)} to write",
        "unverifiable": "policy: not everything could be verified",
    }[verdict]
    return Report(
        headline=headline,
        sections=tuple(sections),
        data={
            "verdict": verdict,
            "actions": actions,
            "rulesets": _json(plan.comparisons),
            "unverified": [each.as_json(allowed) for each in plan.unverified],
            "warnings": list(warnings),
            "inherited": list(plan.inherited),
        },
    )


def lint_report(policy: Policy) -> tuple[Report, list[Finding]]:
    """Return what is wrong in the file as a report, and the part that is an error.

    Nobody asked GitHub, so a name that is not known is an error only where it looks
    like a slip: GitHub may know more than the table of rules.
    """
    findings = lint(policy.desired, policy.jobs)
    errors = [
        each
        for each in findings
        if not each.warning
        and not (each.unknown and "did you mean" not in each.problem)
    ]
    warnings = tuple(finding_line(each) for each in findings if each not in errors)
    report = Report(
        headline=f"infra/rulesets.json: {len(policy.desired)} rulesets, nothing wrong",
        sections=(Section("To know", warnings),) if warnings else (),
        data={"rulesets": len(policy.desired), "warnings": list(warnings)},
    )
    return report, errors


def applied_report(applied: Applied) -> Report:
    """Return the report of what was written, and of what still differs."""
    left = problem_lines(applied.comparisons, {})
    sections = [Section("Written", applied.done or ("nothing: 0 writes",))]
    if applied.gaps:
        sections.append(Section("Gaps (declared optional)", applied.gaps))
    if left:
        sections.append(Section("Still different", left))
    return Report(
        headline=f"policy: {len(applied.done)} written"
        + (f", {len(left)} left to look at" if left else ""),
        sections=tuple(sections),
        data={
            "verdict": "drift" if left else "in_sync",
            "written": list(applied.done),
            "gaps": list(applied.gaps),
            "rulesets": _json(applied.comparisons),
        },
        problems=left,
    )


def _json(comparisons: Sequence[Comparison]) -> list[Json]:
    return [comparison_json(each, None) for each in comparisons]
