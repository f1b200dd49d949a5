"""The Environments that releases run in, where there are maintenance lines."""

from dataclasses import replace

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
