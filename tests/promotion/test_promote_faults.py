from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError
from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import Plan, Request, plan_promotion
from monokeel.promotion.reading import STALE
from tests.fakes.fuse import Crash
from tests.fakes.pointers import Shop, commit_named

NEWER = Request(environment="dev", version="1.1.0", actor="ana")
BACK = Request(environment="dev", rollback=True, reason="slow", actor="ana")
BACK_TO = replace(BACK, version="1.0.0")
WRITES = {"promotion": 3, "rollback": 4}
REQUESTS = {"promotion": NEWER, "rollback": BACK_TO}
POINTS = [(kind, n) for kind, writes in WRITES.items() for n in range(1, writes + 1)]
IDS = [f"{kind} {n}" for kind, n in POINTS]


def promote(shop: Shop, request: Request) -> Plan:
    plan = plan_promotion(request, shop.outside, shop.settings)
    return move_environment(plan, shop.outside)


def shop_before(kind: str) -> Shop:
    shop = Shop()
    shop.release("1.0.0", "1.1.0")
    shop.place("dev", "1.0.0")
    if kind == "rollback":
        shop.place("dev", "1.1.0")
    shop.records.wait(timedelta(hours=1))
    return shop


def check_the_end(shop: Shop, kind: str) -> None:
    goal = REQUESTS[kind].version
    assert shop.clone.at("dev") == goal
    states = shop.records.states("dev")
    assert states[-1] == f"{goal} success"
    assert not [state for state in states if state.endswith("pending")]
    if kind == "rollback":
        assert states[1] == "1.1.0 failure"


@pytest.mark.parametrize("kind", WRITES)
def test_the_crash_points_are_all_the_writes(kind: str) -> None:
    shop = shop_before(kind)

    promote(shop, REQUESTS[kind])

    assert len(shop.fuse.log) == WRITES[kind]
    check_the_end(shop, kind)


@pytest.mark.parametrize("late", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize(("kind", "point"), POINTS, ids=IDS)
def test_after_a_crash_the_next_run_finishes_and_a_third_writes_nothing(
    kind: str, point: int, *, late: bool
) -> None:
    shop = shop_before(kind)
    shop.fuse.crash_after(point)
    with pytest.raises(Crash):
        promote(shop, REQUESTS[kind])
    shop.fuse.disarm()
    if late:
        shop.records.wait(STALE * 2)

    promote(shop, REQUESTS[kind])
    second = len(shop.fuse.log)
    promote(shop, REQUESTS[kind])

    check_the_end(shop, kind)
    assert len(shop.fuse.log) == second


@pytest.mark.parametrize(("kind", "point"), POINTS, ids=IDS)
def test_after_a_lost_answer_the_next_run_finishes(kind: str, point: int) -> None:
    shop = shop_before(kind)
    shop.fuse.lose_answer_of(point)
    try:
        promote(shop, REQUESTS[kind])
    except MonokeelError as error:
        assert error.exit_code == 4  # noqa: PT017 - most points do not raise at all
    shop.fuse.disarm()

    promote(shop, REQUESTS[kind])
    second = len(shop.fuse.log)
    promote(shop, REQUESTS[kind])

    check_the_end(shop, kind)
    assert len(shop.fuse.log) == second


def test_a_rollback_cut_short_is_finished_and_does_not_go_further_back() -> None:
    shop = Shop()
    shop.release("0.9.0", "1.0.0", "1.1.0")
    for version in ("0.9.0", "1.0.0", "1.1.0"):
        shop.place("dev", version)
    shop.records.wait(timedelta(hours=1))
    shop.fuse.crash_after(3)
    with pytest.raises(Crash):
        promote(shop, BACK)
    shop.fuse.disarm()

    outcome = promote(shop, BACK)

    assert outcome.kind == "finished"
    assert shop.clone.at("dev") == "1.0.0"
    assert shop.records.states("dev")[2:] == ["1.1.0 failure", "1.0.0 success"]


def test_a_plan_shows_the_unfinished_and_leaves_it() -> None:
    shop = shop_before("promotion")
    shop.records.remember("dev", "1.1.0", commit_named("1.1.0"), state="pending")
    shop.records.wait(STALE * 2)

    plan = plan_promotion(NEWER, shop.outside, shop.settings)

    assert [state for _, state, _ in plan.place.owed] == ["error"]
    assert shop.fuse.log == []


def test_repairs_are_written_even_if_a_gate_refuses() -> None:
    shop = shop_before("promotion")
    shop.records.remember("dev", "1.1.0", commit_named("1.1.0"), state="pending")
    shop.records.wait(STALE * 2)

    with pytest.raises(RefusedError):
        promote(shop, replace(NEWER, hold="stop"))

    assert shop.fuse.log == ["error 1.1.0"]


def test_a_run_at_work_is_left_alone_until_the_race_is_decided() -> None:
    shop = shop_before("promotion")
    shop.release("1.2.0")
    shop.records.remember("dev", "1.2.0", commit_named("1.2.0"), state="pending")

    promote(shop, NEWER)

    assert shop.records.states("dev") == [
        "1.0.0 success",
        "1.2.0 failure",
        "1.1.0 success",
    ]


def test_a_lost_race_names_the_winner() -> None:
    shop = shop_before("promotion")
    shop.release("1.2.0")

    def be_first() -> None:
        shop.clone.before_push = lambda: None
        shop.place("dev", "1.2.0")
        shop.records.wait(timedelta(seconds=40))

    shop.clone.before_push = be_first

    with pytest.raises(RefusedError) as caught:
        promote(shop, NEWER)

    assert caught.value.problem == (
        "env/dev is now 1.2.0 (ana, 40s ago); checked against 1.0.0"
    )
    assert shop.clone.at("dev") == "1.2.0"
    assert "1.1.0 failure" in shop.records.states("dev")


def test_two_runs_for_the_same_version_both_succeed() -> None:
    shop = shop_before("promotion")

    def be_first() -> None:
        shop.clone.before_push = lambda: None
        promote(shop, replace(NEWER, actor="ben"))

    shop.clone.before_push = be_first

    promote(shop, NEWER)

    assert shop.clone.at("dev") == "1.1.0"
    assert "1.1.0 pending" not in shop.records.states("dev")


def test_a_refused_push_leaves_a_failed_record_and_a_remedy() -> None:
    shop = shop_before("promotion")
    shop.clone.declining = "Cannot update this protected ref."

    with pytest.raises(RefusedError) as caught:
        promote(shop, replace(NEWER, by_token=True))

    assert "Cannot update this protected ref." in caught.value.problem
    assert "MONOKEEL_DEPLOY_KEY" in caught.value.fix
    assert shop.records.states("dev") == ["1.0.0 success", "1.1.0 failure"]


def test_a_push_without_an_answer_leaves_the_record_pending() -> None:
    shop = shop_before("promotion")

    def cut_the_line() -> None:
        shop.clone.unreachable = True

    shop.clone.before_push = cut_the_line

    with pytest.raises(ServiceError):
        promote(shop, NEWER)

    assert shop.records.states("dev") == ["1.0.0 success", "1.1.0 pending"]


def test_a_tag_that_moved_in_between_is_caught_by_the_record() -> None:
    shop = shop_before("promotion")
    plan = plan_promotion(NEWER, shop.outside, shop.settings)
    shop.clone.refs["refs/tags/v1.1.0"] = commit_named("other")

    with pytest.raises(RefusedError) as caught:
        move_environment(plan, shop.outside)

    assert "the tag moved" in caught.value.problem
    assert shop.clone.at("dev") == "1.0.0"
    assert shop.records.states("dev")[-1] == "1.1.0 error"


def test_a_confirmation_that_fails_is_a_warning() -> None:
    shop = shop_before("promotion")

    shop.fuse.lose_answer_of(3)
    outcome = promote(shop, NEWER)

    assert shop.clone.at("dev") == "1.1.0"
    assert "the next run sees to it" in outcome.warnings[0]
