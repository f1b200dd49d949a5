"""Runs of several commits: what was begun is finished, and nothing gets lost."""

from functools import partial

import pytest

from monokeel.ground.errors import RefusedError
from monokeel.release.run import Run
from tests.fakes.lane import Lane
from tests.fakes.turns import Turns
from tests.fakes.world import CLAIMS, SERVICES

LAST_WRITE = 12
CLAIM = 4
PUSHES = 12
LISTS = 6


@pytest.mark.parametrize("point", range(CLAIM, LAST_WRITE + 1))
def test_a_release_begun_is_finished_by_the_run_of_the_next_commit(point: int) -> None:
    lane = Lane()
    first = lane.land("feat: a")
    lane.kill(first, point)
    second = lane.land("fix: b")
    built = lane.builder.count

    run = lane.run(second)

    lane.assert_settled()
    assert lane.released() == {"1.0.0": first, "1.0.1": second}
    assert run.out[-1].tag == "v1.0.1"
    assert lane.builder.count == built + len(SERVICES)  # those of the second alone


@pytest.mark.parametrize("point", range(1, CLAIM))
def test_before_its_claim_a_commit_is_released_in_the_next_one(point: int) -> None:
    lane = Lane()
    first = lane.land("feat: a")
    lane.kill(first, point)
    second = lane.land("fix: b")

    lane.run(second)

    lane.assert_settled()
    assert lane.released() == {"1.0.0": second}
    writes = len(lane.faults.writes)
    assert lane.run(first).plan.reason == "v1.0.0 contains this commit"
    assert len(lane.faults.writes) == writes


@pytest.mark.parametrize("point", range(CLAIM, LAST_WRITE + 1))
def test_a_release_begun_is_finished_though_nothing_is_to_be_released(
    point: int,
) -> None:
    lane = Lane()
    first = lane.land("feat: a")
    lane.kill(first, point)
    second = lane.land("docs: b")

    run = lane.run(second)

    lane.assert_settled()
    assert lane.released() == {"1.0.0": first}
    assert (run.plan.version, run.plan.needed) == (None, False)


@pytest.mark.parametrize("point", range(1, LAST_WRITE + 1))
def test_an_answer_that_is_lost_stops_no_run_that_finishes_another(point: int) -> None:
    lane = Lane()
    lane.kill(lane.land("feat: a"), CLAIM)
    second = lane.land("fix: b")
    lane.faults.lose_answer = len(lane.faults.writes) + point

    lane.run(second)

    lane.assert_settled()
    assert set(lane.released()) == {"1.0.0", "1.0.1"}


def test_a_run_that_is_overtaken_before_its_claim_plans_anew() -> None:
    lane = Lane()
    first = lane.land("feat: a")
    second = lane.land("fix: b")
    begin_before(lane, CLAIM, first)

    run = lane.run(second)

    lane.assert_settled()
    assert lane.released() == {"1.0.0": first, "1.0.1": second}
    assert run.out[-1].record.commit == second


def test_a_run_whose_commit_another_release_contains_ends_well() -> None:
    lane = Lane()
    first = lane.land("feat: a")
    second = lane.land("fix: b")
    begin_before(lane, CLAIM, second)

    run = lane.run(first)

    lane.assert_settled()
    assert lane.released() == {"1.0.0": second}
    assert (run.out, run.plan.reason) == ((), "v1.0.0 contains this commit")


def test_a_lower_version_is_not_released_once_a_higher_one_contains_it() -> None:
    lane = Lane()
    lane.run(lane.land("feat: all"))
    first, second = lane.land("fix: a"), lane.land("feat: b")
    begin_before(lane, len(lane.faults.writes) + CLAIM, second)

    run = lane.run(first)

    lane.assert_settled()
    assert second == lane.released()["1.1.0"]
    assert (run.out, run.plan.reason) == ((), "v1.1.0 contains this commit")


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("runners", [(0, 1), (0, 1, 2), (0, 0, 1, 2)], ids=str)
def test_runs_of_several_commits_leave_one_winner_a_version(
    runners: tuple[int, ...], seed: int
) -> None:
    lane = Lane()
    commits = [lane.land(f"fix: {number}") for number in range(3)]
    turns: Turns[Run] = Turns(seed)
    lane.faults.turn = turns.turn

    results = turns.run([partial(lane.run, commits[number]) for number in runners])

    lane.faults.turn = lambda: None
    assert len(results) == len(runners)
    lane.run(commits[-1])
    lane.assert_settled()
    assert commits[-1] in lane.released().values()


def test_pushes_that_come_faster_than_releases_all_get_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Twelve land while one is built; the queue releases them one after the other."""
    lane = Lane()
    commits = [lane.land(f"fix: change {number}") for number in range(PUSHES)]

    runs = [lane.run(commit) for commit in commits]

    lane.assert_settled()
    released = lane.released()
    notes = "".join(each.body for each in lane.releases.releases.values())
    for number, commit in enumerate(commits):
        assert commit in released.values() or f"change {number}" in notes
    assert commits[-1] in released.values()
    with capsys.disabled():
        count = sum(len(each.out) for each in runs)
        print(f"\nrelease: {PUSHES} pushes, {count} releases")  # noqa: T201


def test_a_release_asks_for_few_lists_of_refs() -> None:
    lane = Lane()
    commit = lane.land("feat: a")

    lane.run(commit)

    assert lane.refs.counted <= LISTS


def test_a_claim_of_another_line_is_left_alone() -> None:
    lane = Lane()
    commit = lane.land("feat: a")
    lane.history.beside.add("c" * 40)
    lane.refs.put_tag(f"{CLAIMS}v0.9.0", "c" * 40, "")

    with pytest.raises(RefusedError, match=r"v0\.9\.0 is claimed by ccccccc"):
        lane.run(commit)

    assert f"{CLAIMS}v0.9.0" in lane.refs.refs


def begin_before(lane: Lane, point: int, commit: str) -> None:
    """Let a whole run of *commit* happen right before write number *point*."""

    def before(number: int) -> None:
        if number == point:
            lane.faults.before = lambda _: None
            lane.run(commit)

    lane.faults.before = before
