"""An apply that is cut short, overtaken, or told a lie."""

import json

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.settings import PolicySettings
from monokeel.policy.apply import apply
from monokeel.policy.plan import make_plan
from monokeel.policy.reading import Policy
from monokeel.policy.rulesets import parse_policy
from tests.fakes.faults import KilledError
from tests.fakes.rulesets import FakeRulesets
from tests.policy.test_policy import MAIN, NAMES, TAGS, WEAK, in_force

ALIEN: Json = {"type": "moon_phase"}
POLICY = Policy(desired=parse_policy(json.dumps([MAIN, TAGS, NAMES])), jobs=())


def half_in_force() -> FakeRulesets:
    """One ruleset to update, with a rule that nobody knows, and two to create."""
    rulesets = in_force(MAIN)
    rulesets.edit(100, rules=[{"type": "deletion"}, ALIEN])
    return rulesets


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_a_killed_apply_is_finished_by_the_next(writes: int) -> None:
    rulesets = half_in_force()
    rulesets.faults.kill_after = writes
    with pytest.raises(KilledError):
        apply(make_plan(POLICY, rulesets), rulesets)
    rulesets.faults.kill_after = None

    apply(make_plan(POLICY, rulesets), rulesets)

    assert len(rulesets.faults.writes) == 3
    assert rulesets.names() == ["main", "tags", "names"]
    assert make_plan(POLICY, rulesets).writes == ()
    rules = rulesets.bodies[100]["rules"]
    assert isinstance(rules, list)
    assert ALIEN in rules


@pytest.mark.parametrize("write", [1, 2, 3])
def test_a_lost_answer_is_looked_up_and_nothing_is_sent_twice(write: int) -> None:
    rulesets = half_in_force()
    rulesets.faults.lose_answer = write

    applied = apply(make_plan(POLICY, rulesets), rulesets)

    assert len(applied.sections[0].lines) == len(rulesets.faults.writes) == 3


def test_a_write_that_never_arrived_is_reported_as_unclear() -> None:
    rulesets = half_in_force()

    def fail(number: int) -> None:
        if number == 2:
            raise ServiceError("no answer")

    rulesets.faults.before = fail

    with pytest.raises(
        ServiceError,
        match="written: updated main; unclear: tags; not written: names",
    ):
        apply(make_plan(POLICY, rulesets), rulesets)
    assert rulesets.names() == ["main"]


def test_an_accepted_write_without_effect_is_noticed() -> None:
    rulesets = in_force(MAIN, TAGS, NAMES)
    rulesets.edit(100, rules=WEAK)
    rulesets.without_effect = True

    with pytest.raises(
        ServiceError, match=r"reads back differently: rules.non_fast_fo"
    ):
        apply(make_plan(POLICY, rulesets), rulesets)


def test_a_ruleset_that_moved_since_the_plan_is_not_written() -> None:
    rulesets = half_in_force()
    plan = make_plan(POLICY, rulesets)
    rulesets.edit(100, enforcement="disabled")

    with pytest.raises(RefusedError, match="'main' was changed since the plan"):
        apply(plan, rulesets)

    assert rulesets.faults.writes == []


def test_an_edit_that_leaves_updated_at_alone_is_noticed() -> None:
    rulesets = half_in_force()
    plan = make_plan(POLICY, rulesets)
    rulesets.bodies[100]["bypass_actors"] = []

    with pytest.raises(RefusedError, match=r"since the plan: bypass_actors\[DeployKey"):
        apply(plan, rulesets)

    assert rulesets.faults.writes == []


def test_a_ruleset_that_was_renamed_since_the_plan_is_not_written() -> None:
    rulesets = half_in_force()
    plan = make_plan(POLICY, rulesets)
    rulesets.bodies[100]["name"] = "main (old)"

    with pytest.raises(RefusedError, match="'main' was changed since the plan: name"):
        apply(plan, rulesets)

    assert rulesets.faults.writes == []


def test_a_ruleset_that_appeared_since_the_plan_is_not_doubled() -> None:
    rulesets = half_in_force()
    plan = make_plan(POLICY, rulesets)
    rulesets.add(TAGS)

    with pytest.raises(
        RefusedError, match=r"'tags' appeared.*written: updated main; not written: tags"
    ):
        apply(plan, rulesets)

    assert rulesets.names() == ["main", "tags"]


def test_a_ruleset_that_appears_at_the_last_moment_is_not_doubled() -> None:
    rulesets = in_force(MAIN, NAMES)
    plan = make_plan(POLICY, rulesets)
    reads = iter(range(99))

    def others() -> None:
        if next(reads) == 1:  # after the look at the names, before the write
            rulesets.add(TAGS)

    rulesets.faults.turn = others

    with pytest.raises(RefusedError, match="'tags' appeared"):
        apply(plan, rulesets)


def test_a_failed_look_between_two_writes_writes_nothing_more() -> None:
    rulesets = half_in_force()
    plan = make_plan(POLICY, rulesets)

    def silence() -> None:
        rulesets.silent = len(rulesets.faults.writes) > 1

    rulesets.faults.turn = silence

    with pytest.raises(ServiceError, match=r"500.*written: updated main"):
        apply(plan, rulesets)
    rulesets.faults.turn = lambda: None
    rulesets.silent = False

    apply(make_plan(POLICY, rulesets), rulesets)

    assert make_plan(POLICY, rulesets).reading.verdict() == "drift"  # the unknown rule
    assert sorted(rulesets.names()) == ["main", "names", "tags"]


def test_what_github_refuses_keeps_no_other_ruleset_unwritten() -> None:
    rulesets = in_force(MAIN, TAGS)
    rulesets.edit(100, rules=WEAK)
    rulesets.edit(101, enforcement="disabled")
    rulesets.not_on_plan = ("non_fast_forward",)
    policy = Policy(desired=parse_policy(json.dumps([MAIN, TAGS])), jobs=())

    with pytest.raises(RefusedError) as caught:
        apply(make_plan(policy, rulesets), rulesets)

    assert caught.value.problem.endswith("written: updated tags; refused: main")
    assert rulesets.faults.writes == ["update tags"]


def test_what_is_refused_for_all_stops_at_once() -> None:
    rulesets = in_force(MAIN, TAGS)
    rulesets.edit(100, rules=WEAK)
    rulesets.edit(101, enforcement="disabled")
    rulesets.archived = True
    policy = Policy(desired=parse_policy(json.dumps([MAIN, TAGS])), jobs=())

    with pytest.raises(RefusedError) as caught:
        apply(make_plan(policy, rulesets), rulesets)

    assert "refused: main; not written: tags" in caught.value.problem
    assert caught.value.fix == "Unarchive the repository on GitHub, then run it again."


def test_the_plan_that_takes_an_optional_rule_is_told_so() -> None:
    rulesets = in_force(MAIN, TAGS)
    wanted = Policy(
        desired=parse_policy(json.dumps([MAIN, TAGS, NAMES])),
        keys=PolicySettings(optional_rules=("branch_name_pattern",)),
        jobs=(),
    )

    applied = apply(make_plan(wanted, rulesets), rulesets)

    assert "take it out of [policy] optional_rules" in str(applied.data["notes"])
