"""Many runs at once, one step at a time in an order given by a seed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from monokeel.ground.errors import MonokeelError, RefusedError
from monokeel.promotion.move import move_environment
from monokeel.promotion.outcome import outcome_report
from monokeel.promotion.plan import Plan, Request, plan_promotion
from monokeel.promotion.reading import read_promotion
from tests.fakes.pointers import Shop, commit_named
from tests.fakes.turns import Turns

TRIALS = 10
PROMOTE = Request(environment="dev", version="1.1.0", actor="ana")
BACK = Request(environment="dev", rollback=True, reason="data loss", actor="cy")
Results = list[Plan | MonokeelError]


def runner(shop: Shop, request: Request) -> Callable[[], Plan]:
    def run() -> Plan:
        plan = plan_promotion(request, shop.outside, shop.settings)
        return move_environment(plan, shop.outside)

    return run


def at_once(shop: Shop, seed: int, requests: list[Request]) -> Results:
    turns = Turns[Plan](seed)
    shop.fuse.turn = turns.turn
    results = turns.run([runner(shop, request) for request in requests])
    shop.fuse.turn = lambda: None
    return results


def moves(shop: Shop) -> list[str]:
    """The versions that the branch of dev was moved to, in order."""
    start = "refs/heads/env/dev "
    return [line.removeprefix(start) for line in shop.fuse.log if line[:19] == start]


def check(shop: Shop, results: Results) -> None:
    """What must hold after any race."""
    won = [each for each in results if isinstance(each, Plan) and each.kind == "move"]
    assert len(won) == len(moves(shop))
    lost = [each for each in results if isinstance(each, MonokeelError)]
    assert {each.exit_code for each in lost} <= {3}
    reading = read_promotion(shop.outside, shop.settings)
    place = reading.place("dev")
    assert place.current is not None
    assert place.version == shop.clone.at("dev")
    shop.records.wait(timedelta(hours=1))
    plan = plan_promotion(
        replace(PROMOTE, version=place.version), shop.outside, shop.settings
    )
    assert plan.kind == "there"
    move_environment(plan, shop.outside)
    assert read_promotion(shop.outside, shop.settings).place("dev").drift == ()
    assert not [x for x in shop.records.states("dev") if x.endswith("pending")]
    confirmed = read_promotion(shop.outside, shop.settings).ledger.confirmed("dev")
    lasting = [each.version for each in reversed(confirmed)]
    assert lasting[len(lasting) - len(moves(shop)) :] == moves(shop)


def test_of_twenty_promoters_the_branch_follows_one_after_the_other() -> None:
    ends: Counter[str] = Counter()
    versions = [f"1.{minor}.0" for minor in range(21)]
    for seed in range(TRIALS):
        shop = Shop()
        shop.release(*versions)
        shop.place("dev", "1.0.0")
        requests = [replace(PROMOTE, version=each) for each in versions[1:]]

        results = at_once(shop, seed, requests)

        check(shop, results)
        ends.update(type(each).__name__ for each in results)
        minors = [int(each.split(".")[1]) for each in moves(shop)]
        assert minors == sorted(set(minors)) != []
        for each in results:
            if isinstance(each, RefusedError) and "is now" in each.problem:
                assert "ago)" in each.problem
    print(f"20 promoters x {TRIALS} trials: {dict(ends)}")  # noqa: T201


def test_a_rollback_is_never_undone_and_never_loses_its_reason() -> None:
    ends: Counter[str] = Counter()
    backs = 0
    for seed in range(TRIALS * 3):
        shop = Shop()
        shop.release("0.9.0", "1.0.0", "1.1.0")
        for version in ("0.9.0", "1.0.0"):
            shop.place("dev", version)
        requests = [PROMOTE, BACK] * 10

        results = at_once(shop, seed, requests)

        check(shop, results)
        ends.update(type(each).__name__ for each in results)
        reading = read_promotion(shop.outside, shop.settings)
        left: set[str] = set()
        before = "1.0.0"
        for version in moves(shop):
            assert version not in left
            if version < before:
                left.add(before)
                backs += 1
            before = version
        for version in left:
            record = reading.ledger.track_record(
                "dev", reading.pointers.releases[version]
            )
            assert (record.outcome, record.why) == ("rolled_back", "data loss")
    print(f"10 + 10 x {TRIALS * 3} trials: {dict(ends)}, {backs} back")  # noqa: T201
    assert backs > TRIALS


def test_a_value_that_is_there_again_is_not_the_same_state() -> None:
    # A reads 1.0.0 and makes its record; B promotes 1.1.0; a third takes it back.
    shop = Shop()
    shop.release("1.0.0", "1.1.0")
    shop.place("dev", "1.0.0")
    records = shop.records

    def after_our_record() -> None:
        if shop.fuse.log[-1:] == ["record dev 1.1.0"]:
            shop.fuse.turn = lambda: None
            runner(shop, replace(PROMOTE, actor="ben"))()
            records.wait(timedelta(seconds=1))
            runner(shop, replace(BACK, version="1.0.0"))()

    shop.fuse.turn = after_our_record
    with pytest.raises(RefusedError) as caught:
        runner(shop, PROMOTE)()

    assert caught.value.problem == (
        "env/dev stays at 1.0.0: dev was rolled back from 1.1.0 to 1.0.0"
        " by cy 0s ago: data loss"
    )
    assert shop.clone.at("dev") == "1.0.0"
    assert moves(shop) == ["1.1.0", "1.0.0"]
    reading = read_promotion(shop.outside, shop.settings)
    assert (
        reading.ledger.track_record("dev", reading.pointers.releases["1.1.0"]).why
        == "data loss"
    )


def test_a_rollback_under_way_goes_first() -> None:
    shop = Shop()
    shop.release("0.9.0", "1.0.0", "1.1.0")
    shop.place("dev", "1.0.0")

    def after_our_record() -> None:
        if shop.fuse.log[-1:] == ["record dev 1.1.0"]:
            shop.fuse.turn = lambda: None
            record = shop.records.remember(
                "dev", "0.9.0", commit_named("0.9.0"), state="pending"
            )
            shop.records.kept[record.id] = replace(record, task="rollback")

    shop.fuse.turn = after_our_record
    with pytest.raises(RefusedError) as caught:
        runner(shop, PROMOTE)()

    assert "ana is rolling dev back to 0.9.0" in caught.value.problem


def test_the_environment_before_is_asked_again_right_before_the_push() -> None:
    shop = Shop()
    shop.release("1.0.0", "1.1.0")
    for environment in ("dev", "staging"):
        for version in ("1.0.0", "1.1.0"):
            shop.place(environment, version)

    def after_our_record() -> None:
        if shop.fuse.log[-1:] == ["record prod 1.1.0"]:
            shop.fuse.turn = lambda: None
            runner(shop, replace(BACK, environment="staging"))()

    shop.fuse.turn = after_our_record
    with pytest.raises(RefusedError) as caught:
        runner(shop, replace(PROMOTE, environment="prod"))()

    assert "order: 1.1.0 was rolled back in staging: data loss" in caught.value.problem
    assert shop.clone.at("prod") == "nothing"
    assert shop.records.states("prod") == ["1.1.0 failure"]


@pytest.mark.parametrize("request_", [PROMOTE, BACK])
@pytest.mark.parametrize("unheard", ["", "second", "every"])
def test_of_those_who_make_the_same_move_one_says_so(
    request_: Request, unheard: Literal["", "second", "every"]
) -> None:
    ends: Counter[str] = Counter()
    for seed in range(TRIALS * 5):
        shop = Shop()
        shop.release("0.9.0", "1.0.0", "1.1.0")
        shop.place("dev", "0.9.0")
        shop.place("dev", "1.0.0")
        shop.clone.unheard = unheard
        start = len(moves(shop))

        people = [replace(request_, actor=who) for who in ("ana", "ben", "cy")]
        results = at_once(shop, seed, people)

        won = [each for each in results if isinstance(each, Plan) and each.record]
        others = [each for each in results if each not in won]
        assert len(moves(shop)) - start == len(won) == 1
        current = read_promotion(shop.outside, shop.settings).place("dev").current
        assert current is not None
        assert current.id == won[0].record
        for each in others:
            said = (
                each.problem
                if isinstance(each, MonokeelError)
                else outcome_report(each).headline
            )
            assert f" by {current.by}" in said or f"({current.by}, " in said, said
        ends.update(type(each).__name__ for each in others)
    print(f"3 of the same x {TRIALS * 5}: {dict(ends)}")  # noqa: T201


def test_two_people_roll_back_within_a_second() -> None:
    shop = Shop()
    shop.release("1.0.0", "1.1.0", "1.2.0")
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        shop.place("dev", version)
    for seed in range(TRIALS):
        race = shop if not seed else Shop()
        if seed:
            race.release("1.0.0", "1.1.0", "1.2.0")
            for version in ("1.0.0", "1.1.0", "1.2.0"):
                race.place("dev", version)

        results = at_once(race, seed, [BACK, replace(BACK, actor="ben")])

        assert race.clone.at("dev") == "1.1.0"
        assert moves(race) == ["1.1.0"]
        others = [each for each in results if isinstance(each, RefusedError)]
        assert all("was rolled back from 1.2.0" in each.problem for each in others)


def test_a_record_that_another_run_has_settled_moves_nothing() -> None:
    shop = Shop()
    shop.release("1.0.0", "1.1.0")
    shop.place("dev", "1.0.0")

    def after_our_record() -> None:
        if shop.fuse.log[-1:] == ["record dev 1.1.0"]:
            shop.fuse.turn = lambda: None
            ours = max(shop.records.kept)
            shop.records.settle(ours, "error", "cut short before the branch moved")

    shop.fuse.turn = after_our_record
    with pytest.raises(RefusedError) as caught:
        runner(shop, PROMOTE)()

    assert "another run has settled record" in caught.value.problem
    ends = [each.state for each in shop.records.given[max(shop.records.given)]]
    assert ends == ["error"]  # as the other run said, and once
    assert shop.clone.at("dev") == "1.0.0"
