"""Our issues on the sandbox: found by marker and author, never anybody else's."""

import json
from collections.abc import Iterator

import pytest

from monokeel.adapters.github import GitHub
from monokeel.adapters.issues import Issues
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError
from sandbox.server import Sandbox
from tests.fakes.http import Reply, serving

QUOTE = "They say:\n<!-- monokeel: drift -->"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
        assert sandbox.violations() == []


def github(box: Sandbox, token: str = "admin") -> GitHub:
    return GitHub(
        Session(tries=1),
        api=box.url,
        repository=box.repository,
        token=box.tokens[token],
    )


def open_as(box: Sandbox, token: str, body: str) -> int:
    sent: Json = {"title": "Should admins pass?", "body": body}
    answer = github(box, token).request("POST", "/issues", json=sent, expect=(201,))
    found = answer.json()
    assert isinstance(found, dict)
    assert isinstance(found["number"], int)
    return found["number"]


def test_one_issue_is_opened_refreshed_and_closed(box: Sandbox) -> None:
    issues = Issues(github(box))

    opened = issues.keep_open("drift", title="Drift", body="one")
    refreshed = issues.keep_open("drift", title="Drift", body="two")
    other = issues.keep_open("template", title="Update", body="new")

    assert (opened, other) == (refreshed, opened + 1)
    assert issues.close("drift", comment="Over.") == opened
    assert issues.close("drift", comment="Over.") is None
    found = issues.newest("template")
    assert found is not None
    assert found.number == other


def test_a_closed_issue_is_kept_and_another_one_is_opened(box: Sandbox) -> None:
    issues = Issues(github(box))
    first = issues.keep_open("drift", title="Drift", body="one")
    issues.close("drift", comment="Over.")

    assert issues.keep_open("drift", title="Drift", body="two") == first + 1


def test_the_same_text_is_not_written_again(box: Sandbox) -> None:
    issues = Issues(github(box))
    issues.keep_open("drift", title="Drift", body="one")
    changed = box.state.issues[0].updated_at
    box.switches.clock_offset_s = 60

    issues.keep_open("drift", title="Drift", body="one")

    assert box.state.issues[0].updated_at == changed


def test_who_quotes_the_marker_keeps_the_issue(box: Sandbox) -> None:
    quoted = open_as(box, "reviewer", QUOTE)
    issues = Issues(github(box, "actions"))

    ours = issues.keep_open("drift", title="Drift", body="one")
    closed = issues.close("drift", comment="Over.")

    assert ours == closed != quoted
    theirs = box.state.issues[0]
    assert (theirs.title, theirs.body, theirs.state, theirs.comments) == (
        "Should admins pass?",
        QUOTE,
        "open",
        [],
    )


def test_an_issue_of_somebody_else_is_not_ours_whatever_the_list_holds() -> None:
    """The filter of the list is a convenience; the author is what counts."""
    quoted = {
        "number": 7,
        "state": "open",
        "title": "x",
        "body": QUOTE,
        "user": {"login": "ben"},
    }
    viewer = {"data": {"viewer": {"login": "ann"}}}
    with serving(reply(200, viewer), reply(200, [quoted]), reply(200, [quoted])) as to:
        ours = GitHub(Session(tries=1), api=to.url, repository="a/b", token="x")

        assert Issues(ours).newest("drift") is None


def reply(status: int, value: object) -> Reply:
    return status, {}, json.dumps(value).encode()


def test_an_app_goes_on_with_what_the_workflow_opened(box: Sandbox) -> None:
    first = Issues(github(box, "actions")).create("drift", title="Drift", body="one")

    found = Issues(github(box, "app")).newest("drift")

    assert found is not None
    assert found.number == first


def test_an_unknown_identity_touches_nothing(box: Sandbox) -> None:
    box.switches.fail("/graphql", status=200, body={"data": None}, times=9)

    with pytest.raises(ServiceError, match="whose token"):
        Issues(github(box)).keep_open("drift", title="Drift", body="one")

    assert box.state.issues == []


def test_a_text_that_is_too_long_is_cut_and_says_so(box: Sandbox) -> None:
    """G36: 65,536 characters are GitHub's limit."""
    issues = Issues(github(box))

    number = issues.create("drift", title="Drift", body="x" * 70_000)
    issues.change(number, "drift", title="Drift", body="y" * 70_000)
    issues.comment(number, "z" * 70_000)

    found = issues.newest("drift")
    assert found is not None
    assert "yyy\n\n… cut here: the log" in found.body
    assert found.body.endswith("<!-- monokeel: drift -->\n")
    [(_, _, comment, _)] = box.state.issues[0].comments
    assert "zzz\n\n… cut here: the log" in comment
    assert max(len(found.body), len(comment)) < 65_536


def test_a_text_that_fits_is_not_cut(box: Sandbox) -> None:
    issues = Issues(github(box))

    issues.create("drift", title="Drift", body="x" * 65_000)

    found = issues.newest("drift")
    assert found is not None
    assert "cut here" not in found.body


def test_labels_and_assignees_come_with_a_new_issue(box: Sandbox) -> None:
    Issues(github(box), labels=("policy",)).create("drift", title="Drift", body="one")

    assert box.state.issues[0].labels == ["policy"]
