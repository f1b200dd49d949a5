from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.ground.answers import Absent, Found
from monokeel.ground.words import span
from monokeel.promotion.facts import MoveFacts
from monokeel.promotion.gates import evaluate
from monokeel.promotion.records import TrackRecord
from monokeel.release.artifact import Artifact
from tests.promotion.ready import DAY, DIGEST, FREEZE, IMAGE, NOW, OTHER, READY, RELEASE


def detail_of(facts: MoveFacts, name: str) -> str:
    return next(gate.detail for gate in evaluate(facts) if gate.name == name)


def with_record(record: TrackRecord) -> MoveFacts:
    return replace(READY, before=record)


def test_all_wrong_images_are_named_with_both_digests() -> None:
    facts = (
        replace(IMAGE, answer=Found(digest=OTHER)),
        replace(IMAGE, image="acme/shop/worker", answer=Absent()),
    )

    both = replace(READY, release=Artifact(record=RELEASE, images=facts))

    assert detail_of(both, "images") == (
        f"acme/shop/api:1.4.0 is {OTHER}, its record says {DIGEST}:"
        " the tag was moved, or the record changed;"
        f" acme/shop/worker:1.4.0 is gone, its record says {DIGEST}"
    )


def test_a_soak_that_is_running_names_the_earliest_moment() -> None:
    short = with_record(
        TrackRecord(outcome="good", live_for=timedelta(hours=3), live=True)
    )

    detail = detail_of(short, "soak")

    assert detail == (
        "live in staging for 3h of 1d; 21h left, earliest 2026-05-02 09:00Z"
    )


def test_a_soak_that_ended_names_no_moment() -> None:
    gone = with_record(TrackRecord(outcome="good", live_for=timedelta(hours=3)))

    assert detail_of(gone, "soak") == "live in staging for 3h of 1d, and no longer"


def test_the_latest_end_of_several_freezes_is_shown() -> None:
    longer = (NOW + 3 * DAY, "audit")

    detail = detail_of(replace(READY, frozen=(longer, FREEZE)), "freeze")

    assert detail == "prod is frozen until 2026-05-04 12:00Z: audit"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (3_600, "1h"), (93_784, "1d 2h"), (86_460, "1d 1m")],
    ids=["nothing", "seconds", "an hour", "two units", "a gap"],
)
def test_a_span_is_shown_in_two_units(seconds: int, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text
