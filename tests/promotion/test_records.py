import json
from dataclasses import replace

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError
from monokeel.ground.words import parse_time
from monokeel.promotion.records import (
    Note,
    Record,
    login_of,
    parse_branch_move,
    parse_record,
    parse_status,
    payload_of,
    records_in_order,
)

NOTE = Note(
    version="1.4.0",
    sha="a" * 40,
    from_version="1.3.2",
    from_sha="b" * 40,
    actor="ana",
    approvers=("ben",),
    reason="why",
    overrides={"soak": "hot fix"},
    skipped=("order",),
    digests={"api": "sha256:" + "1" * 64},
    run_url="https://github.com/acme/shop/actions/runs/7",
)


def deployment(payload: Json, number: int = 7, login: str = "ana") -> Json:
    return {
        "databaseId": number,
        "environment": "prod",
        "commitOid": "a" * 40,
        "task": "promote",
        "createdAt": "2026-05-01T12:00:00Z",
        "creator": {"__typename": "User", "login": login},
        "payload": payload,
        "statuses": {"totalCount": 0, "nodes": []},
    }


def parsed(value: Json) -> Record | None:
    return parse_record(value, {"prod": "prod"})


@pytest.mark.parametrize(
    "payload",
    [
        payload_of(NOTE),
        json.dumps(payload_of(NOTE)),
        json.dumps(json.dumps(payload_of(NOTE))),
    ],
    ids=["object", "string", "string in a string"],
)
def test_what_was_written_is_read_back(payload: Json) -> None:
    record = parsed(deployment(payload))

    assert record is not None
    assert record.note == NOTE


@pytest.mark.parametrize(
    "payload",
    [
        *(None, "", "deploy", {}, {"tool": "other"}, '{"tool": "other"}', "[1]"),
        {"tool": "monokeel", "version": 1},
        {"tool": "monokeel", "overrides": ["soak"]},
    ],
    ids=[
        *("none", "empty", "word", "no tool", "other", "other in text", "a list"),
        *("a number for a version", "a list of overrides"),
    ],
)
def test_records_of_others_are_left_out(payload: Json) -> None:
    assert parsed(deployment(payload)) is None


def test_a_record_of_an_environment_that_nobody_asked_about_is_left_out() -> None:
    assert parse_record(deployment(payload_of(NOTE)), {"dev": "dev"}) is None


@pytest.mark.parametrize(
    ("creator", "actor", "by"),
    [
        ("github-actions[bot]", "ana", "ana"),
        ("github-actions[bot]", "", "github-actions[bot]"),
        ("ben", "ben", "ben"),
        ("ben", "", "ben"),
        ("ben", "ana", "ben (claims: ana)"),
        ("", "", "unknown"),
    ],
)
def test_a_person_only_claims_to_be_somebody(creator: str, actor: str, by: str) -> None:
    record = parsed(deployment(payload_of(replace(NOTE, actor=actor)), login=creator))

    assert record is not None
    assert record.by == by


def test_a_bot_has_its_suffix_as_in_rest() -> None:
    bot: Json = {"__typename": "Bot", "login": "github-actions"}

    assert login_of(bot) == "github-actions[bot]"
    assert login_of(None) == ""


def test_records_are_ordered_by_id_each_once() -> None:
    read = [parsed(deployment(payload_of(NOTE), n)) for n in (2, 9, 2, 5)]

    records = records_in_order(each for each in read if each is not None)

    assert [record.id for record in records] == [9, 5, 2]


def test_a_status_without_a_description_is_read() -> None:
    status = parse_status({"state": "SUCCESS", "createdAt": "2026-05-01T12:00:00Z"})

    assert (status.state, status.description, status.by) == ("success", "", "")


def test_a_move_by_a_deleted_account_has_no_actor() -> None:
    move = parse_branch_move(
        {
            "before": "0" * 40,
            "after": "a" * 40,
            "actor": None,
            "timestamp": "2026-05-01T12:00:00Z",
            "activity_type": "branch_creation",
        }
    )

    assert (move.actor, move.kind) == ("", "branch_creation")


@pytest.mark.parametrize(
    "text", ["2026-05-01T12:00:00Z", "2026-05-01T08:00:00.000-04:00"]
)
def test_both_forms_of_time_are_the_same_moment(text: str) -> None:
    assert parse_time(text).isoformat() == "2026-05-01T12:00:00+00:00"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-05-01T12:00:00"])
def test_a_time_that_says_no_moment_is_no_answer(text: str) -> None:
    with pytest.raises(ServiceError):
        parse_time(text)
