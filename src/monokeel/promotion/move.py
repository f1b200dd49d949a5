"""Carry out planned promotions: repair, record, move, mark, confirm.

A crash after any step heals on the next run: a record without a status is pending, and
where the branch is says whether its move happened. Compare-and-swap sees a value, not
its history (1.0.0 may be there again): the records are read once more ahead of it.
"""

from dataclasses import replace

from monokeel.ground import errors, report
from monokeel.ground.answers import Declined, Json, Lost, Unknown, ask
from monokeel.ground.settings import Settings
from monokeel.ground.version import newest_first
from monokeel.ground.words import span
from monokeel.promotion import reading as readings
from monokeel.promotion.facts import facts_of, told
from monokeel.promotion.gates import evaluate
from monokeel.promotion.plan import Plan, Request, plan_promotion
from monokeel.promotion.pointers import read_remote
from monokeel.promotion.ports import Outside, Records
from monokeel.promotion.reading import Reading, read_records
from monokeel.promotion.records import ROLLBACK, Record

_ANEW = "Run again: the gates are asked anew for what is there now."
_OF_RULES = ("GH006", "GH013", "hook declined", "protected", "rule")
_READINGS = 20  # some seconds, of a race that is rare
_ONCE_MORE = "Run the same command again."
_AGAIN = "Run the same command again: it finishes or clears what is there."


def move_environment(plan: Plan, outside: Outside) -> Plan:
    """Do what *plan* says and return it with the id of the new record, if any.

    Repairs are written first, even when a gate refuses: they are true. Raises
    RefusedError when a gate or GitHub says no or somebody else was first (it says who),
    ServiceError when nobody can tell: the record then stays pending.
    """
    records, notes = outside.records, list[str]()
    for each, state, said in plan.place.owed:
        records.settle(each.id, state, said)
    if plan.kind in ("there", "finished"):
        return plan
    plan.require()
    run = plan.request.run_url.rpartition("/")[2] * plan.place.environment.reviewers
    approvers = ask(lambda: records.approvers(run)) if run else ()
    if isinstance(approvers, Unknown):
        notes.append(f"the record does not say who approved: {approvers.reason}")
        approvers = ()
    own = _record(plan, records, approvers)
    plan, newer = _look_again(plan, outside, own)
    made, wanted = plan.place.current, (plan.commit, plan.task)
    theirs = made is not None and (made.sha, made.task) == wanted
    if why := "" if theirs else _refusal(plan, outside, newer):
        late = _give_up(plan, records, own, f"stopped: {why}")
        raise errors.RefusedError(f"{plan.unmoved}: {why}{late}", fix=_ANEW)
    if theirs or not _move(plan, outside, own):
        # Somebody else put the branch there: what was asked for is so, and is theirs.
        late = _give_up(plan, records, own, f"overtaken by {plan.version}")
        notes += [f"{plan.place.branch} is there{late}"] * bool(late)
        plan = replace(_read_after(plan, outside, plan.commit), kind="there")
    else:
        notes += _confirm(plan, records, own)
        plan = replace(plan, record=own)
    return replace(plan, warnings=(*plan.warnings, *notes))


def _look_again(plan: Plan, outside: Outside, own: int) -> tuple[Plan, Record | None]:
    """Return *plan* over the records of now, and the newest move since the gates."""
    name, pointers = plan.place.name, plan.reading.pointers
    known = {each.id for each in plan.reading.ledger.confirmed(name)}

    def newest(reading: Reading) -> Record | None:
        confirmed = reading.ledger.confirmed(name)
        return next((each for each in confirmed if each.id not in known), None)

    reading = read_records(outside, pointers, version=plan.version, own=own)
    if newest(reading) is not None or (reading.own and reading.own.end):
        pointers = read_remote(outside.clone, pointers.settings)
        reading = read_records(outside, pointers, version=plan.version, own=own)
    return replace(plan, reading=reading), newest(reading)


def _record(plan: Plan, records: Records, approvers: tuple[str, ...]) -> int:
    settings = plan.reading.settings
    tag, last = settings.tag(plan.version), settings.environments[-1].name
    name, note = plan.place.name, replace(plan.note, approvers=approvers)
    how = {"tag": tag, "task": plan.task}
    try:
        own, commit = records.create(name, note, **how, production=name == last)
    except errors.ServiceError as error:
        known = "it has no record"
        if not error.hidden:  # it may be made all the same
            known = "nobody knows whether it has a record"
        problem = f"{plan.unmoved}, {known}: {error.problem}"
        raise errors.ServiceError(problem, fix=error.fix or _AGAIN) from error
    if commit != plan.commit:
        moved = f"GitHub resolves {tag} to {commit}, not {plan.commit}"
        late = _settle(records, own, "error", moved)
        raise errors.RefusedError(
            f"{moved}: the tag moved, or a branch has its name{late}",
            fix="Nothing was promoted. Look at that tag before you go on.",
        )
    return own


def _refusal(plan: Plan, outside: Outside, newer: Record | None) -> str:
    """Return why the branch must not move any more, ``""`` if it may.

    After another move (*newer*), where another run has settled our record, while a
    rollback is under way, and where the environment before has taken the version back.
    """
    name, reading, own = plan.place.name, plan.reading, plan.reading.own
    started = reading.ledger.now - readings.STALE
    if newer is not None:
        return f"{name} {told(newer, reading)}"
    if own is not None and own.end is not None:
        return f"another run has settled record {own.id}: {own.why}"
    if plan.task == ROLLBACK:
        return ""
    for each in reading.ledger.unfinished(name):
        if each.task == ROLLBACK and each.created_at >= started:
            return f"{each.by} is rolling {name} back to {each.version}"
    if "order" in plan.note.overrides:
        return ""
    facts = facts_of(reading, outside.clone, plan.version, name)
    (order,) = (gate for gate in evaluate(facts) if gate.name == "order")
    return f"order: {order.detail}" if order.status == "refused" else ""


def _read_after(plan: Plan, outside: Outside, commit: str) -> Plan:
    """Return *plan* over the records of now, the branch being at *commit*."""
    pointers = plan.reading.pointers
    branches = {**pointers.branches, plan.place.name: commit}
    reading = read_records(outside, replace(pointers, branches=branches))
    return replace(plan, reading=reading)


def _move(plan: Plan, outside: Outside, own: int) -> bool:
    """Move the branch; return whether it was this run that moved it."""
    there, records, branch = plan.place.commit, outside.records, plan.place.branch
    ref = f"refs/heads/{branch}"
    try:
        answer = outside.clone.move_ref(ref, old=there, new=plan.commit)
    except errors.ServiceError as error:
        problem = f"cannot tell where {branch} is now: {error.problem}"
        fix = f"{error.fix.removesuffix(_ONCE_MORE)} {_AGAIN}".lstrip()
        raise errors.ServiceError(problem, fix=fix) from error
    if isinstance(answer, Lost):
        winner = _winner(plan, outside, answer.now)
        seen = "while it was empty" if there is None else f"against {plan.before}"
        said = f"{branch} is now {winner}; checked {seen}"
        late = _settle(records, own, "failure", f"lost: {said}")
        raise errors.RefusedError(said + late, fix=_ANEW)
    if isinstance(answer, Declined):
        said = f"{plan.unmoved}, the push was refused: {answer.reason}"
        late = _settle(records, own, "failure", f"refused: {answer.reason}")
        fix = _remedy(answer.reason, by_token=plan.request.by_token)
        raise errors.RefusedError(said + late, fix=fix)
    # Is the branch there by our record? Others may have wanted the same, and the ledger
    # counts one mover. Git did not send our push (False), or its answer was lost: then
    # whoever did move confirms it within a few readings. Without others the move was
    # made by hand, and ours is its record.
    if answer.changed:
        return True
    ours, rivals = _claims(plan, outside, own)
    for _ in range(0 if answer.changed is False else _READINGS):
        if rivals:
            ours, rivals = _claims(plan, outside, own)
    return ours and not (answer.changed is False and rivals)


def _claims(plan: Plan, outside: Outside, own: int) -> tuple[bool, bool]:
    # Whether the ledger counts our record as the move; and whether others want it to be
    # theirs and have not settled it.
    place = (plan := _read_after(plan, outside, plan.commit)).place
    waiting = [each for each, *_ in place.owed if each.state == "pending"]
    waiting += plan.reading.ledger.unfinished(place.name)
    ours = place.current is not None and place.current.id == own
    return ours, any(x.id != own and x.sha == plan.commit for x in waiting)


def _confirm(plan: Plan, records: Records, own: int) -> list[str]:
    # The branch has moved: from here on nothing may turn the result into a failure.
    # Older unfinished records have lost, and a rollback marks what it leaves. The
    # success comes last: until then the record is pending, and whoever reads it knows
    # all that is owed. A newer unfinished one may be of a run that has seen this move.
    waiting = reversed(plan.reading.ledger.unfinished(plan.place.name))
    owed = [readings.overtaken(each, plan.version) for each in waiting if each.id < own]
    if plan.request.rollback:
        left = plan.reading.ledger.of(plan.place.name, plan.note.from_sha)
        owed += readings.rolled_back(left, plan.request.reason)
    notes = [_settle(records, each.id, state, said) for each, state, said in owed]
    notes.append(_settle(records, own, "success", plan.moved, plan.request.run_url))
    return [f"moved{note}" for note in notes if note]


def _give_up(plan: Plan, records: Records, own: int, why: str) -> str:
    mine = plan.reading.own
    return "" if mine and mine.end else _settle(records, own, "failure", why)


def _settle(records: Records, record: int, state: str, said: str, url: str = "") -> str:
    # Returns what to add to the message when GitHub does not take the status.
    try:
        records.settle(record, state, said, url)
    except errors.MonokeelError as error:
        late = f"record {record} may lack its mark {state}, the next run sees to it"
        return f" ({late}: {error.problem})"
    return ""


def _winner(plan: Plan, outside: Outside, now: str | None) -> str:
    if now is None:
        return "gone"
    version = plan.reading.pointers.version_at(now) or now[:12]
    after = ask(lambda: _read_after(plan, outside, now))
    if isinstance(after, Unknown):
        return version
    record = after.place.current
    if record is None:
        return f"{version} (moved without a record)"
    why = f"rolled back by {record.by}: {record.note.reason}"
    by = why if record.task == ROLLBACK else record.by
    return f"{version} ({by}, {span(after.reading.ledger.now - record.created_at)} ago)"


def _remedy(reason: str, *, by_token: bool) -> str:
    if "workflow" in reason and "permission" in reason:
        said = "This version has other workflow files than the default branch: push"
        return f"{said} with the deploy key (MONOKEEL_DEPLOY_KEY)."
    if not any(words in reason for words in _OF_RULES):
        said = "Check MONOKEEL_DEPLOY_KEY: ./inv doctor says what is wrong with it"
        return f"{said}, ./inv init mends it."
    if by_token:
        said = "Only the deploy key may move env/*"
        return f"{said}: set MONOKEEL_DEPLOY_KEY (./inv init)."
    return "Compare the rules of env/* with infra/rulesets.json: ./inv drift"


def promote_onwards(
    request: Request, outside: Outside, local: Settings, *, carried_out: bool
) -> report.Report:
    """Promote the version of *request*, or the newest, wherever ``auto = true``.

    The first environment that does not take it ends it, and so does one that was rolled
    back: somebody is looking at it. Raises ServiceError when a move cannot be told.
    """
    if request.environment or request.rollback:
        raise errors.UsageError(
            "--auto chooses the environments itself and goes without --env, --rollback",
            fix="Leave --auto out to move the one that you name.",
        )
    pointers = read_remote(outside.clone, local)
    version = request.version or [*newest_first(pointers.releases), ""][0]
    went, ended = dict[str, str](), dict[str, str]()
    for name in [each.name for each in pointers.settings.environments if each.auto]:
        if not ended:
            asked = replace(request, environment=name, version=version)
            plan = plan_promotion(asked, outside, local)
            moved, said = _step(plan, outside, carried_out=carried_out)
            (went if moved else ended)[name] = said
    steps: list[Json] = [
        {"environment": x, "version": version, "moved": x in went, "said": y}
        for x, y in (went | ended).items()
    ]
    goes = "went" if carried_out else "would go"
    headline = f"{version} {goes} on by itself to: {', '.join(went) or 'nowhere'}"
    return report.Report(
        headline=headline if steps else "no environment has auto = true",
        sections=(
            report.Section("", tuple(went.values())),
            report.Section("Ended there", tuple(ended.values())),
        ),
        data={"steps": steps},
    )


def _step(plan: Plan, outside: Outside, *, carried_out: bool) -> tuple[bool, str]:
    current, there = plan.place.current, plan.kind == "there"
    if not there and current is not None and current.task == ROLLBACK:
        return False, f"{plan.place.name} {told(current, plan.reading)}"
    if plan.stops:
        return False, f"{plan.unmoved}: {plan.against}"
    said = f"{plan.place.branch} is at {plan.version} already" if there else plan.moved
    made = plan
    if carried_out:  # where it is there already, a record may be unfinished
        try:
            made = move_environment(plan, outside)
        except errors.RefusedError as error:
            return False, error.problem
    return True, "; ".join((said, *made.warnings[len(plan.warnings) :]))
