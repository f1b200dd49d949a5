"""Runners at the same time, in orders drawn from a seed."""

from functools import partial

import pytest

from monokeel.ground.errors import MonokeelError, RefusedError
from monokeel.release.publish import Publication
from tests.fakes.turns import Turns
from tests.fakes.world import COMMIT, OTHER, World


@pytest.mark.parametrize("seed", range(100))
def test_four_runners_of_one_commit_publish_one_release(seed: int) -> None:
    world = World()

    results = race(world, seed, [COMMIT] * 4)

    assert published(results) != []
    world.publish()
    world.assert_complete()
    assert {each.record for each in published(results)} == {world.record()}
    assert [each for each in results if isinstance(each, RefusedError)] == []


@pytest.mark.parametrize("seed", range(20))
def test_ten_runs_of_one_commit_leave_one_release_and_no_refusal(seed: int) -> None:
    """S36."""
    world = World()

    results = race(world, seed, [COMMIT] * 10)

    world.assert_complete()
    assert {each.record for each in published(results)} == {world.record()}
    assert len(published(results)) == len(results)


@pytest.mark.parametrize("seed", range(100))
def test_of_two_commits_for_one_version_one_wins(seed: int) -> None:
    world = World()

    results = race(world, seed, [COMMIT, OTHER])

    winners = {each.record.commit for each in published(results)}
    assert len(winners) == 1
    world.assert_complete(winners.pop())
    assert len([each for each in results if isinstance(each, RefusedError)]) == 1


@pytest.mark.parametrize("seed", range(100))
def test_runners_of_two_commits_never_share_a_version(seed: int) -> None:
    world = World()

    results = race(world, seed, [COMMIT, OTHER, COMMIT, OTHER])

    winners = {each.record.commit for each in published(results)}
    assert len(winners) == 1
    winner = winners.pop()
    world.publish(winner)
    world.assert_complete(winner)


@pytest.mark.parametrize("seed", range(50))
def test_drafts_that_the_list_shows_late_move_no_image(seed: int) -> None:
    world = World()
    world.releases.lag = 3

    race(world, seed, [COMMIT] * 3)

    world.releases.lag = 0
    world.check()


def race(
    world: World, seed: int, commits: list[str]
) -> list[Publication | MonokeelError]:
    """Publish every one of *commits* at the same time; nothing may crash."""
    turns: Turns[Publication] = Turns(seed)
    world.faults.turn = turns.turn
    results = turns.run([partial(world.publish, commit) for commit in commits])
    world.faults.turn = lambda: None
    return results


def published(results: list[Publication | MonokeelError]) -> list[Publication]:
    return [each for each in results if isinstance(each, Publication)]
