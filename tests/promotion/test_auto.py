from datetime import timedelta

import pytest

from monokeel.ground.errors import UsageError
from monokeel.ground.report import as_plain
from monokeel.ground.settings import parse_settings
from monokeel.promotion.move import move_environment, promote_onwards
from monokeel.promotion.plan import Request, plan_promotion
from monokeel.promotion.reading import read_promotion
from tests.fakes.pointers import Shop


@pytest.fixture
def shop() -> Shop:
    shop = Shop(soak="1h")
    for name in ("dev", "staging"):
        shop.clone.policy = shop.clone.policy.replace(
            f'name = "{name}"', f'name = "{name}"\nauto = true'
        )
    shop.release("1.0.0", "1.1.0")
    return shop


def go(shop: Shop, *, carried_out: bool = True, hold: str = "") -> str:
    request = Request(environment="", hold=hold)
    report = promote_onwards(
        request, shop.outside, shop.settings, carried_out=carried_out
    )
    return as_plain(report)


def test_a_release_goes_on_until_a_gate_ends_it(shop: Shop) -> None:
    preview = go(shop, carried_out=False)
    text = go(shop)

    assert "1.1.0 would go on by itself to: dev" in preview
    assert "1.1.0 went on by itself to: dev" in text
    assert "Ended there\n  env/staging stays empty: soak: live in dev for 0s" in text
    assert (shop.clone.at("dev"), shop.clone.at("staging")) == ("1.1.0", "nothing")


@pytest.mark.parametrize(
    "asked",
    [Request(environment="staging"), Request(environment="", rollback=True)],
    ids=["env", "rollback"],
)
def test_who_names_an_environment_moves_no_other(shop: Shop, asked: Request) -> None:
    with pytest.raises(UsageError, match="--auto chooses the environments itself"):
        promote_onwards(asked, shop.outside, shop.settings, carried_out=True)

    assert shop.clone.at("dev") == "nothing"


def test_it_goes_on_from_where_it_ended(shop: Shop) -> None:
    go(shop)
    shop.records.wait(timedelta(hours=1))

    go(shop)

    assert (shop.clone.at("staging"), shop.clone.at("prod")) == ("1.1.0", "nothing")


def test_a_hold_ends_it(shop: Shop) -> None:
    assert "hold: all promotions are on hold: incident 42" in go(
        shop, hold="incident 42"
    )
    assert shop.fuse.log == []


def test_a_rollback_ends_it_also_for_a_newer_release(shop: Shop) -> None:
    for version in ("1.0.0", "1.1.0"):
        shop.place("dev", version)
    back = Request(environment="dev", rollback=True, reason="slow", actor="ben")
    move_environment(plan_promotion(back, shop.outside, shop.settings), shop.outside)
    shop.release("1.2.0")

    text = go(shop)

    assert "dev was rolled back from 1.1.0 to 1.0.0 by ben 0s ago: slow" in text
    assert shop.clone.at("dev") == "1.0.0"


def test_a_record_without_its_mark_is_said_and_finished_by_the_next(
    shop: Shop,
) -> None:
    shop.fuse.refuse_write(3)
    text = go(shop)
    shop.fuse.disarm()
    owed = read_promotion(shop.outside, shop.settings).place("dev").drift

    again = go(shop)

    assert "env/dev: nothing -> 1.1.0; moved (record " in text
    assert "may lack its mark success, the next run sees to it" in text
    assert len(owed) == 1
    assert "env/dev is at 1.1.0 already" in again
    assert read_promotion(shop.outside, shop.settings).place("dev").drift == ()


def test_a_dry_run_moves_nothing(shop: Shop) -> None:
    go(shop, carried_out=False)

    assert shop.fuse.log == []


def test_without_such_an_environment_there_is_nothing_to_do() -> None:
    shop = Shop()
    shop.release("1.0.0")

    assert go(shop) == "no environment has auto = true"


def test_what_somebody_must_approve_does_not_go_by_itself() -> None:
    text = Shop().clone.policy.replace("reviewers = true", "reviewers=true\nauto=true")

    with pytest.raises(UsageError) as caught:
        parse_settings(text)

    assert "auto = true and reviewers = true" in caught.value.problem
