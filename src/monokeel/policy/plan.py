"""The plan that brings GitHub to the policy file, or back: a value, and its report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.parsers import parse_number
from monokeel.ground.report import Report, Section, Table
from monokeel.policy import reading as seen
from monokeel.policy import wording
from monokeel.policy.comparison import Comparison, compare_policies, differs
from monokeel.policy.lint import lint, refuse_errors
from monokeel.policy.ports import Rulesets
from monokeel.policy.reading import Reading, read_rulesets
from monokeel.policy.refs import bound_refs
from monokeel.policy.rule_types import Finding
from monokeel.policy.rulesets import Ruleset, exported, from_state, policy_text

_UNNAMED = "infra/rulesets.json does not name it: drift stays"
_OTHERWISE = (
    "infra/rulesets.json says otherwise: drift stays, and the next ./inv policy.apply"
    " takes this back. Bring it into the file by a pull request (./inv policy.export"
    " prints it)"
)


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


def make_plan(policy: seen.Policy, rulesets: Rulesets) -> Plan:
    """Return the plan that brings GitHub to *policy*; UsageError for what is wrong."""
    reading = read_rulesets(policy.desired, rulesets, policy.keys)
    findings = lint(policy.desired, policy.jobs, reading.own, policy.settings)
    queued = [each.name for each in policy.desired if "merge_queue" in each.kinds]
    if queued and rulesets.owner_is_person():  # only an organization's (GitHub docs)
        said = "is for a repository of an organization, and a person owns this one"
        findings += (Finding("rules.merge_queue", said, ruleset=x) for x in queued)
    refuse_errors(findings)
    reading = seen.with_names(reading, rulesets)
    branch = policy.settings.default_branch if policy.settings else "main"
    bound = policy.desired if policy.refs else ()
    found = reading.comparisons
    missing = ", ".join(each.name for each in found if each.state == "missing")
    orphans = ", ".join(wording.edged(x.name) for x in found if x.state == "unmanaged")
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
            *wording.sections_of(reading.comparisons, named=named, side=plan.side),
            *(_deleted(each) for each in plan.writes if each.verb == "delete"),
            Section("Binds today, of what this clone knows", table=covers),
            Section("Not verified", seen.unverified_lines(reading.unverified, allowed)),
            Section("To know", plan.notes + plan.warnings),
            Section("Inherited, not touched", reading.inherited),
            Section("", (counts,) if plan.writes else ()),
        ),
        data={
            "repository": reading.repository,
            "verdict": verdict,
            "covers": dict(plan.covers),
            "actions": [{"verb": a.verb, "name": a.name} for a in plan.writes],
            "rulesets": [wording.comparison_json(each) for each in reading.comparisons],
            "unverified": [each.as_json(allowed) for each in reading.unverified],
            "warnings": list(plan.warnings),
            "inherited": list(reading.inherited),
        },
        outcome=seen.OUTCOMES.get(verdict, "done"),
    )


def _write(each: Comparison) -> str:
    adds = "" if each.live else f", adds: {wording.rules_line(each)}"
    return f"{each.verb} {wording.edged(each.name)}{adds}"


def _deleted(each: Comparison) -> Section:
    text = policy_text([exported(each.live[0])])  # one that is gone has no history
    heading = f"Deleted with {wording.edged(each.name)}, keep it if in doubt"
    return Section(heading, tuple(text.splitlines()))


def rulesets_in(count: int) -> str:
    """Return how many rulesets: ``1 ruleset``, ``2 rulesets``."""
    return "1 ruleset" if count == 1 else f"{count} rulesets"


def _headline(plan: Plan, verdict: seen.Verdict) -> str:
    writes = f"{rulesets_in(len(plan.writes))} to write" if plan.writes else ""
    nothing = "nothing to write"
    sync = f"but for optional rules: {writes}" if writes else nothing
    return {
        "in_sync": f"in sync, {sync}",
        "in_sync_as_seen": f"in sync as far as seen, {sync}",
        "drift": writes or f"{nothing}, but GitHub is not as {plan.side} says",
        "unverifiable": "not everything could be verified",
    }[verdict]


def plan_rollback(
    name: str, version: int | None, rulesets: Rulesets, file: Sequence[Ruleset]
) -> Plan:
    """Return the plan that takes ruleset *name* back to *version* of its history.

    A note says so when *file*, the policy, would take it back again. Without
    *version* it is the one before the newest, but a rollback is never taken back so:
    it may be our own, whose answer was lost (RefusedError). Raises UsageError for a
    name or version that is not there, and ServiceError when the history is hidden.
    """
    reading = read_rulesets((), rulesets)
    live = _named(name, reading.own)
    versions = [each.id for each in rulesets.history(live.id)]
    wanted = _choose(name, version, versions)
    states = [
        from_state({**rulesets.state_at(live.id, each), "name": name})
        for each in (wanted, *(versions[2:3] if version is None else ()))
    ]
    desired = states[0]
    if not all(differs(each, live) for each in states[1:]):
        raise RefusedError(
            f"the newest change took ruleset {name!r} back to version {versions[2]}",
            fix=f"Nothing is left to do. To have version {wanted} again: --to {wanted}",
        )
    entry = next((each for each in file if each.name == name), None)
    shown = f"version {wanted} of {', '.join(map(str, versions))} (newest first)"
    then = [_UNNAMED]
    if entry is not None:
        then = [_OTHERWISE] if differs(entry, desired) else []
    found = compare_policies([desired], [live])
    reading, side = replace(reading, comparisons=found), f"version {wanted}"
    notes = (shown, *then)
    return Plan(reading=reading, writes=writes_of(reading), notes=notes, side=side)


def history_version(text: str) -> int | None:
    """Return the version number that *text* names, ``None`` for ``""``."""
    version = parse_number(text)
    if text and version is None:
        fix = "Write the number of a version in the ruleset's history."
        raise UsageError(f"{text!r} is not a version of a ruleset", fix=fix)
    return version


def _named(name: str, own: Sequence[Ruleset]) -> Ruleset:
    live = [each for each in own if each.name == name]
    if len(live) == 1:
        return live[0]
    if live:
        problem = f"GitHub has {len(live)} rulesets {name!r}"
        raise UsageError(problem, fix="Delete the surplus ones by hand.")
    names = ", ".join(dict.fromkeys(each.name for each in own)) or "none is there"
    raise UsageError(
        f"GitHub has no ruleset {name!r}" if name else "no ruleset given",
        fix=f"Choose one with --ruleset: {names}. One that was deleted has no history:"
        " ./inv policy.apply makes it again.",
    )


def _choose(name: str, version: int | None, versions: Sequence[int]) -> int:
    earlier = versions[1:]
    if version is None and earlier:
        return earlier[0]
    if version is not None and version in versions:
        return version
    if earlier:
        fix = f"Choose one with --to: {', '.join(map(str, earlier))} (newest first)."
        raise UsageError(f"ruleset {name!r} has no version {version}", fix=fix)
    only = f": {versions[0]} is the only one" if versions else ""
    fix = "Correct infra/rulesets.json, then ./inv policy.apply."
    raise UsageError(f"ruleset {name!r} has no earlier version{only}", fix=fix)
