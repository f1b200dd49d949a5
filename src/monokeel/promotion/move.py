"""Carry out a planned promotion: repair, record, move, mark, confirm.

A crash after any step heals on the next run: a record without a status is pending, and
where the branch is says whether its move happened.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.errors import (
    NO_ANSWER,
    MonokeelError,
    RefusedError,
    ServiceError,
)
from monokeel.ground.words import span
from monokeel.promotion.plan import Plan
from monokeel.promotion.pointers import ref_of
from monokeel.promotion.ports import Outside, Records
from monokeel.promotion.race import read_again
from monokeel.promotion.reading import read_records
from monokeel.promotion.records import ROLLBACK, Record
from monokeel.promotion.track_record import Repair, overtaken, rolled_back, unfinished

_ANEW = "Run again: the gates are asked anew for what is there now."
_AGAIN = "Run the same command again: it finishes or clears what is there."


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
    for each in plan.place.owed:
        outside.records.settle(each.record.id, each.state, each.description)
    if plan.kind in ("there", "finished"):
        return Outcome(plan=plan)
    plan.require()
    approvers, unseen = _approvers(plan, outside.records)
    record = _record(plan, outside.records, approvers)
    fresh = read_again(plan, outside, record)
    plan = replace(plan, reading=fresh.reading)
    if fresh.refusal and not fresh.settled:
        said = f"stopped: {fresh.refusal}"
        late = ""
        if not fresh.ended:
            late = _settle(outside.records, record.id, "failure", said)
        raise RefusedError(f"{plan.unmoved}: {fresh.refusal}{late}", fix=_ANEW)
    if fresh.settled or not _move(plan, outside, record):
        told = () if fresh.ended else _give_up(plan, outside.records, record)
        return Outcome(plan=_there(plan, outside), warnings=(*unseen, *told))
    return Outcome(
        plan=plan,
        record=record.id,
        warnings=(*unseen, *_confirm(plan, outside.records, record)),
    )


def _give_up(plan: Plan, records: Records, record: Record) -> tuple[str, ...]:
    # Somebody else put the branch there: what was asked for is so, and it is theirs.
    said = overtaken(record, plan.version)
    late = _settle(records, record.id, said.state, said.description)
    return (f"{plan.branch} is there{late}",) if late else ()


def _there(plan: Plan, outside: Outside) -> Plan:
    pointers = plan.reading.pointers
    branches = {**pointers.branches, plan.place.name: plan.commit}
    reading = read_records(
        outside, (plan.reading.settings, replace(pointers, branches=branches))
    )
    return replace(plan, kind="there", reading=reading)


def _approvers(plan: Plan, records: Records) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not plan.request.run_id or not plan.place.environment.reviewers:
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
    if record.sha != plan.commit:
        moved = f"GitHub resolves {wanted.tag} to {record.sha}, not {plan.commit}"
        raise RefusedError(
            f"{moved}: the tag moved, or a branch has its name"
            + _settle(records, record.id, "error", moved),
            fix="Nothing was promoted. Look at that tag before you go on.",
        )
    return record


def _move(plan: Plan, outside: Outside, record: Record) -> bool:
    """Move the branch; return whether it was this run that moved it."""
    place, records = plan.place, outside.records
    ref = ref_of(place.name)
    try:
        answer = outside.clone.move_ref(ref, old=place.commit, new=plan.commit)
    except ServiceError as error:
        raise ServiceError(
            f"cannot tell where {plan.branch} is now: {error.problem}",
            fix=f"{error.fix} {_AGAIN}".lstrip(),
        ) from error
    match answer:
        case Moved(changed=changed):
            return changed or plan.kind == "adopt"
        case Lost(now=now):
            winner = _winner(plan, records, now)
            empty = place.commit is None
            seen = "while it was empty" if empty else f"against {plan.before}"
            said = f"{plan.branch} is now {winner}; checked {seen}"
            raise RefusedError(
                said + _settle(records, record.id, "failure", f"lost: {said}"),
                fix=_ANEW,
            )
        case Declined(reason=reason):
            said = f"{plan.unmoved}, the push was refused: {reason}"
            raise RefusedError(
                said + _settle(records, record.id, "failure", f"refused: {reason}"),
                fix=_remedy(reason, by_token=plan.request.by_token),
            )


def _confirm(plan: Plan, records: Records, record: Record) -> tuple[str, ...]:
    # The branch has moved: from here on nothing may turn the result into a failure.
    # The success comes last: until then the record is pending, and whoever reads it
    # knows all that is owed.
    owed = list(_ends(plan, record))
    notes = [_settle(records, r.record.id, r.state, r.description) for r in owed]
    said = f"{plan.branch}: {plan.before} -> {plan.version}"
    notes.append(_settle(records, record.id, "success", said, plan.request.run_url))
    return tuple(f"moved{note}" for note in notes if note)


def _ends(plan: Plan, own: Record) -> Iterable[Repair]:
    """Return what the move ends: older unfinished ones, and what a rollback leaves."""
    for each in reversed(unfinished(plan.reading.ledger, plan.place.name)):
        # A newer one may be of a run that has seen this move, and goes on from it.
        if each.id < own.id:
            yield overtaken(each, plan.version)
    if plan.request.rollback:
        yield from rolled_back(plan.left, plan.request.reason)


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


def _winner(plan: Plan, records: Records, now: str | None) -> str:
    if now is None:
        return "gone"
    name = plan.place.name
    version = plan.reading.pointers.version_at(now) or now[:12]
    try:
        listed = records.newest({name: name}, ())
        moment = records.now()
    except NO_ANSWER:
        return version
    for record in listed.records:
        if record.sha == now:
            age = span(moment - record.created_at)
            why = f"rolled back by {record.by}: {record.note.reason}"
            by = why if record.task == ROLLBACK else record.by
            return f"{record.version} ({by}, {age} ago)"
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
