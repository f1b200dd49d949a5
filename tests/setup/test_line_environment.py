"""The Environments: those of maintenance lines, and who approves in them."""

from dataclasses import replace

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError
from monokeel.setup.expectations import expectations
from monokeel.setup.init import carry_out, plan_init
from monokeel.setup.rows import AsWanted, Otherwise, answer_to
from tests.fakes.unconnected import POLICY, SETTINGS, START, World
from tests.setup.test_expectations import connected, otherwise
from tests.setup.test_init import wanted


def test_the_environment_of_releases_takes_the_lines_as_well() -> None:
    world = World()
    world.wanted_rules = tuple(each.body for each in POLICY)
    settings = replace(SETTINGS, lines=("1.x", "1.4.x"))

    tuple(carry_out(plan_init(replace(wanted(world), settings=settings))))

    assert world.policies["release"] == ["main", "1.x", "1.4.x"]
    assert world.policies["registry"] == ["main", "1.x", "1.4.x"]  # plan and build
    assert world.policies["prod"] == ["main"]


class Unanswered(World):
    def read(self, path: str) -> dict[str, Json]:
        if path == "//user":
            raise ServiceError("GitHub answered 502 to GET /user")
        return super().read(path)


@pytest.mark.parametrize(
    ("world", "state"), [(Unanswered(), "unknown"), (World(user=None), "refused")]
)
def test_only_a_token_without_a_user_is_one_that_cannot_approve(
    world: World, state: str
) -> None:
    steps = {x.name: x for x in carry_out(plan_init(wanted(world)))}

    assert steps["approval in prod"].state == state


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        (["ma*"], "does not name main, also takes ma*"),
        (["tag main"], "does not name main, also takes tag main"),
        (["main", "tag main"], "also takes tag main"),
        (["tag v*", "main"], "also takes tag v*"),
        ([], "does not name main"),
    ],
)
def test_what_an_environment_takes_is_said_as_it_is(
    policies: list[str], said: str
) -> None:
    world = connected()
    world.policies["dev"] = policies

    found = otherwise(world)["Environment dev"]

    assert (found.detail, found.severe) == (said, "also" in said)
    assert found.by_hand is ("not" not in said)


def test_a_key_that_is_left_in_an_environment_of_before_is_told() -> None:
    world = connected()
    renamed = replace(SETTINGS.environment("dev"), was="test")
    environments = (renamed, SETTINGS.environment("prod"))
    settings = replace(SETTINGS, environments=environments)

    def answer() -> object:
        at = replace(wanted(world), settings=settings)
        rows = {x.name: x for x in expectations(at)}
        return answer_to(rows["secret in test"])

    assert isinstance(answer(), AsWanted)
    world.environments["test"] = {"name": "test"}
    assert isinstance(answer(), AsWanted)
    world.secret_times["test"] = START
    found = answer()
    assert isinstance(found, Otherwise)
    assert found.severe
    delete = "gh secret delete MONOKEEL_DEPLOY_KEY --env test --repo acme/shop"
    assert found.remedy == delete
