"""What a promotion would do, or did, for people and for machines."""

from dataclasses import asdict

from monokeel.ground.answers import Json
from monokeel.ground.report import Report, Section, Table
from monokeel.promotion.move import Outcome
from monokeel.promotion.plan import Plan

_SHOWN = 10  # titles of commits
_OPEN = ("refused", "unknown", "warning")


def preview_report(plan: Plan, *, server: str = "https://github.com") -> Report:
    """Return the report of a dry run: every gate, and what would be done.

    *server* is where GitHub's pages are, for the link that compares.
    """
    link = f"{server}/{plan.compare_path}" if plan.compare_path else ""
    return Report(
        headline=_plan_headline(plan),
        sections=(
            *_gates(plan),
            _change_section(plan, link),
            Section("Unfinished records", _repairs(plan, "would be")),
            Section("Warnings", plan.warnings),
        ),
        data={
            **_data(plan, _planned(plan), plan.warnings),
            "changes": list(plan.changes),
            "compare": link or None,
        },
    )


def _change_section(plan: Plan, link: str) -> Section:
    word = "would go" if plan.request.rollback else "would come"
    count = len(plan.changes)
    shown = [f"- {title}" for title in plan.changes[:_SHOWN]]
    if count > _SHOWN:
        shown.append(f"and {count - _SHOWN} more")
    heading = f"{count} commit{'' if count == 1 else 's'} {word}"
    return Section(heading if count else "Changes", (*shown, *([link] if link else [])))


def outcome_report(outcome: Outcome) -> Report:
    """Return the report of a promotion that was carried out."""
    plan = outcome.plan
    warnings = (*plan.warnings, *outcome.warnings)
    moved = plan.kind in ("move", "adopt")
    done = {"move": "moved", "adopt": "recorded", "there": "already_there"}
    data = _data(plan, done.get(plan.kind, "finished"), warnings)
    odd = [g for g in plan.gates if g.status in ("overridden", "skipped", "warning")]
    said = {
        gate.detail: [x.name for x in odd if x.detail == gate.detail] for gate in odd
    }
    lines = [f"{', '.join(names)}: {detail}" for detail, names in said.items()]
    last = plan.place.last
    number = outcome.record if moved or last is None else last.id
    return Report(
        headline=_done_headline(plan),
        sections=(
            Section("Mind", tuple(lines)),
            Section("Unfinished records", _repairs(plan, "was")),
            Section("Warnings", warnings),
        ),
        data={**data, "record": number},
    )


def _repairs(plan: Plan, verb: str) -> tuple[str, ...]:
    return tuple(
        f"record {each.record.id} {verb} marked {each.state}: {each.description}"
        for each in plan.place.owed
    )


def _planned(plan: Plan) -> str:
    if plan.kind == "there":
        return "already_there"
    if plan.kind == "finished":
        return "finished"
    return {"ready": "planned"}.get(plan.decision, plan.decision)


def _plan_headline(plan: Plan) -> str:
    if plan.kind in ("there", "finished"):
        return _done_headline(plan)
    match plan.decision:
        case "ready" if plan.kind == "adopt":
            return f"{plan.branch} is at {plan.version} and would get its record"
        case "ready":
            return f"{plan.branch} would move from {plan.before} to {plan.version}"
        case "refused":
            return f"{plan.branch} may not move from {plan.before} to {plan.version}"
        case "unknown":
            return f"cannot tell whether {plan.branch} may move to {plan.version}"


def _done_headline(plan: Plan) -> str:
    last = plan.place.last
    match plan.kind:
        case "move":
            return f"{plan.branch}: {plan.before} -> {plan.version}"
        case "adopt":
            return f"{plan.branch}: the move to {plan.version} now has its record"
        case "finished":
            return f"{plan.branch}: the rollback to {plan.version} is finished"
        case "there":
            since = ""
            if last is not None:
                start = last.live_from or last.created_at
                since = f", since {start:%Y-%m-%d %H:%MZ} by {last.by}"
            return f"{plan.branch} is at {plan.version} already{since}"


def _gates(plan: Plan) -> tuple[Section, ...]:
    # A plan shows every gate; once it is carried out only the odd ones matter.
    rows = tuple((gate.name, gate.status, gate.detail) for gate in plan.gates)
    # The fixes of what stops it come with the error.
    rest = [gate for gate in plan.gates if gate not in plan.stops]
    helpful = [gate for gate in rest if gate.status in _OPEN and gate.fix]
    return (
        Section("Gates", table=Table(("gate", "answer", "why"), rows)),
        Section("What helps", tuple(f"{g.name}: {g.fix}" for g in helpful)),
    )


def _data(plan: Plan, outcome: str, warnings: tuple[str, ...]) -> dict[str, Json]:
    place = plan.place
    return {
        "outcome": outcome,
        "environment": place.name,
        "branch": plan.branch,
        "task": plan.task,
        "version": plan.version,
        "tag": plan.reading.settings.tag(plan.version),
        "commit": plan.commit,
        "from": {"version": place.version or None, "commit": place.commit},
        "record": None,
        "gates": [asdict(gate) for gate in plan.gates],
        "overrides": dict(plan.overrides),
        "repairs": [
            {"record": repair.record.id, "state": repair.state} for repair in place.owed
        ],
        "warnings": list(warnings),
    }
