"""Is there a newer template, and who is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.updates.merge import CONFLICT
from monokeel.updates.propose import changes_text, check, check_report, keep_offer_issue
from monokeel.updates.records import Leftover, Recorded
from tests.updates.places import FakeIssues


@dataclass
class FakeVersions:
    commit: str = "v1.2.0"
    tags: tuple[str, ...] = ("1.2.0", "1.10.0", "1.9.0", "0.9.0")
    open: dict[str, Leftover] = field(default_factory=dict)
    moved: str = ""
    refuses: str = ""

    def recorded(self) -> Recorded:
        return Recorded(source=self.address(), commit=self.commit, answers={})

    def address(self) -> str:
        return "https://github.com/acme/monokeel.git"

    def versions(self) -> tuple[str, ...]:
        return self.tags

    def notes(self, current: str, version: str) -> str:
        return f"## {version}\n\nNewer than {current}."

    def compared(self, current: str, version: str) -> str:
        if self.refuses:
            raise UsageError(self.refuses)
        return f" {current} => {version}\n inv | 2 +-\n"

    def leftovers(self) -> Mapping[str, Leftover]:
        return self.open


# Is there a newer one?


@pytest.mark.parametrize(
    ("commit", "available"), [("v1.2.0", True), ("v1.10.0", False)]
)
def test_the_newest_version_is_found_by_its_number(
    commit: str, *, available: bool
) -> None:
    offer = check(FakeVersions(commit=commit))

    assert (offer.latest, offer.available) == ("1.10.0", available)
    verdict = "available" if available else "current"
    assert check_report(offer).data["verdict"] == verdict


def test_what_is_newer_is_told_in_the_words_of_the_template() -> None:
    issues = FakeIssues()
    offer = check(FakeVersions())

    keep_offer_issue(offer, issues)

    said = [line for each in check_report(offer).sections for line in each.lines]
    [(_, body)] = issues.opened.values()
    assert "Newer than 1.2.0." in said
    assert " inv | 2 +-" in said
    assert check_report(offer).data["files"] == offer.files
    text = changes_text(offer.source, "v1.2.0...v1.10.0", offer.changes, offer.files)
    assert body.endswith(text)
    assert "compare/v1.2.0...v1.10.0" in body
    assert "Newer than 1.2.0." in body
    assert "```\n 1.2.0 => 1.10.0\n inv | 2 +-\n```" in body


def test_an_answer_that_a_new_version_refuses_hides_nothing_else() -> None:
    offer = check(FakeVersions(refuses="template v1.10.0 cannot be rendered: owner"))

    assert offer.verdict == "available"
    assert offer.changes
    assert "cannot be rendered: owner" in offer.notes[0]


def test_of_a_current_template_nothing_is_rendered() -> None:
    offer = check(FakeVersions(commit="v1.10.0", refuses="never asked"))

    assert (offer.files, offer.notes) == ("", ())


def test_what_was_left_open_is_named_although_nothing_is_newer() -> None:
    issues = FakeIssues()
    left = Leftover(base="1.0.0", since="1.9.0", reason=CONFLICT)
    offer = check(FakeVersions(commit="v1.10.0", open={"inv": left}))

    report, said = check_report(offer), keep_offer_issue(offer, issues)

    line = f"inv, since v1.9.0: {CONFLICT}"
    assert report.data["verdict"] == "open"
    assert report.sections[1].lines == (line,)
    assert said == "issue #5 is open"
    [(title, body)] = issues.opened.values()
    assert title == "Template: not all of v1.10.0 was taken"
    assert line in body


def test_a_version_that_the_template_has_lost_is_told(  # T25
) -> None:
    with pytest.raises(RefusedError, match=r"has no v1\.8\.0 any more"):
        check(FakeVersions(commit="v1.8.0"))


@pytest.mark.parametrize("commit", ["v1", "1.2.0", "main"])
def test_a_repository_made_from_no_release_is_refused(commit: str) -> None:
    with pytest.raises(RefusedError, match="which is no release"):
        check(FakeVersions(commit=commit))


@pytest.mark.parametrize("commit", ["v1.1.0", "v1.2.0-1-gabcdef0", "abcdef0"])
def test_a_version_that_the_template_has_no_more_is_refused(commit: str) -> None:
    """T25: before an update is advised that could not be made."""
    with pytest.raises(RefusedError, match=f"has no {commit} any more"):
        check(FakeVersions(commit=commit))


def test_a_source_without_releases_or_with_a_new_address_is_told() -> None:
    moved = "https://github.com/acme/keel.git"
    versions = FakeVersions(
        commit="abcdef0", tags=("abcdef0", "0123456789ab"), moved=moved
    )
    issues = FakeIssues()

    offer = check(versions)
    keep_offer_issue(offer, issues)

    report = check_report(offer)
    assert report.headline == "Template 0123456789ab is available; abcdef0 here"
    assert len(offer.notes) == 2
    [(_, body)] = issues.opened.values()
    for hint in offer.notes:
        assert hint in report.sections[0].lines
        assert hint in body
    assert moved in body


def test_a_template_without_versions_is_no_answer() -> None:
    with pytest.raises(ServiceError, match="has no version"):
        check(FakeVersions(tags=()))


def test_one_issue_is_open_while_an_update_is_there_and_closed_after() -> None:
    issues = FakeIssues()

    first = keep_offer_issue(check(FakeVersions()), issues)
    opened = dict(issues.opened)
    second = keep_offer_issue(check(FakeVersions(commit="v1.10.0")), issues)

    assert first == "issue #5 is open"
    assert [title for title, _ in opened.values()] == [
        "Template update available: v1.10.0"
    ]
    assert second == "issue #5 is closed"
    assert issues.opened == {}
