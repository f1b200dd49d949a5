"""What a plan refuses, why, and what it says to do."""

from dataclasses import replace

import pytest

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.report import as_plain
from monokeel.release.plan import refuse_blocked, report_of
from monokeel.release.record import GitHubRelease, marker
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

    assert plan.version is None
    assert "git fetch --unshallow --tags" in plan.blockers[0].fix


def test_every_reason_is_named_at_once() -> None:
    shop = shop_with_a_feature()
    shop.history.shallow = True
    shop.history.checked_out = "topic"
    shop.history.beside.add(OTHER)
    shop.refs.refs["refs/heads/main"] = OTHER
    plan = shop.plan()

    with pytest.raises(RefusedError) as refused:
        refuse_blocked(plan)

    assert [each.name for each in plan.blockers] == ["history", "branch", "remote"]
    assert refused.value.problem == "3 things stand in the way"
    text = as_plain(report_of(plan))
    assert all(f"{each.problem}. {each.fix}" in text for each in plan.blockers)


def test_another_branch_is_refused_and_its_version_shown() -> None:
    shop = shop_with_a_feature()
    shop.history.checked_out = "topic"

    plan = shop.plan()

    assert plan.version == "1.1.0"
    assert problems(plan) == ["on branch topic, not on main"]
    assert "BLOCKED" in as_plain(report_of(plan)).splitlines()[0]


def test_no_branch_is_fine_at_the_tip_and_refused_elsewhere() -> None:
    shop = shop_with_a_feature()
    shop.history.checked_out = None

    at_tip = statuses(shop.plan())["branch"]
    unasked = statuses(shop.plan_offline())["branch"]
    shop.history.beside.add(OTHER)
    shop.refs.refs["refs/heads/main"] = OTHER
    elsewhere = statuses(shop.plan())["branch"]

    assert (at_tip, unasked, elsewhere) == ("ok", "unknown", "blocked")


def test_a_commit_that_its_branch_has_left_behind_is_released_all_the_same() -> None:
    shop = shop_with_a_feature()
    shop.history.at = shop.history.head()
    tip = shop.history.commit("fix: b")
    shop.refs.refs["refs/heads/main"] = tip

    plan = shop.plan()

    assert (plan.version, problems(plan)) == ("1.1.0", [])
    assert (
        plan.checks[2].detail
        == f"in main, which is at {tip[:7]} by now (git pull gets it)"
    )


def test_a_branch_that_is_not_fetched_leaves_it_open() -> None:
    shop = shop_with_a_feature()
    shop.refs.refs["refs/heads/main"] = OTHER

    plan = shop.plan()

    assert (statuses(plan)["remote"], plan.stale) == ("unknown", True)
    assert (plan.needed, problems(plan)) == (True, [])


def test_a_branch_that_has_parted_is_refused() -> None:
    shop = shop_with_a_feature()
    shop.history.beside.add(OTHER)
    shop.refs.refs["refs/heads/main"] = OTHER

    assert "is not on the remote" in problems(shop.plan())[0]


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

    (problem,) = problems(plan)
    assert problem.startswith("v1.1.0 is published by ben, and not with the release")
    assert '"1.1.0" to [release] skip' in plan.blockers[0].fix


@pytest.mark.parametrize("commit", [OTHER, None], ids=["other commit", "by hand"])
def test_a_draft_of_somebody_else_is_named_and_stops_nobody(commit: str | None) -> None:
    shop = shop_with_a_feature()
    number = shop.draft("1.1.0", commit)

    plan = shop.plan()

    assert problems(plan) == []
    assert f"the draft v1.1.0 ({number}) of ben is not this release" in (
        plan.warnings[0].message
    )


def test_a_draft_with_our_mark_and_no_file_is_named_with_its_author() -> None:
    """R26: the mark is no proof, so who made what the release removes is told."""
    shop = shop_with_a_feature()
    made = shop.releases.create_draft(
        "v1.1.0", title="", body=marker(shop.history.head())
    )
    shop.releases.releases[made.id] = replace(made, author="ben")

    plan = shop.plan()

    assert problems(plan) == []
    said = f"the draft v1.1.0 ({made.id}) of ben has our mark and no file"
    assert plan.warnings[0].message.startswith(said)


def test_of_drafts_that_nobody_can_read_none_is_judged() -> None:
    """With --strict a part of the warnings would end a run as refused, not unknown."""
    shop = shop_with_a_feature()
    shop.draft("1.1.0", OTHER)
    silent = shop.draft("1.1.0", shop.history.head())
    read = shop.releases.file_of

    def file_of(release: GitHubRelease) -> str | None:
        if release.id == silent:
            raise ServiceError("GitHub answered 502")
        return read(release)

    shop.releases.file_of = file_of  # type: ignore[method-assign]

    plan = shop.plan()

    assert [each for each in plan.warnings if "draft" in each.message] == []


@pytest.mark.parametrize("label", ["own", OTHER, None])
def test_every_taken_image_is_named_whatever_its_label_says(label: str | None) -> None:
    shop = shop_with_a_feature()
    commit = shop.history.head() if label == "own" else label
    for service in ("api", "web"):
        shop.image(service, "1.1.0", commit)

    found = problems(shop.plan())

    assert [text.partition(" is taken")[0] for text in found] == [
        "acme/shop/api:1.1.0",
        "acme/shop/web:1.1.0",
    ]


def test_every_lost_release_is_named_at_once_and_raises_the_floor() -> None:
    shop = Shop()
    shop.commit("fix: a")
    for number, version in enumerate(("1.1.0", "1.1.1", "1.2.0", "1.2.1")):
        shop.history.all_tags[f"v{version}"] = f"{number + 1}" * 40
        shop.history.beside.add(f"{number + 1}" * 40)
    shop.push()

    lost = shop.plan()
    shop.use(skip=("1.1.0", "1.1.1", "1.2.0", "1.2.1"))
    plan = shop.plan()

    (problem,) = problems(lost)
    assert all(tag in problem for tag in ("v1.1.0", "v1.1.1", "v1.2.0", "v1.2.1"))
    assert '"1.2.1", "1.2.0", "1.1.1", "1.1.0"' in lost.blockers[0].fix
    assert (plan.version, problems(plan)) == ("1.2.2", [])


def test_no_right_to_push_is_found_before_anything_is_built() -> None:
    shop = shop_with_a_feature()
    shop.registry.closed.add("acme/shop/web")

    plan = shop.plan()

    assert problems(plan) == ["no right to push ghcr.io/acme/shop/web"]
    assert "packages: write" in plan.blockers[0].fix
