"""An image of a finished release that lost a name gets it back from the next run."""

from collections.abc import Callable

import pytest

from monokeel.ground.report import as_plain
from monokeel.release.plan import has_nothing_to_do, report_of
from tests.fakes.lane import Lane
from tests.fakes.world import SERVICES


def late_build(lane: Lane, commit: str) -> None:
    """A loser's build ends after the winner, or the job is run once more."""
    lane.builder.build("web", commit)


def cleaned_up(lane: Lane, commit: str) -> None:
    del lane.images.tags["acme/shop/web", f"sha-{commit}"]


def unnamed(lane: Lane, commit: str) -> None:
    assert lane.released()["1.0.0"] == commit
    del lane.images.tags["acme/shop/web", "1.0.0"]


Harm = Callable[[Lane, str], None]
HARMS = pytest.mark.parametrize("harm", [late_build, cleaned_up, unnamed])


@HARMS
@pytest.mark.parametrize("newer", [False, True], ids=["at the tip", "behind"])
def test_a_name_that_an_image_has_lost_is_put_back(harm: Harm, *, newer: bool) -> None:
    lane = Lane()
    commit = lane.land("feat: a")
    lane.run(commit)
    if newer:
        lane.run(lane.land("fix: b"))
    harm(lane, commit)
    before = lane.builder.count

    run = lane.run(commit)

    lane.assert_settled()
    lane.assert_named(commit, "1.0.0")
    assert [each.written for each in run.out] == [("images",)]
    assert lane.builder.count == before
    assert has_nothing_to_do(lane.plan(commit))


@HARMS
def test_the_plan_of_a_released_commit_says_what_is_put_back(harm: Harm) -> None:
    lane = Lane()
    commit = lane.land("feat: a")
    lane.run(commit)
    harm(lane, commit)

    plan = lane.plan(commit)

    assert (plan.needed, plan.version, plan.unbuilt) == (True, "1.0.0", [])
    assert plan.done == (*("build", "claim", "draft", "tag", "publish", "clean up"),)
    text = as_plain(report_of(plan))
    assert text.startswith("v1.0.0 is out; put back to its digest: ")
    assert "acme/shop/web:" in text.partition("\n")[0]


def test_a_release_that_was_deleted_comes_back_with_its_notes() -> None:
    lane = Lane()
    commit = lane.land("feat: a better basket")
    lane.run(commit)
    late_build(lane, commit)
    lane.releases.releases.clear()

    lane.run(commit)

    lane.assert_settled()
    [release] = lane.releases.releases.values()
    assert "a better basket" in release.body


def test_where_nobody_says_what_an_image_is_nobody_says_nothing_to_do() -> None:
    lane = Lane()
    commit = lane.land("feat: a")
    lane.run(commit)
    lane.images.silent.add("acme/shop/web")

    plan = lane.plan(commit)

    assert (plan.needed, plan.version) == (None, None)
    assert [check.detail for check in plan.unknown] == ["503 Service Unavailable"]


def test_a_version_that_was_moved_is_told_and_stays() -> None:
    lane = Lane()
    commit = lane.land("feat: a")
    lane.run(commit)
    lane.faults.after = lambda: None
    moved = lane.images.push_new("acme/shop/web", "1.0.0", commit)

    plan = lane.plan(commit)

    assert plan.needed is False
    (warning,) = plan.warnings
    assert warning.message.startswith(f"acme/shop/web:1.0.0 is taken by {moved}")


def test_a_tag_without_a_record_of_ours_is_asked_about_nothing() -> None:
    lane = Lane()
    commit = lane.land("feat: a")
    lane.history.all_tags["v1.0.0"] = commit
    lane.refs.refs["refs/tags/v1.0.0"] = commit
    lane.images.silent |= {f"acme/shop/{service}" for service in SERVICES}

    assert lane.plan(commit).needed is False
