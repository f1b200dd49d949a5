"""What init says of a step that was refused, unanswered, or for people to do."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError, UsageError
from monokeel.setup.init import init_report, plan_init, planned_steps, result_of
from tests.fakes.rulesets import FakeRulesets
from tests.fakes.unconnected import COMMIT, SETTINGS, World
from tests.setup.test_init import by_name, connect, states, wanted

IN_USE = "GitHub answered 422: Validation Failed: key is already in use"


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (ServiceError("no answer", fix="Wait."), "unknown", "no answer. Wait."),
        (RefusedError("423: Locked"), "refused", "settle that, then ./inv"),
        (RefusedError("403", fix="Ask ann."), "refused", "writer: Ask ann. Without it"),
        (RefusedError(IN_USE), "refused", "move its file away"),
    ],
    ids=["silent", "unknown words", "advice", "in use"],
)
def test_what_keeps_a_step_from_being_done_is_said_with_what_helps(
    error: MonokeelError, state: str, said: str
) -> None:
    """G9: to run the same again helps nobody whom GitHub refuses."""

    class Against(World):
        def create_deploy_key(self, title: str, key: str) -> None:
            assert title
            assert key
            raise error

    writer = by_name(connect(Against()))["writer"]

    assert writer.state == state
    assert said in f"{writer.detail} {writer.to_do}"


@pytest.mark.parametrize(
    "said",
    [
        "fatal: unable to access 'x': The requested URL returned error: 403",
        "remote: Permission to acme/shop.git denied to ann.",
        "ERROR: Permission to acme/shop.git denied to ann.",
        "remote: Write access to repository not granted.",
    ],
)
def test_a_push_that_the_token_may_not_make_names_the_right(said: str) -> None:
    """G12, for a token that may not even write the contents."""
    main = by_name(connect(World(push_refused=said)))["default branch"]

    assert main.state == "refused"
    assert "needs Contents: write and Workflows: write" in main.to_do


def test_an_environment_that_nobody_could_make_refuses_no_secret() -> None:
    """GitHub has refused nothing here, it did not answer."""

    class Silent(World):
        def put_environment(
            self, name: str, body: Mapping[str, Json]
        ) -> dict[str, Json]:
            raise ServiceError(f"GitHub answered 502 to {name} {body}")

    steps = connect(Silent(stores=True))

    assert states(steps)["secret in prod"] == "left to you"
    assert result_of(steps) == "unknown"


def test_a_key_that_a_token_registers_is_told_to_go_with_it() -> None:
    """G6."""
    registered = by_name(connect(World()))["writer"]
    by_hand = by_name(connect(World(), register=False))["writer"]

    assert "goes when that token is deleted; regenerating keeps it" in registered.detail
    assert "it outlives every token" in by_hand.to_do


@pytest.mark.parametrize(
    ("head", "problem", "fix"),
    [
        (None, "nothing is committed here yet", "Run: git add -A && git commit"),
        (COMMIT, "there is no branch main here", "Run: git switch -c main"),
    ],
)
def test_a_clone_without_the_branch_is_told_how_to_make_it(
    head: str | None, problem: str, fix: str
) -> None:
    class Elsewhere(World):
        def commit_of(self, ref: str) -> str | None:
            return head if ref == "HEAD" else None

    with pytest.raises(UsageError) as caught:
        connect(Elsewhere())

    assert (caught.value.problem, caught.value.fix) == (problem, fix)


@pytest.mark.parametrize("fault", ["read-only key", "disabled key", "other branch"])
def test_a_dry_run_plans_nothing_that_init_then_leaves_to_people(fault: str) -> None:
    world = World()
    connect(world)
    world.rulesets = FakeRulesets()
    world.secret_times.pop("dev", None)
    writes, enabled = fault != "read-only key", fault != "disabled key"
    if fault == "other branch":
        world.policies["dev"].append("x")
    world.keys = [replace(key, writes=writes, enabled=enabled) for key in world.keys]

    planned = states(tuple(planned_steps(plan_init(wanted(world)))))
    done = states(connect(world))

    made = {"planned": "done"}
    assert {name: made.get(state, state) for name, state in planned.items()} == done
    assert planned["rules"] == ("planned" if fault == "other branch" else "waits")


def test_a_run_cut_short_claims_nothing_of_what_it_did_not_see() -> None:
    steps = connect(World())

    assert steps[0].state == "was there"
    for seen in ((), steps[:1]):
        headline = init_report(SETTINGS, seen, whole=False).headline
        assert headline == "acme/shop: nothing was changed"
