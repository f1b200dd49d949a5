"""Releases that were begun: which one goes on, which one is in the way."""

from dataclasses import replace

import pytest

from monokeel.ground.report import as_plain
from monokeel.ground.version import parse_version
from monokeel.release.plan import has_nothing_to_do, report_of
from monokeel.release.planner import plan_release
from monokeel.release.versions import ReleaseTag
from tests.fakes.plans import Shop, problems, statuses

OTHER = "f" * 40


def shop_with_a_feature() -> Shop:
    shop = Shop()
    shop.commit("feat: a")
    return shop


@pytest.mark.parametrize("tagged", [False, True], ids=["before its tag", "after"])
def test_a_release_begun_for_an_older_commit_is_finished_first(*, tagged: bool) -> None:
    shop = Shop()
    older = shop.commit("feat: a")
    shop.claim("1.1.0", older)
    if tagged:
        shop.tag("1.1.0", older)
    shop.commit("fix: b")

    plan = shop.plan()

    assert [each.name for each in plan.first] == ["v1.1.0"]
    assert (plan.previous, plan.version) == ("1.1.0", "1.1.1")
    assert (plan.needed, problems(plan)) == (True, [])


def test_what_blocks_an_older_release_has_a_row_beside_that_it_is_finished() -> None:
    shop = Shop()
    older = shop.commit("feat: a")
    shop.claim("1.1.0", older)
    shop.publish("1.1.0", None)
    shop.commit("fix: b")

    rows = [line.split() for line in as_plain(report_of(shop.plan())).splitlines()]

    claims = [row[1:3] for row in rows if row[:1] == ["claims"]]
    assert claims == [["ok", "v1.1.0"], ["blocked", "v1.1.0"]]


def test_a_release_begun_is_work_though_nothing_came_since() -> None:
    shop = Shop()
    shop.claim("1.1.0", shop.commit("feat: a"))
    shop.commit("docs: b")

    plan = shop.plan()

    assert (plan.version, plan.needed) == (None, True)
    assert "v1.1.0 was cut short and is finished" in as_plain(report_of(plan))


def test_a_claim_of_a_commit_in_no_branch_is_refused_with_the_way_out() -> None:
    shop = shop_with_a_feature()
    shop.history.beside.add(OTHER)
    shop.claim("1.2.0", OTHER)

    plan = shop.plan()

    (problem,) = problems(plan)
    assert problem.startswith(
        "v1.2.0 is claimed by fffffff, which no release branch leads to"
    )
    assert plan.blockers[0].fix.endswith("./inv release --abandon 1.2.0")


def test_a_claim_of_a_commit_that_is_not_here_is_not_judged() -> None:
    shop = shop_with_a_feature()
    shop.claim("1.2.0", OTHER)

    plan = shop.plan()

    assert statuses(plan)["claims"] == "unknown"
    assert (plan.stale, problems(plan)) == (True, [])


def test_a_commit_that_a_begun_release_contains_is_left_to_it() -> None:
    shop = shop_with_a_feature()
    older = shop.history.head()
    shop.claim("1.1.0", shop.commit("fix: b"))
    shop.history.at = older

    plan = shop.plan()

    assert (plan.version, plan.needed) == (None, False)
    assert plan.reason == "v1.1.0 contains this commit"
    assert has_nothing_to_do(plan)


def test_a_claim_of_a_published_version_is_no_obstacle() -> None:
    shop = Shop()
    older = shop.commit("feat: a")
    shop.tag("1.1.0", older)
    shop.claim("1.1.0", older)
    shop.publish("1.1.0", older)
    shop.commit("fix: b")

    plan = shop.plan()

    assert (plan.version, problems(plan)) == ("1.1.1", [])


def test_a_claim_whose_tag_went_to_another_commit_is_no_obstacle() -> None:
    shop = Shop()
    shop.commit("feat: a", tag="v1.1.0")
    shop.claim("1.1.0", OTHER)
    shop.commit("fix: b")

    assert problems(shop.plan()) == []


def test_a_claim_of_this_commit_is_gone_on_with() -> None:
    shop = shop_with_a_feature()
    head = shop.history.head()
    shop.claim("1.1.0", head)
    shop.draft("1.1.0", head)

    plan = shop.plan()

    assert plan.version == "1.1.0"
    assert (plan.commit, plan.done) == (head, ("build", "claim", "draft"))
    assert problems(plan) == []


def test_after_the_tag_the_same_version_is_gone_on_with() -> None:
    shop = Shop()
    head = shop.commit("feat: a")
    shop.tag("1.1.0", head)
    shop.claim("1.1.0", head)
    shop.publish("1.1.0", head)
    for service in ("api", "web"):
        shop.image(service, "1.1.0", head)

    plan = shop.plan()

    assert (plan.previous, plan.version, plan.level) == ("1.0.0", "1.1.0", "minor")
    assert plan.done == (*("build", "claim", "draft", "images", "tag", "publish"),)
    assert problems(plan) == []


def test_a_claim_is_gone_on_with_from_an_older_commit() -> None:
    shop = shop_with_a_feature()
    shop.claim("1.1.0", shop.history.head())
    shop.history.checked_out = None
    shop.refs.refs["refs/heads/main"] = OTHER

    plan = shop.plan()

    assert (plan.version, problems(plan)) == ("1.1.0", [])


def test_a_finished_release_leaves_nothing_to_do() -> None:
    shop = Shop()
    head = shop.commit("feat: a", tag="v1.1.0")
    shop.publish("1.1.0", head)

    plan = shop.plan()

    assert (plan.version, plan.done, problems(plan)) == (None, None, [])


def test_a_claim_that_no_longer_fits_is_refused_before_its_tag() -> None:
    shop = shop_with_a_feature()
    shop.claim("1.1.0", shop.history.head())
    shop.use(skip=("1.1.0",))

    plan = shop.plan()

    assert plan.version == "1.1.0"
    assert "its commits ask for 1.1.1" in problems(plan)[0]
    assert plan.blockers[0].fix == "Take it back: ./inv release --abandon 1.1.0"


def test_what_was_begun_and_is_gone_by_now_does_not_go_on() -> None:
    shop = shop_with_a_feature()
    version, commit = parse_version("1.1.0"), shop.history.head()
    gone = ReleaseTag(name="v1.1.0", commit=commit, version=version, made=False)

    assert plan_release(shop.settings, shop.outside, finish=gone).done is None


def test_another_place_for_claims_is_looked_at() -> None:
    shop = shop_with_a_feature()
    shop.settings = replace(shop.settings, claim_ref="refs/claims/release/{tag}")
    shop.claim("1.1.0", shop.history.head())

    assert shop.plan().done is not None
