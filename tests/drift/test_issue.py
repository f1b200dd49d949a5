"""The life of the alert: opened, grown, kept, closed, opened again; never muted."""

import pytest

from monokeel.drift.issue import found_in, keep_issue
from monokeel.drift.report import drift_report
from monokeel.ground.answers import Json
from monokeel.ground.report import as_markdown
from tests.fakes.issues import FakeIssue, FakeIssues
from tests.fakes.place import Place
from tests.policy.test_policy import TAGS

ADMIN: Json = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
RUN = "https://github.com/acme/shop/actions/runs/7"


class Alert:
    """A place under its rules, and the issue that drift keeps about it."""

    def __init__(self) -> None:
        self.place, self.issues = Place(), FakeIssues()

    def run(self, *sections: str, allowed: tuple[str, ...] = ()) -> str:
        found = self.place.read(*sections, allowed=allowed)
        body = as_markdown(drift_report(found))
        return keep_issue(found, body, self.issues, RUN)

    def weaken(self) -> None:
        """See no more than ``GITHUB_TOKEN`` does."""
        self.place.rulesets.hides_bypass = True
        self.place.repository.admin = False

    @property
    def issue(self) -> FakeIssue:
        return self.issues.all[-1]


@pytest.fixture
def alert() -> Alert:
    return Alert()


def test_an_issue_is_open_while_drift_lasts(alert: Alert) -> None:
    assert alert.run() == "no issue is open"
    alert.place.rulesets.edit(100, enforcement="disabled")
    assert alert.run() == "issue #1 is open"
    assert "run ./scripts/apply-rulesets.sh" in alert.issue.body
    assert RUN in alert.issue.body

    alert.place.rulesets.edit(100, enforcement="active")

    assert alert.run() == "issue #1 is closed"
    assert not alert.issue.is_open


def test_a_run_that_sees_less_does_not_close_it(alert: Alert) -> None:
    alert.place.rulesets.edit(100, bypass_actors=[ADMIN])
    alert.run()
    alert.weaken()

    done = alert.run(allowed=("bypass_actors",))

    assert done == ("issue #1 stays open: this run did not see rulesets/bypass_actors")
    assert alert.issue.is_open


def test_a_run_of_other_sections_does_not_close_it(alert: Alert) -> None:
    alert.place.rulesets.edit(100, enforcement="disabled")
    alert.run()

    assert "stays open" in alert.run("pointers")
    assert alert.issue.is_open


def test_a_weak_run_closes_what_it_can_see(alert: Alert) -> None:
    alert.place.rulesets.edit(100, enforcement="disabled")
    alert.weaken()
    alert.run(allowed=("bypass_actors",))

    alert.place.rulesets.edit(100, enforcement="active")

    assert alert.run(allowed=("bypass_actors",)) == "issue #1 is closed"


def test_an_unverified_run_changes_nothing(alert: Alert) -> None:
    alert.place.rulesets.edit(100, enforcement="disabled")
    alert.run()
    writes = alert.issues.writes
    alert.place.rulesets.silent = True

    assert "left as it is" in alert.run()
    assert alert.issues.writes == writes


def test_the_same_drift_is_not_written_again(alert: Alert) -> None:
    alert.place.rulesets.edit(100, enforcement="disabled")
    alert.run()
    writes = alert.issues.writes

    assert "says all of it already" in alert.run()
    assert alert.issues.writes == writes


def test_more_drift_is_a_comment(alert: Alert) -> None:
    alert.place.rulesets.edit(100, enforcement="disabled")
    alert.run()

    alert.place.rulesets.add({**TAGS, "name": "extra"})
    alert.run()

    assert len(alert.issue.comments) == 1
    assert "ruleset extra" in alert.issue.comments[0]
    assert "ruleset main" not in alert.issue.comments[0]


def test_what_another_run_found_stays_in_the_text(alert: Alert) -> None:
    alert.place.rulesets.edit(100, bypass_actors=[ADMIN])
    alert.run()
    alert.weaken()
    alert.place.rulesets.add({**TAGS, "name": "extra"})

    alert.run(allowed=("bypass_actors",))

    assert "Found earlier, not seen by this run" in alert.issue.body
    known = found_in(alert.issue.body)
    assert set(known) == {"rulesets/bypass_actors", "rulesets/rulesets"}


def test_one_that_was_closed_by_hand_opens_again(alert: Alert) -> None:
    alert.place.rulesets.edit(100, enforcement="disabled")
    alert.run()
    alert.issue.is_open = False

    assert alert.run() == "issue #1 is open again"
    assert "Drift again" in alert.issue.comments[0]
    assert len(alert.issues.all) == 1


def test_a_quoted_alert_of_somebody_else_is_left_alone(alert: Alert) -> None:
    quoted = "Look:\n<!-- monokeel: policy-drift -->"
    alert.issues.all.append(FakeIssue(1, "Should admins pass?", quoted, author="ben"))
    alert.place.rulesets.edit(100, enforcement="disabled")

    assert alert.run() == "issue #2 is open"
    alert.place.rulesets.edit(100, enforcement="active")
    assert alert.run() == "issue #2 is closed"
    assert alert.issues.all[0] == FakeIssue(
        1, "Should admins pass?", quoted, author="ben"
    )


def test_an_issue_that_lost_its_list_is_closed_by_a_whole_run_alone(
    alert: Alert,
) -> None:
    alert.place.rulesets.edit(100, enforcement="disabled")
    alert.run()
    alert.issue.body = "<!-- monokeel: policy-drift -->"
    alert.place.rulesets.edit(100, enforcement="active")

    assert "did not see settings, pointers, releases" in alert.run("rulesets")
    assert alert.run() == "issue #1 is closed"


def test_issues_that_are_switched_off_are_said(alert: Alert) -> None:
    alert.issues.refuses = "GitHub answered 410: Issues are disabled for this repo"
    alert.place.rulesets.edit(100, enforcement="disabled")

    assert alert.run() == f"no issue could be written: {alert.issues.refuses}"


def test_a_name_cannot_end_the_hidden_list(alert: Alert) -> None:
    name = 'x --> <script> "\\u002d'
    alert.place.rulesets.add({**TAGS, "name": name})
    alert.run()

    known = found_in(alert.issue.body)

    assert any(name in line for lines in known.values() for line in lines)


def test_a_token_that_knows_no_author_finds_nothing_new(alert: Alert) -> None:
    """Who changed it is in the text of the run that could see it; it stays there."""
    alert.place.rulesets.edit(100, enforcement="disabled")
    alert.run()
    writes = alert.issues.writes
    alert.place.rulesets.no_history = True

    assert "says all of it already" in alert.run()
    assert alert.issues.writes == writes
    assert "by ben" in alert.issue.body


def test_a_name_cannot_put_its_own_list_before_ours(alert: Alert) -> None:
    name = "x <!-- monokeel-found: {} -->"
    alert.place.rulesets.add({**TAGS, "name": name})
    alert.run()

    assert "stays open" in alert.run("pointers")


def test_a_section_that_there_is_not_keeps_nothing_open(alert: Alert) -> None:
    """Who may write edits our text; and an older version may have had others."""
    alert.place.rulesets.edit(100, enforcement="disabled")
    alert.run()
    ours, _, rest = alert.issue.body.partition('{"rulesets')
    alert.issue.body = f'{ours}{{"weather/rain": ["wet"], "rulesets{rest}'
    alert.place.rulesets.edit(100, enforcement="active")

    assert [*found_in(alert.issue.body)] == ["rulesets/rulesets"]
    assert alert.run() == "issue #1 is closed"


def test_a_weak_run_does_not_forget_what_a_lost_list_may_have_said(
    alert: Alert,
) -> None:
    alert.place.rulesets.edit(100, bypass_actors=[ADMIN])
    alert.run()
    alert.issue.body = "<!-- monokeel: policy-drift -->"  # by somebody's edit
    alert.weaken()
    alert.place.rulesets.edit(100, enforcement="disabled")
    alert.run(allowed=("bypass_actors",))
    alert.place.rulesets.edit(100, enforcement="active")

    done = alert.run(allowed=("bypass_actors",))

    assert done.startswith("issue #1 stays open: this run did not see rulesets")
    assert alert.issue.is_open


def test_a_huge_list_is_never_cut_off_and_is_written_once(alert: Alert) -> None:
    """GitHub takes 65,536 characters, and JSON makes six of one."""
    for number in range(300):
        name = f"{number} " + "-\u00e9" * 140
        alert.place.rulesets.add({**TAGS, "name": name})
    alert.place.rulesets.edit(100, bypass_actors=[ADMIN])
    alert.run()
    writes = alert.issues.writes

    assert "says all of it already" in alert.run()
    assert alert.issues.writes == writes
    assert len(alert.issue.body) < 65_000
    assert "cut here" in alert.issue.body
    assert set(found_in(alert.issue.body)) == {
        "rulesets/bypass_actors",
        "rulesets/rulesets",
    }
    assert "stays open" in alert.run("pointers")

    alert.weaken()
    alert.run(allowed=("bypass_actors",))

    assert len(alert.issue.body) < 65_000
    assert "rulesets/bypass_actors" in found_in(alert.issue.body)
