from dataclasses import replace

import pytest

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import UsageError
from monokeel.promotion.facts import MoveFacts
from monokeel.promotion.gates import (
    OVERRIDABLE,
    Gate,
    evaluate,
    stops_of,
)
from monokeel.promotion.plan import parse_overrides
from monokeel.promotion.records import TrackRecord
from monokeel.release.artifact import Artifact, TaggedImage
from tests.promotion.ready import (
    DAY,
    FREEZE,
    IMAGE,
    NOW,
    OTHER,
    PROD,
    READY,
    RELEASE,
    STAGING,
)


def answers(facts: MoveFacts) -> set[str]:
    """How the gates that decide against it answer."""
    return {gate.status for gate in stops_of(evaluate(facts))}


def answer(facts: MoveFacts, name: str) -> Gate:
    return next(gate for gate in evaluate(facts) if gate.name == name)


def with_images(*images: TaggedImage) -> MoveFacts:
    return replace(READY, release=Artifact(record=RELEASE, images=images))


def with_image(answer: Found | Absent | Unknown) -> MoveFacts:
    return with_images(IMAGE, replace(IMAGE, answer=answer))


def with_record(record: TrackRecord) -> MoveFacts:
    return replace(READY, before=record)


def test_every_gate_answers_and_a_good_promotion_is_ready() -> None:
    gates = evaluate(READY)

    assert [gate.name for gate in gates] == [
        *("version", "line", "blocked", "release", "images", "order", "soak"),
        *("setback", "freeze", "hold", "downgrade", "approval", "push"),
    ]
    assert {gate.status for gate in gates} == {"ok"}
    assert stops_of(gates) == []


TAKEN_BACK = TrackRecord(outcome="rolled_back", why="slow", ended=NOW - DAY)
PRERELEASE = replace(READY, version="1.5.0-rc.1")
EMPTY = replace(READY.place, commit=None, version="")
FIRST = replace(READY, place=EMPTY, direction="first")
TO_STAGING = replace(READY.place, environment=STAGING)
BLOCKED = replace(READY.settings, blocked={"1.4.0": "loses orders"})
BACK = replace(READY, direction="back", rollback=True)
CASES = {
    "a pre-release where none may go": (PRERELEASE, "version", "refused"),
    "a pre-release where they may": (
        replace(
            PRERELEASE,
            place=replace(READY.place, environment=replace(PROD, prerelease=True)),
        ),
        "version",
        "ok",
    ),
    "not on main": (replace(READY, on_line=False), "line", "refused"),
    "a clone that cannot tell": (replace(READY, on_line=None), "line", "unknown"),
    "no release": (replace(READY, release=Absent()), "release", "refused"),
    "a silent GitHub": (
        replace(READY, release=Unknown(reason="502")),
        "release",
        "unknown",
    ),
    "a release that nobody read": (
        replace(READY, release=None),
        "release",
        "not_asked",
    ),
    "an image that is missing": (with_image(Absent()), "images", "refused"),
    "an image of another digest": (
        with_image(Found(digest=OTHER)),
        "images",
        "refused",
    ),
    "a silent registry": (with_image(Unknown(reason="503")), "images", "unknown"),
    "a release without images": (with_images(), "images", "unknown"),
    "images that nobody read": (
        replace(READY, release=None),
        "images",
        "not_asked",
    ),
    "never in the environment before": (
        with_record(TrackRecord(outcome="never")),
        "order",
        "refused",
    ),
    "rolled back in the environment before": (
        with_record(TrackRecord(outcome="rolled_back", live_for=2 * DAY, why="slow")),
        "order",
        "refused",
    ),
    "unconfirmed in the environment before": (
        with_record(TrackRecord(outcome="unconfirmed")),
        "order",
        "refused",
    ),
    "good before, and gone from there": (
        with_record(TrackRecord(outcome="good", live_for=2 * DAY)),
        "order",
        "ok",
    ),
    "the first environment has no order": (
        replace(READY, previous="", before=TrackRecord(outcome="never")),
        "order",
        "ok",
    ),
    "a rollback has no order": (
        replace(BACK, before=TrackRecord(outcome="never")),
        "order",
        "skipped",
    ),
    "too short in the environment before": (
        with_record(TrackRecord(outcome="good", live_for=DAY / 2, live=True)),
        "soak",
        "refused",
    ),
    "exactly long enough": (
        with_record(TrackRecord(outcome="good", live_for=DAY, live=True)),
        "soak",
        "ok",
    ),
    "long enough in two periods": (
        with_record(TrackRecord(outcome="good", live_for=DAY)),
        "soak",
        "ok",
    ),
    "the first environment has no soak": (
        replace(READY, previous="", before=TrackRecord(outcome="never")),
        "soak",
        "ok",
    ),
    "a rollback has no soak": (
        replace(BACK, before=TrackRecord(outcome="never")),
        "soak",
        "skipped",
    ),
    "inside a freeze": (replace(READY, frozen=(FREEZE,)), "freeze", "refused"),
    "a freeze binds a rollback": (replace(BACK, frozen=(FREEZE,)), "freeze", "refused"),
    "on hold": (replace(READY, hold="incident 7"), "hold", "refused"),
    "a hold binds a rollback": (replace(BACK, hold="incident 7"), "hold", "refused"),
    "older than what is there": (
        replace(READY, direction="back"),
        "downgrade",
        "refused",
    ),
    "older, as a rollback": (BACK, "downgrade", "ok"),
    "newer, called a rollback": (
        replace(READY, rollback=True),
        "downgrade",
        "refused",
    ),
    "a clone that cannot compare": (
        replace(READY, direction=None),
        "downgrade",
        "unknown",
    ),
    "the first promotion": (FIRST, "downgrade", "ok"),
    "nothing to roll back": (
        replace(FIRST, rollback=True),
        "downgrade",
        "refused",
    ),
    "there already, moved by hand": (
        replace(READY, direction="same", rollback=True),
        "downgrade",
        "ok",
    ),
    "no GitHub Environment": (
        replace(READY, protection=Absent()),
        "approval",
        "refused",
    ),
    "no reviewers where some are expected": (
        replace(READY, protection=False),
        "approval",
        "refused",
    ),
    "no reviewers where none are expected": (
        replace(
            READY,
            place=TO_STAGING,
            protection=False,
        ),
        "approval",
        "ok",
    ),
    "no GitHub Environment where none is needed": (
        replace(
            READY,
            place=TO_STAGING,
            protection=Absent(),
        ),
        "approval",
        "warning",
    ),
    "a hidden GitHub Environment": (
        replace(READY, protection=Unknown(reason="403")),
        "approval",
        "unknown",
    ),
    "a hold that nobody can read": (
        replace(READY, hold=Unknown(reason="403")),
        "hold",
        "unknown",
    ),
    "a blocked version": (replace(READY, settings=BLOCKED), "blocked", "refused"),
    "a blocked version on the way back": (
        replace(BACK, settings=BLOCKED),
        "blocked",
        "refused",
    ),
    "taken back here before": (replace(READY, here=TAKEN_BACK), "setback", "refused"),
    "good here before": (
        replace(READY, here=TrackRecord(outcome="good")),
        "setback",
        "ok",
    ),
    "on no line, and good here before": (
        replace(BACK, on_line=False, here=TrackRecord(outcome="good")),
        "line",
        "ok",
    ),
    "on no line, and never here": (replace(BACK, on_line=False), "line", "refused"),
    "records that nobody could judge": (
        replace(READY, before=TrackRecord(outcome="never"), unchecked="403"),
        "order",
        "unknown",
    ),
    "a push that will be refused": (
        replace(READY, push_refusal="the rules say no"),
        "push",
        "refused",
    ),
}


@pytest.mark.parametrize(
    ("lines", "way"),
    [
        ((), "name its branch in [release] lines."),
        (("1.3.x", "2.x"), "name its branch in [release] lines."),
        (("1.4.x", "1.x"), "git push origin v1.4.0^{commit}:refs/heads/1.4.x"),
    ],
)
def test_a_version_whose_line_was_deleted_is_told_how_to_bring_it_back(
    lines: tuple[str, ...], way: str
) -> None:
    settings = replace(READY.settings, lines=lines)
    gates = evaluate(replace(READY, on_line=False, settings=settings))

    [gate] = [each for each in gates if each.name == "line"]
    assert gate.fix.endswith(way)


@pytest.mark.parametrize(("facts", "name", "status"), CASES.values(), ids=CASES)
def test_a_gate_answers(facts: MoveFacts, name: str, status: str) -> None:
    assert answer(facts, name).status == status


def test_a_certain_no_wins_over_cannot_tell() -> None:
    both = replace(READY, on_line=None, hold="incident 7")

    assert answers(both) == {"refused"}
    assert {
        gate.status for gate in stops_of(evaluate(replace(READY, on_line=None)))
    } == {"unknown"}


def test_a_warning_refuses_nothing() -> None:
    bare = replace(
        READY,
        place=TO_STAGING,
        protection=Absent(),
    )

    assert stops_of(evaluate(bare)) == []


def test_an_override_turns_a_refusal_with_its_reason() -> None:
    held = replace(READY, hold="incident 7")

    gates = evaluate(held, {"hold": "the fix", "soak": "not needed"})

    assert stops_of(gates) == []
    assert [gate.name for gate in gates if gate.status == "overridden"] == ["hold"]
    assert "all promotions are on hold: incident 7; overridden: the fix" in [
        gate.detail for gate in gates
    ]


def test_an_override_answers_for_what_nobody_can_tell() -> None:
    unknown = replace(READY, hold=Unknown(reason="403"))

    assert answers(unknown) == {"unknown"}
    assert stops_of(evaluate(unknown, {"hold": "there is none"})) == []


def test_what_has_no_override_is_lifted_by_no_reason() -> None:
    bare = replace(READY, release=Absent())

    assert answers(bare) == {"refused"}
    assert stops_of(evaluate(bare, {"release": "trust me"}))


def test_overrides_are_gate_and_reason() -> None:
    texts = [f"{name}=because a=b" for name in OVERRIDABLE]

    assert parse_overrides(texts) == dict.fromkeys(OVERRIDABLE, "because a=b")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("order,soak=sev1", {"order": "sev1", "soak": "sev1"}),
        ("order=a soak=b", {"order": "a", "soak": "b"}),
        ("order=a --override=soak=b", {"order": "a", "soak": "b"}),
        ("order=a\nsoak=b", {"order": "a", "soak": "b"}),
        ("freeze = sev1, hold = sev1", {"freeze": "sev1", "hold": "sev1"}),
        ("order=sev1 fix, see a=b", {"order": "sev1 fix, see a=b"}),
        ("", {}),
    ],
)
def test_several_gates_may_stand_in_one_text(text: str, wanted: dict[str, str]) -> None:
    assert parse_overrides([text]) == wanted


def test_an_emergency_is_the_reason_for_all() -> None:
    reasons = parse_overrides(["soak=known"], "sev1")

    assert reasons == dict.fromkeys(OVERRIDABLE, "sev1") | {"soak": "known"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("order", "the override of 'order' has no reason"),
        ("soak= ", "the override of 'soak' has no reason"),
        ("soak= order=why", "the override of 'soak' has no reason"),
        ("images=trust me", "the gate 'images' has no override"),
        ("order=a images=b", "the gate 'images' has no override"),
        ("downgrade=back", "the gate 'downgrade' has no override"),
        ("speed=fast", "no gate 'speed'"),
        ("=why", "no gate ''"),
    ],
)
def test_a_wrong_override_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_overrides([text])

    assert caught.value.problem == problem
    assert caught.value.exit_code == 1
