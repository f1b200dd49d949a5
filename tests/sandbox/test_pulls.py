import pytest

from sandbox import people
from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api, grow
from tests.sandbox.cases import MAIN


@pytest.fixture
def number(api: Api, box: Sandbox, start: str) -> int:
    """Return an open pull request of ``admin`` against a governed ``main``."""
    api("POST", "/rulesets", MAIN)
    people.save(box, start, {"a.txt": "a"}, message="feat: a", branch="feat/a")
    return people.open_pull(box, "feat: a", branch="feat/a")


def _green(api: Api, number: int, who: str = "actions") -> None:
    head = api("GET", f"/pulls/{number}")["head"]
    assert isinstance(head, dict)
    check: Json = {"name": "all-green", "head_sha": head["sha"]}
    done: Json = {"status": "completed", "conclusion": "success"}
    assert isinstance(check, dict)
    assert isinstance(done, dict)
    assert api("POST", "/check-runs", check | done, who=who).status == 201


def test_a_change_lands_as_on_github(api: Api, box: Sandbox, start: str) -> None:
    api("POST", "/rulesets", MAIN)

    commit = people.land(box, "feat: a", {"a.txt": "a"})

    assert api("GET", "/git/ref/heads/main")["object"] == {
        "sha": commit,
        "type": "commit",
        "url": f"{box.url}/repos/acme/shop/git/commits/{commit}",
    }
    found = box.state.git.commit(commit)
    assert (found.message, found.parents) == ("feat: a (#1)", (start,))


def test_a_merge_without_review_and_check_says_both(api: Api, number: int) -> None:
    answer = api("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})

    assert answer.status == 405  # the text is assumed
    assert "At least 1 approving review is required" in answer.message
    assert 'Required status check "all-green" is expected.' in answer.message


def test_a_check_of_another_app_does_not_count(api: Api, number: int) -> None:
    _green(api, number, who="app")
    api("POST", f"/pulls/{number}/reviews", {"event": "APPROVE"}, who="reviewer")

    answer = api("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})

    assert 'Required status check "all-green" is expected.' in answer.message


def test_an_approval_of_an_older_commit_does_not_count(
    api: Api, box: Sandbox, number: int
) -> None:
    api("POST", f"/pulls/{number}/reviews", {"event": "APPROVE"}, who="reviewer")
    more: Json = {"message": "feat: more", "content": "eA==", "branch": "feat/a"}
    api("PUT", "/contents/more.txt", more)
    _green(api, number)

    answer = api("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})

    assert "At least 1 approving review is required" in answer.message
    assert box.state.git.ref(f"refs/pull/{number}/head")


def test_a_branch_behind_main_is_out_of_date_assumed(
    api: Api, box: Sandbox, number: int
) -> None:
    _green(api, number)
    api("POST", f"/pulls/{number}/reviews", {"event": "APPROVE"}, who="reviewer")
    grow(box, "feat: meanwhile")

    answer = api("PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})

    assert "This branch is out-of-date with the base branch." in answer.message


def test_a_merge_commit_is_not_allowed_here(api: Api, number: int) -> None:
    answer = api("PUT", f"/pulls/{number}/merge", {"merge_method": "merge"})

    assert answer.status == 405


def test_a_rebase_keeps_the_commits(api: Api, box: Sandbox, number: int) -> None:
    _green(api, number)
    api("POST", f"/pulls/{number}/reviews", {"event": "APPROVE"}, who="reviewer")

    answer = api("PUT", f"/pulls/{number}/merge", {"merge_method": "rebase"})

    assert answer["merged"] is True
    assert box.state.git.commit(str(answer["sha"])).message == "feat: a"


def test_nobody_approves_their_own_pull_request(api: Api, number: int) -> None:
    answer = api("POST", f"/pulls/{number}/reviews", {"event": "APPROVE"})

    assert answer.status == 422
    assert answer["errors"] == ["Review Can not approve your own pull request"]


def test_one_branch_has_one_open_pull_request(api: Api, number: int) -> None:
    answer = api("POST", "/pulls", {"title": "x", "head": "feat/a", "base": "main"})

    text = "A pull request already exists for acme:feat/a."
    assert answer["errors"] == [
        {"resource": "PullRequest", "code": "custom", "message": text}
    ]
    assert number == 1


def test_an_unknown_base_is_named(api: Api, number: int) -> None:
    answer = api("PATCH", f"/pulls/{number}", {"base": "x"})

    assert answer["errors"] == [
        {
            "message": "Proposed base branch 'x' was not found",
            "resource": "PullRequest",
            "field": "base",
            "code": "invalid",
        }
    ]


def test_a_workflow_may_not_open_pull_requests_by_default(
    api: Api, box: Sandbox, start: str
) -> None:
    box.state.git.git("update-ref", "refs/heads/feat/x", start)
    grow(box, "feat: x", "refs/heads/feat/x")
    wanted: Json = {"title": "x", "head": "feat/x", "base": "main"}

    refused = api("POST", "/pulls", wanted, who="actions")
    box.switches.actions_open_pulls = True

    text = "GitHub Actions is not permitted to create or approve pull requests."
    assert (refused.status, refused.message) == (403, text)
    assert api("POST", "/pulls", wanted, who="actions").status == 201


def test_branches_without_a_common_commit_make_no_pull_request(
    api: Api, box: Sandbox, start: str
) -> None:
    assert start
    grow(box, "feat: elsewhere", "refs/heads/other")

    answer = api("POST", "/pulls", {"title": "x", "head": "other", "base": "main"})

    assert answer.status == 422
    assert "no history in common with main" in str(answer["errors"])


def test_pull_requests_are_issues_too(api: Api, number: int) -> None:
    api("POST", "/issues", {"title": "drift", "labels": ["drift"]}, who="actions")

    every = api("GET", "/issues").items
    labelled = api("GET", "/issues?labels=drift").items

    assert [("pull_request" in issue) for issue in every] == [False, True]
    assert [issue["title"] for issue in labelled] == ["drift"]
    assert number == 1


def test_an_issue_is_commented_labelled_and_closed(api: Api) -> None:
    number = api("POST", "/issues", {"title": "drift"}, who="actions")["number"]

    comment = api("POST", f"/issues/{number}/comments", {"body": "again"})
    labels = api("POST", f"/issues/{number}/labels", {"labels": ["drift"]})
    closed = api("PATCH", f"/issues/{number}", {"state": "closed"})

    assert (comment.status, comment["body"]) == (201, "again")
    assert [label["name"] for label in labels.items] == ["drift"]
    assert (closed["state"], closed["comments"]) == ("closed", 1)


def test_only_apps_create_check_runs(api: Api, start: str) -> None:
    check: Json = {"name": "x", "head_sha": start, "status": "queued"}

    assert api("POST", "/check-runs", check).status == 403
    assert api("POST", "/check-runs", check, who="app").status == 201


def test_a_completed_check_needs_a_conclusion(api: Api, start: str) -> None:
    check: Json = {"name": "x", "head_sha": start, "status": "completed"}

    answer = api("POST", "/check-runs", check, who="app")

    assert answer.status == 422
    assert '"conclusion" wasn\'t supplied.' in answer.message


def test_a_head_that_moved_is_not_merged(api: Api, number: int) -> None:
    body: Json = {"merge_method": "squash", "sha": "a" * 40}

    answer = api("PUT", f"/pulls/{number}/merge", body)

    assert answer.status == 409
    assert answer.message.startswith("Head branch was modified.")


def test_a_merged_branch_can_delete_itself(api: Api, box: Sandbox, start: str) -> None:
    api("PATCH", "", {"delete_branch_on_merge": True})
    people.save(box, start, {"a.txt": "a"}, message="feat: a", branch="feat/a")
    number = people.open_pull(box, "feat: a", branch="feat/a")

    people.merge(box, number, title="feat: a")

    assert box.state.git.ref("refs/heads/feat/a") is None
    merged = api("GET", "/activity?activity_type=pr_merge").items
    assert [move["ref"] for move in merged] == ["refs/heads/main"]
    assert [p["number"] for p in api("GET", "/pulls?state=closed").items] == [number]
