import json
from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.ground.errors import ServiceError, UsageError
from monokeel.ground.report import as_json, as_text
from monokeel.promotion.history import History, history_report, look_back
from monokeel.promotion.move import carry_out
from monokeel.promotion.next_moves import NextMove
from monokeel.promotion.plan import Request, plan_promotion
from monokeel.promotion.records import BranchMove
from monokeel.promotion.status import Overview, overview_of, overview_report
from monokeel.promotion.track_record import STALE
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


def look(shop: Shop, *, hold: str = "") -> Overview:
    return overview_of(shop.outside, shop.settings, hold=hold)


def history(shop: Shop, environment: str = "dev", count: int = 20) -> History:
    return look_back(
        shop.outside,
        shop.settings,
        environment=environment,
        count=count,
    )


def following(overview: Overview, version: str, environment: str) -> NextMove:
    return next(
        each
        for each in overview.next_moves
        if (each.version, each.environment) == (version, environment)
    )


def test_the_table_shows_what_runs_where_and_what_may_go_next(shop: Shop) -> None:
    text = as_text(overview_report(look(shop)))

    assert [line.rstrip() for line in text.splitlines()] == [
        "What runs where in acme/shop",
        "",
        "  version     dev          staging      prod         next",
        (
            "  1.5.0-rc.1  ● 3h by ana                            "
            "staging: no (version, soak) · prod: no (version, order)"
        ),
        "  1.4.0                    ● 3h by ana               prod: ready",
        "  1.3.2                                 ● 3h by ana",
        "",
        "Why not",
        (
            "  1.5.0-rc.1 -> staging: version: 1.5.0-rc.1 is a pre-release, and staging"
            " takes none"
        ),
        (
            "  1.5.0-rc.1 -> staging: soak: live in dev for 3h of 1d; 21h left,"
            " earliest 2026-05-02 12:00Z"
        ),
        (
            "  1.5.0-rc.1 -> prod: version: 1.5.0-rc.1 is a pre-release, and prod takes"
            " none"
        ),
        "  1.5.0-rc.1 -> prod: order: 1.5.0-rc.1 has not been in staging",
    ]


def test_a_version_that_was_rolled_back_is_ready_with_a_word(shop: Shop) -> None:
    for request in (
        Request(environment="prod", version="1.4.0"),
        Request(environment="prod", rollback=True, reason="the cart is empty"),
    ):
        plan = plan_promotion(request, shop.outside, shop.settings)
        carry_out(plan, shop.outside)
    shop.records.wait(timedelta(seconds=8))

    report = overview_report(look(shop))

    ready = "prod: ready (rolled back 8s ago: the cart is empty)"
    assert ready in as_text(report)
    prod = [x for x in json.loads(as_json(report))["next"] if x["version"] == "1.4.0"]
    assert [(x["environment"], x["eligible"], x["rolled_back"]) for x in prod] == [
        ("prod", True, "rolled back 8s ago: the cart is empty")
    ]


def test_machines_get_environments_gates_hold_and_freezes(shop: Shop) -> None:
    report = json.loads(as_json(overview_report(look(shop, hold="incident 7"))))

    assert (report["schema"], report["hold"], report["freezes"]) == (
        1,
        "incident 7",
        [],
    )
    dev = report["environments"][0]
    assert dev == {
        "name": "dev",
        "commit": commit_named("1.5.0-rc.1"),
        "version": "1.5.0-rc.1",
        "since": "2026-05-01T12:00:00Z",
        "by": "ana",
        "record": dev["record"],
        "drift": [],
    }
    gates = {gate["name"]: gate["status"] for gate in report["next"][-1]["gates"]}
    assert (gates["release"], gates["images"]) == ("not_asked", "not_asked")
    assert gates["hold"] == "refused"


@pytest.mark.parametrize(
    ("version", "environment"),
    [("1.4.0", "prod"), ("1.5.0-rc.1", "staging"), ("1.5.0-rc.1", "prod")],
)
def test_status_and_promote_agree(shop: Shop, version: str, environment: str) -> None:
    answer = following(look(shop), version, environment)

    request = Request(environment=environment, version=version)
    plan = plan_promotion(request, shop.outside, shop.settings)

    assert plan.stopped == (not answer.eligible)


def test_before_the_first_release_there_is_nothing() -> None:
    overview = look(Shop())

    report = overview_report(overview)

    assert as_text(report) == "Nothing is released in acme/shop yet"
    assert [place.drift for place in overview.reading.places] == [(), (), ()]


def test_the_newest_release_is_shown_before_it_is_anywhere() -> None:
    shop = Shop()
    shop.release("1.0.0")

    overview = look(shop)

    assert following(overview, "1.0.0", "dev").eligible
    assert not following(overview, "1.0.0", "staging").eligible


def test_a_branch_moved_by_hand_is_drift(shop: Shop) -> None:
    shop.push_by_hand("prod", commit_named("1.4.0"))

    assert look(shop).reading.places[2].drift == (
        "env/prod moved to 1.4.0 without a record",
    )


def test_a_branch_at_no_release_is_drift_and_has_a_row(shop: Shop) -> None:
    odd = commit_named("nobody released this")
    shop.clone.apart.add(odd)
    shop.push_by_hand("prod", odd)

    report = overview_report(look(shop))

    assert report.problems == (
        f"env/prod is at {odd[:12]}, which is no release",
        f"env/prod moved to {odd[:12]} without a record",
    )
    assert odd[:12] in as_text(report)


def test_a_branch_that_vanished_is_drift(shop: Shop) -> None:
    del shop.clone.refs["refs/heads/env/prod"]

    assert look(shop).reading.places[2].drift == (
        "env/prod is gone; the last record there is 1.3.2",
    )


def test_an_unfinished_record_is_drift_once_it_is_old(shop: Shop) -> None:
    commit = commit_named("1.4.0")
    record = shop.records.remember("dev", "1.4.0", commit, state="pending")

    young = look(shop).reading.places[0].drift
    shop.records.wait(STALE * 2)
    old = look(shop).reading.places[0].drift

    assert young == ()
    assert old == (f"record {record.id} (1.4.0) is unfinished",)


def test_a_shallow_clone_gets_a_status_with_gaps(shop: Shop) -> None:
    shop.clone.shallow = True

    gates = following(look(shop), "1.4.0", "prod").gates

    assert "unknown" in {gate.status for gate in gates}


def test_a_silent_github_is_no_empty_status(shop: Shop) -> None:
    shop.records.silent = True

    with pytest.raises(ServiceError):
        look(shop)


def test_status_writes_nothing(shop: Shop) -> None:
    look(shop)
    history(shop)

    assert shop.fuse.log == []


def test_history_lists_the_moves_with_their_time_and_reason() -> None:
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
        carry_out(plan, shop.outside)
        shop.records.wait(timedelta(hours=2))

    moves = history(shop).moves

    assert [(m.version, m.before, m.task, m.state) for m in moves] == [
        ("1.0.0", "1.1.0", "rollback", "success"),
        ("1.1.0", "1.0.0", "promote", "failure"),
        ("1.0.0", "", "promote", "success"),
    ]
    assert {move.live_for for move in moves} == {timedelta(hours=2)}
    assert "slow" in as_text(history_report(history(shop)))


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

    newest, oldest = history(shop, "prod").moves

    assert (newest.state, newest.by, newest.version, newest.before) == (
        "outside promote",
        "ben",
        "1.4.0",
        "1.3.2",
    )
    assert oldest.record is not None


def test_history_is_limited(shop: Shop) -> None:
    shop.place("dev", "1.4.0")

    assert [move.version for move in history(shop, count=1).moves] == ["1.4.0"]


@pytest.mark.parametrize("environment", ["", "qa"], ids=["none", "unknown"])
def test_a_wrong_question_about_history_is_wrong_use(
    shop: Shop, environment: str
) -> None:
    with pytest.raises(UsageError) as caught:
        history(shop, environment)

    assert caught.value.exit_code == 1


def test_an_empty_history_says_so() -> None:
    shop = Shop()

    report = history_report(replace(history(shop), unseen="403"))

    assert as_text(report) == (
        "Nothing was promoted to dev yet\n\nNot seen\n"
        "  moves outside promote could not be looked for: 403"
    )
