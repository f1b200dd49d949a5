"""Runs of several commits: what was begun is finished, and nothing gets lost."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.release.planner import plan_release
from monokeel.release.ports import Outside
from monokeel.release.publish import Run
from tests.fakes.lane import Lane
from tests.fakes.turns import Turns
from tests.fakes.world import CLAIMS, SERVICES, SETTINGS

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


@pytest.mark.parametrize("point", range(CLAIM, LAST_WRITE))
def test_a_release_begun_in_another_registry_is_finished_there_or_not_at_all(
    point: int,
) -> None:
    """The registry of today knows nothing of its images, and never "lost" them."""
    lane = Lane()
    first = lane.land("feat: a")
    lane.kill(first, point)
    second = lane.land("chore: another registry")
    before = len(lane.faults.writes)
    lane.settings = replace(SETTINGS, registry_host="quay.io")

    [blocker] = lane.plan(second).blockers

    assert "with ghcr.io/acme/shop/api" in blocker.problem
    assert 'host = "ghcr.io", images = "acme/shop/{service}"' in blocker.fix
    with pytest.raises(RefusedError):
        lane.run(second)
    assert len(lane.faults.writes) == before
    lane.settings = SETTINGS
    lane.run(lane.land("chore: back"))
    lane.assert_settled()
    assert lane.released() == {"1.0.0": first}


@pytest.mark.parametrize("point", range(1, LAST_WRITE + 1))
def test_an_answer_that_is_lost_stops_no_run_that_finishes_another(point: int) -> None:
    lane = Lane()
    lane.kill(lane.land("feat: a"), CLAIM)
    second = lane.land("fix: b")
    lane.faults.lose_answer = len(lane.faults.writes) + point

    lane.run(second)

    lane.assert_settled()
    assert set(lane.released()) == {"1.0.0", "1.0.1"}


def whole_run(lane: Lane, commit: str) -> None:
    lane.run(commit)


def late_build(lane: Lane, commit: str) -> None:
    lane.builder.build("web", commit)


@pytest.mark.parametrize("other", [whole_run, late_build])
@pytest.mark.parametrize("point", range(1, 90))
def test_a_run_of_the_same_commit_may_come_between_any_two_answers(
    point: int, other: Callable[[Lane, str], None]
) -> None:
    """What was read before it and what is read after it do not go together."""
    lane = Lane()
    commit = lane.land("feat: a")
    turns = itertools.count(1)

    def turn() -> None:
        if next(turns) == point:
            other(lane, commit)

    lane.faults.turn = turn

    lane.run(commit)

    lane.faults.turn = lambda: None
    lane.run(commit)
    lane.assert_settled()
    lane.assert_named(commit, "1.0.0")


def test_a_run_that_is_overtaken_before_its_claim_plans_anew() -> None:
    lane = Lane()
    first = lane.land("feat: a")
    second = lane.land("fix: b")
    begin_before(lane, CLAIM, first)

    run = lane.run(second)

    lane.assert_settled()
    assert lane.released() == {"1.0.0": first, "1.0.1": second}
    assert run.out[-1].record.commit == second


@pytest.mark.parametrize("point", range(1, LAST_WRITE + 1))
def test_what_an_overtaken_run_has_finished_is_reported(point: int) -> None:
    """It finishes the first release; then another run takes its own commit along."""
    lane = Lane()
    lane.kill(lane.land("feat: a"), CLAIM)
    second, third = lane.land("fix: b"), lane.land("fix: c")
    begin_before(lane, len(lane.faults.writes) + point, third)

    run = lane.run(second)

    lane.assert_settled()
    assert [each.tag for each in run.out] == ["v1.0.0"]
    assert run.plan.reason == "v1.0.1 contains this commit"


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


@pytest.mark.parametrize("seed", range(5))
def test_ten_runs_of_one_commit_all_end_well(seed: int) -> None:
    lane = Lane()
    commit = lane.land("feat: a")
    turns: Turns[Run] = Turns(seed)
    lane.faults.turn = turns.turn

    results = turns.run([partial(lane.run, commit)] * 10)

    lane.faults.turn = lambda: None
    lane.assert_settled()
    assert [each for each in results if not isinstance(each, Run)] == []
    assert lane.released() == {"1.0.0": commit}


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


def test_twelve_pushes_within_one_build_are_two_releases(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As release.yml plays them: plan, build and publish of each, one after the other.

    The first is built while the others land; each plan asks once what waits.
    """
    lane = Lane()
    commits = [lane.land("fix: change 0")]
    waits: set[str] = set()
    asked = replace_waiting(lane, waits)
    count = 0
    for number in range(PUSHES):
        commit = commits[number]
        waits.discard(commit)
        plan = plan_release(lane.settings, asked(commit))
        if number == 0:  # its build takes as long as all the other pushes
            commits += [lane.land(f"fix: change {n}") for n in range(1, PUSHES)]
            waits |= {*commits[1:]}
        if plan.needed:
            count += len(lane.run(commit).out)
        else:
            assert plan.reason.startswith(f"left to the run of {commits[-1][:7]}")

    lane.assert_settled()
    released = lane.released()
    notes = "".join(each.body for each in lane.releases.releases.values())
    assert [n for n in range(PUSHES) if f"change {n} " not in notes] == []
    assert released == {"1.0.0": commits[0], "1.0.1": commits[-1]}
    with capsys.disabled():
        print(f"\nrelease: {PUSHES} pushes, {count} releases")  # noqa: T201


def test_what_was_begun_is_left_to_no_newer_run() -> None:
    lane = Lane()
    first = lane.land("feat: a")
    lane.kill(first, CLAIM)
    second = lane.land("fix: b")

    plan = plan_release(lane.settings, replace_waiting(lane, {second})(first))

    assert plan.needed is True


def test_a_run_of_which_nobody_knows_is_not_waited_for() -> None:
    lane = Lane()
    first = lane.land("feat: a")
    lane.land("fix: b")

    def silent(_commit: str, _branch: str) -> str:
        raise ServiceError("GitHub answered 503")

    plan = plan_release(lane.settings, replace(lane.clone_at(first), waiting=silent))

    assert (plan.needed, plan.version) == (True, "1.0.0")


def replace_waiting(lane: Lane, waits: set[str]) -> Callable[[str], Outside]:
    """Return what a job sees that asks whether a run of one of *waits* waits."""

    def waiting(commit: str, branch: str) -> str:
        assert branch == "main"
        return "https://github.com/acme/shop/actions/runs/7" if commit in waits else ""

    return lambda commit: replace(lane.clone_at(commit), waiting=waiting)


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
