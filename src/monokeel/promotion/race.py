"""Who else is moving the same environment, asked right before the push.

Compare-and-swap sees a value, not its history: 1.0.0 may be there again because
somebody has just taken 1.1.0 back.
"""

from dataclasses import dataclass

from monokeel.promotion.facts import facts_of
from monokeel.promotion.gates import evaluate
from monokeel.promotion.plan import Plan
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Reading, read_records
from monokeel.promotion.records import ROLLBACK, Record
from monokeel.promotion.rollback import told
from monokeel.promotion.track_record import STALE


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """The records again: *settled* if somebody else did the very same meanwhile.

    *refusal* says why the branch must not move any more, ``""`` if it may; *ended*
    whether another run gave our own record its end already.
    """

    reading: Reading
    settled: bool = False
    refusal: str = ""
    ended: bool = False


def read_again(plan: Plan, outside: Outside, own: Record) -> Fresh:
    """Read the records once more for *plan*, whose record is *own*; one request.

    The branch may not move where another run has settled our record, where a move was
    confirmed since the gates were asked, where a rollback is under way, or where the
    environment before has taken the version back.
    """
    remote = (plan.reading.settings, plan.reading.pointers)
    reading = read_records(outside, remote, version=plan.version, own=own.id)
    name, mine = plan.place.name, reading.own
    known = {each.id for each in plan.reading.ledger.of(name) if each.live_from}
    records = reading.ledger.of(name)
    ended = mine is not None and mine.state in {"failure", "error"}
    newer = [each for each in records if each.live_from and each.id not in known]
    if newer:
        first = newer[0]
        same = first.sha == plan.commit and first.task == plan.task
        return Fresh(
            reading=reading,
            settled=same,
            refusal=f"{name} {told(first, reading)}",
            ended=ended,
        )
    if ended and mine is not None:
        said = f"another run has settled record {mine.id}: {mine.why}"
        return Fresh(reading=reading, refusal=said, ended=True)
    return Fresh(reading=reading, refusal=_refusal(plan, outside, reading))


def _refusal(plan: Plan, outside: Outside, reading: Reading) -> str:
    name = plan.place.name
    for each in reading.ledger.of(name):
        young = reading.now - each.created_at <= STALE
        under_way = each.task == ROLLBACK and each.state == "pending" and young
        if under_way and plan.task != ROLLBACK:
            return f"{each.by} is rolling {name} back to {each.version}"
    if plan.task == ROLLBACK or "order" in plan.overrides:
        return ""
    facts = facts_of(reading, outside.clone, plan.version, name, hold="")
    (order,) = (gate for gate in evaluate(facts) if gate.name == "order")
    return f"order: {order.detail}" if order.status == "refused" else ""
