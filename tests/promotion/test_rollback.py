from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.ground.errors import RefusedError
from monokeel.promotion.move import Outcome, carry_out
from monokeel.promotion.plan import Request, plan_promotion
from tests.fakes.pointers import Shop, commit_named

BACK = Request(environment="staging", rollback=True, reason="slow", actor="ana")


def promote(shop: Shop, request: Request) -> Outcome:
    plan = plan_promotion(request, shop.outside, shop.settings)
    return carry_out(plan, shop.outside)


@pytest.fixture
def shop() -> Shop:
    shop = Shop(soak="1h")
    versions = ("1.0.0", "1.1.0", "1.2.0")
    shop.release(*versions)
    for version in versions:
        shop.place("dev", version)
        shop.place("staging", version)
        shop.records.wait(timedelta(hours=2))
    return shop


def test_a_rollback_goes_to_the_last_good_version_before(shop: Shop) -> None:
    promote(shop, BACK)

    assert shop.clone.at("staging") == "1.1.0"


def test_a_second_rollback_goes_further_back(shop: Shop) -> None:
    promote(shop, BACK)
    promote(shop, BACK)

    assert shop.clone.at("staging") == "1.0.0"


def test_a_third_rollback_finds_nothing(shop: Shop) -> None:
    promote(shop, BACK)
    promote(shop, BACK)

    with pytest.raises(RefusedError) as caught:
        promote(shop, BACK)

    assert caught.value.problem == "no earlier version was good in staging"


def test_a_rollback_skips_order_and_soak_and_says_so(shop: Shop) -> None:
    shop.release("1.3.0")
    shop.place("staging", "1.3.0")

    outcome = promote(shop, replace(BACK, version="1.1.0"))

    note = shop.records.kept[outcome.record or 0].note
    assert note.skipped == ("order", "soak")


def test_a_version_rolled_back_goes_no_further(shop: Shop) -> None:
    promote(shop, BACK)

    with pytest.raises(RefusedError) as caught:
        promote(shop, Request(environment="prod", version="1.2.0"))

    assert "order: 1.2.0 was rolled back in staging: slow" in (caught.value.problem)


def test_a_version_rolled_back_here_is_promoted_with_a_warning(shop: Shop) -> None:
    promote(shop, BACK)
    shop.records.wait(timedelta(seconds=8))

    outcome = promote(shop, Request(environment="staging", version="1.2.0"))
    again = promote(shop, Request(environment="staging", version="1.2.0"))

    assert outcome.plan.warnings == ("1.2.0 in staging: rolled back 8s ago: slow",)
    assert again.plan.warnings == ()


def test_a_version_rolled_back_and_promoted_again_may_go_on(shop: Shop) -> None:
    promote(shop, BACK)
    promote(shop, Request(environment="staging", version="1.2.0"))

    promote(shop, Request(environment="prod", version="1.2.0"))

    assert shop.clone.at("prod") == "1.2.0"


def test_a_hold_binds_a_rollback_until_it_is_overridden(shop: Shop) -> None:
    held = replace(BACK, hold="incident 7")

    with pytest.raises(RefusedError):
        promote(shop, held)
    promote(shop, replace(held, overrides=("hold=the fix for it",)))

    assert shop.clone.at("staging") == "1.1.0"


def test_a_rollback_cannot_move_forward_past_the_gates(shop: Shop) -> None:
    shop.release("1.3.0")

    with pytest.raises(RefusedError) as caught:
        promote(shop, replace(BACK, version="1.3.0"))

    assert "1.3.0 is newer than 1.2.0: this is no rollback" in caught.value.problem


def test_an_older_version_needs_the_word_rollback(shop: Shop) -> None:
    with pytest.raises(RefusedError) as caught:
        promote(shop, Request(environment="staging", version="1.1.0"))

    assert caught.value.fix == "To move back on purpose add --rollback"
    assert shop.fuse.log == []


def test_a_rollback_by_hand_is_recorded_and_marks_what_it_left(shop: Shop) -> None:
    shop.push_by_hand("staging", commit_named("1.1.0"))

    promote(shop, replace(BACK, version="1.1.0"))

    assert shop.clone.at("staging") == "1.1.0"
    assert shop.records.states("staging") == [
        "1.0.0 success",
        "1.1.0 success",
        "1.2.0 failure",
        "1.1.0 success",
    ]
    assert "refs/heads/env/staging" not in str(shop.fuse.log)


def test_a_branch_moved_by_hand_gets_its_record_without_a_move() -> None:
    shop = Shop()
    shop.release("1.0.0", "1.1.0")
    shop.place("dev", "1.0.0")
    shop.push_by_hand("dev", commit_named("1.1.0"))

    promote(shop, Request(environment="dev", version="1.1.0"))

    assert shop.fuse.log == ["record dev 1.1.0", "success 1.1.0"]
    assert shop.records.states("dev") == ["1.0.0 success", "1.1.0 success"]


def test_an_older_record_than_the_first_page_can_be_the_goal(shop: Shop) -> None:
    shop.records.page = 1

    promote(shop, BACK)

    assert shop.clone.at("staging") == "1.1.0"
