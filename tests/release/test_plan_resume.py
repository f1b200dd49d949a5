"""Releases that were begun: which one goes on, which one is in the way."""

from dataclasses import replace

import pytest

from monokeel.release.plan import Resume
from tests.fakes.plans import Shop, problems

OTHER = "f" * 40


def shop_with_a_feature() -> Shop:
    shop = Shop()
    shop.commit("feat: a")
    return shop


@pytest.mark.parametrize("tagged", [False, True], ids=["before its tag", "after"])
def test_a_half_finished_release_of_another_commit_is_refused(*, tagged: bool) -> None:
    shop = Shop()
    older = shop.commit("feat: a", tag="v1.1.0" if tagged else None)
    shop.claim("1.1.0", older)
    shop.commit("fix: b")

    plan = shop.plan()

    assert problems(plan) == [
        f"v1.1.0 is claimed by {older[:7]}: that release is running or was cut short"
    ]
    assert older in plan.blockers[0].fix
    assert ("--abandon 1.1.0" in plan.blockers[0].fix) is not tagged


def test_a_claim_of_a_published_version_is_no_obstacle() -> None:
    shop = Shop()
    older = shop.commit("feat: a", tag="v1.1.0")
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
    assert plan.resume == Resume(version="1.1.0", commit=head, done=("claim", "draft"))
    assert problems(plan) == []


def test_after_the_tag_the_same_version_is_gone_on_with() -> None:
    shop = Shop()
    head = shop.commit("feat: a", tag="v1.1.0")
    shop.claim("1.1.0", head)
    shop.publish("1.1.0", head)
    for service in ("api", "web"):
        shop.image(service, "1.1.0", head)

    plan = shop.plan()

    assert (plan.previous, plan.version, plan.level) == ("1.0.0", "1.1.0", "minor")
    assert plan.resume is not None
    assert plan.resume.done == ("claim", "draft", "images", "tag", "publish")
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

    assert (plan.released, plan.resume, problems(plan)) == (False, None, [])


def test_a_claim_that_no_longer_fits_is_refused_before_its_tag() -> None:
    shop = shop_with_a_feature()
    shop.claim("1.1.0", shop.history.head())
    shop.use(skip=("1.1.0",))

    plan = shop.plan()

    assert plan.version == "1.1.0"
    assert "its commits ask for 1.1.1" in problems(plan)[0]
    assert plan.blockers[0].fix == "Take it back: ./inv release --abandon 1.1.0"


def test_another_place_for_claims_is_looked_at() -> None:
    shop = shop_with_a_feature()
    shop.settings = replace(shop.settings, claim_ref="refs/claims/release/{tag}")
    shop.refs.refs["refs/claims/release/v1.1.0"] = shop.history.head()

    assert shop.plan().resume is not None
