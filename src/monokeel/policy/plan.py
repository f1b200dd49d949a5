"""The plan that brings GitHub to the policy file: a value, and its report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from monokeel.ground.report import Report, Section, Table
from monokeel.policy.comparison import Comparison
from monokeel.policy.export import entry_text
from monokeel.policy.lint import lint, refuse_errors
from monokeel.policy.ports import Rulesets
from monokeel.policy.reading import Policy, Reading, read_rulesets
from monokeel.policy.refs import bound_refs
from monokeel.policy.shape import Finding
from monokeel.policy.verdict import OUTCOMES, Verdict, judge, unverified_lines
from monokeel.policy.wording import comparison_json, rules_line, sections_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One write: what to do with the ruleset of *comparison*."""

    verb: Literal["create", "update", "delete"]
    comparison: Comparison

    @property
    def name(self) -> str:
        """The name of the ruleset."""
        return self.comparison.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The *reading*, the writes it leads to, and what is wrong with the file.

    *side* is what GitHub is brought to: the file, or a version of its history.
    """

    reading: Reading
    actions: tuple[Action, ...]
    optional_rules: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    covers: tuple[tuple[str, str], ...] = ()
    side: str = "the file"


def make_plan(policy: Policy, rulesets: Rulesets) -> Plan:
    """Return the plan that brings GitHub to *policy*; changes nothing.

    Raises UsageError with everything that is wrong in the file of what would be
    written, and ServiceError when GitHub cannot be read.
    """
    reading = read_rulesets(
        policy.desired, rulesets, policy.optional_rules, policy.unmanaged
    )
    findings = lint(policy.desired, policy.jobs, reading.own, policy.settings)
    refuse_errors(findings)
    branch = policy.settings.default_branch if policy.settings else "main"
    return Plan(
        reading=reading,
        actions=actions_of(
            reading.comparisons, delete_unmanaged=policy.delete_unmanaged
        ),
        optional_rules=policy.optional_rules,
        findings=tuple(findings),
        notes=_renamed(reading.comparisons),
        covers=tuple(
            (each.name, bound_refs(each, policy.refs, branch))
            for each in (policy.desired if policy.refs else ())
        ),
    )


def actions_of(
    comparisons: Sequence[Comparison], *, delete_unmanaged: bool
) -> tuple[Action, ...]:
    """Return the writes: those of the file first, deletions last."""
    actions = []
    for each in comparisons:
        if each.state == "missing":
            actions.append(Action(verb="create", comparison=each))
        elif each.state == "changed" and any(
            difference.can_be_written for difference in each.differences
        ):
            actions.append(Action(verb="update", comparison=each))
    if delete_unmanaged:
        actions += [
            Action(verb="delete", comparison=each)
            for each in comparisons
            if each.state == "unmanaged"
        ]
    return tuple(actions)


def _renamed(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """Warn of a renamed entry: GitHub sees a new ruleset and an orphan."""
    missing = [each.name for each in comparisons if each.state == "missing"]
    orphans = [each.name for each in comparisons if each.state == "unmanaged"]
    if not missing or not orphans:
        return ()
    note = (
        "a renamed entry is a new ruleset plus an orphan:"
        f" new {', '.join(missing)}; unmanaged {', '.join(orphans)}"
        " (deleted only with --delete-unmanaged)"
    )
    return (note,)


def plan_verdict(plan: Plan, allowed: Sequence[str] = ()) -> Verdict:
    """Return ``drift`` when there is something to write or to look at by hand."""
    return judge(
        drifts=any(each.drifts for each in plan.reading.comparisons),
        unverified=plan.reading.unverified,
        allowed=allowed,
    )


def plan_report(plan: Plan, allowed: Sequence[str] = ()) -> Report:
    """Return the report of *plan*; *allowed* names what may stay unverified."""
    verdict = plan_verdict(plan, allowed)
    reading = plan.reading
    named = [each.name for each in plan.actions]
    warnings = tuple(each.line for each in plan.findings)
    return Report(
        headline=f"{reading.repository}: {_headline(plan, verdict)}",
        sections=(
            Section("Writes", tuple(map(_write_line, plan.actions))),
            *sections_of(reading.comparisons, {}, named=named, side=plan.side),
            *_deletions(plan),
            Section(
                "Binds today, of what this clone knows",
                table=Table(("ruleset", "branches and tags"), plan.covers),
            )
            if plan.actions
            else Section(""),
            Section("Not verified", unverified_lines(reading.unverified, allowed)),
            Section("To know", plan.notes + warnings),
            Section("Inherited, not touched", reading.inherited),
        ),
        data={
            "repository": reading.repository,
            "verdict": verdict,
            "covers": dict(plan.covers),
            "actions": [{"verb": a.verb, "name": a.name} for a in plan.actions],
            "rulesets": [comparison_json(each) for each in reading.comparisons],
            "unverified": [each.as_json(allowed) for each in reading.unverified],
            "warnings": list(warnings),
            "inherited": list(reading.inherited),
        },
        outcome=OUTCOMES[verdict],
    )


def rulesets_in(count: int) -> str:
    """Return how many rulesets: ``1 ruleset``, ``2 rulesets``."""
    return "1 ruleset" if count == 1 else f"{count} rulesets"


def _headline(plan: Plan, verdict: Verdict) -> str:
    writes = rulesets_in(len(plan.actions))
    match verdict:
        case "in_sync" | "in_sync_as_seen":
            seen = " as far as seen" if verdict == "in_sync_as_seen" else ""
            if plan.actions:
                return f"in sync{seen}, but for optional rules: {writes} to write"
            return f"in sync{seen}, nothing to write"
        case "drift" if plan.actions:
            return f"{writes} to write"
        case "drift":
            return f"nothing to write, but GitHub is not as {plan.side} says"
        case "unverifiable":
            return "not everything could be verified"


def _deletions(plan: Plan) -> Iterator[Section]:
    """Yield what is deleted in full: a ruleset that is gone has no history."""
    for action in plan.actions:
        if action.verb == "delete":
            text = entry_text(action.comparison.live[0])
            lines = tuple(text.splitlines())
            yield Section(f"Deleted with {action.name}, keep it if in doubt", lines)


def _write_line(action: Action) -> str:
    line = f"{action.verb} {action.name}"
    if action.verb == "create":
        return f"{line}, adds: {rules_line(action.comparison)}"
    return line
