"""Before anything is published: fresh news, and no release on a guess."""

from dataclasses import replace

import pytest

from monokeel.ground.errors import ServiceError
from monokeel.release.commits import Commit
from monokeel.release.plan import (
    Blocker,
    Check,
    CheckStatus,
    ReleasePlan,
    has_nothing_to_do,
    refuse_unknown,
)
from tests.fakes.lane import MAIN, Lane


def plan_of(status: CheckStatus, blocker: str = "tag") -> ReleasePlan:
    blocked = Blocker(name=blocker, problem="v1.4.0 is on the remote", fix="Fetch.")
    return ReleasePlan(
        reason="",
        previous=None,
        version="1.4.0",
        tag="v1.4.0",
        commit="a" * 40,
        deciding=None,
        commits=(),
        services=(),
        checks=(
            Check(
                name="images",
                status=status,
                detail="503 from ghcr.io",
                blockers=(blocked,) if status == "blocked" else (),
            ),
        ),
        warnings=(),
        done=None,
        notes="",
    )


def without_version(
    plan: ReleasePlan, previous: str | None = "1.3.0", commits: tuple[Commit, ...] = ()
) -> ReleasePlan:
    return replace(plan, version=None, tag=None, previous=previous, commits=commits)


COMMIT = Commit(
    sha="b" * 40,
    subject="docs: more",
    type="docs",
    scope=None,
    level=None,
    rule="none",
    line="docs: more",
)


def test_a_version_is_something_to_do() -> None:
    assert not has_nothing_to_do(plan_of("ok"))


def test_commits_that_ask_for_no_release_are_nothing_to_do() -> None:
    assert has_nothing_to_do(without_version(plan_of("ok"), commits=(COMMIT,)))


@pytest.mark.parametrize("name", ["remote", "tags"])
def test_an_older_commit_that_is_a_release_stays_finished(name: str) -> None:
    plan = plan_of("blocked", name)

    assert has_nothing_to_do(without_version(plan))
    assert not has_nothing_to_do(without_version(plan, commits=(COMMIT,)))
    assert not has_nothing_to_do(without_version(plan, previous=None))


@pytest.mark.parametrize("name", ["history", "branch", "claims"])
def test_what_hides_a_release_is_never_nothing_to_do(name: str) -> None:
    assert not has_nothing_to_do(without_version(plan_of("blocked", name)))


def test_where_a_check_is_unknown_nobody_says_that_there_is_nothing_to_do() -> None:
    assert not has_nothing_to_do(without_version(plan_of("unknown")))


def test_an_unknown_check_refuses_a_release() -> None:
    with pytest.raises(ServiceError, match=r"images: 503 from ghcr\.io"):
        refuse_unknown(plan_of("unknown"))


def test_a_plan_without_unknown_checks_may_go_on() -> None:
    refuse_unknown(plan_of("ok"))


def test_what_the_clone_lacks_is_fetched_and_the_plan_made_again() -> None:
    lane = Lane()
    here = lane.land("feat: a")
    tip = lane.land("fix: b")
    newest, lane.history.commits = lane.history.commits[:1], lane.history.commits[1:]
    fetched: list[str] = []

    def fetch() -> None:
        fetched.append(tip)
        lane.history.commits[:0] = newest

    lane.refs.on_fetch = fetch
    run = lane.run(here)

    assert (fetched, [each.tag for each in run.out]) == ([tip], ["v1.0.0"])


def test_a_clone_that_lacks_nothing_fetches_nothing() -> None:
    lane = Lane()
    fetched: list[int] = []
    lane.refs.on_fetch = lambda: fetched.append(1)

    lane.run(lane.land("feat: a"))

    assert fetched == []


def test_a_failed_fetch_leaves_the_judgement_to_the_plan() -> None:
    lane = Lane()
    here = lane.land("feat: a")
    lane.refs.refs[MAIN] = "e" * 40

    def fail() -> None:
        raise ServiceError("no answer")

    lane.refs.on_fetch = fail

    with pytest.raises(ServiceError, match="main is at eeeeeee, which is not here"):
        lane.run(here)
