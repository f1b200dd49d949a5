"""Init against fakes that keep state: order, second run, a crash after every step."""

import pytest

from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import MonokeelError, ServiceError, UsageError
from monokeel.ground.settings import parse_settings
from monokeel.setup.init import Outside, Step, init, init_report
from tests.fakes.unconnected import COMMIT, CrashError, World

SETTINGS = parse_settings("""
[repository]
owner = "acme"
name = "shop"
[release]
[registry]
[policy]
[[environments]]
name = "dev"
[[environments]]
name = "prod"
reviewers = true
""")
ENVIRONMENTS = ("release", "dev", "prod", "policy", "template")


def connect(world: World) -> tuple[Step, ...]:
    outside = Outside(clone=world, repository=world, keys=world)
    return tuple(init(SETTINGS, outside))


def states(steps: tuple[Step, ...]) -> dict[str, str]:
    return {step.name: step.state for step in steps}


def test_everything_is_set_up_by_one_run() -> None:
    world = World()

    connect(world)

    assert world.refs == {"refs/heads/main": COMMIT}
    assert [(k["title"], k["read_only"]) for k in world.keys] == [("monokeel", False)]
    assert tuple(world.environments) == ENVIRONMENTS
    assert world.policies == {name: ["main"] for name in ENVIRONMENTS}
    assert world.environments["prod"]["protection_rules"] != []
    assert world.environments["dev"]["protection_rules"] == []
    assert world.locked is True


def test_a_second_run_changes_nothing_and_says_so() -> None:
    world = World()
    connect(world)
    written = world.writes

    steps = connect(world)

    assert world.writes == written
    assert {step.state for step in steps} == {"was there", "left to you"}
    headline = init_report(SETTINGS, steps).headline
    assert headline == "acme/shop: nothing had to be changed, 3 left to you"


@pytest.mark.parametrize("fuse", range(1, 15))
def test_a_run_cut_short_is_finished_by_the_next(fuse: int) -> None:
    whole, world = World(), World(fuse=fuse)
    connect(whole)

    with pytest.raises(CrashError):
        connect(world)
    world.fuse = None
    connect(world)

    assert world.made_keys == 1
    for part in ("refs", "keys", "environments", "policies", "locked"):
        assert getattr(world, part) == getattr(whole, part)


def test_the_crash_points_above_are_all_there_are() -> None:
    world = World()

    connect(world)

    assert world.writes == 14


def test_the_secrets_that_are_missing_are_left_to_the_user() -> None:
    world = World(secrets={"release": ["MONOKEEL_DEPLOY_KEY"]})

    steps = connect(world)

    assert states(steps)["secret in release"] == "was there"
    [prod] = [step for step in steps if step.name == "secret in prod"]
    assert prod.detail == "not set"
    assert prod.to_do == (
        "gh secret set MONOKEEL_DEPLOY_KEY --env prod --repo acme/shop"
        " < /home/ann/.config/monokeel/acme-shop"
    )


def test_with_all_secrets_set_nothing_is_left() -> None:
    names = ("release", "dev", "prod")
    world = World(secrets={name: ["MONOKEEL_DEPLOY_KEY"] for name in names})

    steps = connect(world)

    assert init_report(SETTINGS, steps).data["verdict"] == "connected"


@pytest.mark.parametrize(
    ("world", "error"),
    [
        pytest.param(World(remote=None), UsageError, id="no remote"),
        pytest.param(World(remote="git@github.com:a/b.git"), UsageError, id="other"),
        pytest.param(World(admin=False), ServiceError, id="weak token"),
    ],
)
def test_what_cannot_work_is_refused_before_the_first_change(
    world: World, error: type[MonokeelError]
) -> None:
    with pytest.raises(MonokeelError) as caught:
        connect(world)

    assert type(caught.value) is error
    assert world.writes == 0


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/acme/shop",
        "https://github.com/Acme/Shop.git",
        "git@github.com:acme/shop.git",
        "ssh://git@github.com/acme/shop.git",
    ],
)
def test_every_spelling_of_the_remote_is_known(remote: str) -> None:
    world = World(remote=remote)

    connect(world)

    assert world.refs == {"refs/heads/main": COMMIT}


def test_a_read_only_key_of_that_name_is_not_replaced() -> None:
    key: dict[str, Json] = {"id": 3, "title": "monokeel", "key": "k", "read_only": True}
    world = World(keys=[key])

    steps = connect(world)

    assert states(steps)["deploy key"] == "left to you"
    assert world.keys == [key]


def test_rules_of_an_environment_are_kept() -> None:
    world = World()
    world.environments["dev"] = {
        "name": "dev",
        "protection_rules": [{"type": "wait_timer", "wait_timer": 30}],
        "deployment_branch_policy": None,
    }

    connect(world)

    rules = world.environments["dev"]["protection_rules"]
    assert rules == [{"type": "wait_timer", "wait_timer": 30}]


def test_where_the_plan_has_no_reviewers_the_environment_stays_limited() -> None:
    world = World(reviewers_allowed=False)

    steps = connect(world)

    assert world.policies["prod"] == ["main"]
    left = [s.to_do for s in steps if s.state == "left to you"]
    assert any(detail.startswith("prod asks nobody") for detail in left)


def test_a_wider_environment_is_reported_and_left_alone() -> None:
    world = World(policies={"prod": ["release/*"]})

    steps = connect(world)

    assert world.policies["prod"] == ["release/*", "main"]
    assert any("release/*" in step.to_do for step in steps)


def test_immutable_releases_that_nobody_may_see_are_left_to_the_user() -> None:
    world = World(locked=Unknown(reason="GitHub answered 403"))

    steps = connect(world)

    assert states(steps)["immutable releases"] == "left to you"
