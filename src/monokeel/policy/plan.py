"""Plan, apply, export and roll back rulesets; re-read before, read back after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.report import Report, Section
from monokeel.policy.body import Refusal, exported, policy_text
from monokeel.policy.comparison import Comparison, compare_policies
from monokeel.policy.lint import errors_among, lint
from monokeel.policy.rulesets import Ruleset
from monokeel.policy.shape import Finding
from monokeel.policy.verdict import (
    OUTCOMES,
    LiveRulesets,
    Unverified,
    Verdict,
    Version,
    comparison_json,
    finding_line,
    hidden_bypass,
    judge,
    rules_line,
    sections_of,
    with_logins,
)
from monokeel.policy.workflow_jobs import Job


class Rulesets(Protocol):
    """The rulesets of the repository on GitHub."""

    def read_all(self) -> LiveRulesets:
        """Return every ruleset, with its rules; ServiceError if one is unreadable."""

    def inherited(self) -> tuple[str, ...]:
        """Return the rulesets that come from above, as ``name (organization)``."""

    def named(self, name: str) -> tuple[int, ...]:
        """Return the ids of the rulesets called *name*."""

    def read(self, number: int) -> Ruleset:
        """Return one ruleset as it is now."""

    def create(self, body: Mapping[str, Json]) -> int | Refusal:
        """Create a ruleset; ServiceError when the answer got lost."""

    def update(self, number: int, body: Mapping[str, Json]) -> Refusal | None:
        """Replace a ruleset's members; ServiceError when the answer got lost."""

    def delete(self, number: int) -> Refusal | None:
        """Delete a ruleset."""

    def history(self, number: int) -> tuple[Version, ...]:
        """Return the versions of a ruleset, newest first."""

    def state_at(self, number: int, version: int) -> dict[str, Json]:
        """Return a ruleset as it was at one version."""

    def login(self, number: int) -> str | None:
        """Return the login of an account, ``None`` if nobody may know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is asked for: the *desired* rulesets and how to treat the rest.

    *jobs* are the workflows' jobs, for the check that each required status check is
    produced by one; ``None`` leaves that check out.
    """

    desired: tuple[Ruleset, ...]
    optional_rules: tuple[str, ...] = ()
    jobs: tuple[Job, ...] | None = None
    delete_unmanaged: bool = False


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
    """All comparisons, the writes they lead to, and what is wrong with the file."""

    comparisons: tuple[Comparison, ...]
    actions: tuple[Action, ...]
    optional_rules: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    inherited: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def unverified(self) -> tuple[Unverified, ...]:
        """What the token may not see of the rulesets."""
        return hidden_bypass(self.comparisons)


def make_plan(policy: Policy, rulesets: Rulesets) -> Plan:
    """Return the plan that brings GitHub to *policy*; changes nothing.

    Raises UsageError with everything that is wrong in the file of what would be
    written, and ServiceError when GitHub cannot be read.
    """
    live = rulesets.read_all()
    comparisons = compare_policies(policy.desired, live.own, policy.optional_rules)
    findings = lint(policy.desired, policy.jobs)
    refuse_findings(errors_among(findings, comparisons))
    comparisons = with_logins(comparisons, rulesets.login)
    return Plan(
        comparisons=comparisons,
        actions=actions_of(comparisons, delete_unmanaged=policy.delete_unmanaged),
        optional_rules=policy.optional_rules,
        findings=tuple(findings),
        inherited=rulesets.inherited(),
        notes=_renamed(comparisons),
    )


def refuse_findings(errors: Sequence[Finding]) -> None:
    """Raise UsageError that names every one of *errors*, if there are any."""
    if errors:
        listed = "; ".join(finding_line(each) for each in errors)
        raise UsageError(
            f"infra/rulesets.json is wrong in {len(errors)} places: {listed}"
            if len(errors) > 1
            else f"infra/rulesets.json is wrong: {listed}",
            fix="Correct the file. Nothing was written.",
        )


def export(rulesets: Rulesets) -> str:
    """Return the text of a policy file that says what GitHub has now.

    Raises ServiceError when a bypass list is hidden: a file without it would clear
    it. Raises RefusedError when two rulesets share a name.
    """
    own = rulesets.read_all().own
    hidden = [each.name for each in own if each.hides_bypass]
    if hidden:
        raise ServiceError(
            f"bypass_actors is hidden from this token in {', '.join(hidden)}",
            fix="Export with a token that has administration: write.",
        )
    names = [each.name for each in own]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RefusedError(
            f"GitHub has more than one ruleset called {', '.join(twice)}",
            fix="Rename or delete the surplus ones on GitHub, then export again.",
        )
    return policy_text([exported(each) for each in own])


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
        drifts=any(each.drifts for each in plan.comparisons),
        unverified=plan.unverified,
        allowed=allowed,
    )


def plan_report(plan: Plan, allowed: Sequence[str] = ()) -> Report:
    """Return the report of *plan*; *allowed* names what may stay unverified."""
    verdict = plan_verdict(plan, allowed)
    named = [each.name for each in plan.actions]
    warnings = tuple(finding_line(each) for each in plan.findings)
    return Report(
        headline=_headline(plan, verdict),
        sections=(
            Section("Writes", tuple(map(_write_line, plan.actions))),
            *sections_of(plan.comparisons, {}, named=named),
            Section("Not verified", tuple(x.line(allowed) for x in plan.unverified)),
            Section("To know", plan.notes + warnings),
            Section("Inherited, not touched", plan.inherited),
        ),
        data={
            "verdict": verdict,
            "actions": [{"verb": a.verb, "name": a.name} for a in plan.actions],
            "rulesets": [comparison_json(each) for each in plan.comparisons],
            "unverified": [each.as_json(allowed) for each in plan.unverified],
            "warnings": list(warnings),
            "inherited": list(plan.inherited),
        },
        outcome=OUTCOMES[verdict],
    )


def rulesets_in(count: int) -> str:
    """Return how many rulesets: ``1 ruleset``, ``2 rulesets``."""
    return "1 ruleset" if count == 1 else f"{count} rulesets"


def _headline(plan: Plan, verdict: Verdict) -> str:
    writes = rulesets_in(len(plan.actions))
    match verdict:
        case "in_sync" if plan.actions:
            return f"policy: in sync, but for optional rules: {writes} to write"
        case "in_sync":
            return "policy: in sync, nothing to write"
        case "drift" if plan.actions:
            return f"policy: {writes} to write"
        case "drift":
            return "policy: nothing to write, but GitHub is not as the file says"
        case "unverifiable":
            return "policy: not everything could be verified"


def _write_line(action: Action) -> str:
    line = f"{action.verb} {action.name}"
    if action.verb == "create":
        return f"{line}, adds: {rules_line(action.comparison)}"
    return line


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
        sections=(Section("To know", warnings),),
        data={"rulesets": len(policy.desired), "warnings": list(warnings)},
    )
    return report, errors
