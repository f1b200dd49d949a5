import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.e2e.live_shop import ENV_RULES, LiveShop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[LiveShop]:
    with Sandbox() as box:
        yield LiveShop(box, tmp_path)
        assert box.violations() == []


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveShop]:
    """One shop with 1.0.0, for commands that change nothing."""
    with Sandbox() as box:
        shop = LiveShop(box, tmp_path_factory.mktemp("released"))
        shop.release("1.0.0")
        yield shop
        assert box.violations() == []


def move(environment: str, version: str, *more: str) -> list[str]:
    return ["promote", "--env", environment, "--version", version, *more]


def test_a_release_reaches_every_environment_with_few_requests(
    shop: LiveShop,
) -> None:
    commit = shop.release("1.0.0")

    for name in ("dev", "staging", "prod"):
        before = shop.rest_calls()
        done = shop.inv(*move(name, "1.0.0"))
        used = shop.rest_calls() - before

        assert (done.code, done.err) == (0, "")
        assert done.out.splitlines()[0] == f"env/{name}: nothing -> 1.0.0"
        assert shop.at(name) == commit
        assert used <= 10

    before = shop.rest_calls()
    again = shop.inv(*move("prod", "1.0.0"))
    assert again.code == 0
    assert again.out.startswith("env/prod is at 1.0.0 already, since ")
    assert shop.rest_calls() - before == 1


def test_an_unknown_version_is_refused_without_a_request(released: LiveShop) -> None:
    before = released.rest_calls()

    done = released.inv(*move("dev", "1.0.9"))

    assert done.code == 3
    assert "v1.0.9 does not exist; nearest: v1.0.0" in done.err
    assert released.rest_calls() == before
    assert released.at("dev") == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--env", "dev", "--version", "latest"], 1, "'latest' is not a version"),
        (["--env", "qa", "--version", "1.0.0"], 1, "dev, staging, prod"),
        (["--env", "dev"], 1, "no version given"),
        (["--version", "1.0.0"], 1, "no environment given"),
        (["--env=-x", "--version", "1.0.0"], 1, "there is no environment '-x'"),
        (
            ["--env", "dev", "--version", "1.0.0", "--override", "images=x"],
            1,
            "the gate 'images' has no override",
        ),
        (["--env", "prod", "--version", "1.0.0"], 3, "has not been in staging"),
    ],
    ids=["latest", "environment", "no version", "no env", "dash", "gate", "order"],
)
def test_a_wrong_or_early_move_is_told_in_one_line(
    released: LiveShop, arguments: list[str], code: int, words: str
) -> None:
    done = released.inv("promote", *arguments)

    assert done.code == code
    assert words in done.err
    assert "Traceback" not in done.err
    assert released.box.state.deployments == []


def test_a_dry_run_has_the_exit_code_of_the_run_and_writes_nothing(
    released: LiveShop,
) -> None:
    writes = released.box.writes

    ready = released.inv(*move("dev", "1.0.0", "--dry-run", "--json"))
    early = released.inv(*move("prod", "1.0.0", "--dry-run", "--json"))

    assert (ready.code, json.loads(ready.out)["outcome"]) == (0, "planned")
    assert (early.code, json.loads(early.out)["outcome"]) == (3, "refused")
    assert released.box.writes == writes


def test_a_downgrade_is_refused_and_a_rollback_moves_back(shop: LiveShop) -> None:
    old = shop.release("1.0.0")
    new = shop.release("1.1.0")
    for version in ("1.0.0", "1.1.0"):
        assert shop.inv(*move("dev", version)).code == 0

    refused = shop.inv(*move("dev", "1.0.0"))
    there = shop.at("dev")
    back = shop.inv("promote", "--env", "dev", "--rollback", "--reason", "slow")
    further = shop.inv(*move("staging", "1.1.0"))

    assert (refused.code, there) == (3, new)
    assert "1.0.0 is older than 1.1.0, which is in dev" in refused.err
    assert (back.code, shop.at("dev")) == (0, old)
    assert back.out.splitlines()[0] == "env/dev: 1.1.0 -> 1.0.0"
    assert further.code == 3
    assert "1.1.0 was rolled back in dev: slow" in further.err


def test_a_hold_stops_and_an_override_is_recorded(shop: LiveShop) -> None:
    shop.release("1.0.0")

    held = shop.inv(*move("dev", "1.0.0"), PROMOTE_HOLD="incident 7")
    forced = shop.inv(
        *move("dev", "1.0.0", "--override", "hold=the fix"), PROMOTE_HOLD="incident 7"
    )

    assert held.code == 3
    assert "all promotions are on hold: incident 7" in held.err
    assert forced.code == 0
    (record,) = shop.box.state.deployments
    assert '"hold": "the fix"' in json.dumps(record.body["payload"])


def test_an_image_that_vanished_stops_the_promotion(shop: LiveShop) -> None:
    shop.release("1.0.0")
    del shop.box.images.repositories["acme/shop/worker"].tags["1.0.0"]

    done = shop.inv(*move("dev", "1.0.0"))

    assert done.code == 3
    assert "acme/shop/worker:1.0.0 is gone" in done.err


def test_a_silent_github_is_cannot_tell(shop: LiveShop) -> None:
    shop.release("1.0.0")
    shop.box.switches.fail("/graphql", status=500, times=99)

    done = shop.inv("status", "--json")

    assert (done.code, done.out) == (4, "")
    assert "GitHub answered 500" in done.err


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, err = process.communicate(timeout=120)
    return process.returncode, err


def test_of_two_promotions_at_once_one_wins_and_the_other_says_who(
    shop: LiveShop,
) -> None:
    first, second = shop.release("1.0.0"), shop.release("1.1.0")
    late: list[subprocess.Popen[str]] = []
    ends: list[tuple[int, str]] = []

    def be_first(_: int, __: str, target: str) -> None:
        # The record of the first run is there: now another one overtakes it.
        if target.endswith("/deployments") and not late:
            kai = shop.box.tokens["reviewer"]
            late.append(shop.start(*move("dev", "1.1.0"), GITHUB_TOKEN=kai))
            ends.append(finish(late[0]))

    shop.box.on_write = be_first
    lost = shop.inv(*move("dev", "1.0.0"))

    assert ends == [(0, "")]
    assert shop.at("dev") == second != first
    assert lost.code == 3
    assert "env/dev stays at 1.1.0: dev was promoted to 1.1.0 by kai " in lost.err


def test_four_promotions_at_once_end_with_true_records(shop: LiveShop) -> None:
    versions = ("1.0.0", "1.1.0", "1.2.0", "1.3.0")
    commits = {shop.release(version): version for version in versions}

    running = [shop.start(*move("dev", version)) for version in versions]
    codes = {finish(process)[0] for process in running}

    (dev, *_) = json.loads(shop.inv("status", "--json").out)["environments"]
    assert codes <= {0, 3}
    assert (dev["version"], dev["drift"]) == (commits[shop.at("dev")], [])


@pytest.mark.parametrize("point", [1, 2, 3], ids=["record", "move", "confirm"])
def test_a_run_killed_after_any_write_is_finished_by_the_next(
    shop: LiveShop, point: int
) -> None:
    commit = shop.release("1.0.0")
    last = shop.box.writes + point
    killed: list[subprocess.Popen[str]] = []

    def kill(number: int, _: str, __: str) -> None:
        if number == last:
            killed[0].kill()

    shop.box.on_write = kill
    killed.append(shop.start(*move("dev", "1.0.0")))
    killed[0].communicate(timeout=120)
    shop.box.on_write = None
    assert killed[0].returncode == -9
    assert shop.box.writes == last

    second = shop.inv(*move("dev", "1.0.0"))
    writes = shop.box.writes
    third = shop.inv(*move("dev", "1.0.0"))

    assert (second.code, third.code, shop.box.writes) == (0, 0, writes)
    assert shop.at("dev") == commit
    (dev, *_) = json.loads(shop.inv("status", "--json").out)["environments"]
    assert (dev["version"], dev["drift"]) == ("1.0.0", [])


def test_only_the_deploy_key_passes_the_rules(shop: LiveShop, tmp_path: Path) -> None:
    commit = shop.release("1.0.0")
    key = tmp_path / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True
    )
    public = key.with_suffix(".pub").read_text().strip()
    shop.github.request(
        "POST",
        "/keys",
        json={"title": "monokeel", "key": public, "read_only": False},
        expect=(201,),
    )
    shop.github.request("POST", "/rulesets", json=ENV_RULES, expect=(201,))
    kai = shop.box.tokens["reviewer"]

    dry_run = shop.inv(*move("dev", "1.0.0", "--dry-run"), GITHUB_TOKEN=kai)
    by_token = shop.inv(*move("dev", "1.0.0"), GITHUB_TOKEN=kai)
    records = [*shop.box.state.deployments]
    by_key = shop.inv(*move("dev", "1.0.0"), MONOKEEL_DEPLOY_KEY=key.read_text())

    assert by_token.code == dry_run.code == 3
    assert "the rules of env/dev refuse this token: creation" in by_token.err
    assert "MONOKEEL_DEPLOY_KEY" in by_token.err
    assert "git push --force-with-lease=refs/heads/env/dev: git@" in by_token.err
    assert records == []
    assert (by_key.code, shop.at("dev")) == (0, commit)


def test_status_and_history_tell_what_happened(shop: LiveShop) -> None:
    commits = []
    for version in ("1.0.0", "1.1.0"):
        commits.append(shop.release(version))
        assert shop.inv(*move("dev", version)).code == 0
        shop.box.switches.clock_offset_s += 3600
    back = f"+{commits[0]}:refs/heads/env/dev"
    shop.git("push", "--quiet", "origin", back)

    before = shop.rest_calls()
    status = shop.inv("status", "--json")
    used = shop.rest_calls() - before
    history = shop.inv("history", "--env", "dev", "--json")

    (dev, _, _) = json.loads(status.out)["environments"]
    assert dev["drift"] == [
        (
            "env/dev moved to 1.0.0 without a record; to keep it:"
            " ./inv promote --env dev --version 1.0.0"
        )
    ]
    assert used <= 8
    moves = json.loads(history.out)["moves"]
    assert [(each["version"], each["state"]) for each in moves] == [
        ("1.0.0", "outside promote"),
        ("1.1.0", "success"),
        ("1.0.0", "success"),
    ]
    assert moves[2]["live_s"] >= 3600


def test_a_rollback_by_hand_is_drift_until_it_is_recorded(shop: LiveShop) -> None:
    old, new = shop.release("1.0.0"), shop.release("1.1.0")
    for version in ("1.0.0", "1.1.0"):
        assert shop.inv(*move("dev", version)).code == 0
    lease = f"--force-with-lease=refs/heads/env/dev:{new}"
    target = f"{old}:refs/heads/env/dev"
    shop.git("push", "--quiet", lease, "origin", target)

    done = shop.inv(*move("dev", "1.0.0", "--rollback", "--reason", "incident 42"))

    assert (done.code, shop.at("dev")) == (0, old)
    assert done.out.splitlines()[0] == ("env/dev: the move to 1.0.0 now has its record")
    (dev, *_) = json.loads(shop.inv("status", "--json").out)["environments"]
    assert (dev["version"], dev["drift"]) == ("1.0.0", [])
    further = shop.inv(*move("staging", "1.1.0"))
    assert "1.1.0 was rolled back in dev: incident 42" in further.err
