"""What becomes of an update, with fakes that keep state."""

from dataclasses import replace

import pytest

from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.report import as_plain
from monokeel.updates.propose import (
    MARKER,
    preview,
    proposal_body,
    propose,
    rejected,
    update_report,
)
from monokeel.updates.update import commit_message, require_taken
from tests.updates.places import (
    BRANCH,
    COMMIT,
    LEFT,
    OTHER,
    REF,
    THEIRS,
    FakeIssues,
    FakePulls,
    FakeRemote,
    made_plan,
    make_places,
)

# Propose an update


def test_where_issues_are_switched_off_the_pull_request_counts() -> None:
    """P13: and where there is none, both reasons are told."""
    places = make_places(issues=FakeIssues(off=True))
    said = propose(made_plan(), COMMIT, places, body="x")
    declined = make_places(
        FakeRemote(declines="no workflows right"), issues=FakeIssues(off=True)
    )

    assert said.startswith("pull request #10 is open; whether an issue is, nobody")
    with pytest.raises(ServiceError, match="no workflows right; no issue could be"):
        propose(made_plan(), COMMIT, declined, body="x")


def test_an_update_becomes_one_pull_request() -> None:
    remote, pulls = FakeRemote(), FakePulls()

    said = propose(made_plan(), COMMIT, make_places(remote, pulls), body="The notes.")

    assert said == "pull request #10 is open"
    assert remote.refs == {REF: COMMIT}
    assert pulls.bodies == {10: "chore(template): update to v1.3.0\nThe notes."}


def test_a_result_that_nobody_knows_is_never_pushed() -> None:
    """T2: two classes of one name in a process met none of the cases."""

    class Moved:
        pass

    class StrangeRemote(FakeRemote):
        def move_ref(  # type: ignore[override]
            self, ref: str, *, old: str | None, new: str | None
        ) -> Moved:
            assert (ref, old, new) == (REF, None, COMMIT)
            return Moved()

    pulls = FakePulls()

    with pytest.raises(AssertionError, match="Moved object"):
        propose(made_plan(), COMMIT, make_places(StrangeRemote(), pulls), body="x")

    assert pulls.opened == {}


def test_the_same_update_again_changes_nothing() -> None:
    remote = FakeRemote(refs={REF: COMMIT})
    pulls = FakePulls(opened={BRANCH: 3})

    said = propose(made_plan(), COMMIT, make_places(remote, pulls), body="new")

    assert said == "pull request #3 is open"
    assert (remote.refs, pulls.bodies) == ({REF: COMMIT}, {})


def test_an_open_pull_request_of_ours_is_made_anew_on_the_new_main() -> None:
    remote = FakeRemote(refs={REF: OTHER})
    pulls = FakePulls(opened={BRANCH: 3})

    said = propose(made_plan(), COMMIT, make_places(remote, pulls), body="new")

    assert said == "pull request #3 is refreshed"
    assert remote.refs == {REF: COMMIT}
    assert pulls.bodies[3].endswith("new")
    assert pulls.opened == {BRANCH: 3}


@pytest.mark.parametrize(
    ("opened", "held"),
    [({BRANCH: 3}, "pull request #3"), ({}, f"branch {BRANCH}")],
    ids=["with a pull request", "a branch alone"],
)
def test_a_branch_that_somebody_pushed_to_is_left_as_it_is(
    opened: dict[str, int], held: str
) -> None:
    remote, pulls = FakeRemote(refs={REF: THEIRS}), FakePulls(opened=dict(opened))

    said = propose(made_plan(), COMMIT, make_places(remote, pulls), body="new")

    assert said == (
        f"{held} holds commits of others and is left as it is; for another one:"
        f" git push origin --delete {BRANCH}"
    )
    assert (remote.refs, pulls.opened) == ({REF: THEIRS}, opened)


def test_a_branch_of_ours_without_a_pull_request_gets_one() -> None:
    remote, pulls = FakeRemote(refs={REF: COMMIT}), FakePulls()

    propose(made_plan(), COMMIT, make_places(remote, pulls), body="")

    assert BRANCH in pulls.opened


def test_what_a_person_closed_is_not_opened_again() -> None:
    assert rejected(made_plan(), FakePulls()) is None
    assert rejected(made_plan(), FakePulls(closed={BRANCH: 3})) == 3
    both = FakePulls(opened={BRANCH: 4}, closed={BRANCH: 3})
    assert rejected(made_plan(), both) is None  # somebody opened it again
    assert preview(made_plan(), 3).headline.endswith("declined in #3")


def test_only_older_versions_that_nobody_touched_are_closed() -> None:
    branches = {
        "template/v1.2.5": OTHER,
        "template/v1.2.6": THEIRS,
        "template/v1.4.0": OTHER,
        "template/v1.2.0-answers": OTHER,
        "template/v1.2.5/ours": OTHER,
    }
    remote = FakeRemote(refs={f"refs/heads/{b}": c for b, c in branches.items()})
    pulls = FakePulls(opened={b: n for n, b in enumerate(branches, 1)})

    propose(made_plan(), COMMIT, make_places(remote, pulls), body="")

    assert pulls.opened.keys() == {*branches, BRANCH} - {"template/v1.2.5"}


@pytest.mark.parametrize(
    ("remote", "pulls"),
    [
        pytest.param(FakeRemote(declines="no workflows right"), FakePulls(), id="push"),
        pytest.param(FakeRemote(), FakePulls(declines="not permitted"), id="pull"),
    ],
)
def test_where_no_pull_request_is_allowed_one_issue_says_the_same(
    remote: FakeRemote, pulls: FakePulls
) -> None:
    issues = FakeIssues()
    places = make_places(remote, pulls, issues)

    said = propose(made_plan(), COMMIT, places, body="The notes.")

    assert said.startswith("issue #5 is open")
    [(title, body)] = issues.opened.values()
    assert title == "Template update available: v1.3.0"
    assert body.startswith("The notes.")
    assert (remote.declines or pulls.declines) in body
    assert pulls.opened == {}


def test_a_pull_request_closes_the_issue() -> None:
    issues = FakeIssues(opened={"template-update": ("", "")})

    propose(made_plan(), COMMIT, make_places(issues=issues), body="")

    assert issues.opened == {}


# What an update says


def test_the_body_says_what_a_reviewer_needs() -> None:
    plan = made_plan(LEFT, pins=("ci.yml: x stays at v2; the template has v1",))

    body = proposal_body(
        plan,
        notes="## 1.3.0\n\nFaster.",
        stat=" inv | 2 +-",
        checks=("policy.lint: nothing wrong",),
    )

    for expected in (
        "https://github.com/acme/monokeel/compare/v1.2.0...v1.3.0",
        "## 1.3.0\n\nFaster.",
        "```\n inv | 2 +-\n```",
        "- `inv`: both sides changed the same lines",
        "  ````\n      # SECURITY FIX\n  ````",
        "- ci.yml: x stays at v2",
        "- policy.lint: nothing wrong",
    ):
        assert expected in body
    long = proposal_body(plan, notes="x" * 99_999, stat="")
    assert len(long) < 65_536


def test_an_update_with_something_left_is_no_whole_one() -> None:
    for plan in (made_plan(LEFT), replace(made_plan(LEFT), changed={})):
        with pytest.raises(RefusedError, match="not everything of") as caught:
            require_taken(plan)
        assert (f"on branch {BRANCH}. " in caught.value.fix) == bool(plan.changed)
    require_taken(made_plan())

    report = update_report(made_plan(LEFT), COMMIT)

    assert report.data["verdict"] == "open"
    assert report.problems == ("not taken: inv",)
    assert as_plain(report).endswith("left out\n  inv:\n      # SECURITY FIX")
    assert update_report(made_plan(), COMMIT).data["verdict"] == "updated"
    assert update_report(made_plan(), None).data["verdict"] == "planned"


def test_other_answers_are_called_so_and_no_new_version() -> None:
    plan = replace(made_plan(), current=made_plan().version)

    assert update_report(plan, None).headline == f"Template {plan.ref}: other answers"
    assert " -> " in update_report(made_plan(), None).headline


def test_the_commit_says_what_was_left() -> None:
    assert commit_message(made_plan(LEFT)) == (
        "chore(template): update to v1.3.0\n\n"
        "Not taken: inv: both sides changed the same lines.\n"
    )


def test_a_run_cut_short_after_its_pull_request_is_finished_by_the_next() -> None:
    older = "template/v1.2.5"
    remote = FakeRemote(refs={REF: COMMIT, f"refs/heads/{older}": OTHER})
    pulls = FakePulls(opened={older: 1, BRANCH: 3})
    issues = FakeIssues(opened={MARKER: ("available", "v1.3.0")})

    said = propose(made_plan(), COMMIT, make_places(remote, pulls, issues), body="")

    assert said == "pull request #3 is open"
    assert (pulls.opened, issues.opened) == ({BRANCH: 3}, {})


def test_a_push_whose_answer_is_lost_leaves_no_old_words() -> None:
    class Silent(FakeRemote):
        def move_ref(
            self, ref: str, *, old: str | None, new: str | None
        ) -> Moved | Lost | Declined:
            super().move_ref(ref, old=old, new=new)
            raise ServiceError("no answer")

    pulls = FakePulls(opened={BRANCH: 3}, bodies={3: "old"})
    silent = Silent(refs={REF: OTHER})
    with pytest.raises(ServiceError, match="no answer"):
        propose(made_plan(), COMMIT, make_places(silent, pulls), body="new")

    remote = FakeRemote(refs=silent.refs)
    propose(made_plan(), COMMIT, make_places(remote, pulls), body="new")

    assert (remote.refs, pulls.bodies[3][-3:]) == ({REF: COMMIT}, "new")
