"""What a pull request would release: its title as it lands, not its commits."""

from dataclasses import replace

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import Settings, parse_settings
from monokeel.release.commits import merge_of
from monokeel.release.plan import ReleasePlan
from monokeel.release.planner import plan_release
from monokeel.release.ports import Outside, offline
from tests.fakes.branches import Branches
from tests.fakes.plans import statuses

HEAD = '[repository]\nowner = "acme"\nname = "shop"\n'
SETTINGS = parse_settings(HEAD)


def event(title: str, body: str | None = None, onto: str = "main") -> Json:
    pull: Json = {"title": title, "body": body, "number": 7, "base": {"ref": onto}}
    return {"action": "edited", "pull_request": pull}


def outside(payload: Json, settings: Settings = SETTINGS) -> Outside:
    """Return a clone at the merge of a topic with the commit ``feat!: wip``."""
    clone = Branches()
    clone.tag("v1.0.0", clone.commit("main", "feat: begin"))
    base = clone.commit("main", "docs: a")
    clone.heads["merge"] = base
    clone.commit("merge", "feat!: wip")
    clone.at, clone.detached = "merge", True
    merge = merge_of(payload, settings, base)
    return replace(offline(clone, "nobody was asked"), merge=merge)


def preview(payload: Json, settings: Settings = SETTINGS) -> ReleasePlan:
    return plan_release(settings, outside(payload, settings))


@pytest.mark.parametrize(
    ("title", "version"),
    [
        ("fix: one", "1.0.1"),
        ("feat(api): two", "1.1.0"),
        ("chore: three", None),
        ('Revert "feat: x (#11)"', None),
    ],
)
def test_the_title_decides_where_it_is_what_lands(
    title: str, version: str | None
) -> None:
    plan = preview(event(title))

    assert plan.version == version
    assert statuses(plan)["branch"] == "ok"
    assert plan.blockers == ()


def test_a_breaking_change_in_the_description_counts() -> None:
    assert preview(event("fix: a", "BREAKING CHANGE: b")).version == "2.0.0"


def test_the_commits_decide_where_they_land_as_they_are() -> None:
    settings = parse_settings(
        f'{HEAD}[settings]\nsquash_merge_commit_title = "COMMIT_OR_PR_TITLE"\n'
    )

    assert preview(event("chore: a"), settings).version == "2.0.0"


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Feat: payments", None),
        ("feature: payments", None),
        ('Revert "feat: x (#11)"', "Reverts acme/shop#11"),
        ("chore: batch", "* feat: add export"),
    ],
)
def test_a_title_that_will_not_release_what_it_seems_to_is_told(
    title: str, body: str | None
) -> None:
    plan = preview(event(title, body))

    assert plan.version is None
    assert [each.sha for each in plan.warnings] == [plan.commit]


def test_a_merge_into_another_branch_is_no_release() -> None:
    plan = preview(event("feat: a", onto="topic"))

    assert [each.problem for each in plan.blockers] == [
        "topic is no release branch: a merge there is no release"
    ]


def test_an_event_without_a_pull_request_is_no_answer() -> None:
    with pytest.raises(ServiceError):
        merge_of({"action": "opened"}, SETTINGS, "a" * 40)
