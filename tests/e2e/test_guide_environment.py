"""What the guide says about environments, done in the situations that it names."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.act_shop import Template
from tests.e2e.guide import Reader, follows
from tests.e2e.guided_shop import GuidedShop, guided_shop

PROMOTE = "./inv promote --env prod --emergency 'a test'"
RECOVERY = "GitOps Environment Recovery"


@pytest.fixture(scope="module")
def promoted(
    guide_template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GuidedShop]:
    """A shop whose production had 1.3.2 for an hour and now has 1.4.0."""
    base = tmp_path_factory.mktemp("environment")
    with guided_shop(base / "shop", guide_template) as shop:
        for title, version in (("fix: a", "1.3.2"), ("feat: b", "1.4.0")):
            shop.land(title)
            shop.do("./inv release")
            shop.do(f"{PROMOTE} --version {version}")
            shop.box.switches.clock_offset_s += 3600
        yield shop


@pytest.fixture
def shop(promoted: GuidedShop) -> GuidedShop:
    """The same before every test: production has 1.4.0."""
    promoted.do(f"{PROMOTE} --version 1.4.0")
    assert promoted.ref("refs/heads/env/prod") == promoted.ref("refs/tags/v1.4.0")
    return promoted


def prod(shop: GuidedShop) -> tuple[str, list[str]]:
    """The version in production and its drift, as status tells them."""
    environments = json.loads(shop.do("./inv status --json"))["environments"]
    (found,) = (each for each in environments if each["name"] == "prod")
    return found["version"], found["drift"]


@follows(RECOVERY, 1, 2)
def test_a_bad_version_is_taken_back_and_a_hold_needs_a_reason(
    shop: GuidedShop, reader: Reader
) -> None:
    status, history = reader.step(RECOVERY, 1)
    dry_run, back, in_spite_of_the_hold, emergency = reader.step(RECOVERY, 2)

    assert "1.4.0" in reader.run(status).out
    assert "1.4.0" in reader.run(history).out
    writes = shop.box.writes
    assert "1.4.0 -> 1.3.2" in reader.run(dry_run).out
    assert shop.box.writes == writes
    held = shop.run(back, PROMOTE_HOLD="incident 42")
    assert held.code == 3
    assert "on hold: incident 42" in held.err
    assert "1.4.0 -> 1.3.2" in reader.run(back).out
    assert prod(shop) == ("1.3.2", [])

    for command in (in_spite_of_the_hold, emergency):
        shop.do(f"{PROMOTE} --version 1.4.0")
        shop.environment["PROMOTE_HOLD"] = "incident 42"
        done = reader.run(command)
        del shop.environment["PROMOTE_HOLD"]
        assert "1.4.0 -> 1.3.2" in done.out
        newest = shop.box.state.deployments[-1]
        assert '"hold": "incident 42"' in json.dumps(newest.body["payload"])
        assert prod(shop) == ("1.3.2", [])


@follows(RECOVERY, 3)
def test_a_promotion_that_was_cut_short_is_finished_by_the_same_command(
    shop: GuidedShop, reader: Reader
) -> None:
    (again,) = reader.step(RECOVERY, 3)
    shop.do("./inv promote --env prod --rollback --reason 'a test'")

    shop.cut_short(f"{again} --emergency 'a test'", "refs/heads/env/prod")

    assert shop.ref("refs/heads/env/prod") == shop.ref("refs/tags/v1.4.0")
    reader.run(again)
    assert prod(shop) == ("1.4.0", [])


@follows("Recovery Procedures")
@follows(RECOVERY, 5)
def test_a_move_by_hand_is_named_until_a_promotion_has_recorded_it(
    shop: GuidedShop, reader: Reader
) -> None:
    (key,) = reader.step("Recovery Procedures")
    fetch, push, drift, record = reader.step(RECOVERY, 5)
    address = {"OWNER": "acme", "REPO": "shop"}
    good, bad = shop.ref("refs/tags/v1.3.2"), shop.ref("refs/tags/v1.4.0")

    reader.run(fetch)
    by_token = shop.run(f"git push --force origin {good}:refs/heads/env/prod")
    assert by_token.code != 0
    stale = reader.run(push, {**address, "OLD_COMMIT": good}, code=1)
    assert "stale info" in stale.err
    assert shop.ref("refs/heads/env/prod") == bad
    reader.run(push, {**address, "OLD_COMMIT": bad})

    assert shop.ref("refs/heads/env/prod") == good
    assert "moved to 1.3.2 without a record" in reader.run(drift, code=2).out
    reader.run(key, address)
    done = reader.run(record)
    assert "now has its record" in done.out
    assert shop.ref("refs/heads/env/prod") == good
    reader.run(drift)
    assert prod(shop) == ("1.3.2", [])


@follows("GitOps Flow")
def test_a_release_goes_to_dev_and_a_hold_stops_the_next_one(
    shop: GuidedShop, reader: Reader
) -> None:
    status, dry_run, promote, history, hold, free = reader.step("GitOps Flow")

    assert "next: 1.4.0 ready" in reader.run(status).out
    writes = shop.box.writes
    assert "would move from nothing to 1.4.0" in reader.run(dry_run).out
    assert shop.box.writes == writes
    reader.run(promote)
    assert shop.ref("refs/heads/env/dev") == shop.ref("refs/tags/v1.4.0")
    assert "1.3.2" in reader.run(history).out
    reader.run(hold)
    assert "incident 42" in shop.do("gh variable list")
    reader.run(free)
    assert "incident 42" not in shop.do("gh variable list")


@follows("Drift Detection")
def test_drift_is_found_and_repaired(shop: GuidedShop, reader: Reader) -> None:
    look, part = reader.step("Drift Detection")
    move = f"git -C {shop.box.bare} update-ref refs/heads/env/prod"

    assert "in sync" in reader.run(look).out
    shop.tamper("main", enforcement="disabled")
    assert "main" in reader.run(part, code=2).out
    shop.do("./scripts/apply-rulesets.sh")
    shop.do(f"{move} refs/tags/v1.3.1^0")
    assert "env/prod" in reader.run(part, code=2).out
    shop.do(f"{move} refs/tags/v1.4.0^0")
    reader.run(part)
