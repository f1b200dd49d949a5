"""What a promotion would do, or did, for people and for machines."""

from dataclasses import asdict

from monokeel.ground.answers import Json
from monokeel.ground.report import Report, Section, Table
from monokeel.promotion.move import Outcome
from monokeel.promotion.plan import Plan

_SHOWN = 10  # titles of commits
_DONE = {
    "move": "moved",
    "adopt": "recorded",
    "there": "already_there",
    "finished": "finished",
}


def preview_report(
    plan: Plan, *, server: str = "https://github.com", whole: bool = True
) -> Report:
    """Return the report of a dry run: every gate, and what would be done.

    *server* is where GitHub's pages are, for the link that compares. Unless *whole*
    it is that of a run which was stopped: the gates that passed are only counted.
    """
    settings, link = plan.reading.settings, ""
    there = plan.reading.pointers.version_at(plan.place.left)
    if there and plan.kind == "move":
        span = [settings.tag(there), settings.tag(plan.version)]
        ends = "...".join(span[:: -1 if plan.request.rollback else 1])
        link = f"{server}/{settings.repository}/compare/{ends}"
    gates = [x for x in plan.gates if whole or x.status not in ("ok", "skipped")]
    rows = tuple((gate.name, gate.status, gate.detail) for gate in gates)
    passed = len(plan.gates) - len(gates)
    # The fixes of what stops it come with the error.
    rest = [gate for gate in plan.gates if gate not in plan.stops and gate.fix]
    outcome = "planned" if plan.decision == "ready" else plan.decision
    done = plan.kind in ("there", "finished")
    return Report(
        headline=_done(plan) if done else _preview(plan),
        sections=(
            Section(
                f"Gates ({passed} more passed)" if passed else "Gates",
                table=Table(("gate", "answer", "why"), rows),
            ),
            Section("What helps", tuple(f"{gate.name}: {gate.fix}" for gate in rest)),
            _changes(plan, link) if whole else Section(""),
            *_notes(plan, "would be", plan.warnings),
        ),
        data={
            **_data(plan, _DONE[plan.kind] if done else outcome, plan.warnings),
            "changes": list(plan.changes),
            "compare": link or None,
        },
    )


def outcome_report(outcome: Outcome) -> Report:
    """Return the report of a promotion that was carried out."""
    plan, last = outcome.plan, outcome.plan.place.current
    warnings = (*plan.warnings, *outcome.warnings)
    told = [gate for gate in plan.gates if gate.status in ("overridden", "warning")]
    lines = [
        f"{', '.join(x.name for x in told if x.detail == detail)}: {detail}"
        for detail in dict.fromkeys(gate.detail for gate in told)
    ]
    moved = plan.kind in ("move", "adopt")
    if moved and plan.request.rollback and plan.left[0]:
        only = "it comes here again, or goes further, only with a reason"
        lines.insert(0, f"{plan.left[0]} is taken back: {only}")
    number = outcome.record if moved or last is None else last.id
    data = {**_data(plan, _DONE[plan.kind], warnings), "record": number}
    sections = (Section("Mind", tuple(lines)), *_notes(plan, "was", warnings))
    return Report(headline=_done(plan), sections=sections, data=data)


def _changes(plan: Plan, link: str) -> Section:
    word = "would go" if plan.request.rollback else "would come"
    count, heading = len(plan.changes), "Changes"
    more = [f"and {count - _SHOWN} more"] if count > _SHOWN else []
    if count:
        heading = f"{count} commit{'' if count == 1 else 's'} {word}"
    shown = (f"- {title}" for title in plan.changes[:_SHOWN])
    return Section(heading, (*shown, *more, *filter(None, (link,))))


def _notes(plan: Plan, verb: str, warnings: tuple[str, ...]) -> tuple[Section, Section]:
    repairs = tuple(
        f"record {x.record.id} {verb} marked {x.state}: {x.description}"
        for x in plan.place.owed
    )
    return Section("Unfinished records", repairs), Section("Warnings", warnings)


def _preview(plan: Plan) -> str:
    if plan.decision == "unknown":
        return f"cannot tell whether {plan.branch} may move to {plan.version}"
    word = "would" if plan.decision == "ready" else "may not"
    if plan.kind == "adopt":
        return f"{plan.branch} is at {plan.version} and {word} get its record"
    return f"{plan.branch} {word} move from {plan.before} to {plan.version}"


def _done(plan: Plan) -> str:
    last, since = plan.place.current, ""
    if last is not None:
        start = last.live_from or last.created_at
        since = f", since {start:%Y-%m-%d %H:%MZ} by {last.by}"
    said = {
        "move": f": {plan.before} -> {plan.version}",
        "adopt": f": the move to {plan.version} now has its record",
        "finished": f": the rollback to {plan.version} is finished{since}",
        "there": f" is at {plan.version} already{since}",
    }
    return plan.branch + said[plan.kind]


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
        "repairs": [{"record": x.record.id, "state": x.state} for x in place.owed],
        "warnings": list(warnings),
    }
