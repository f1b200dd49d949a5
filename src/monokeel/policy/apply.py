"""Write a plan: one ruleset after the other, looked at before and read back after."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError
from monokeel.ground.report import Report, Section
from monokeel.policy import wording
from monokeel.policy.comparison import Comparison, compare, compare_policies
from monokeel.policy.plan import Plan, rulesets_in
from monokeel.policy.ports import Refusal, Rulesets
from monokeel.policy.rulesets import Ruleset, body_of

_ON_PLAN = (
    "is on this plan: take it out of [policy] optional_rules of infra/platform.toml,"
    " and drift will see when somebody deletes it"
)
# One write that was seen to have worked: the live ruleset, None where none is left, and
# the optional rules that GitHub's plan does not have.
_Written = tuple[Ruleset | None, tuple[str, ...]]


def apply(plan: Plan, rulesets: Rulesets) -> Report:
    """Write *plan*; report what was written, and what still differs.

    Before the first write everything that forbids one is named: a name that GitHub
    has twice (RefusedError), a bypass list that the token may not see (ServiceError).
    A ruleset that GitHub refuses for its content does not keep the others unwritten;
    any other failure stops, and says what was written and what was not.
    """
    _refuse_blind(plan)
    results, refused = dict[str, _Written](), dict[str, MonokeelError]()
    done, left = list[str](), [each.name for each in plan.writes]
    for change in plan.writes:
        sent = False
        try:
            live = _read_unmoved(change, rulesets)
            sent = True
            outcome = _write(change, live, rulesets, plan.optional_rules)
        except MonokeelError as error:
            lost = [left.pop(0)] if sent and isinstance(error, ServiceError) else []
            lists = {"refused": refused, "unclear": lost, "not written": left}
            raise _as_one([error], {"written": done, **lists}) from error
        left.remove(change.name)
        if isinstance(outcome, Refusal):
            refused[change.name] = outcome.error(change.name)
            if not outcome.is_for_its_content:
                break
            continue
        results[change.name] = outcome
        if outcome[0] is not None or change.verb == "delete":
            done.append(f"{change.verb}d {wording.edged(change.name)}")
    if refused:
        lists = {"written": done, "refused": refused, "not written": left}
        raise _as_one([*refused.values()], lists)
    return _report(plan, results, done)


def _as_one(
    errors: Sequence[MonokeelError], lists: Mapping[str, Iterable[str]]
) -> MonokeelError:
    """Return *errors* as one, with the names of *lists*, first what was written."""
    parts = [each.problem for each in errors]
    for what, names in lists.items():
        if names or what == "written":
            parts.append(f"{what}: {', '.join(names) or 'nothing'}")
    families = {type(each) for each in errors}
    family = families.pop() if len(families) == 1 else RefusedError
    fix = errors[0].fix or "Run ./inv policy.apply again: it does what is left."
    return family("; ".join(parts), fix=fix)


def _refuse_blind(plan: Plan) -> None:
    reading = plan.reading
    twice = [each.name for each in reading.comparisons if each.state == "duplicate"]
    if twice:
        problem = f"GitHub has more than one ruleset called {', '.join(twice)}"
        fix = "Delete the surplus ones by hand. Nothing was written."
        raise RefusedError(problem, fix=fix)
    if hidden := ", ".join(each.subject for each in reading.unverified):
        problem = f"bypass_actors is hidden from this token in {hidden}: a write"
        fix = "Use a token with administration: write. Nothing was written."
        raise ServiceError(f"{problem} could not be checked", fix=fix)


def _report(plan: Plan, results: dict[str, _Written], done: list[str]) -> Report:
    repository, after = plan.reading.repository, tuple(_after(plan, results))
    taken = {kind for live, _ in results.values() if live for kind in live.kinds}
    plans = "is not on GitHub's plan, or not for it"
    lacking = ((name, ", ".join(without)) for name, (_, without) in results.items())
    gaps = tuple(f"{name}: {kinds} {plans}" for name, kinds in lacking if kinds)
    notes = tuple(f"{x} {_ON_PLAN}" for x in plan.optional_rules if x in taken)
    left = tuple(wording.problem_line(each) for each in after if each.drifts)
    steps = ((x.name, y) for x in after for y in wording.steps_of(x, after, repository))
    written = f"{rulesets_in(len(done))} written" if done else "nothing written"
    seen = f", {len(left)} left to look at" if left else ""
    return Report(
        headline=f"{repository}: {'' if done or left else 'in sync, '}{written}{seen}",
        sections=(
            Section("Written", tuple(done)),
            Section("Gaps (declared optional)", gaps),
            Section("Still different", left),
            Section("To know", notes),
            Section("To do", wording.to_do(steps)),
        ),
        data={
            "repository": repository,
            "verdict": "drift" if left else "in_sync",
            "written": [*done],
            "gaps": list(gaps),
            "notes": list(notes),
            "rulesets": [wording.comparison_json(each) for each in after],
        },
        problems=left,
        outcome="difference" if left else "done",
    )


def _after(plan: Plan, results: dict[str, _Written]) -> Iterator[Comparison]:
    """Yield the comparisons as they are after the writes, from what was read back."""
    for each in plan.reading.comparisons:
        live, without = results.get(each.name, (None, ()))
        if each.desired is not None and live:
            optional = without or plan.optional_rules
            new, *_ = compare_policies([each.desired], [live], optional)
            yield replace(new, name=each.name)
        elif each.desired is not None or each.name not in results:
            yield each


def _read_unmoved(change: Comparison, rulesets: Rulesets) -> Ruleset | None:
    """Return the live ruleset if it is still the planned one.

    ``updated_at`` may stay behind on an edit of the bypass list (unconfirmed), so the
    content is compared, too.
    """
    name = change.name
    if change.verb == "create":
        if rulesets.named(name):
            raise _moved(f"a ruleset called {name!r} appeared")
        return None
    planned = change.live[0]
    now = rulesets.read(planned.id)
    moved = ", ".join(x.path for x in compare(planned, now) if x.kind != "note")
    changes = moved or ("name" if now.name != name else "")
    if now.updated_at != planned.updated_at:
        changes = f"{planned.updated_at} → {now.updated_at}"
    if changes:
        raise _moved(f"ruleset {name!r} was changed", f": {changes}")
    return now


def _moved(what: str, changes: str = "") -> RefusedError:
    fix = "Look again with ./inv policy.plan, then apply."
    return RefusedError(f"{what} since the plan{changes}", fix=fix)


def _write(
    change: Comparison,
    live: Ruleset | None,
    rulesets: Rulesets,
    optional: Sequence[str],
) -> _Written | Refusal:
    """Send one write; return it once reading back shows it: a 200 proves nothing."""
    desired, without = change.desired, tuple[str, ...]()
    if desired is None:
        outcome = rulesets.write(None, live.id) if live else 0
        refused = isinstance(outcome, Refusal)
        if live and not refused and live.id in rulesets.named(change.name):
            raise ServiceError(f"ruleset {change.name!r} is still there")
        return outcome if isinstance(outcome, Refusal) else (None, ())
    while True:
        outcome = _send(desired, live, rulesets, without)
        if not isinstance(outcome, Refusal):
            there = rulesets.read(outcome)
            if left := ", ".join(_left(desired, there, without)):
                problem = f"GitHub accepted ruleset {desired.name!r}, but reads back"
                fix = "Look at the ruleset on GitHub: a part of it was dropped."
                raise ServiceError(f"{problem} differently: {left}", fix=fix)
            return there, without
        rule = outcome.rule_without_plan
        if rule not in optional or rule is None or rule in without:
            return outcome
        without = (*without, rule)
        if set(desired.kinds) <= {*without}:
            return None, without


def _send(
    desired: Ruleset, live: Ruleset | None, rulesets: Rulesets, without: Sequence[str]
) -> int | Refusal:
    """Send one body and return the ruleset's id, even when the answer got lost."""
    body = body_of(desired, live, without)
    try:
        outcome = rulesets.write(body, live.id if live else 0)
    except ServiceError:
        # Perhaps it was done: only looking tells. A write is not sent again.
        if not live and (there := rulesets.named(desired.name)):
            return there[0]
        if not live or _left(desired, rulesets.read(live.id), without):
            raise
        return live.id
    if not live and isinstance(outcome, Refusal) and outcome.is_name_taken:
        raise _moved(f"a ruleset called {desired.name!r} appeared")
    return outcome


def _left(desired: Ruleset, live: Ruleset, without: Sequence[str]) -> list[str]:
    if live.hides_bypass:
        return ["bypass_actors (hidden)"]
    found, optional = compare(desired, live), {f"rules.{each}" for each in without}
    return [x.path for x in found if x.can_be_written and x.path not in optional]
