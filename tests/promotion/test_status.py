import json
from datetime import timedelta
from pathlib import Path

import pytest

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import ServiceError
from monokeel.ground.report import as_json, as_plain
from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import Plan, Request, plan_promotion
from monokeel.promotion.reading import STALE
from monokeel.promotion.status import Overview, overview_of, overview_report
from tests.fakes.incident import HOLD, incident
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


def following(overview: Overview, version: str, environment: str) -> Plan:
    return next(
        each
        for each in overview.next_moves
        if (each.version, each.place.name) == (version, environment)
    )


def lines(overview: Overview, *, whole: bool = False) -> list[str]:
    text = as_plain(overview_report(overview, whole=whole))
    return [line.strip() for line in text.splitlines()]


def test_an_environment_is_a_line_and_says_the_next_step_only(shop: Shop) -> None:
    assert lines(look(shop)) == [
        "What runs where in acme/shop",
        "",
        "dev      1.5.0-rc.1 for 3h, by ana · back: nothing earlier was good here",
        "staging  1.4.0 for 3h, by ana · back: nothing earlier was good here · next:",
        "1.5.0-rc.1, version: 1.5.0-rc.1 is a pre-release, and staging takes",
        "none",
        "prod     1.3.2 for 3h, by ana · 1 behind for 3h · back: nothing earlier was",
        "good here · next: 1.4.0 ready",
    ]


def test_the_rest_is_there_on_request(shop: Shop) -> None:
    text = lines(look(shop), whole=True)

    (row,) = (line for line in text if line.startswith("1.4.0 "))
    assert row.split() == ["1.4.0", "prod", "ready"]
    (early,) = (line for line in text if line.split()[:2] == ["1.5.0-rc.1", "prod"])
    assert " no " in early
    assert "order: 1.5.0-rc.1 has not been in staging" in early


def test_what_stops_stands_first_and_once(shop: Shop) -> None:
    shop.clone.policy += (
        '[[freezes]]\nenvironments = ["prod"]\nreason = "holidays"\n'
        "from = 2026-05-01T00:00:00Z\nto = 2026-05-03T00:00:00Z\n"
    )
    shop.push_by_hand("prod", commit_named("1.4.0"))

    text = lines(look(shop, hold="incident 42"))

    assert text[2:6] == [
        "HOLD incident 42",
        "FREEZE prod until 2026-05-03 00:00Z: holidays",
        "DRIFT env/prod moved to 1.4.0 without a record; to keep it: ./inv promote",
        "--env prod --version 1.4.0",
    ]
    assert "\n".join(text).count("incident 42") == 1


def test_a_rollback_says_what_it_left_why_and_where_it_leads() -> None:
    shop = Shop()
    shop.release("1.3.0", "1.3.2", "1.4.0")
    for version in ("1.3.0", "1.3.2", "1.4.0"):
        for environment in ("dev", "staging", "prod"):
            shop.place(environment, version)
    back = Request(
        environment="prod", rollback=True, reason="the cart is empty", actor="ben"
    )
    move_environment(plan_promotion(back, shop.outside, shop.settings), shop.outside)
    shop.records.wait(timedelta(seconds=8))

    text = " ".join(lines(look(shop)))

    assert (
        "prod     1.3.2 for 8s, by ben, back from 1.4.0 (the cart is empty)"
        " · 1 behind for 8s · back: 1.3.0 ready · next: 1.4.0, setback: 1.4.0 was"
        " rolled back here 8s ago: the cart is empty"
    ) in text
    assert "1.4.0 for 8s, by ana · rolled back in prod: the cart is empty" in text


def test_the_way_back_is_asked_for_before_it_is_needed() -> None:
    shop = Shop()
    shop.release("1.0.0", "1.1.0", "1.2.0")
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        shop.place("dev", version)
    del shop.images.there["acme/shop/worker", "1.1.0"]

    assert "back: 1.1.0, images gone · 1.0.0 ready" in " ".join(lines(look(shop)))


def test_a_release_that_is_not_published_is_not_ready() -> None:
    shop = Shop()
    shop.release("1.0.0")
    shop.releases.records.clear()

    assert "next: 1.0.0, release: the tag v1.0.0 carries no" in " ".join(
        lines(look(shop))
    )


def test_a_hold_that_nobody_can_read_is_unknown(shop: Shop) -> None:
    shop.records.variable = Unknown(reason="403")

    overview = overview_of(shop.outside, shop.settings, hold=None)

    assert lines(overview)[2] == "HOLD unknown: 403"
    assert "1.4.0, unknown (hold: " in " ".join(lines(overview))


def test_the_page_of_an_incident_fits_into_a_terminal() -> None:
    shop = Shop()
    names = ("dev", "test", "staging", "load", "prod-eu", "prod-us")
    start = shop.clone.policy.index("[[environments]]")
    tables = [f'[[environments]]\nname = "{name}"\n' for name in names]
    freeze = (
        '[[freezes]]\nenvironments = ["prod-eu", "prod-us"]\nreason = "holidays"\n'
        "from = 2026-05-01T00:00:00Z\nto = 2026-05-03T00:00:00Z\n"
    )
    shop.clone.policy = shop.clone.policy[:start] + "".join(tables) + freeze
    shop.release("1.3.0", "1.4.0", "1.5.0")
    for version in ("1.3.0", "1.4.0"):
        for name in names:
            shop.place(name, version)
    shop.place("dev", "1.5.0")

    text = lines(look(shop, hold="incident 42"))

    assert max(len(line) for line in text) <= 78
    assert len(text) <= 24
    assert text[2] == "HOLD incident 42"
    assert text[3] == "FREEZE prod-eu, prod-us until 2026-05-03 00:00Z: holidays"


def test_the_page_about_incidents_shows_what_is_printed() -> None:
    overview = look(incident(), hold=HOLD)

    text = as_plain(overview_report(overview))

    page = Path(__file__).parents[2] / "docs/how-to/incident.md"
    assert f"```\n{text}\n```" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_line_is_as_wide_as_the_terminal(columns: int) -> None:
    shop = incident()
    overview = look(shop, hold=HOLD)

    text = as_plain(overview_report(overview, columns=columns)).splitlines()

    assert columns - 20 < max(map(len, text)) <= columns
    # What is wrong stands within the first five lines, whatever the width.
    assert [each.split()[0] for each in text[2:5]] == ["HOLD", "FREEZE", "DRIFT"]


@pytest.mark.parametrize(("name", "typed"), [("qa", "env/qa"), ("$x", "'env/$x'")])
def test_a_branch_of_no_environment_is_drift(shop: Shop, name: str, typed: str) -> None:
    shop.push_by_hand(name, commit_named("1.4.0"))

    report = overview_report(look(shop))

    assert f"env/{name} belongs to no environment" in report.problems[0]
    push = f"git push git@github.com:acme/shop.git --delete {typed} (with the deploy"
    assert push in report.problems[0]


def test_machines_get_environments_gates_hold_and_freezes(shop: Shop) -> None:
    report = json.loads(as_json(overview_report(look(shop, hold="incident 7"))))

    assert (report["schema"], report["hold"], report["freezes"]) == (
        1,
        "incident 7",
        [],
    )
    dev = report["environments"][0]
    assert (dev["name"], dev["version"], dev["by"]) == ("dev", "1.5.0-rc.1", "ana")
    assert (dev["since"], dev["drift"]) == ("2026-05-01T12:00:00Z", [])
    assert (dev["back"], dev["behind"], dev["next"]) == ([], 0, None)
    step, late, gates = (
        {gate["name"]: gate["status"] for gate in each["gates"]}
        for each in report["next"]
    )
    assert (step["release"], step["images"]) == ("ok", "ok")
    assert (late["release"], late["images"]) == ("not_asked", "not_asked")
    assert gates["hold"] == "refused"


@pytest.mark.parametrize(
    ("version", "environment"),
    [("1.4.0", "prod"), ("1.5.0-rc.1", "staging"), ("1.5.0-rc.1", "prod")],
)
def test_status_and_promote_agree(shop: Shop, version: str, environment: str) -> None:
    answer = following(look(shop), version, environment)

    request = Request(environment=environment, version=version)
    plan = plan_promotion(request, shop.outside, shop.settings)

    assert bool(plan.stops) == bool(answer.stops)


def test_before_the_first_release_there_is_nothing() -> None:
    overview = look(Shop())

    report = overview_report(overview)

    assert as_plain(report) == "Nothing is released in acme/shop yet"
    assert [place.drift for place in overview.reading.places] == [(), (), ()]


def test_the_newest_release_is_shown_before_it_is_anywhere() -> None:
    shop = Shop()
    shop.release("1.0.0")

    overview = look(shop)

    assert not following(overview, "1.0.0", "dev").stops
    assert following(overview, "1.0.0", "staging").stops


def test_a_branch_moved_by_hand_is_drift(shop: Shop) -> None:
    shop.push_by_hand("prod", commit_named("1.4.0"))

    assert look(shop).reading.places[2].drift == (
        (
            "env/prod moved to 1.4.0 without a record; to keep it:"
            " ./inv promote --env prod --version 1.4.0"
        ),
    )


def test_a_branch_at_no_release_is_drift_and_has_a_row(shop: Shop) -> None:
    odd = commit_named("nobody released this")
    shop.clone.apart.add(odd)
    shop.push_by_hand("prod", odd)

    report = overview_report(look(shop))

    back = './inv promote --env prod --rollback --version 1.3.2 --reason "why"'
    assert report.problems == (
        f"env/prod is at {odd[:12]}, which is no release; to put it back: {back}",
    )
    assert f"{odd[:12]} (no release)" in as_plain(report)


def test_a_branch_that_vanished_is_drift(shop: Shop) -> None:
    del shop.clone.refs["refs/heads/env/prod"]

    (line,) = look(shop).reading.places[2].drift
    assert line == (
        "env/prod is gone; the last record is of 1.3.2:"
        " ./inv promote --env prod --version 1.3.2"
    )


def test_an_unfinished_record_is_drift_once_it_is_old(shop: Shop) -> None:
    commit = commit_named("1.4.0")
    record = shop.records.remember("dev", "1.4.0", commit, state="pending")

    young = look(shop).reading.places[0].drift
    shop.records.wait(STALE * 2)
    old = look(shop).reading.places[0].drift

    assert young == ()
    (line,) = old
    said = f"record {record.id} in dev (1.4.0) is unfinished; to settle it: "
    assert line.startswith(said)


def test_a_shallow_clone_gets_a_status_with_gaps(shop: Shop) -> None:
    shop.clone.shallow = True

    text = " ".join(lines(look(shop)))

    assert "next: 1.4.0, unknown (line: this clone cannot tell" in text
    assert "git fetch --unshallow --tags" in text
    whole = " ".join(" ".join(lines(look(shop), whole=True)).split())
    assert "1.4.0 prod unknown line: this clone cannot tell" in whole


def test_a_silent_github_is_no_empty_status(shop: Shop) -> None:
    shop.records.silent = True

    with pytest.raises(ServiceError):
        look(shop)


def test_status_writes_nothing(shop: Shop) -> None:
    look(shop)

    assert shop.fuse.log == []


def test_a_long_story_is_cut_to_a_line(shop: Shop) -> None:
    text = lines(look(shop, hold="incident 42: " + "x " * 2000))

    assert len(text) < 20
    assert len(" ".join(text[2:4])) <= 110


def test_a_way_back_is_one_that_promote_would_take() -> None:
    shop = Shop()
    shop.release("1.0.0", "1.1.0-rc.1", "1.1.0")
    for version in ("1.0.0", "1.1.0-rc.1", "1.1.0"):
        shop.place("dev", version)
    shop.clone.policy = shop.clone.policy.replace("prerelease = true", "")

    back = look(shop).places[0].back
    plan = plan_promotion(
        Request(environment="dev", rollback=True), shop.outside, shop.settings
    )

    assert back == (("1.0.0", ""),)
    assert (plan.version, plan.stops) == ("1.0.0", [])


def test_a_live_version_that_is_blocked_is_said(shop: Shop) -> None:
    shop.clone.policy += '[promotion]\nblocked = { "1.3.2" = "loses orders" }\n'

    text = " ".join(lines(look(shop)))

    assert "prod 1.3.2 for 3h, by ana · blocked: loses orders · " in " ".join(
        text.split()
    )


def test_a_registry_that_is_down_does_not_bury_the_rest(shop: Shop) -> None:
    for name in shop.images.there:
        shop.images.there[name] = Unknown(reason="ghcr.io answered 503 " * 9)

    text = lines(look(shop))

    assert len(text) <= 14
    assert "unknown (images: cannot prove, refusing:" in " ".join(text)


def test_where_nobody_knows_what_is_there_nothing_is_next(shop: Shop) -> None:
    shop.clone.apart.add(commit_named("nobody's"))
    shop.push_by_hand("staging", commit_named("nobody's"))

    assert look(shop).places[1].next_move is None


def test_a_version_that_was_taken_back_elsewhere_says_so(shop: Shop) -> None:
    """E31."""
    shop.place("staging", "1.3.2")
    shop.records.wait(timedelta(minutes=1))
    shop.place("staging", "1.4.0")
    shop.place("prod", "1.4.0")
    back = Request(
        environment="staging", version="1.3.2", rollback=True, reason="data loss"
    )
    move_environment(plan_promotion(back, shop.outside, shop.settings), shop.outside)

    prod = look(shop).places[2]

    assert prod.elsewhere == ("rolled back in staging: data loss",)


def test_a_move_is_said_once_whoever_reads_it() -> None:
    """The line, ``--all`` and ``next`` of JSON are of one look."""
    shop = Shop()
    shop.release("1.0.0", "1.1.0")
    shop.place("dev", "1.0.0")
    del shop.images.there["acme/shop/worker", "1.1.0"]

    overview = look(shop)
    data = json.loads(as_json(overview_report(overview)))

    rows = [x.split()[:3] for x in lines(overview, whole=True)]
    assert ["1.1.0", "dev", "no"] in rows
    assert data["environments"][0]["next"] in data["next"]
