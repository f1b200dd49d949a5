"""Maintenance lines: their versions, their claims, and what a line never blocks."""

from dataclasses import replace

import pytest

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import RefusedError
from monokeel.ground.version import parse_version
from monokeel.release.commits import Merge
from monokeel.release.plan import ReleasePlan
from monokeel.release.planner import plan_release
from monokeel.release.ports import offline
from monokeel.release.versions import limits_of
from tests.fakes.line_runs import LineRuns
from tests.fakes.plans import statuses

CLAIM = 4
TAG = 10
LAST_WRITE = 12


def wide_and_narrow(message: str) -> LineRuns:
    """Return main at 2.0.0, and 1.x and 1.5.x begun at 1.5.0; *message* is on 1.x."""
    runs = LineRuns("1.x", "1.5.x")
    runs.begin("1.5.x", "v1.5.0")
    runs.begin("1.x", "v1.5.0")
    runs.land("main", "feat!: two")
    runs.run("main")
    runs.land("1.5.x", "fix: urgent")
    runs.land("1.x", message)
    return runs


def hotfix(*lines: str) -> LineRuns:
    """Return main at 1.5.0 and the line 1.4.x, begun at 1.4.0, with a fix."""
    runs = LineRuns(*lines)
    runs.begin("1.4.x", "v1.4.0")
    runs.land("1.4.x", "fix: urgent")
    return runs


def line_problem(plan: ReleasePlan) -> tuple[str, str]:
    [found] = [each for each in plan.blockers if each.name == "line"]
    return found.problem, found.fix


def test_a_fix_on_a_line_is_its_next_patch_and_not_the_latest() -> None:
    runs = hotfix()
    runs.releases.latest_tag = "v1.5.0"

    run = runs.run("1.4.x")

    assert [each.tag for each in run.out] == ["v1.4.1"]
    assert runs.releases.latest_tag == "v1.5.0"


def test_after_the_merge_back_main_goes_on_from_its_own_release() -> None:
    runs = hotfix()
    runs.run("1.4.x")
    runs.land("main", "chore: merge 1.4.x", merged=runs.clone.heads["1.4.x"])

    run = runs.run("main")

    assert [each.tag for each in run.out] == ["v1.5.1"]
    assert runs.releases.latest_tag == "v1.5.1"


def test_a_fix_released_on_main_is_still_released_on_its_line() -> None:
    runs = hotfix()
    runs.land("main", "chore: merge 1.4.x", merged=runs.clone.heads["1.4.x"])
    runs.run("main")

    run = runs.run("1.4.x")

    assert [each.tag for each in run.out] == ["v1.4.1"]


@pytest.mark.parametrize("point", range(CLAIM, LAST_WRITE + 1))
def test_the_claim_of_a_line_stands_in_the_way_of_no_other(point: int) -> None:
    runs = hotfix()
    runs.kill("1.4.x", point)
    runs.land("main", "feat: later")

    on_main = runs.run("main")
    finished = runs.run("1.4.x")

    assert [each.tag for each in on_main.out] == ["v1.6.0"]
    assert [each.tag for each in finished.out] in (["v1.4.1"], [])
    assert sorted(runs.published()) == ["v1.4.1", "v1.6.0"]
    assert [ref for ref in runs.refs.refs if "claim" in ref] == []


@pytest.mark.parametrize("point", range(CLAIM, LAST_WRITE + 1))
def test_the_claim_of_main_stands_in_the_way_of_no_line(point: int) -> None:
    runs = hotfix()
    runs.land("main", "feat: later")
    runs.kill("main", point)

    on_line = runs.run("1.4.x")
    runs.run("main")

    assert [each.tag for each in on_line.out] == ["v1.4.1"]
    assert sorted(runs.published()) == ["v1.4.1", "v1.6.0"]


def test_what_a_merged_line_left_undone_is_finished_by_main() -> None:
    runs = hotfix()
    runs.kill("1.4.x", CLAIM)
    runs.land("main", "chore: merge 1.4.x", merged=runs.clone.heads["1.4.x"])

    run = runs.run("main")

    assert [each.tag for each in run.out] == ["v1.4.1", "v1.5.1"]


def test_what_a_merged_line_cannot_finish_is_told_and_left_to_it() -> None:
    runs = hotfix()
    runs.kill("1.4.x", CLAIM)
    runs.images.revisions.clear()
    runs.land("main", "chore: merge 1.4.x", merged=runs.clone.heads["1.4.x"])

    run = runs.run("main")

    assert [each.tag for each in run.out] == ["v1.5.1"]
    assert "v1.4.1 was cut short on another line, whose next run finishes it" in [
        each.message for each in run.plan.warnings
    ]


def test_what_a_merged_line_may_not_finish_any_more_is_left_to_it_as_well() -> None:
    runs = hotfix()
    runs.kill("1.4.x", CLAIM)
    runs.land("main", "chore: merge 1.4.x", merged=runs.clone.heads["1.4.x"])
    runs.settings = replace(runs.settings, skip=("1.4.1",))

    run = runs.run("main")

    assert [each.tag for each in run.out] == ["v1.5.1"]
    assert "v1.4.1 was cut short on another line, whose next run finishes it" in [
        each.message for each in run.plan.warnings
    ]


def test_a_claim_whose_commit_a_line_lost_blocks_that_line_alone() -> None:
    runs = hotfix()
    runs.kill("1.4.x", CLAIM)
    runs.begin("1.4.x", "v1.4.0")
    runs.land("1.4.x", "fix: urgent, again")
    runs.land("main", "fix: later")

    runs.run("main")
    plan = runs.plan("1.4.x")

    assert "v1.5.1" in runs.published()
    fixes = {each.fix for each in plan.blockers if each.name == "claims"}
    [fix] = fixes
    assert fix.startswith("If its branch was deleted, push it again")
    assert fix.endswith("take it back: ./inv release --abandon 1.4.1")


def test_news_of_another_line_makes_nobody_plan_again() -> None:
    runs = hotfix()
    runs.land("main", "feat: later")
    begun = runs.builder.build

    def build(service: str, commit: str) -> str:
        if service == "worker" and "v1.6.0" not in runs.published():
            runs.builder.build = begun  # type: ignore[method-assign]
            runs.run("main")
        return begun(service, commit)

    runs.builder.build = build  # type: ignore[method-assign]
    runs.run("1.4.x")

    assert sorted(runs.published()) == ["v1.4.1", "v1.6.0"]
    assert [line for line in runs.told if "planning again" in line] == []


def test_news_of_the_same_line_makes_a_run_plan_again() -> None:
    runs = hotfix()
    begun = runs.builder.build

    def build(service: str, commit: str) -> str:
        if service == "worker":
            runs.builder.build = begun  # type: ignore[method-assign]
            at = runs.clone.heads["1.4.x"]
            runs.land("1.4.x", "fix: another")
            runs.run("1.4.x")
            runs.clone.heads["1.4.x"] = at
        return begun(service, commit)

    runs.builder.build = build  # type: ignore[method-assign]
    run = runs.run("1.4.x")

    assert runs.published() == ["v1.4.1"]
    assert run.out == ()


def test_a_feature_on_a_patch_line_is_refused_with_the_way_out() -> None:
    runs = hotfix()
    runs.land("1.4.x", "feat: more")

    plan = runs.plan("1.4.x")

    assert plan.version == "1.5.0"
    assert line_problem(plan) == (
        "1.5.0 is no version of 1.4.x: it ends below 1.5.0",
        "Bring the change into main, or a fix alone into 1.4.x.",
    )


def test_a_line_of_what_main_released_last_releases_nothing_yet() -> None:
    runs = LineRuns("1.5.x")
    runs.begin("1.5.x", "v1.5.0")
    runs.land("1.5.x", "fix: urgent")

    assert line_problem(runs.plan("1.5.x")) == (
        "nothing can be released from 1.5.x: main has no later release",
        "Release from main: a line begins where it has gone on.",
    )


def test_main_merged_into_a_line_is_refused_with_the_tag() -> None:
    runs = hotfix()
    runs.land("1.4.x", "chore: merge main", merged=runs.clone.heads["main"])

    problem, fix = line_problem(runs.plan("1.4.x"))

    assert problem == "v1.5.0 is in the history of 1.4.x"
    assert "git cherry-pick" in fix


def test_a_wide_line_begins_where_the_narrow_one_before_it_ends() -> None:
    lines = {"1.x": ["1.4.0"], "1.4.x": ["1.4.0", "1.4.7"]}
    found = limits_of(
        {name: map(parse_version, each) for name, each in lines.items()},
        map(parse_version, ["1.4.0", "1.5.0", "2.0.0"]),
    )

    shown = {name: (str(x.low), str(x.high)) for name, x in found.items()}
    assert shown == {"1.4.x": ("1.4.7", "1.5.0"), "1.x": ("1.5.0", "1.5.0")}


def test_a_release_of_the_narrow_line_stands_in_no_way_of_the_wide_one() -> None:
    runs = wide_and_narrow("feat: more")
    runs.run("1.5.x")

    run = runs.run("1.x")

    assert [each.tag for each in run.out] == ["v1.6.0"]


def test_a_claim_that_the_narrow_line_lost_stands_in_no_way_of_the_wide_one() -> None:
    runs = wide_and_narrow("feat: more")
    runs.kill("1.5.x", CLAIM)
    runs.begin("1.5.x", "v1.5.0")

    run = runs.run("1.x")

    assert [each.tag for each in run.out] == ["v1.6.0"]


def test_a_fix_on_the_wide_line_is_refused_while_a_narrow_one_has_its_version() -> None:
    runs = wide_and_narrow("fix: urgent, too")

    problem, fix = line_problem(runs.plan("1.x"))

    assert problem == "1.5.1 is no version of 1.x: it begins at 1.6.0"
    assert fix == "Bring a fix into the line of 1.5.1; here, a feature."


@pytest.mark.parametrize("lands_more", [False, True])
@pytest.mark.parametrize("point", [TAG, TAG + 1])
def test_what_a_line_released_below_a_tag_of_main_keeps_nobody_from_finishing_it(
    point: int, *, lands_more: bool
) -> None:
    runs = LineRuns("1.x")
    runs.begin("1.x", "v1.5.0")
    runs.land("1.x", "fix: urgent")
    runs.land("main", "feat!: two")
    runs.kill("main", point)
    runs.run("1.x")
    later = ["v2.0.1"] if lands_more else []
    if lands_more:
        runs.land("main", "fix: later")

    run = runs.run("main")

    assert [each.tag for each in run.out] == ["v2.0.0", *later]
    assert runs.releases.latest_tag == ["v2.0.0", *later][-1]


def test_lines_that_may_release_the_same_are_refused_everywhere() -> None:
    runs = LineRuns("1.6.x", "1.7.x")
    runs.land("1.6.x", "feat: beside")
    runs.give("v2.0.0", "1.6.x")
    runs.begin("1.7.x", "v2.0.0")

    problem, fix = line_problem(runs.plan("main"))

    assert problem == "1.6.x, 1.7.x may release the same versions"
    assert fix.startswith("Take those out of [release] lines")


def test_where_a_line_is_not_here_nobody_can_tell() -> None:
    runs = hotfix()
    runs.refs.refs["refs/heads/1.4.x"] = "f" * 40

    plan = runs.plan("main")

    assert statuses(plan)["line"] == "unknown"
    assert plan.needed is None


def test_without_the_default_branch_a_line_releases_nothing() -> None:
    runs = hotfix()
    del runs.refs.refs["refs/heads/main"]

    assert line_problem(runs.plan("1.4.x"))[0] == "the remote has no branch main"


def test_a_branch_that_is_no_line_is_refused_as_before() -> None:
    runs = LineRuns("1.4.x")
    runs.land("topic", "fix: a")

    [found] = [x for x in runs.plan("topic").blockers if x.name == "branch"]

    assert found.problem == "on branch topic, not on main"


def test_a_detached_commit_is_of_the_line_that_leads_to_it() -> None:
    runs = hotfix()
    runs.clone.detached = True

    plan = runs.plan("1.4.x")

    assert (plan.version, statuses(plan)["branch"]) == ("1.4.1", "ok")


def test_a_preview_counts_for_the_branch_it_would_be_merged_into() -> None:
    runs = hotfix()
    runs.clone.heads["topic"] = base = runs.clone.heads["1.4.x"]
    runs.clone.commit("topic", "wip")
    merge = Merge(onto="1.4.x", base=base, message="fix: more (#7)")

    plan = plan_release(runs.settings, replace(runs.outside_at("topic"), merge=merge))

    assert (plan.version, plan.blockers) == ("1.4.1", ())
    assert [each.subject for each in plan.commits] == ["more (#7)", "urgent"]


def test_a_preview_of_a_squash_counts_from_the_releases_of_the_line_alone() -> None:
    runs = hotfix()
    runs.clone.heads["topic"] = base = runs.clone.heads["1.4.x"]
    runs.clone.commit("topic", "begun on main", runs.clone.heads["main"])
    merge = Merge(onto="1.4.x", base=base, message="fix: more (#7)")

    plan = plan_release(runs.settings, replace(runs.outside_at("topic"), merge=merge))

    assert (plan.previous, plan.version) == ("1.4.0", "1.4.1")
    assert line_problem(plan)[0] == "v1.5.0 is in the history of 1.4.x"


def test_offline_the_branches_of_the_clone_say_where_a_line_ends() -> None:
    runs = hotfix()

    plan = plan_release(
        runs.settings, offline(runs.outside_at("1.4.x").history, "nobody was asked")
    )

    assert (plan.version, statuses(plan)["line"]) == ("1.4.1", "ok")


def test_offline_without_the_default_branch_nobody_can_tell_where_a_line_ends() -> None:
    runs = hotfix()
    runs.clone.heads = {"1.4.x": runs.clone.heads["1.4.x"]}  # git clone --single-branch

    plan = plan_release(
        runs.settings, offline(runs.outside_at("1.4.x").history, "nobody was asked")
    )

    assert (statuses(plan)["line"], plan.blockers) == ("unknown", ())


def test_a_refusal_of_the_line_ends_a_run_before_anything_is_written() -> None:
    runs = hotfix()
    runs.land("1.4.x", "feat: more")

    with pytest.raises(RefusedError, match="2 things stand in the way"):
        runs.run("1.4.x")

    assert runs.faults.writes == []
    assert not isinstance(runs.outside_at("main").remote, Unknown)
