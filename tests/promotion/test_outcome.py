"""What a promotion says that was made, or was stopped."""

import pytest

from monokeel.ground.report import as_plain
from monokeel.promotion.history import moves_report
from monokeel.promotion.move import move_environment
from monokeel.promotion.outcome import outcome_report, preview_report
from monokeel.promotion.plan import Request, plan_promotion
from tests.fakes.pointers import Shop

BACK = Request(environment="staging", rollback=True, reason="slow", actor="ana")


@pytest.fixture
def shop() -> Shop:
    shop = Shop(soak="1h")
    shop.release("1.1.0", "1.2.0")
    for environment in ("dev", "staging"):
        for version in ("1.1.0", "1.2.0"):
            shop.place(environment, version)
    return shop


def test_what_was_done_says_what_it_means_for_the_version(shop: Shop) -> None:
    text = as_plain(
        outcome_report(
            move_environment(
                plan_promotion(BACK, shop.outside, shop.settings), shop.outside
            )
        )
    )
    past = moves_report(shop.outside, shop.settings, env="staging", count=9)

    assert "1.2.0 is taken back: it comes here again, or goes further, only" in text
    rows = past.sections[0].table.rows
    assert [(row[1], row[-2]) for row in rows[:2]] == [
        ("1.1.0", "success"),
        ("1.2.0", "rolled back"),
    ]


def test_a_run_that_is_stopped_shows_what_stopped_it(shop: Shop) -> None:
    request = Request(environment="prod", version="1.2.0", hold="incident 7")
    plan = plan_promotion(request, shop.outside, shop.settings)

    text = as_plain(preview_report(plan, whole=False))

    assert "Gates (12 more passed)" in text
    assert "hold" in text
    assert " ok " not in text


def test_a_version_that_is_there_unrecorded_and_stopped_does_not_move(
    shop: Shop,
) -> None:
    shop.clone.refs["refs/heads/env/prod"] = shop.clone.refs["refs/tags/v1.2.0"]
    request = Request(environment="prod", version="1.2.0", hold="incident 7")

    text = as_plain(
        preview_report(plan_promotion(request, shop.outside, shop.settings))
    )

    assert text.startswith("env/prod is at 1.2.0 and may not get its record")


@pytest.mark.parametrize(
    ("login", "by"), [("github-actions[bot]", "ana"), ("ben", "ben")]
)
def test_a_record_names_whom_a_bot_worked_for_and_a_person_as_github_does(
    shop: Shop, login: str, by: str
) -> None:
    shop.records.viewer = login

    plan = plan_promotion(BACK, shop.outside, shop.settings)
    made = move_environment(plan, shop.outside)

    assert made.record is not None
    assert shop.records.kept[made.record].note.actor == by
