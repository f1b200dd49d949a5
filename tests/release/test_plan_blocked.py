"""What a plan refuses, why, and what it says to do."""

from dataclasses import replace

import pytest

from monokeel.ground.errors import RefusedError
from monokeel.ground.report import as_text
from monokeel.release.plan import has_nothing_to_do, left_to_newer
from monokeel.release.show import refuse_blocked, report_of
from tests.fakes.plans import Shop, problems, statuses

OTHER = "f" * 40


def shop_with_a_feature() -> Shop:
    shop = Shop()
    shop.commit("feat: a")
    return shop


def test_a_shallow_clone_has_no_version_and_says_how_to_get_one() -> None:
    shop = shop_with_a_feature()
    shop.history.shallow = True

    plan = shop.plan()

    assert (plan.version, plan.released) == (None, False)
    assert "git fetch --unshallow --tags" in plan.blockers[0].fix


def test_every_reason_is_named_at_once() -> None:
    shop = shop_with_a_feature()
    shop.history.shallow = True
    shop.history.checked_out = "topic"
    shop.refs.refs["refs/heads/main"] = OTHER
    plan = shop.plan()

    with pytest.raises(RefusedError) as refused:
        refuse_blocked(plan)

    assert [each.name for each in plan.blockers] == ["history", "branch", "remote"]
    assert all(problem in refused.value.problem for problem in problems(plan))
    assert all(each.fix in refused.value.fix for each in plan.blockers)


def test_another_branch_is_refused_and_its_version_shown() -> None:
    shop = shop_with_a_feature()
    shop.history.checked_out = "topic"

    plan = shop.plan()

    assert plan.version == "1.1.0"
    assert problems(plan) == ["on branch topic, not on main"]
    assert "BLOCKED" in as_text(report_of(plan)).splitlines()[0]


def test_no_branch_is_fine_at_the_tip_and_refused_elsewhere() -> None:
    shop = shop_with_a_feature()
    shop.history.checked_out = None

    at_tip = statuses(shop.plan())["branch"]
    unasked = statuses(shop.plan_offline())["branch"]
    shop.refs.refs["refs/heads/main"] = OTHER
    elsewhere = statuses(shop.plan())["branch"]

    assert (at_tip, unasked, elsewhere) == ("ok", "unknown", "blocked")


def test_behind_the_remote_is_refused() -> None:
    shop = shop_with_a_feature()
    shop.refs.refs["refs/heads/main"] = OTHER

    plan = shop.plan()

    assert problems(plan)[0].startswith("behind the remote")
    assert "git pull --ff-only" in plan.blockers[0].fix


def test_a_run_that_others_have_overtaken_ends_well_if_it_may() -> None:
    shop = shop_with_a_feature()
    shop.refs.refs["refs/heads/main"] = OTHER

    plan = left_to_newer(shop.plan(), "main")

    assert has_nothing_to_do(plan)
    assert plan.reason.startswith(f"main is at {OTHER[:7]} by now")
    refuse_blocked(plan)


def test_only_a_branch_that_went_on_lets_a_run_end_well() -> None:
    shop = shop_with_a_feature()
    shop.history.commit("feat: b")  # never pushed

    plan = left_to_newer(shop.plan(), "main")

    assert not has_nothing_to_do(plan)
    assert "is not on the remote" in problems(plan)[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("1.1.0\n", None, id="the version"),
        pytest.param("1.0.9\n", "VERSION holds '1.0.9'", id="another"),
        pytest.param(None, "VERSION is missing", id="no file"),
    ],
)
def test_a_version_file_must_hold_the_version(
    text: str | None, problem: str | None
) -> None:
    shop = shop_with_a_feature()
    shop.settings = replace(shop.settings, version_file="VERSION")
    shop.history.files = {} if text is None else {"VERSION": text}

    plan = shop.plan()

    expected = f"{problem}, the release would be 1.1.0"
    assert problems(plan) == ([expected] if problem else [])
    assert statuses(plan)["file"] == ("blocked" if problem else "ok")


def test_a_commit_that_is_not_pushed_is_refused() -> None:
    shop = shop_with_a_feature()
    shop.history.commit("feat: b")

    assert "is not on the remote" in problems(shop.plan())[0]


def test_a_remote_without_the_branch_is_refused() -> None:
    shop = shop_with_a_feature()
    del shop.refs.refs["refs/heads/main"]

    assert problems(shop.plan()) == ["the remote has no branch main"]


def test_a_higher_tag_outside_of_this_history_is_refused() -> None:
    shop = shop_with_a_feature()
    shop.history.all_tags["v1.4.0"] = OTHER
    shop.push()

    plan = shop.plan()

    assert (plan.previous, plan.version) == ("1.0.0", "1.1.0")
    (problem,) = problems(plan)
    assert problem == (
        f"the highest release v1.4.0 (fffffff) is not in the history of"
        f" {plan.commit[:7]}"
    )
    assert '"1.4.0"' in plan.blockers[0].fix


@pytest.mark.parametrize("tag", ["v0.9.0", "v1.4.0-rc.1"])
def test_a_lower_or_unfinished_tag_elsewhere_is_no_obstacle(tag: str) -> None:
    shop = shop_with_a_feature()
    shop.history.all_tags[tag] = OTHER
    shop.push()

    assert problems(shop.plan()) == []


def test_an_unreachable_tag_in_skip_is_no_obstacle() -> None:
    shop = shop_with_a_feature()
    shop.history.all_tags["v1.1.0"] = OTHER
    shop.push()
    shop.use(skip=("1.1.0",))

    plan = shop.plan()

    assert (plan.version, problems(plan)) == ("1.1.1", [])


def test_a_tag_that_is_not_fetched_is_refused() -> None:
    shop = shop_with_a_feature()
    shop.refs.refs["refs/tags/v1.2.0"] = OTHER

    plan = shop.plan()

    assert problems(plan) == ["v1.2.0 is on the remote and not here"]
    assert plan.blockers[0].fix == "Run: git fetch --tags"


def test_a_tag_of_this_clone_only_is_refused() -> None:
    shop = shop_with_a_feature()
    del shop.refs.refs["refs/tags/v1.0.0"]

    assert problems(shop.plan()) == ["v1.0.0 is a tag of this clone only"]


def test_a_tag_that_is_elsewhere_on_the_remote_is_refused() -> None:
    shop = shop_with_a_feature()
    shop.refs.refs["refs/tags/v1.0.0"] = OTHER

    assert "on the remote" in problems(shop.plan())[0]


@pytest.mark.parametrize("commit", [OTHER, None], ids=["other commit", "by hand"])
def test_a_published_release_of_the_version_is_refused(commit: str | None) -> None:
    shop = shop_with_a_feature()
    shop.publish("1.1.0", commit)

    plan = shop.plan()

    assert problems(plan) == ["release v1.1.0 is published"]
    assert '"1.1.0" to [release] skip' in plan.blockers[0].fix


@pytest.mark.parametrize(
    ("commit", "whose"), [(OTHER, "for fffffff"), (None, "made by hand")]
)
def test_a_draft_of_somebody_else_is_refused(commit: str | None, whose: str) -> None:
    shop = shop_with_a_feature()
    shop.draft("1.1.0", commit)

    assert problems(shop.plan()) == [f"a draft of v1.1.0 exists, {whose}"]


def test_every_taken_image_is_named() -> None:
    shop = shop_with_a_feature()
    shop.image("api", "1.1.0", OTHER)
    shop.image("web", "1.1.0", None)

    plan = shop.plan()

    assert [each.state for each in plan.services] == ["other", "other"]
    assert [text.partition(" exists")[0] for text in problems(plan)] == [
        "ghcr.io/acme/shop/api:1.1.0",
        "ghcr.io/acme/shop/web:1.1.0",
    ]


def test_no_right_to_push_is_found_before_anything_is_built() -> None:
    shop = shop_with_a_feature()
    shop.registry.closed.add("acme/shop/web")

    plan = shop.plan()

    assert problems(plan) == ["no right to push ghcr.io/acme/shop/web"]
    assert "packages: write" in plan.blockers[0].fix
