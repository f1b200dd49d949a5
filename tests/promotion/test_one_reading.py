"""Whoever asks about an environment gets the same answer: one reading for all."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from monokeel.drift.environments import check_pointers, check_releases
from monokeel.ground.answers import Found
from monokeel.ground.errors import MonokeelError
from monokeel.promotion.gates import Gate
from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import Plan, Request, plan_promotion
from monokeel.promotion.reading import read_promotion
from monokeel.promotion.status import overview_of
from tests.fakes.fuse import Crash
from tests.fakes.pointers import SERVICES, Shop, commit_named

VERSIONS = ("1.0.0", "1.1.0-rc.1", "1.2.0", "1.3.0")
ENVIRONMENTS = ("dev", "staging", "prod")
STATES = 80


def plan(shop: Shop, environment: str, version: str) -> Plan:
    request = Request(environment=environment, version=version)
    return plan_promotion(request, shop.outside, shop.settings)


def test_status_and_promote_agree_beyond_a_page_of_records() -> None:
    shop = Shop()
    shop.release("1.0.0", "1.1.0")
    moves = ("dev 1.1.0", "staging 1.1.0", "staging 1.0.0", "prod 1.0.0")
    for move in (*moves, *["dev 1.1.0"] * 4, "staging 1.0.0"):
        shop.place(*move.split())
    shop.records.page = 3

    overview = overview_of(shop.outside, shop.settings, hold="")

    (answer,) = (
        each
        for each in overview.next_moves
        if (each.version, each.place.name) == ("1.1.0", "prod")
    )
    shown = {gate.name: gate.status for gate in answer.gates}
    asked = {gate.name: gate.status for gate in plan(shop, "prod", "1.1.0").gates}
    assert shown["order"] == asked["order"] == "ok"


@pytest.mark.parametrize("tag", ["1.4.0", f"sha-{commit_named('1.4.0')}"])
def test_drift_sees_a_moved_image_that_promote_refuses(tag: str) -> None:
    shop = Shop()
    shop.release("1.4.0")
    shop.place("dev", "1.4.0")
    shop.images.there["acme/shop/api", tag] = Found(digest="sha256:" + "f" * 64)

    refused = [gate.detail for gate in plan(shop, "staging", "1.4.0").stops]

    reading = read_promotion(shop.outside, shop.settings)
    drift = check_releases(reading.pointers, shop.outside, shop.copy_of).drift
    assert len(drift) == 1
    assert [each.line for each in drift] == refused


def told_at_random(random: Random) -> Shop:
    """A shop after some moves, rollbacks, crashes, lost answers and tampering."""
    shop = Shop(soak=random.choice(["0s", "1h"]))
    shop.release(*VERSIONS)
    shop.records.page = random.choice([1, 2, 3, 30])
    for _ in range(random.randint(1, 14)):
        shop.records.wait(timedelta(minutes=random.choice([0, 5, 20, 90])))
        if random.random() < 0.3:
            shop.fuse.crash_after(random.randint(1, 5))
        elif random.random() < 0.3:
            shop.fuse.lose_answer_of(random.randint(1, 5))
        environment = random.choice(ENVIRONMENTS)
        if random.random() < 0.1:
            shop.push_by_hand(environment, commit_named(random.choice(VERSIONS)))
        request = Request(
            environment=environment,
            version=random.choice(("", *VERSIONS)),
            rollback=random.random() < 0.4,
            reason="slow",
            emergency="a test",
        )
        try:
            made = plan_promotion(request, shop.outside, shop.settings)
            move_environment(made, shop.outside)
        except (MonokeelError, Crash):
            pass
        shop.fuse.disarm()
    tamper(shop, random)
    return shop


def tamper(shop: Shop, random: Random) -> None:
    """An image is lost, or the policy says something else now."""
    if random.random() < 0.5:
        version = random.choice(VERSIONS)
        tag = random.choice([version, f"sha-{commit_named(version)}"])
        del shop.images.there[f"acme/shop/{random.choice(SERVICES)}", tag]
    if random.random() < 0.3:
        shop.clone.policy = shop.clone.policy.replace("prerelease = true", "")
    if random.random() < 0.3:
        blocked = f'blocked = {{ "{random.choice(VERSIONS)}" = "slow" }}'
        shop.clone.policy += f"[promotion]\n{blocked}\n"


def without_artifact(gates: tuple[Gate, ...]) -> dict[str, str]:
    left_out = ("release", "images", "approval")
    return {g.name: f"{g.status} {g.detail}" for g in gates if g.name not in left_out}


def check_status(shop: Shop, counted: Counter[str]) -> None:
    overview = overview_of(shop.outside, shop.settings, hold="")
    for answer in overview.next_moves:
        made = plan(shop, answer.place.name, answer.version)
        if made.kind == "move":
            counted["status and promote"] += 1
            assert without_artifact(answer.gates) == without_artifact(made.gates)


def check_back(shop: Shop, counted: Counter[str]) -> None:
    overview = overview_of(shop.outside, shop.settings, hold="")
    for each in overview.places:
        for version, why in each.back:
            request = Request(
                environment=each.place.name, rollback=True, version=version
            )
            made = plan_promotion(request, shop.outside, shop.settings)
            counted["back and rollback"] += 1
            assert (made.kind == "move", not made.stops) == (True, not why), version


def check_run(seed: int, counted: Counter[str]) -> None:
    """A dry run says what the run does: the same state is made twice."""
    for number in range(2):
        shop, random = told_again(seed), Random(seed * 10 + number)  # noqa: S311
        request = Request(
            environment=random.choice(ENVIRONMENTS),
            version=random.choice(VERSIONS),
            rollback=random.random() < 0.4,
            reason="slow",
            emergency=random.choice(("", "a test")),
        )
        dry = plan_promotion(request, shop.outside, shop.settings)
        before = shop.clone.refs.get(f"refs/heads/env/{request.environment}")
        try:
            move_environment(
                plan_promotion(request, shop.outside, shop.settings), shop.outside
            )
            ended = "ready"
        except MonokeelError as error:
            ended = {3: "refused", 4: "unknown"}[error.exit_code]
        after = shop.clone.refs.get(f"refs/heads/env/{request.environment}")
        counted["dry run and run"] += 1
        assert ended == dry.decision
        assert after == (dry.commit if ended == "ready" else before)


def told_again(seed: int) -> Shop:
    return told_at_random(Random(seed))  # noqa: S311 - no secret


def check_drift(shop: Shop, counted: Counter[str]) -> None:
    reading = read_promotion(shop.outside, shop.settings)
    pointers = check_pointers(reading, shop.records)
    releases = check_releases(reading.pointers, shop.outside, shop.copy_of)
    for place in reading.places:
        branch = f"env/{place.name}"
        told = [x.line for x in pointers.drift if branch in x.line]
        for version in VERSIONS:
            made = plan(shop, place.name, version)
            counted["drift and promote"] += 1
            if made.kind == "there":
                # What needs no move is where the records say.
                assert not [line for line in told if "without a record" in line]
            if made.kind == "adopt":
                assert [line for line in told if "without a record" in line]
        if place.version:
            made = plan(shop, place.name, place.version)
            refused = [g.detail for g in made.gates if g.name == "images"]
            named = [x.line for x in releases.drift if f"{place.version} " in x.line]
            bad = "; ".join(named)
            if made.kind == "adopt" and bad:
                assert bad in refused[0]


def test_no_two_readers_contradict_each_other() -> None:
    counted: Counter[str] = Counter()
    for seed in range(STATES):
        shop = told_again(seed)
        check_status(shop, counted)
        check_back(shop, counted)
        check_drift(shop, counted)
        check_run(seed, counted)

    print(  # noqa: T201 - the count is the result
        f"{STATES} states: {dict(counted)} pairs, no contradiction"
    )
    assert min(counted.values()) > 20


@pytest.mark.parametrize("asks", [True, False])
def test_a_move_that_nobody_would_approve_is_ready_for_none(*, asks: bool) -> None:
    shop = Shop()
    shop.release("1.0.0")
    shop.place("dev", "1.0.0")
    shop.place("staging", "1.0.0")
    shop.records.protected["prod"] = asks

    prod = overview_of(shop.outside, shop.settings, hold="").places[-1]

    assert prod.next_move is not None
    assert (not prod.next_move.stops) == asks
    assert (not plan(shop, "prod", "1.0.0").stops) == asks
