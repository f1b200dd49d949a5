"""Carry out a planned promotion: repair, record, move, confirm; report it.

A crash after any step heals on the next run: a record without a status is pending, and
where the branch is says whether its move happened.
"""

from dataclasses import asdict, dataclass

from monokeel.ground.answers import Declined, Json, Lost, Moved
from monokeel.ground.errors import (
    NO_ANSWER,
    MonokeelError,
    RefusedError,
    ServiceError,
)
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.words import span
from monokeel.promotion.gates import verdict_of
from monokeel.promotion.plan import Plan
from monokeel.promotion.pointers import ref_of
from monokeel.promotion.reading import Outside, Records
from monokeel.promotion.records import Ledger, Record
from monokeel.promotion.track_record import Repair, overtaken, rolled_back, unfinished

_AGAIN = "Run the same command again: it finishes or clears what is there."
_OPEN = ("refused", "unknown", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was done: *record* is the id of the new record, ``None`` without one."""

    plan: Plan
    record: int | None = None
    warnings: tuple[str, ...] = ()


def carry_out(plan: Plan, outside: Outside) -> Outcome:
    """Do what *plan* says and return what was done.

    Repairs come first and are written even when a gate refuses: they are true. Raises
    RefusedError when a gate says no, GitHub refuses, or somebody else was first (it
    says who), and ServiceError when nobody can tell: the record then stays pending.
    """
    for repair in plan.survey.owed:
        _write(outside.records, repair)
    if plan.kind in ("there", "finished"):
        return Outcome(plan=plan)
    plan.require()
    approvers, unseen = _approvers(plan, outside.records)
    record = _record(plan, outside.records, approvers)
    _move(plan, outside, record)
    late = _confirm(plan, outside.records, record)
    return Outcome(plan=plan, record=record.id, warnings=(*unseen, *late))


def _approvers(plan: Plan, records: Records) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not plan.request.run_id or not plan.survey.environment.reviewers:
        return (), ()
    try:
        return records.approvers(plan.request.run_id), ()
    except NO_ANSWER as error:
        return (), (f"the record does not say who approved: {error.problem}",)


def _record(plan: Plan, records: Records, approvers: tuple[str, ...]) -> Record:
    wanted = plan.record(approvers)
    try:
        record = records.create(wanted)
    except ServiceError as error:
        raise ServiceError(
            f"{plan.unmoved}, it has no record: {error.problem}",
            fix=error.fix or _AGAIN,
        ) from error
    if record.sha != plan.survey.commit:
        moved = (
            f"GitHub resolves {wanted.tag} to {record.sha}, not {plan.survey.commit}"
        )
        raise RefusedError(
            f"{moved}: the tag moved, or a branch has its name"
            + _settle(records, record.id, "error", moved),
            fix="Nothing was promoted. Look at that tag before you go on.",
        )
    return record


def _move(plan: Plan, outside: Outside, record: Record) -> None:
    survey, records = plan.survey, outside.records
    ref = ref_of(survey.environment.name)
    try:
        answer = outside.clone.move_ref(ref, old=survey.pointer, new=survey.commit)
    except ServiceError as error:
        raise ServiceError(
            f"cannot tell where {plan.branch} is now: {error.problem}",
            fix=f"{error.fix} {_AGAIN}".lstrip(),
        ) from error
    match answer:
        case Moved():
            return
        case Lost(now=now):
            winner = _winner(plan, records, now)
            empty = plan.survey.pointer is None
            seen = "while it was empty" if empty else f"against {plan.before}"
            said = f"{plan.branch} is now {winner}; checked {seen}"
            raise RefusedError(
                said + _settle(records, record.id, "failure", f"lost: {said}"),
                fix="Run again: the gates are asked anew for what is there now.",
            )
        case Declined(reason=reason):
            said = f"{plan.unmoved}, the push was refused: {reason}"
            raise RefusedError(
                said + _settle(records, record.id, "failure", f"refused: {reason}"),
                fix=_remedy(reason, by_token=plan.request.by_token),
            )


def _confirm(plan: Plan, records: Records, record: Record) -> tuple[str, ...]:
    # The branch has moved: from here on nothing may turn the result into a failure.
    # Unfinished records are settled first: nobody looks below a confirmed one.
    known = unfinished(plan.survey.ledger, plan.survey.environment.name)
    lost = [overtaken(each, plan.version) for each in reversed(known)]
    notes = [_mark(records, each) for each in lost]
    said = f"{plan.branch}: {plan.before} -> {plan.version}"
    late = _settle(records, record.id, "success", said, plan.request.run_url)
    notes.append(late)
    if plan.request.rollback and plan.left is not None and not late:
        # Last of all: a success makes GitHub touch older successful records.
        notes.append(_mark(records, rolled_back(plan.left, plan.request.reason)))
    return tuple(f"moved{note}" for note in notes if note)


def _mark(records: Records, repair: Repair) -> str:
    return _settle(records, repair.record.id, repair.state, repair.description)


def _settle(
    records: Records, record: int, state: str, description: str, log_url: str = ""
) -> str:
    # Returns what to add to the message when GitHub does not take the status.
    try:
        records.settle(record, state, description, log_url)
    except MonokeelError as error:
        return (
            f" (record {record} is not marked {state}, the next run does it:"
            f" {error.problem})"
        )
    return ""


def _write(records: Records, repair: Repair) -> None:
    records.settle(repair.record.id, repair.state, repair.description)


def _winner(plan: Plan, records: Records, now: str | None) -> str:
    if now is None:
        return "gone"
    version = plan.survey.pointers.version_at(now) or now[:12]
    try:
        listed = records.newest([plan.survey.environment.name])
        moment = records.now()
    except NO_ANSWER:
        return version
    for record in Ledger(records=listed.records).of(plan.survey.environment.name, now):
        age = span(moment - record.created_at)
        return f"{record.note.version} ({record.by or 'unknown'}, {age} ago)"
    return f"{version} (moved without a record)"


def _remedy(reason: str, *, by_token: bool) -> str:
    if "workflow" in reason and "permission" in reason:
        return (
            "This version has other workflow files than the default branch: push with"
            " the deploy key (MONOKEEL_DEPLOY_KEY)."
        )
    if by_token:
        return (
            "Only the deploy key may move env/*: set MONOKEEL_DEPLOY_KEY (./inv init)."
        )
    return "Compare the rules of env/* with infra/rulesets.json: ./inv drift"


def plan_report(plan: Plan) -> Report:
    """Return the report of a dry run: every gate, and what would be done."""
    return Report(
        headline=_plan_headline(plan),
        sections=(
            *_gates(plan),
            Section("Unfinished records", _repairs(plan, "would be")),
            Section("Warnings", plan.warnings),
        ),
        data=_data(plan, _planned(plan), plan.warnings),
    )


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
    last = plan.survey.last
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
        for each in plan.survey.owed
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
    # The fixes of what stops it come with the error.
    rest = [gate for gate in plan.gates if gate not in plan.stops]
    helpful = [gate for gate in rest if gate.status in _OPEN and gate.fix]
    return (
        Section("Gates", table=Table(("gate", "answer", "why"), rows)),
        Section("What helps", tuple(f"{g.name}: {g.fix}" for g in helpful)),
    )


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
        "gates": [asdict(gate) for gate in plan.gates],
        "overrides": dict(plan.overrides),
        "repairs": [
            {"record": repair.record.id, "state": repair.state}
            for repair in survey.owed
        ],
        "warnings": list(warnings),
    }
