"""The plan that brings GitHub to the policy file: a value, and its report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from monokeel.ground.report import Report, Section, Table
from monokeel.policy.body import exported, policy_text
from monokeel.policy.comparison import Comparison
from monokeel.policy.lint import lint, refuse_errors
from monokeel.policy.ports import Rulesets
from monokeel.policy.reading import Policy, Reading, read_rulesets
from monokeel.policy.refs import bound_refs
from monokeel.policy.verdict import OUTCOMES, Verdict, unverified_lines
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
    """The *reading*, the writes it leads to, and what to know of the file.

    *covers* is which branches and tags each ruleset binds; *side* is what GitHub is
    brought to: the file, or a version of its history.
    """

    reading: Reading
    actions: tuple[Action, ...]
    optional_rules: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
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
    bound = policy.desired if policy.refs else ()
    return Plan(
        reading=reading,
        actions=actions_of(reading, delete_unmanaged=policy.delete_unmanaged),
        optional_rules=policy.optional_rules,
        notes=tuple(_renamed(reading)),
        warnings=tuple(each.line for each in findings),
        covers=tuple((x.name, bound_refs(x, policy.refs, branch)) for x in bound),
    )


def actions_of(
    reading: Reading, *, delete_unmanaged: bool = False
) -> tuple[Action, ...]:
    """Return the writes: those of the file first, deletions last."""
    verbs: dict[str, Literal["create", "update", "delete"]] = {
        "missing": "create",
        "changed": "update",
    }
    if delete_unmanaged:
        verbs["unmanaged"] = "delete"
    actions = [
        Action(verb=verbs[each.state], comparison=each)
        for each in reading.comparisons
        if each.state in verbs and (each.can_be_written or each.desired is None)
    ]
    return tuple(sorted(actions, key=lambda each: each.verb == "delete"))


def _renamed(reading: Reading) -> Iterator[str]:
    """Warn of a renamed entry: GitHub sees a new ruleset and an orphan."""
    missing = ", ".join(x.name for x in reading.comparisons if x.state == "missing")
    orphans = ", ".join(x.name for x in reading.comparisons if x.state == "unmanaged")
    if missing and orphans:
        yield (
            "a renamed entry is a new ruleset plus an orphan:"
            f" new {missing}; unmanaged {orphans}"
            " (deleted only with --delete-unmanaged)"
        )


def plan_report(plan: Plan, allowed: Sequence[str] = ()) -> Report:
    """Return the report of *plan*; *allowed* names what may stay unverified."""
    reading, verdict = plan.reading, plan.reading.verdict(allowed)
    named = [each.name for each in plan.actions]
    covers = Table(("ruleset", "branches and tags"), plan.covers if named else ())
    return Report(
        headline=f"{reading.repository}: {_headline(plan, verdict)}",
        sections=(
            Section("Writes", tuple(map(_write_line, plan.actions))),
            *sections_of(reading.comparisons, named=named, side=plan.side),
            *_deletions(plan),
            Section("Binds today, of what this clone knows", table=covers),
            Section("Not verified", unverified_lines(reading.unverified, allowed)),
            Section("To know", plan.notes + plan.warnings),
            Section("Inherited, not touched", reading.inherited),
        ),
        data={
            "repository": reading.repository,
            "verdict": verdict,
            "covers": dict(plan.covers),
            "actions": [{"verb": a.verb, "name": a.name} for a in plan.actions],
            "rulesets": [comparison_json(each) for each in reading.comparisons],
            "unverified": [each.as_json(allowed) for each in reading.unverified],
            "warnings": list(plan.warnings),
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
            optional = f"but for optional rules: {writes} to write"
            return f"in sync{seen}, {optional if plan.actions else 'nothing to write'}"
        case "drift":
            odd = f"nothing to write, but GitHub is not as {plan.side} says"
            return f"{writes} to write" if plan.actions else odd
        case "unverifiable":
            return "not everything could be verified"


def _deletions(plan: Plan) -> Iterator[Section]:
    """Yield what is deleted in full: a ruleset that is gone has no history."""
    for action in plan.actions:
        if action.verb == "delete":
            text = policy_text([exported(action.comparison.live[0])])
            heading = f"Deleted with {action.name}, keep it if in doubt"
            yield Section(heading, tuple(text.splitlines()))


def _write_line(action: Action) -> str:
    adds = f", adds: {rules_line(action.comparison)}" if action.verb == "create" else ""
    return f"{action.verb} {action.name}{adds}"
