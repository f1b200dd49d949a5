"""Write a plan: one ruleset after the other, looked at before and read back after."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError
from monokeel.ground.report import Report, Section
from monokeel.policy.body import merged_body, new_body
from monokeel.policy.comparison import Comparison, compare, compare_policies
from monokeel.policy.plan import Plan, rulesets_in
from monokeel.policy.ports import Rulesets
from monokeel.policy.refusal import Refusal
from monokeel.policy.rulesets import Ruleset
from monokeel.policy.wording import comparison_json, problem_line, steps_of, to_do


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was done: lines such as ``updated main``, and how GitHub compares now."""

    repository: str
    done: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    gaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """One write that was seen to have worked; *live* is None after a deletion.

    *without* are the optional rules that GitHub's plan does not have.
    """

    live: Ruleset | None
    without: tuple[str, ...] = ()


@dataclass(slots=True)
class _Progress:
    """What came of the writes so far, each name in one of the three."""

    results: dict[str, _Written] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)

    def error(
        self, *errors: MonokeelError, unclear: Sequence[str] = (), left: Sequence[str]
    ) -> MonokeelError:
        """Return *errors* as one, with what was written, is *unclear* or *left*."""
        lists = (("refused", self.refused), ("unclear", unclear), ("not written", left))
        parts = [
            *(each.problem for each in errors),
            f"written: {', '.join(self.done) or 'nothing'}",
            *(f"{what}: {', '.join(names)}" for what, names in lists if names),
        ]
        same = len({type(each) for each in errors}) == 1
        family = type(errors[0]) if same else RefusedError
        fix = errors[0].fix or "Run ./inv policy.apply again: it does what is left."
        return family("; ".join(parts), fix=fix)

    def refusal(self, left: Sequence[str]) -> MonokeelError:
        """Return the error for what GitHub would not write."""
        errors = [each.error(name) for name, each in self.refused.items()]
        return self.error(*errors, left=left)


def apply(plan: Plan, rulesets: Rulesets) -> Applied:
    """Write *plan* and return what was done.

    Before the first write everything that forbids one is named: a name that GitHub
    has twice (RefusedError), a bypass list that the token may not see (ServiceError).
    A ruleset that GitHub refuses for its content does not keep the others unwritten;
    any other failure stops, and says what was written and what was not.
    """
    _refuse_blind(plan)
    progress = _Progress()
    for index, change in enumerate(plan.writes):
        left = [each.name for each in plan.writes[index + 1 :]]
        sent = False
        try:
            live = _read_unmoved(change, rulesets)
            sent = True
            outcome = _write(change, live, rulesets, plan.optional_rules)
        except MonokeelError as error:
            lost = [change.name] if sent and isinstance(error, ServiceError) else []
            left = left if lost else [change.name, *left]
            raise progress.error(error, unclear=lost, left=left) from error
        if isinstance(outcome, Refusal):
            progress.refused[change.name] = outcome
            if not outcome.is_for_its_content:
                raise progress.refusal(left)
            continue
        progress.results[change.name] = outcome
        if outcome.live is not None or change.verb == "delete":
            progress.done.append(f"{change.verb}d {change.name}")
    if progress.refused:
        raise progress.refusal([])
    return _applied(plan, progress)


def _refuse_blind(plan: Plan) -> None:
    reading = plan.reading
    twice = [each.name for each in reading.comparisons if each.state == "duplicate"]
    if twice:
        raise RefusedError(
            f"GitHub has more than one ruleset called {', '.join(twice)}",
            fix="Delete the surplus ones by hand. Nothing was written.",
        )
    hidden = [each.subject for each in reading.unverified]
    if hidden:
        raise ServiceError(
            f"bypass_actors is hidden from this token in {', '.join(hidden)}: a write"
            " could not be checked",
            fix="Use a token with administration: write. Nothing was written.",
        )


def _applied(plan: Plan, progress: _Progress) -> Applied:
    results = progress.results
    live = [each.live for each in results.values() if each.live is not None]
    taken = {kind for each in live for kind in each.kinds}
    return Applied(
        repository=plan.reading.repository,
        done=tuple(progress.done),
        comparisons=tuple(_after(plan, results)),
        gaps=tuple(
            f"{name}: {', '.join(each.without)} is not on GitHub's plan, or not for it"
            for name, each in results.items()
            if each.without
        ),
        notes=tuple(
            f"{rule} is on this plan: take it out of [policy] optional_rules of"
            " infra/platform.toml, and drift will see when somebody deletes it"
            for rule in plan.optional_rules
            if rule in taken
        ),
    )


def _after(plan: Plan, results: Mapping[str, _Written]) -> Iterator[Comparison]:
    """Yield the comparisons as they are after the writes, from what was read back."""
    for each in plan.reading.comparisons:
        result = results.get(each.name)
        if result is None or (result.live is None and each.desired is not None):
            yield each
        elif result.live is not None and each.desired is not None:
            optional = result.without or plan.optional_rules
            new = compare_policies([each.desired], [result.live], optional)[0]
            yield replace(new, name=each.name)


def applied_report(applied: Applied) -> Report:
    """Return the report of what was written, and of what still differs."""
    after = applied.comparisons
    left = tuple(problem_line(each) for each in after if each.drifts)
    done = len(applied.done)
    steps = ((x.name, y) for x in after for y in steps_of(x, after, applied.repository))
    headline = f"{rulesets_in(done)} written" if done else "nothing written"
    if left:
        headline += f", {len(left)} left to look at"
    elif not done:
        headline = f"in sync, {headline}"
    return Report(
        headline=f"{applied.repository}: {headline}",
        sections=(
            Section("Written", applied.done),
            Section("Gaps (declared optional)", applied.gaps),
            Section("Still different", left),
            Section("To know", applied.notes),
            Section("To do", to_do(steps)),
        ),
        data={
            "repository": applied.repository,
            "verdict": "drift" if left else "in_sync",
            "written": list(applied.done),
            "gaps": list(applied.gaps),
            "notes": list(applied.notes),
            "rulesets": [comparison_json(each) for each in applied.comparisons],
        },
        problems=left,
        outcome="difference" if left else "done",
    )


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
    moved = [each.path for each in compare(planned, now) if each.kind != "note"]
    changes = ", ".join(moved) or ("name" if now.name != name else "")
    if now.updated_at != planned.updated_at:
        changes = f"{planned.updated_at} → {now.updated_at}"
    if changes:
        raise _moved(f"ruleset {name!r} was changed", f": {changes}")
    return now


def _moved(what: str, changes: str = "") -> RefusedError:
    return RefusedError(
        f"{what} since the plan{changes}",
        fix="Look again with ./inv policy.plan, then apply.",
    )


def _write(
    change: Comparison,
    live: Ruleset | None,
    rulesets: Rulesets,
    optional_rules: Sequence[str],
) -> _Written | Refusal:
    """Send one write, and return it once reading back shows it."""
    desired = change.desired
    if desired is None:
        return _delete(change, live, rulesets)
    without: tuple[str, ...] = ()
    while True:
        outcome = _send(desired, live, rulesets, without)
        if not isinstance(outcome, Refusal):
            return _checked(desired, rulesets.read(outcome), without)
        rule = outcome.rule_without_plan
        if rule not in optional_rules or rule is None or rule in without:
            return outcome
        without = (*without, rule)
        if set(desired.kinds) <= {*without}:
            return _Written(live=None, without=without)


def _send(
    desired: Ruleset,
    live: Ruleset | None,
    rulesets: Rulesets,
    without: Sequence[str],
) -> int | Refusal:
    """Send one body and return the ruleset's id, even when the answer got lost."""
    if live is not None:
        try:
            refused = rulesets.update(live.id, merged_body(desired, live, without))
        except ServiceError:
            # Perhaps it was done: only looking tells. A write is not sent again.
            if _left(desired, rulesets.read(live.id), without):
                raise
            return live.id
        return refused or live.id
    try:
        outcome = rulesets.create(new_body(desired, without))
    except ServiceError:
        numbers = rulesets.named(desired.name)
        if not numbers:
            raise
        return numbers[0]
    if isinstance(outcome, Refusal) and outcome.is_name_taken:
        raise _moved(f"a ruleset called {desired.name!r} appeared")
    return outcome


def _checked(desired: Ruleset, live: Ruleset, without: tuple[str, ...]) -> _Written:
    """Return the write if reading back shows it; GitHub's 200 alone proves nothing."""
    left = _left(desired, live, without)
    if left:
        raise ServiceError(
            f"GitHub accepted ruleset {desired.name!r}, but reads back differently:"
            f" {', '.join(left)}",
            fix="Look at the ruleset on GitHub: a part of it was dropped.",
        )
    return _Written(live=live, without=without)


def _left(desired: Ruleset, live: Ruleset, without: Sequence[str]) -> list[str]:
    if live.hides_bypass:
        return ["bypass_actors (hidden)"]
    optional = {f"rules.{each}" for each in without}
    left = [each.path for each in compare(desired, live) if each.can_be_written]
    return [path for path in left if path not in optional]


def _delete(
    change: Comparison, live: Ruleset | None, rulesets: Rulesets
) -> _Written | Refusal:
    if live is not None:
        refused = rulesets.delete(live.id)
        if refused is not None:
            return refused
        if live.id in rulesets.named(change.name):
            raise ServiceError(f"ruleset {change.name!r} is still there")
    return _Written(live=None)
