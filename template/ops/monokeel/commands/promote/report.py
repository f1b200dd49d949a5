"""What a promotion would do, or did, for people and for machines."""

from monokeel.commands.promote.move import Outcome
from monokeel.commands.promote.plan import Plan
from monokeel.core.gates import verdict_of
from monokeel.core.lookup import Json
from monokeel.core.report import Report, Section, Table
from monokeel.core.snapshot import Gate

_OPEN = ("refused", "unknown", "warning")


def plan_report(plan: Plan) -> Report:
    """Return the report of a dry run: every gate, and what would be done."""
    data = _data(plan, _planned(plan), plan.warnings)
    would_repair = [
        f"record {repair.record.id} would be marked {repair.state}: "
        + repair.description
        for repair in plan.survey.owed
    ]
    return Report(
        headline=_plan_headline(plan),
        sections=(
            *_gates(plan),
            Section("Unfinished records", tuple(would_repair)),
            Section("Warnings", plan.warnings),
        ),
        data=data,
    )


def outcome_report(outcome: Outcome) -> Report:
    """Return the report of a promotion that was carried out."""
    plan = outcome.plan
    warnings = (*plan.warnings, *outcome.warnings)
    moved = plan.kind in ("move", "adopt")
    done = {"move": "moved", "adopt": "recorded", "there": "already_there"}
    data = _data(plan, done.get(plan.kind, "finished"), warnings)
    last = plan.survey.last
    number = outcome.record if moved or last is None else last.id
    repaired = [
        f"record {repair.record.id} was marked {repair.state}: {repair.description}"
        for repair in plan.survey.owed
    ]
    return Report(
        headline=_done_headline(plan),
        sections=(
            *_exceptions(plan),
            Section("Unfinished records", tuple(repaired)),
            Section("Warnings", warnings),
        ),
        data={**data, "record": number},
    )


def _planned(plan: Plan) -> str:
    if plan.kind == "there":
        return "already_there"
    if plan.kind == "finished":
        return "finished"
    return {"ready": "planned"}.get(verdict_of(plan.gates), verdict_of(plan.gates))


def _plan_headline(plan: Plan) -> str:
    if plan.kind in ("there", "finished"):
        return _done_headline(plan)
    match verdict_of(plan.gates):
        case "ready" if plan.kind == "adopt":
            return f"{plan.branch} is at {plan.version} and would get its record"
        case "ready":
            return f"{plan.branch} would move from {plan.before} to {plan.version}"
        case "refused":
            return f"{plan.branch} may not move from {plan.before} to {plan.version}"
        case "unknown":
            return f"cannot tell whether {plan.branch} may move to {plan.version}"


def _done_headline(plan: Plan) -> str:
    last = plan.survey.last
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
                start = plan.survey.ledger.live_from(last) or last.created_at
                since = f", since {start:%Y-%m-%d %H:%MZ} by {last.by or 'unknown'}"
            return f"{plan.branch} is at {plan.version} already{since}"


def _gates(plan: Plan) -> tuple[Section, ...]:
    # A plan shows every gate; once it is carried out only the odd ones matter.
    rows = tuple((gate.name, gate.status, gate.detail) for gate in plan.gates)
    helpful = [g for g in plan.gates if g.status in _OPEN and g.fix]
    return (
        Section("Gates", table=Table(("gate", "answer", "why"), rows)),
        Section("What helps", tuple(f"{g.name}: {g.fix}" for g in helpful)),
    )


def _exceptions(plan: Plan) -> tuple[Section, ...]:
    odd = [g for g in plan.gates if g.status in ("overridden", "skipped", "warning")]
    lines = [f"{gate.name}, {gate.status}: {gate.detail}" for gate in odd]
    return (Section("Mind", tuple(lines)),)


def _data(plan: Plan, outcome: str, warnings: tuple[str, ...]) -> dict[str, Json]:
    survey = plan.survey
    commit = survey.commit if survey.version else survey.pointer
    before: dict[str, Json] = {
        "version": survey.pointers.version_at(survey.pointer) or None,
        "commit": survey.pointer,
    }
    return {
        "outcome": outcome,
        "environment": survey.environment.name,
        "branch": plan.branch,
        "task": plan.task,
        "version": plan.version,
        "tag": survey.settings.tag(plan.version),
        "commit": commit,
        "from": before,
        "record": None,
        "gates": [gate_data(gate) for gate in plan.gates],
        "overrides": dict(plan.overrides),
        "repairs": [
            {"record": repair.record.id, "state": repair.state}
            for repair in survey.owed
        ],
        "warnings": list(warnings),
    }


def gate_data(gate: Gate) -> Json:
    """Return *gate* for machines."""
    return {
        "name": gate.name,
        "status": gate.status,
        "detail": gate.detail,
        "fix": gate.fix,
    }
