"""What an on-call person meets: holds, lost writes, repeats, forged records."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.ground.answers import Json
from sandbox.server import Sandbox
from tests.e2e.live_shop import LiveShop
from tests.e2e.test_promote import move


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[LiveShop]:
    with Sandbox() as box:
        yield LiveShop(box, tmp_path)
        assert box.violations() == []


def test_the_hold_of_the_repository_stops_a_terminal_too(shop: LiveShop) -> None:
    shop.release("1.0.0")
    variable: dict[str, Json] = {"name": "PROMOTE_HOLD", "value": "incident 42"}
    shop.github.request("POST", "/actions/variables", json=variable, expect=(201,))

    held = shop.inv(*move("dev", "1.0.0"))
    status = shop.inv("status")
    blind = shop.inv("status", GITHUB_TOKEN=shop.box.tokens["actions"])

    assert (held.code, shop.at("dev")) == (3, "")
    assert "all promotions are on hold: incident 42" in held.err
    assert status.out.splitlines()[2] == "  HOLD incident 42"
    assert "HOLD unknown: GitHub answered 403" in " ".join(blind.out.split())


def test_requests_do_not_grow_with_the_records(shop: LiveShop) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        shop.release(version)
    for version in ("1.0.0", "1.1.0"):
        for name in ("dev", "staging", "prod"):
            assert shop.inv(*move(name, version)).code == 0
    shop.multiply_records(1000, foreign=1000)

    used = {}
    for name, command in {
        "no-op": move("staging", "1.1.0"),
        "promote": move("dev", "1.2.0"),
        "next": move("staging", "1.2.0"),
        "status": ["status"],
        "drift": ["drift", "--only=pointers"],
        "history": ["history", "--env=prod", "--count=20"],
    }.items():
        before = shop.rest_calls()
        done = shop.inv(*command)
        used[name] = shop.rest_calls() - before
        assert done.code == 0, done.err

    assert used["no-op"] <= 4
    assert max(used["promote"], used["next"]) <= 10
    assert used["status"] <= 8
    assert used["drift"] <= 3
    assert used["history"] <= 3


def test_a_rollback_given_twice_is_made_once(shop: LiveShop) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        shop.release(version)
        assert shop.inv(*move("dev", version)).code == 0
    back = ["promote", "--env=dev", "--rollback"]

    ana = shop.inv(*back, "--reason=incident 42")
    kai = shop.box.tokens["reviewer"]
    ben = shop.inv(*back, "--reason=incident 42", GITHUB_TOKEN=kai)
    by_plan = shop.inv(*back, "--from=1.2.0", "--reason=x", GITHUB_TOKEN=kai)
    without = shop.inv(*back)
    # The plan of a workflow: whoever approves must not do so for nothing.
    planned = shop.inv(*back, "--dry-run", GITHUB_ACTIONS="true")

    assert ana.out.splitlines()[0] == "env/dev: 1.2.0 -> 1.1.0"
    assert ben.code == 3
    assert "dev was rolled back from 1.2.0 to 1.1.0 by ada " in ben.err
    assert "--rollback --version 1.0.0" in ben.err
    assert (by_plan.code, without.code) == (0, 1)
    assert "a rollback needs a reason" in without.err
    assert planned.code == 1
    assert "a rollback needs a reason" in planned.out + planned.err
    assert shop.version_at("dev") == "1.1.0"


def test_a_run_of_a_workflow_that_is_repeated_goes_back_once(shop: LiveShop) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        shop.release(version)
        assert shop.inv(*move("dev", version)).code == 0
    run = {
        "GITHUB_RUN_ID": "4711",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/shop",
    }
    back = ["promote", "--env=dev", "--rollback", "--reason=incident 42"]

    first = shop.inv(*back, **run)
    second = shop.inv(*back, **run, GITHUB_RUN_ATTEMPT="2")

    assert (first.code, second.code) == (0, 0)
    assert "the rollback to 1.1.0 is finished" in second.out
    assert shop.version_at("dev") == "1.1.0"


@pytest.mark.parametrize("point", ["lost mark", "lost success"])
def test_a_rollback_that_loses_a_write_still_stops_the_version(
    shop: LiveShop, point: str
) -> None:
    for version in ("1.4.0", "1.5.0"):
        shop.release(version)
        for name in ("dev", "staging"):
            assert shop.inv(*move(name, version)).code == 0
    skip = 0 if point == "lost mark" else 1
    shop.box.switches.fail("/statuses", method="POST", status=502, skip=skip)

    back = shop.inv("promote", "--env=staging", "--rollback", "--reason=data loss")
    writes = shop.box.writes
    drift = shop.inv("drift", "--only=pointers")
    status = shop.inv("status")
    further = shop.inv(*move("prod", "1.5.0"))

    assert back.code == 0
    assert drift.code == 2
    for text in (drift.out, status.out):
        assert "./inv promote --env staging --version 1.4.0" in " ".join(text.split())
    assert further.code == 3
    assert "order: 1.5.0 was rolled back in staging: data loss" in further.err
    assert shop.at("prod") == ""
    assert shop.box.writes == writes


def test_a_record_that_a_member_wrote_opens_no_gate(shop: LiveShop) -> None:
    commit = shop.release("1.0.0")
    assert shop.inv(*move("dev", "1.0.0")).code == 0
    shop.forge_record("staging", "1.0.0", commit, token="reviewer")

    done = shop.inv(*move("prod", "1.0.0"))
    history = shop.inv("history", "--env=staging")

    assert done.code == 3
    assert "order: 1.0.0 has not been in staging" in done.err
    assert "kai (claims: ana)" in history.out
    assert "does not count" in history.out


def test_freeze_and_hold_are_lifted_at_once(shop: LiveShop) -> None:
    for version in ("1.0.0", "1.1.0"):
        shop.release(version)
        for name in ("dev", "staging", "prod"):
            assert shop.inv(*move(name, version)).code == 0
    policy = shop.folder / "infra/platform.toml"
    policy.write_text(
        policy.read_text(encoding="utf-8")
        + '[[freezes]]\nenvironments = ["prod"]\nreason = "holidays"\n'
        + 'weekly = "Mon 00:00 - Mon 00:00"\nzone = "UTC"\n',
        encoding="utf-8",
    )
    shop.save("chore: freeze")
    back = ["promote", "--env=prod", "--rollback", "--reason=sev1"]
    hold = {"PROMOTE_HOLD": "incident 42"}

    one = shop.inv(*back, "--override=hold=sev1", **hold)
    both = shop.inv(*back, "--emergency=sev1", **hold)

    assert one.code == 3
    assert "freeze: prod is frozen until" in one.err
    assert both.code == 0, both.err
    overrides = json.dumps(shop.box.state.deployments[-1].body["payload"])
    assert '"overrides": {"freeze": "sev1", "hold": "sev1"}' in overrides


QUESTIONS = tomllib.loads(
    Path(__file__).with_name("on_call.toml").read_text(encoding="utf-8")
)
FREEZE = """
[[freezes]]
environments = ["prod"]
reason = "holidays"
weekly = "Mon 00:00 - Mon 00:00"
zone = "UTC"
"""
HOLD = {"PROMOTE_HOLD": "incident 42"}


def unanswered(when: str, outputs: dict[str, str]) -> list[str]:
    """The questions that the outputs do not answer, with what was read instead."""
    texts = {name: " ".join(text.split()) for name, text in outputs.items()}
    return [
        f"{each['asks']} {texts[each['reads']]}"
        for each in QUESTIONS[when]
        if not re.search(each["answer"], texts[each["reads"]])
    ]


def night(shop: LiveShop) -> None:
    """Tell the story of ``on_call.toml`` up to where the telephone rings."""
    for version in ("1.3.0", "1.4.0", "1.5.0"):
        shop.release(version)
        shop.place(version, "dev", "staging", "prod")
        shop.box.switches.clock_offset_s += 2 * 3600
    del shop.box.images.repositories["acme/shop/worker"].tags["1.4.0"]
    shop.git("push", "--quiet", "origin", "+v1.4.0^{}:refs/heads/env/staging")
    policy = shop.folder / "infra/platform.toml"
    policy.write_text(policy.read_text(encoding="utf-8") + FREEZE, encoding="utf-8")
    shop.save("chore: freeze")


def test_two_people_take_a_bad_version_back_at_night(shop: LiveShop) -> None:
    night(shop)
    back = ("promote", "--env=prod", "--rollback", "--from=1.5.0")
    why = ("--emergency=loses orders", "--reason=loses orders")

    def read(*command: str) -> str:
        done = shop.inv(*command, **HOLD)
        return done.out + done.err

    before = {
        "status": read("status"),
        "preview": read(*back, "--version=1.3.0", "--dry-run"),
        "by habit": read(*back, *why),
    }
    tokens = [shop.box.tokens[who] for who in ("admin", "reviewer")]
    running = [
        shop.start(*back, "--version=1.3.0", *why, **HOLD, GITHUB_TOKEN=token)
        for token in tokens
    ]
    ends = [(*each.communicate(timeout=200), each.returncode) for each in running]
    lost = [out + err for out, err, _ in ends if "-> 1.3.0" not in out]
    after = {
        "status": read("status"),
        "second": lost[0] if lost else read(*back, "--version=1.3.0", *why),
        "again": read(*move("prod", "1.5.0")),
        "history": read("history", "--env=prod"),
    }

    assert unanswered("before", before) == []
    assert {code for _, _, code in ends} <= {0, 3}
    assert 0 in [code for _, _, code in ends]
    assert shop.version_at("prod") == "1.3.0"
    assert unanswered("after", after) == []
    (*_, prod) = json.loads(shop.inv("status", "--json", **HOLD).out)["environments"]
    assert (prod["version"], prod["from"], prod["drift"]) == ("1.3.0", "1.5.0", [])
