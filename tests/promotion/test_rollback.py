from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.ground.errors import MonokeelError, RefusedError, UsageError
from monokeel.promotion.facts import ways_back
from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import Plan, Request, plan_promotion
from monokeel.promotion.reading import read_promotion
from tests.fakes.fuse import Crash
from tests.fakes.pointers import Shop, commit_named, digest_of

BACK = Request(environment="staging", rollback=True, reason="slow", actor="ana")


def promote(shop: Shop, request: Request) -> Plan:
    plan = plan_promotion(request, shop.outside, shop.settings)
    return move_environment(plan, shop.outside)


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


def test_what_was_taken_back_is_no_way_back(shop: Shop) -> None:
    promote(shop, BACK)
    shop.release("1.3.0")
    for environment in ("dev", "staging"):
        shop.place(environment, "1.3.0")
    shop.clone.policy += '[promotion]\nblocked = { "1.1.0" = "slow" }\n'

    promote(shop, BACK)

    assert shop.clone.at("staging") == "1.0.0"


def test_nobody_goes_back_twice_by_accident(shop: Shop) -> None:
    promote(shop, BACK)
    shop.records.wait(timedelta(seconds=1))

    with pytest.raises(RefusedError) as caught:
        promote(shop, replace(BACK, actor="ben"))

    assert caught.value.problem == (
        "staging was rolled back from 1.2.0 to 1.1.0 by ana 1s ago: slow"
    )
    assert caught.value.fix == (
        "To go further back: ./inv promote --env staging --rollback --version 1.0.0"
        ' --reason "why"'
    )
    assert shop.clone.at("staging") == "1.1.0"


def test_a_rollback_from_a_version_is_made_once(shop: Shop) -> None:
    promote(shop, replace(BACK, left="1.2.0"))
    written = len(shop.fuse.log)

    again = promote(shop, replace(BACK, left="1.2.0", actor="ben"))

    assert again.kind == "finished"
    assert (shop.clone.at("staging"), len(shop.fuse.log)) == ("1.1.0", written)


def test_a_rollback_from_a_version_that_is_not_there_moves_nothing(shop: Shop) -> None:
    with pytest.raises(RefusedError) as caught:
        promote(shop, replace(BACK, left="1.1.0"))

    assert caught.value.problem == "staging is at 1.2.0, not at 1.1.0"


def test_a_workflow_run_that_is_run_again_is_done(shop: Shop) -> None:
    by_run = replace(BACK, run_url="https://github.com/acme/shop/actions/runs/4711")
    promote(shop, by_run)

    assert promote(shop, by_run).kind == "finished"
    assert shop.clone.at("staging") == "1.1.0"


def test_whoever_says_what_to_leave_goes_further(shop: Shop) -> None:
    promote(shop, BACK)
    promote(shop, replace(BACK, left="1.1.0"))

    assert shop.clone.at("staging") == "1.0.0"


def test_what_is_left_belongs_to_a_rollback(shop: Shop) -> None:
    with pytest.raises(UsageError):
        promote(shop, replace(BACK, rollback=False, version="1.1.0", left="1.2.0"))


def test_without_an_earlier_version_there_is_no_way_back(shop: Shop) -> None:
    promote(shop, BACK)
    promote(shop, replace(BACK, left="1.1.0"))

    with pytest.raises(RefusedError) as caught:
        promote(shop, replace(BACK, left="1.0.0"))

    assert caught.value.problem == "no earlier version was good in staging"


def test_a_version_without_its_images_is_refused_and_the_next_is_named(
    shop: Shop,
) -> None:
    del shop.images.there["acme/shop/worker", "1.1.0"]
    del shop.images.there["acme/shop/worker", f"sha-{commit_named('1.1.0')}"]

    with pytest.raises(RefusedError) as caught:
        promote(shop, BACK)

    assert "images: acme/shop/worker:1.1.0 is gone" in caught.value.problem
    assert caught.value.fix.startswith(
        "1.0.0 is ready: ./inv promote --env staging --rollback --version 1.0.0"
        ' --reason "why".'
    )
    assert shop.clone.at("staging") == "1.2.0"


def test_a_tag_that_was_cleaned_up_is_given_back_by_the_fix(shop: Shop) -> None:
    for version in ("1.0.0", "1.1.0"):
        tag = f"sha-{commit_named(version)}"
        del shop.images.there["acme/shop/api", tag]

    with pytest.raises(RefusedError) as caught:
        promote(shop, BACK)

    digest = digest_of("api", "1.1.0")
    assert caught.value.fix == (
        "Give the tag back: docker buildx imagetools create --tag"
        f" ghcr.io/acme/shop/api:sha-{commit_named('1.1.0')}"
        f" ghcr.io/acme/shop/api@{digest}"
    )


def test_a_branch_that_is_gone_is_left_like_one_that_is_there(shop: Shop) -> None:
    del shop.clone.refs["refs/heads/env/staging"]
    older = Request(environment="staging", version="1.1.0")

    with pytest.raises(RefusedError) as caught:
        promote(shop, older)
    assert "1.1.0 is older than 1.2.0, the last in staging" in caught.value.problem
    assert "./inv promote --env staging --version 1.2.0" in caught.value.fix
    promote(shop, BACK)

    assert shop.clone.at("staging") == "1.1.0"
    assert shop.records.states("staging")[2:] == ["1.2.0 failure", "1.1.0 success"]


def test_a_branch_that_is_gone_is_put_back(shop: Shop) -> None:
    del shop.clone.refs["refs/heads/env/staging"]

    promote(shop, Request(environment="staging", version="1.2.0"))

    assert shop.clone.at("staging") == "1.2.0"


@pytest.mark.parametrize("point", [2, 3, 4], ids=["moved", "marked", "confirmed"])
@pytest.mark.parametrize("trouble", ["killed", "no answer"])
def test_a_rollback_cut_short_keeps_the_version_from_going_further(
    shop: Shop, point: int, trouble: str
) -> None:
    if trouble == "killed":
        shop.fuse.crash_after(point)
    else:
        shop.fuse.lose_answer_of(point)
    with suppress(Crash, MonokeelError):
        promote(shop, BACK)
    shop.fuse.disarm()
    written = len(shop.fuse.log)

    with pytest.raises(RefusedError) as caught:
        promote(shop, Request(environment="prod", version="1.2.0"))

    assert "order: 1.2.0 was rolled back in staging: slow" in caught.value.problem
    assert len(shop.fuse.log) == written


def test_a_mark_that_github_did_not_take_is_owed_and_said(shop: Shop) -> None:
    shop.fuse.refuse_write(3)
    outcome = promote(shop, BACK)
    shop.fuse.disarm()

    reading = read_promotion(shop.outside, shop.settings)
    with pytest.raises(RefusedError):
        promote(shop, Request(environment="prod", version="1.2.0"))

    assert "may lack its mark failure, the next run sees to it" in outcome.warnings[0]
    (line,) = reading.place("staging").drift
    assert "in staging (1.2.0) is not marked 'rolled back: slow' yet" in line
    assert "; to settle it: ./inv promote --env staging --version 1.1.0" in line
    promote(shop, Request(environment="staging", version="1.1.0"))
    assert read_promotion(shop.outside, shop.settings).place("staging").drift == ()


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


def test_a_version_rolled_back_here_comes_again_only_with_a_reason(shop: Shop) -> None:
    promote(shop, BACK)
    shop.records.wait(timedelta(seconds=8))
    again = Request(environment="staging", version="1.2.0")

    with pytest.raises(RefusedError) as caught:
        promote(shop, again)
    promote(shop, replace(again, overrides=("setback=fixed in the database",)))

    assert "setback: 1.2.0 was rolled back here 8s ago: slow" in caught.value.problem
    assert shop.clone.at("staging") == "1.2.0"


def test_a_version_rolled_back_and_promoted_again_may_go_on(shop: Shop) -> None:
    promote(shop, BACK)
    again = Request(environment="staging", version="1.2.0", emergency="it was not it")
    promote(shop, again)

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

    assert caught.value.fix == ('To move back on purpose add --rollback --reason "why"')
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


def test_an_old_run_of_a_workflow_takes_nothing_newer_back(shop: Shop) -> None:
    run = replace(BACK, run_url="https://github.com/acme/shop/actions/runs/7")
    promote(shop, run)
    shop.release("1.3.0")
    shop.place("staging", "1.3.0")

    for again in (run, replace(run, version="1.1.0"), replace(run, left="1.3.0")):
        with pytest.raises(RefusedError) as caught:
            promote(shop, again)

        assert caught.value.problem.startswith(
            "this run has made its rollback: staging was rolled back from 1.2.0 to"
            " 1.1.0 by "
        )
        assert caught.value.problem.endswith(", and is at 1.3.0 by now")
    assert shop.clone.at("staging") == "1.3.0"


def test_what_was_put_there_by_hand_is_taken_back_too(shop: Shop) -> None:
    shop.release("1.3.0")
    shop.push_by_hand("staging", commit_named("1.3.0"))

    promote(shop, replace(BACK, version="1.2.0"))

    for environment, gate in (("prod", "order"), ("staging", "setback")):
        with pytest.raises(RefusedError) as caught:
            promote(shop, Request(environment=environment, version="1.3.0"))
        assert f"{gate}: 1.3.0 was rolled back" in caught.value.problem
        assert "slow" in caught.value.problem


def test_a_version_whose_tag_is_gone_is_left_by_its_name(shop: Shop) -> None:
    del shop.clone.refs["refs/tags/v1.2.0"]

    drift = read_promotion(shop.outside, shop.settings).place("staging").drift
    promote(shop, BACK)

    assert drift == (
        (
            "env/staging is at 1.2.0, whose tag is gone; push the tag again, or go"
            ' back: ./inv promote --env staging --rollback --reason "why"'
        ),
    )
    last = read_promotion(shop.outside, shop.settings).place("staging").current
    assert last is not None
    assert (last.version, last.note.from_version) == ("1.1.0", "1.2.0")


def test_a_way_back_whose_tag_is_gone_is_refused_and_the_next_is_named(
    shop: Shop,
) -> None:
    del shop.clone.refs["refs/tags/v1.1.0"]

    with pytest.raises(RefusedError) as caught:
        promote(shop, BACK)

    assert (
        caught.value.problem == "the last good version here was 1.1.0: its tag is gone"
    )
    assert "--env staging --rollback --version 1.0.0" in caught.value.fix
    there = read_promotion(shop.outside, shop.settings)
    ways = ways_back(there, shop.outside, there.place("staging"))
    assert ways == [("1.1.0", "tag gone"), ("1.0.0", "")]


def test_a_branch_at_no_release_is_left_with_the_word_rollback(shop: Shop) -> None:
    """E41."""
    newest = commit_named("a hotfix")
    shop.clone.main.append(newest)
    shop.push_by_hand("staging", newest)

    with pytest.raises(RefusedError) as caught:
        promote(shop, Request(environment="staging", version="1.2.0"))
    promote(shop, replace(BACK, version="1.2.0"))

    assert f"1.2.0 is older than {newest[:12]}, which is in staging" in (
        caught.value.problem
    )
    assert caught.value.fix == (
        "env/staging was moved by hand to no release; back to 1.2.0: add --rollback"
        ' --reason "why"'
    )
    assert shop.clone.at("staging") == "1.2.0"
