"""Records, drafts and names that others put down beside ours.

A hosting bot writes a hundred deployments a day, a job with ``environment:`` writes
one under the very name of our environment, and anybody who may write can write one.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.adapters.releases import Releases
from monokeel.drift.environments import check_pointers
from monokeel.promotion.plan import Request
from monokeel.promotion.reading import Reading, read_promotion
from sandbox.server import Sandbox
from tests.e2e.kept import Kept
from tests.e2e.live_shop import LiveShop
from tests.e2e.test_promote import move


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveShop, Kept]]:
    """prod good at 1.1.0, then 120 deployments of others, then a try that failed."""
    with Sandbox() as box:
        shop = LiveShop(box, tmp_path_factory.mktemp("foreign") / "shop")
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            shop.release(version)
        for version in ("1.0.0", "1.1.0"):
            shop.place(version, "dev", "staging", "prod")
        shop.place("1.2.0", "dev", "staging")
        shop.box.switches.clock_offset_s += 3 * 3600
        bury(shop, "prod", "staging")
        fail(shop, "prod", "1.2.0")
        assert box.violations() == []
        yield shop, Kept(box, shop.folder)


def bury(shop: LiveShop, *environments: str) -> None:
    """Put 120 newer records of another tool into the very environments."""
    state = shop.box.state
    for name in environments:
        for _ in range(120):
            last = state.deployments[-1]
            body = {**last.body, "environment": name, "payload": {}}
            number = next(state.ids)
            state.deployments.append(
                replace(last, id=number, body=body, created_at=shop.box.state.now())
            )


def fail(shop: LiveShop, environment: str, version: str, *more: str) -> None:
    """Leave a record of ours whose push was refused."""
    shop.box.switches.fail("git-receive-pack$", method="POST", status=403, times=9)
    done = shop.inv(*move(environment, version, *more))
    shop.box.switches.faults.clear()
    assert done.code in {3, 4}, done.err


def reading(shop: LiveShop) -> Reading:
    return read_promotion(shop.outside(), shop.settings)


def test_what_others_write_hides_no_good_record(shop: LiveShop) -> None:
    now = reading(shop)

    prod = now.place("prod")
    assert (prod.version, prod.drift) == ("1.1.0", ())
    assert prod.current is not None
    assert prod.current.by == "ada"
    assert now.ledger.time_live(prod.current) >= timedelta(hours=3)
    assert not check_pointers(now, shop.outside().records).drift


def test_what_is_there_is_there_without_another_record(shop: LiveShop) -> None:
    writes, calls = shop.box.writes, shop.rest_calls()

    done = shop.inv(*move("prod", "1.1.0"))

    assert done.code == 0
    assert done.out.startswith("env/prod is at 1.1.0 already, since ")
    assert shop.box.writes == writes
    assert shop.rest_calls() - calls <= 3


def test_a_rollback_marks_what_it_leaves_whatever_the_page_holds(
    shop: LiveShop,
) -> None:
    shop.place("1.2.0", "prod")
    bury(shop, "prod")
    back = ("--rollback", "--reason=slow")
    fail(shop, "prod", "1.1.0", *back)

    done = shop.inv(*move("prod", "1.1.0", *back))

    assert (done.code, shop.version_at("prod")) == (0, "1.1.0")
    now = reading(shop)
    record = now.ledger.track_record("prod", now.pointers.releases["1.2.0"])
    assert (record.outcome, record.why) == ("rolled_back", "slow")


def test_a_rollback_finds_where_to_go_below_the_page(shop: LiveShop) -> None:
    done = shop.inv("promote", "--env=prod", "--rollback", "--reason=slow")

    assert (done.code, shop.version_at("prod")) == (0, "1.0.0"), done.err


def test_a_version_that_was_good_long_ago_is_in_order(shop: LiveShop) -> None:
    fail(shop, "staging", "1.1.0", *("--rollback", "--reason=slow"))

    plan = shop.inv(*move("prod", "1.1.0", "--dry-run", "--json"))
    shop.promote(
        Request(environment="prod", version="1.0.0", rollback=True, reason="slow")
    )
    forward = shop.inv(*move("prod", "1.1.0", "--dry-run"))

    assert plan.code == 0
    assert "1.1.0 is or was good in staging" in forward.out


def test_the_user_of_the_token_is_who_moves(shop: LiveShop) -> None:
    done = shop.inv(*move("prod", "1.2.0"), GITHUB_ACTOR="the-boss")

    history = shop.inv("history", "--env=prod", "--count=1")

    assert done.code == 0
    assert " ada " in history.out
    assert "the-boss" not in history.out


def test_a_draft_of_a_member_blocks_no_way_back(shop: LiveShop) -> None:
    releases = Releases(shop.github)
    draft = releases.create_draft("v1.2.1", title="mine", body="")
    releases.attach(draft, b"not json")

    done = shop.inv("release", "--abandon=1.2.1", "--yes")

    assert done.code == 0, done.err
    assert "Left, not ours\n  draft v1.2.1" in done.out
