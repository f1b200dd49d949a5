"""What moved before, and how many moves are shown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.ground.answers import Json, as_list, as_object
from monokeel.ground.errors import UsageError
from monokeel.ground.report import Report, as_plain
from monokeel.promotion.history import moves_report, parse_count
from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import Request, plan_promotion
from monokeel.promotion.records import BranchMove
from tests.fakes.pointers import Shop, commit_named


@pytest.fixture
def shop() -> Shop:
    shop = Shop(soak="1d")
    shop.release("1.3.2", "1.4.0", "1.5.0-rc.1")
    shop.place("prod", "1.3.2")
    shop.place("staging", "1.4.0")
    shop.place("dev", "1.5.0-rc.1")
    shop.records.wait(timedelta(hours=3))
    return shop


def history(shop: Shop, environment: str = "dev", count: int = 20) -> Report:
    return moves_report(
        shop.outside,
        shop.settings,
        env=environment,
        count=count,
    )


def moves(report: Report) -> list[dict[str, Json]]:
    return [as_object(each) for each in as_list(report.data["moves"])]


def test_looking_back_writes_nothing(shop: Shop) -> None:
    history(shop)

    assert shop.fuse.log == []


def test_history_lists_the_moves_with_their_time_and_reason() -> None:
    """D16: what ran well and was taken back later has not failed."""
    shop = Shop()
    shop.release("1.0.0", "1.1.0")
    for version, rollback in (("1.0.0", False), ("1.1.0", False), ("1.0.0", True)):
        request = Request(
            environment="dev",
            version=version,
            rollback=rollback,
            reason="slow" if rollback else "",
            actor="ana",
        )
        plan = plan_promotion(request, shop.outside, shop.settings)
        move_environment(plan, shop.outside)
        shop.records.wait(timedelta(hours=2))

    report = history(shop)

    assert [
        [m["version"], m["from"], m["task"], m["state"]] for m in moves(report)
    ] == [
        ["1.0.0", "1.1.0", "rollback", "success"],
        ["1.1.0", "1.0.0", "promote", "rolled back"],
        ["1.0.0", None, "promote", "success"],
    ]
    assert [row[5] for row in report.sections[0].table.rows] == ["2h", "2h", "2h"]
    assert "slow" in as_plain(report)


def test_history_shows_a_move_outside_promote(shop: Shop) -> None:
    old, new = commit_named("1.3.2"), commit_named("1.4.0")
    shop.records.moves = [
        BranchMove(
            before=old,
            after=new,
            actor="ben",
            at=shop.records.clock,
            kind="force_push",
        ),
        BranchMove(
            before="0" * 40,
            after=old,
            actor="ana",
            at=shop.records.clock - timedelta(hours=3),
            kind="branch_creation",
        ),
    ]

    newest, oldest = moves(history(shop, "prod"))

    assert [newest[x] for x in ("state", "by", "version", "from", "record")] == [
        "outside promote",
        "ben",
        "1.4.0",
        "1.3.2",
        None,
    ]
    assert oldest["record"] is not None


def test_who_moved_a_branch_from_an_account_that_is_gone_is_unknown(shop: Shop) -> None:
    shop.records.moves = [
        BranchMove(
            before=commit_named("1.3.2"),
            after="0" * 40,
            actor="",
            at=shop.records.clock,
            kind="branch_deletion",
        )
    ]

    report = history(shop, "prod")

    assert (moves(report)[0]["by"], moves(report)[0]["version"]) == ("unknown", "gone")
    assert report.sections[0].table.rows[0][4] == "unknown"


def test_history_is_limited(shop: Shop) -> None:
    shop.place("dev", "1.4.0")

    assert [move["version"] for move in moves(history(shop, count=1))] == ["1.4.0"]


def test_a_former_name_has_the_history_of_the_environment(shop: Shop) -> None:
    shop.clone.policy = shop.clone.policy.replace(
        'name = "staging"', 'name = "preprod"\nwas = "staging"'
    )

    assert [move["version"] for move in moves(history(shop, "staging"))] == ["1.4.0"]
    assert [move["version"] for move in moves(history(shop, "preprod"))] == ["1.4.0"]


def test_a_branch_of_no_environment_has_a_history(shop: Shop) -> None:
    shop.place("qa", "1.3.2")

    assert [move["version"] for move in moves(history(shop, "qa"))] == ["1.3.2"]


@pytest.mark.parametrize("environment", ["", "qa"], ids=["none", "unknown"])
def test_a_wrong_question_about_history_is_wrong_use(
    shop: Shop, environment: str
) -> None:
    with pytest.raises(UsageError) as caught:
        history(shop, environment)

    assert caught.value.exit_code == 1


def test_an_empty_history_says_so() -> None:
    shop = Shop()
    shop.records.blind = True

    assert as_plain(history(shop)) == (
        "Nothing was promoted to dev yet\n\nNot seen\n"
        "  moves outside promote could not be looked for:"
        " GitHub answered 403 to GET /activity"
    )


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("020", 20), ("9999", 9999)])
def test_a_count_is_a_number(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "0", "-1", "abc", "\u0661", "1\n", "9" * 5000])
def test_what_is_no_count_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_count(text)

    assert caught.value.exit_code == 1


def test_a_branch_that_was_put_back_by_promote_is_no_move_outside(shop: Shop) -> None:
    commit = commit_named("1.3.2")
    there = BranchMove(
        before="0" * 40,
        after=commit,
        actor="ana",
        at=shop.records.clock,
        kind="branch_creation",
    )
    gone = replace(there, before=commit, after="0" * 40, kind="branch_deletion")
    shop.records.moves = [there, gone, there]
    last = shop.records.remember("prod", "1.3.2", commit)
    note = replace(last.note, from_sha=commit, from_version="1.3.2")
    shop.records.kept[last.id] = replace(last, note=note)

    outside = [each for each in moves(history(shop, "prod")) if each["record"] is None]

    assert [(x["version"], x["task"]) for x in outside] == [("gone", "branch_deletion")]
