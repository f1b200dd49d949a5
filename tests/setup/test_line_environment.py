"""The Environments: those of maintenance lines, and who approves in them."""

from dataclasses import replace

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError
from monokeel.setup.init import carry_out, plan_init
from tests.fakes.unconnected import POLICY, SETTINGS, World
from tests.setup.test_init import wanted


def test_the_environment_of_releases_takes_the_lines_as_well() -> None:
    world = World()
    world.wanted_rules = tuple(each.body for each in POLICY)
    declared = replace(wanted(), settings=replace(SETTINGS, lines=("1.x", "1.4.x")))

    tuple(carry_out(plan_init(declared, world.outside)))

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
    steps = {x.name: x for x in carry_out(plan_init(wanted(), world.outside))}

    assert steps["approval in prod"].state == state
