"""The plan that brings GitHub to the policy file: a value, and its report."""

from collections.abc import Sequence
from dataclasses import dataclass

from monokeel.ground.report import Report, Section, Table
from monokeel.policy.comparison import Comparison
from monokeel.policy.lint import lint, refuse_errors
from monokeel.policy.ports import Rulesets
from monokeel.policy.reading import (
    OUTCOMES,
    Policy,
    Reading,
    Verdict,
    read_rulesets,
    unverified_lines,
    with_names,
)
from monokeel.policy.refs import bound_refs
from monokeel.policy.rule_types import Finding
from monokeel.policy.rulesets import exported, policy_text
from monokeel.policy.wording import comparison_json, rules_line, sections_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The *reading*, the writes it leads to, and what to know of the file.

    *covers* is which branches and tags each ruleset binds; *side* is what GitHub is
    brought to: the file, or a version of its history.
    """

    reading: Reading
    writes: tuple[Comparison, ...]
    optional_rules: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    covers: tuple[tuple[str, str], ...] = ()
    side: str = "the file"


def make_plan(policy: Policy, rulesets: Rulesets) -> Plan:
    """Return the plan that brings GitHub to *policy*; UsageError for what is wrong."""
    reading = read_rulesets(policy.desired, rulesets, policy.keys)
    findings = lint(policy.desired, policy.jobs, reading.own, policy.settings)
    queued = [each.name for each in policy.desired if "merge_queue" in each.kinds]
    if queued and rulesets.owner_is_person():  # only an organization's (GitHub docs)
        said = "is for a repository of an organization, and a person owns this one"
        findings += (Finding("rules.merge_queue", said, ruleset=x) for x in queued)
    refuse_errors(findings)
    reading = with_names(reading, rulesets)
    branch = policy.settings.default_branch if policy.settings else "main"
    bound = policy.desired if policy.refs else ()
    found = reading.comparisons
    missing = ", ".join(each.name for each in found if each.state == "missing")
    orphans = ", ".join(each.name for each in found if each.state == "unmanaged")
    renamed = f"a renamed entry is a new ruleset plus an orphan: new {missing};"
    renamed += f" unmanaged {orphans} (deleted only with --delete-unmanaged)"
    return Plan(
        reading=reading,
        writes=writes_of(reading, delete=policy.delete_unmanaged),
        optional_rules=policy.keys.optional_rules,
        notes=(renamed,) if missing and orphans else (),
        warnings=tuple(each.line for each in findings),
        covers=tuple((x.name, bound_refs(x, policy.refs, branch)) for x in bound),
    )


def writes_of(reading: Reading, *, delete: bool = False) -> tuple[Comparison, ...]:
    """Return what is written: what the file names first, what is to *delete* last."""
    found = reading.comparisons
    gone = [each for each in found if delete and each.state == "unmanaged"]
    return (*(each for each in found if each.can_be_written), *gone)


def plan_report(plan: Plan, allowed: Sequence[str] = ()) -> Report:
    """Return the report of *plan*; *allowed* names what may stay unverified."""
    reading, verdict = plan.reading, plan.reading.verdict(allowed)
    named = [each.name for each in plan.writes]
    verbs: list[str] = [each.verb for each in plan.writes]
    made = ("create", "update", "delete")
    counts = ", ".join(f"{verbs.count(verb)} to {verb}" for verb in made)
    covers = Table(("ruleset", "branches and tags"), plan.covers if named else ())
    return Report(
        headline=f"{reading.repository}: {_headline(plan, verdict)}",
        sections=(
            Section("Writes", tuple(map(_write, plan.writes))),
            *sections_of(reading.comparisons, named=named, side=plan.side),
            *(_deleted(each) for each in plan.writes if each.verb == "delete"),
            Section("Binds today, of what this clone knows", table=covers),
            Section("Not verified", unverified_lines(reading.unverified, allowed)),
            Section("To know", plan.notes + plan.warnings),
            Section("Inherited, not touched", reading.inherited),
            Section("", (counts,) if plan.writes else ()),
        ),
        data={
            "repository": reading.repository,
            "verdict": verdict,
            "covers": dict(plan.covers),
            "actions": [{"verb": a.verb, "name": a.name} for a in plan.writes],
            "rulesets": [comparison_json(each) for each in reading.comparisons],
            "unverified": [each.as_json(allowed) for each in reading.unverified],
            "warnings": list(plan.warnings),
            "inherited": list(reading.inherited),
        },
        outcome=OUTCOMES[verdict],
    )


def _write(each: Comparison) -> str:
    return (
        f"{each.verb} {each.name}{'' if each.live else f', adds: {rules_line(each)}'}"
    )


def _deleted(each: Comparison) -> Section:
    text = policy_text([exported(each.live[0])])  # one that is gone has no history
    heading = f"Deleted with {each.name}, keep it if in doubt"
    return Section(heading, tuple(text.splitlines()))


def rulesets_in(count: int) -> str:
    """Return how many rulesets: ``1 ruleset``, ``2 rulesets``."""
    return "1 ruleset" if count == 1 else f"{count} rulesets"


def _headline(plan: Plan, verdict: Verdict) -> str:
    writes = f"{rulesets_in(len(plan.writes))} to write" if plan.writes else ""
    nothing = "nothing to write"
    sync = f"but for optional rules: {writes}" if writes else nothing
    return {
        "in_sync": f"in sync, {sync}",
        "in_sync_as_seen": f"in sync as far as seen, {sync}",
        "drift": writes or f"{nothing}, but GitHub is not as {plan.side} says",
        "unverifiable": "not everything could be verified",
    }[verdict]
