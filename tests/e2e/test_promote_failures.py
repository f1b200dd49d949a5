"""What goes wrong in a promotion, step by step, and what is left behind.

A row for each of the table of failures in the reference page on promotion: which
answer comes, how the command ends, what it says, and that the branch is where it was.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from monokeel.promotion.plan import Request
from sandbox.server import Sandbox
from tests.e2e.kept import Kept
from tests.e2e.live_shop import ENV_RULES, LiveShop
from tests.e2e.test_promote import move

HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is upset, what is run (by default dev to 1.1.0), and how it ends.

    *says* stands in what is printed; *record* is the state of a record that is left.
    """

    upset: Callable[[LiveShop], object] = lambda _: None
    command: tuple[str, ...] = tuple(move("dev", "1.1.0"))
    code: int = 4
    says: tuple[str, ...] = ()
    record: str = ""
    variables: dict[str, str] = field(default_factory=dict)


def refusing(status: int, message: str) -> Callable[[LiveShop], object]:
    """GitHub answers *status* where a record is to be made."""
    return lambda shop: shop.box.switches.fail(
        "/deployments$",
        method="POST",
        status=status,
        body={"message": message},
        times=99,
    )


def no_worker(shop: LiveShop) -> None:
    del shop.box.images.repositories["acme/shop/worker"].tags["1.1.0"]


def other_worker(shop: LiveShop) -> None:
    no_worker(shop)
    tags = shop.box.images.repositories["acme/shop/worker"].tags
    tags["1.1.0"] = tags["1.0.0"]


def soaking(shop: LiveShop) -> None:
    policy = shop.folder / "infra/platform.toml"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace('"staging"', '"staging"\nsoak = "2h"'))
    shop.save("chore: soak")


def frozen(shop: LiveShop) -> None:
    policy = shop.folder / "infra/platform.toml"
    freeze = '[[freezes]]\nenvironments = ["dev"]\nreason = "holidays"\n'
    week = 'weekly = "Mon 00:00 - Mon 00:00"\nzone = "UTC"\n'
    policy.write_text(policy.read_text(encoding="utf-8") + freeze + week)
    shop.save("chore: freeze")


def rules(shop: LiveShop) -> None:
    shop.github.request("POST", "/rulesets", json=ENV_RULES, expect=(201,))


def rules_in_between(shop: LiveShop) -> None:
    """The rules come once the record is there: too late for a look ahead."""

    def come(_: int, __: str, target: str) -> None:
        if target.endswith("/deployments"):
            shop.box.on_write = None
            rules(shop)

    shop.box.on_write = come


def other_workflows(shop: LiveShop) -> None:
    """1.2.0 has other workflow files than the default branch has by now."""
    path = shop.folder / ".github/workflows/ci.yml"
    path.parent.mkdir(parents=True)
    path.write_text("on: push\n", encoding="utf-8")
    shop.release("1.2.0")
    path.write_text("on: pull_request\n", encoding="utf-8")
    shop.save("ci: change")


def workflows_of_a_branch(shop: LiveShop) -> None:
    """Some branch has them, so that nobody knows before the push is refused."""
    other_workflows(shop)
    shop.git("push", "--quiet", "origin", "v1.2.0^{}:refs/heads/old")


KAI = "reviewer"
IN_ACTIONS = {"GITHUB_ACTIONS": "true", "PROMOTE_HOLD": ""}
ROWS = {
    # Arguments and the tag: nothing is left.
    "latest": Row(
        command=tuple(move("dev", "latest")), code=1, says=("'latest' is not",)
    ),
    "no environment": Row(
        command=tuple(move("qa", "1.1.0")), code=1, says=("dev, staging, prod",)
    ),
    "no version": Row(
        command=tuple(move("dev", "1.4.9")),
        code=3,
        says=("v1.4.9 does not exist; nearest: v1.1.0, v1.0.0",),
    ),
    # The reading: who answered what, and when to come again.
    "bad token": Row(
        variables={"GITHUB_TOKEN": "ghp_expired"},
        says=("Authentication failed", "./inv doctor says"),
    ),
    "rate limit": Row(
        upset=lambda shop: shop.box.switches.primary_limit(
            4102444800, path="/graphql", times=9
        ),
        says=("API rate limit exceeded", "(request ", "it ends at 00:00:00 UTC"),
    ),
    "github silent": Row(
        upset=lambda shop: shop.box.switches.fail("/graphql", status=500, times=99),
        says=("GitHub answered 500",),
    ),
    "registry silent": Row(
        upset=lambda shop: shop.box.switches.fail("^/v2/", status=503, times=99),
        says=("images: cannot prove, refusing:", "503", "acme/shop/worker"),
    ),
    # The images: every service, what was expected and what was found.
    "image missing": Row(
        upset=no_worker,
        code=3,
        says=("acme/shop/worker:1.1.0 is gone, its record says sha256:", "imagetools"),
    ),
    "other image": Row(
        upset=other_worker,
        code=3,
        says=("acme/shop/worker:1.1.0 is sha256:", "its record says sha256:"),
    ),
    # The gates: the fact, the earliest time, and the option that helps.
    "order": Row(
        command=tuple(move("staging", "1.1.0")),
        code=3,
        says=("order: 1.1.0 has not been in dev", "./inv promote --env dev"),
    ),
    "soak": Row(
        upset=soaking,
        command=tuple(move("staging", "1.0.0")),
        code=3,
        says=("soak: live in dev for", "of 2h", "left, earliest 20", "--override soak"),
    ),
    "freeze": Row(
        upset=frozen,
        code=3,
        says=("freeze: dev is frozen until", "holidays", "--override freeze"),
    ),
    "hold": Row(
        variables={"PROMOTE_HOLD": "incident 7"},
        code=3,
        says=("hold: all promotions are on hold: incident 7", "--override hold"),
    ),
    "downgrade": Row(
        upset=lambda shop: shop.place("1.1.0", "dev"),
        command=tuple(move("dev", "1.0.0")),
        code=3,
        says=("1.0.0 is older than 1.1.0, which is in dev", "--rollback"),
    ),
    # The record: GitHub's words, the missing right, or that it heals.
    "record 409": Row(
        upset=refusing(409, "Conflict: checks"),
        code=3,
        says=("Conflict: checks",),
    ),
    "record 422": Row(
        upset=refusing(422, "No ref found"),
        code=3,
        says=("No ref found",),
    ),
    "record 403": Row(
        upset=refusing(403, "Not accessible"),
        says=("env/dev stays at 1.0.0, it has no record", "403"),
    ),
    "record 404": Row(
        upset=refusing(404, "Not Found"),
        says=("env/dev stays at 1.0.0, it has no record", "404"),
    ),
    "record lost": Row(
        upset=lambda shop: shop.box.switches.fail(
            "/deployments$", method="POST", kind="lost"
        ),
        says=(
            "env/dev stays at 1.0.0, nobody knows whether it has a record",
            "run the same command again",
        ),
        record="pending",
    ),
    "record unread": Row(
        upset=lambda shop: shop.box.switches.fail(
            "/deployments$", method="POST", kind="broken-json"
        ),
        says=("env/dev stays at 1.0.0, nobody knows whether it has a record",),
        record="pending",
    ),
    # The move: the rule and the remedy, before a record or after it.
    "rules": Row(
        upset=rules,
        variables={"GITHUB_TOKEN": KAI},
        code=3,
        says=("the rules of env/dev refuse this token: update", "MONOKEEL_DEPLOY_KEY"),
    ),
    "rules in between": Row(
        upset=rules_in_between,
        variables={"GITHUB_TOKEN": KAI},
        code=3,
        says=("env/dev stays at 1.0.0, the push was refused", "MONOKEEL_DEPLOY_KEY"),
        record="failure",
    ),
    "workflows": Row(
        upset=other_workflows,
        command=tuple(move("dev", "1.2.0")),
        variables={"GITHUB_TOKEN": "actions", **IN_ACTIONS},
        code=3,
        says=("refusing to allow a GitHub App to create or update workflow",),
    ),
    "workflows, of a branch": Row(
        upset=workflows_of_a_branch,
        command=tuple(move("dev", "1.2.0")),
        variables={"GITHUB_TOKEN": "actions", **IN_ACTIONS},
        code=3,
        says=(
            "the push was refused: refusing to allow a GitHub App to create or update",
            "push with the deploy key (MONOKEEL_DEPLOY_KEY)",
        ),
        record="failure",
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveShop, Kept]]:
    with Sandbox() as box:
        shop = LiveShop(box, tmp_path_factory.mktemp("failures") / "shop")
        for version in ("1.0.0", "1.1.0"):
            shop.release(version)
        shop.place("1.0.0", "dev")
        assert box.violations() == []
        yield shop, Kept(box, shop.folder)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_failure_is_told_and_leaves_what_the_table_says(
    shop: LiveShop, row: Row
) -> None:
    row.upset(shop)
    at, writes = shop.at("dev"), shop.box.writes
    records = [*shop.box.state.deployments]
    variables = dict(row.variables)
    if variables.get("GITHUB_TOKEN") in shop.box.tokens:
        variables["GITHUB_TOKEN"] = shop.box.tokens[variables["GITHUB_TOKEN"]]

    done = shop.inv(*row.command, **variables)

    said = " ".join((done.out + done.err).split())
    assert done.code == row.code, said
    assert [each for each in row.says if each not in said] == [], said
    assert shop.at("dev") == at
    left = shop.box.state.deployments[len(records) :]
    assert len(left) == bool(row.record)
    if row.record:
        shop.box.switches.faults.clear()
        past = json.loads(shop.inv("history", "--env=dev", "--json", **variables).out)[
            "moves"
        ]
        assert (past[0]["version"], past[0]["state"]) == (row.command[-1], row.record)
    else:
        assert shop.box.writes == writes


def test_a_world_that_changed_before_the_approval_is_judged_again(
    shop: LiveShop,
) -> None:
    plan = shop.inv(*move("dev", "1.1.0", "--dry-run"))

    held = shop.inv(*move("dev", "1.1.0"), PROMOTE_HOLD="incident 7")
    shop.promote(Request(environment="dev", version="1.1.0"))
    there = shop.inv(*move("dev", "1.1.0"))

    assert (plan.code, held.code, there.code) == (0, 3, 0)
    assert "env/dev is at 1.1.0 already" in there.out


def test_a_move_whose_answer_is_lost_is_read_again(shop: LiveShop) -> None:
    shop.box.switches.fail("git-receive-pack$", method="POST", kind="lost")

    done = shop.inv(*move("dev", "1.1.0"))

    assert (done.code, shop.version_at("dev")) == (0, "1.1.0")
    assert done.out.splitlines()[0] == "env/dev: 1.0.0 -> 1.1.0"


def test_a_push_that_the_server_had_no_time_for_is_advised_once(
    shop: LiveShop,
) -> None:
    shop.box.switches.fail("git-receive-pack$", method="POST", times=9)

    done = shop.inv(*move("dev", "1.1.0"))

    assert (done.code, shop.version_at("dev")) == (4, "1.0.0")
    assert done.err.count("Run the same command again") == 1


def test_a_summary_that_cannot_be_written_undoes_nothing(shop: LiveShop) -> None:
    done = shop.inv(*move("dev", "1.1.0"), GITHUB_STEP_SUMMARY="/dev/full")

    assert (done.code, shop.version_at("dev")) == (0, "1.1.0")
    assert "warning: the job summary was not written: No space left" in done.err
