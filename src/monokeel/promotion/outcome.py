"""What a promotion would do, or did, for people and for machines."""

from dataclasses import asdict

from monokeel.ground.answers import Json
from monokeel.ground.report import Report, Section, Table
from monokeel.promotion.plan import Plan

_SHOWN = 10  # titles of commits
_DONE = {"move": "moved", "adopt": "recorded", "there": "already_there"}


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
    heading = f"Gates ({passed} more passed)" if passed else "Gates"
    # The fixes of what stops it come with the error.
    rest = [gate for gate in plan.gates if gate not in plan.stops and gate.fix]
    decision = "planned" if plan.decision == "ready" else plan.decision
    done = plan.kind in ("there", "finished")
    return Report(
        headline=_headline(plan, done=done),
        sections=(
            Section(heading, table=Table(("gate", "answer", "why"), rows)),
            Section("What helps", tuple(f"{gate.name}: {gate.fix}" for gate in rest)),
            _changes(plan, link) if whole else Section(""),
            *_notes(plan, "would be"),
        ),
        data={
            **_data(plan, _DONE.get(plan.kind, plan.kind) if done else decision),
            "changes": list(plan.changes),
            "compare": link or None,
        },
    )


def outcome_report(plan: Plan) -> Report:
    """Return the report of a promotion that was carried out."""
    last, moved = plan.place.current, plan.kind in ("move", "adopt")
    told = dict[str, list[str]]()
    if moved and plan.request.rollback and plan.note.from_version:
        only = "it comes here again, or goes further, only with a reason"
        told[f"{plan.note.from_version} is taken back: {only}"] = []
    for gate in plan.gates:
        if gate.status in ("overridden", "warning"):
            told.setdefault(f": {gate.detail}", []).append(gate.name)
    mind = tuple(", ".join(names) + said for said, names in told.items())
    number = plan.record if moved or last is None else last.id
    return Report(
        headline=_headline(plan, done=True),
        sections=(Section("Mind", mind), *_notes(plan, "was")),
        data={**_data(plan, _DONE.get(plan.kind, plan.kind)), "record": number},
    )


def _changes(plan: Plan, link: str) -> Section:
    count, more = len(plan.changes), len(plan.changes) - _SHOWN
    heading = f"{count} commit{'' if count == 1 else 's'} would "
    heading += "go" if plan.request.rollback else "come"
    shown = [f"- {title}" for title in plan.changes[:_SHOWN]]
    shown += [f"and {more} more"] * (more > 0) + [link] * bool(link)
    return Section(heading if count else "Changes", tuple(shown))


def _notes(plan: Plan, verb: str) -> tuple[Section, Section]:
    repairs = tuple(
        f"record {record.id} {verb} marked {state}: {said}"
        for record, state, said in plan.place.owed
    )
    return Section("Unfinished records", repairs), Section("Warnings", plan.warnings)


def _headline(plan: Plan, *, done: bool) -> str:
    branch, last, since = plan.place.branch, plan.place.current, ""
    if last is not None:
        start = last.live_from or last.created_at
        since = f", since {start:%Y-%m-%d %H:%MZ} by {last.by}"
    said = {
        "move": f": {plan.before} -> {plan.version}",
        "adopt": f": the move to {plan.version} now has its record",
        "finished": f": the rollback to {plan.version} is finished{since}",
        "there": f" is at {plan.version} already{since}",
    }
    if done:
        return branch + said[plan.kind]
    if plan.decision == "unknown":
        return f"cannot tell whether {branch} may move to {plan.version}"
    word = "would" if plan.decision == "ready" else "may not"
    if plan.kind == "adopt":
        return f"{branch} is at {plan.version} and {word} get its record"
    return f"{branch} {word} move from {plan.before} to {plan.version}"


def _data(plan: Plan, outcome: str) -> dict[str, Json]:
    place = plan.place
    return {
        "outcome": outcome,
        "environment": place.name,
        "branch": plan.place.branch,
        "task": plan.task,
        "version": plan.version,
        "tag": plan.reading.settings.tag(plan.version),
        "commit": plan.commit,
        "from": {"version": place.version or None, "commit": place.commit},
        "record": None,
        "gates": [asdict(gate) for gate in plan.gates],
        "overrides": dict(plan.note.overrides),
        "repairs": [{"record": x.id, "state": state} for x, state, _ in place.owed],
        "warnings": list(plan.warnings),
    }
