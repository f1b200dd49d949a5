"""Write one ruleset: looked at before, read back after."""

from collections.abc import Sequence
from dataclasses import dataclass

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.policy.body import merged_body, new_body
from monokeel.policy.comparison import compare
from monokeel.policy.plan import Action
from monokeel.policy.ports import Rulesets
from monokeel.policy.refusal import Refusal, is_name_taken, rule_without_plan
from monokeel.policy.rulesets import Ruleset, rules_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One write that was seen to have worked; *live* is None after a deletion."""

    live: Ruleset | None
    without: tuple[str, ...] = ()


def read_unmoved(action: Action, rulesets: Rulesets) -> Ruleset | None:
    """Return the live ruleset if it is still the planned one.

    ``updated_at`` may stay behind on an edit of the bypass list (unconfirmed), so the
    content is compared, too.
    """
    name = action.name
    if action.verb == "create":
        if rulesets.named(name):
            raise _moved(f"a ruleset called {name!r} appeared since the plan")
        return None
    planned = action.comparison.live[0]
    now = rulesets.read(planned.id)
    if now.updated_at != planned.updated_at:
        raise _moved(
            f"ruleset {name!r} was changed since the plan"
            f" ({planned.updated_at} → {now.updated_at})"
        )
    moved = [each.path for each in compare(planned, now) if each.kind != "note"]
    if moved or now.name != name:
        raise _moved(
            f"ruleset {name!r} was changed since the plan: {', '.join(moved) or 'name'}"
        )
    return now


def _moved(problem: str) -> RefusedError:
    return RefusedError(problem, fix="Look again with ./inv policy.plan, then apply.")


def write(
    action: Action,
    live: Ruleset | None,
    rulesets: Rulesets,
    optional_rules: Sequence[str],
) -> Written | Refusal:
    """Send one write, and return it once reading back shows it."""
    desired = action.comparison.desired
    if desired is None:
        return _delete(action, live, rulesets)
    without: tuple[str, ...] = ()
    while True:
        outcome = _send(desired, live, rulesets, without)
        if not isinstance(outcome, Refusal):
            return _checked(desired, rulesets.read(outcome), without)
        rule = rule_without_plan(outcome)
        if rule not in optional_rules or rule is None or rule in without:
            return outcome
        without = (*without, rule)
        if {each.get("type") for each in rules_of(desired.body)} <= {*without}:
            return Written(live=None, without=without)


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
    if isinstance(outcome, Refusal) and is_name_taken(outcome):
        raise _moved(f"a ruleset called {desired.name!r} appeared since the plan")
    return outcome


def _checked(desired: Ruleset, live: Ruleset, without: tuple[str, ...]) -> Written:
    """Return the write if reading back shows it; GitHub's 200 alone proves nothing."""
    left = _left(desired, live, without)
    if left:
        raise ServiceError(
            f"GitHub accepted ruleset {desired.name!r}, but reads back differently:"
            f" {', '.join(left)}",
            fix="Look at the ruleset on GitHub: a part of it was dropped.",
        )
    return Written(live=live, without=without)


def _left(desired: Ruleset, live: Ruleset, without: Sequence[str]) -> list[str]:
    optional = {f"rules.{each}" for each in without}
    if live.hides_bypass:
        return ["bypass_actors (hidden)"]
    return [
        each.path
        for each in compare(desired, live)
        if each.can_be_written and each.path not in optional
    ]


def _delete(
    action: Action, live: Ruleset | None, rulesets: Rulesets
) -> Written | Refusal:
    if live is not None:
        refused = rulesets.delete(live.id)
        if refused is not None:
            return refused
        if live.id in rulesets.named(action.name):
            raise ServiceError(f"ruleset {action.name!r} is still there")
    return Written(live=None)
