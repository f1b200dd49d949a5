"""What people do with gh: pull requests, issues, runs and labels, in a clone."""

import base64
import json
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api, grow
from tests.sandbox.cases import MAIN
from tests.sandbox.clones import Clone, run
from tests.sandbox.gh import NEEDS_GH, Gh

pytestmark = NEEDS_GH

_WORKFLOW = """\
name: Deploy
on:
  workflow_dispatch:
    inputs:
      version:
        required: true
"""


@pytest.fixture
def clone(box: Sandbox, start: str, tmp_path: Path) -> Clone:
    assert start
    place = f"https://github.com/{box.repository}.git"
    done = run("git", "clone", "-q", place, "shop", cwd=tmp_path, env=box.environ())
    assert done.code == 0, done.output
    return Clone(box=box, path=tmp_path / "shop")


@pytest.fixture
def gh(clone: Clone, tmp_path: Path) -> Gh:
    return Gh(box=clone.box, folder=clone.path, cache=tmp_path / "cache")


@pytest.fixture
def topic(clone: Clone) -> str:
    """Return a branch of one commit, pushed."""
    clone.git("checkout", "-q", "-b", "topic")
    (clone.path / "a.txt").write_text("a\n", encoding="utf-8")
    clone.git("add", ".")
    clone.commit("wip")
    assert clone.git("push", "-q", "origin", "topic").code == 0
    return "topic"


def _open(gh: Gh) -> str:
    return gh.good("pr", "create", "--title", "feat: a", "--body", "because")


def test_a_pull_request_from_the_branch_to_main(
    gh: Gh, box: Sandbox, topic: str
) -> None:
    assert _open(gh) == f"{box.url}/{box.repository}/pull/1\n"

    assert gh.good("pr", "list").startswith(f"1\tfeat: a\t{topic}\tOPEN\t")
    viewed = gh.good("pr", "view")
    assert "title:\tfeat: a" in viewed
    assert "additions:\t1" in viewed
    assert viewed.endswith("because\n")


def test_a_pull_request_lands_under_the_rules(
    gh: Gh, api: Api, clone: Clone, topic: str
) -> None:
    api("POST", "/rulesets", MAIN)
    _open(gh)

    early = gh("pr", "merge", "1", "--squash")
    none_yet = gh("pr", "checks", "1")
    head = clone.git("rev-parse", topic).output.strip()
    check: dict[str, Json] = {"name": "all-green", "head_sha": head}
    check |= {"status": "completed", "conclusion": "success"}
    api("POST", "/check-runs", check, who="actions")
    gh.good("pr", "review", "1", "--approve", token="reviewer")
    checks = gh.good("pr", "checks", "1", "--required")
    decision = gh.good("pr", "view", "1", "--json", "reviewDecision,mergeStateStatus")
    gh.good("pr", "merge", "1", "--squash", "--delete-branch")

    assert early.code == 1
    assert "the base branch policy prohibits the merge" in early.output
    assert none_yet.code == 1
    assert "no checks reported" in none_yet.output
    assert checks.startswith("all-green\tpass\t")
    assert json.loads(decision) == {
        "reviewDecision": "APPROVED",
        "mergeStateStatus": "CLEAN",
    }
    git = api.box.state.git
    assert git.git("log", "-1", "--format=%s", "refs/heads/main") == "wip (#1)\n"
    assert git.ref("refs/heads/topic") is None
    listed = gh.good("pr", "list", "--state", "merged", "--json", "number,state")
    assert json.loads(listed) == [{"number": 1, "state": "MERGED"}]


def test_a_difference_is_shown_as_git_shows_it(gh: Gh, topic: str) -> None:
    assert topic
    _open(gh)

    assert gh.good("pr", "diff").splitlines()[-1] == "+a"
    assert "Subject: [PATCH] wip" in gh.good("pr", "diff", "--patch")


def test_a_failed_check_is_told(gh: Gh, api: Api, clone: Clone, topic: str) -> None:
    _open(gh)
    head = clone.git("rev-parse", topic).output.strip()
    status: Json = {"context": "lint", "state": "failure"}
    api("POST", f"/statuses/{head}", status)

    done = gh("pr", "checks", "1")

    assert done.code == 1
    assert done.output.startswith("lint\tfail\t")


def test_a_second_pull_request_of_a_branch_is_refused(gh: Gh, topic: str) -> None:
    _open(gh)

    done = gh("pr", "create", "--title", "x", "--body", "y", "--head", topic)

    assert done.code == 1
    assert "already exists" in done.output


def test_a_pull_request_is_closed_and_listed_as_closed(gh: Gh, topic: str) -> None:
    assert topic
    _open(gh)

    gh.good("pr", "close", "1")

    assert gh.good("pr", "list") == ""
    assert gh.good("pr", "list", "--state", "closed").startswith("1\t")


def test_who_may_not_write_opens_nothing(gh: Gh, topic: str) -> None:
    words = ("pr", "create", "--title", "x", "--body", "y", "--head", topic)

    done = gh(*words, token="reader")

    assert done.code == 1
    assert gh.box.state.issues == []


def test_issues_come_newest_first_and_by_label(gh: Gh) -> None:
    for title, label in (("one", "bug"), ("two", "question")):
        gh.good("issue", "create", "--title", title, "--body", "b", "--label", label)

    listed = [line.split("\t")[2] for line in gh.good("issue", "list").splitlines()]
    bugs = gh.good("issue", "list", "--label", "bug", "--json", "title")

    assert listed == ["two", "one"]
    assert json.loads(bugs) == [{"title": "one"}]


def test_an_issue_is_read_answered_and_closed(gh: Gh) -> None:
    gh.good("issue", "create", "--title", "one", "--body", "text")

    gh.good("issue", "comment", "1", "--body", "more")
    gh.good("issue", "close", "1", "--reason", "not planned")

    viewed = gh.good("issue", "view", "1", "--json", "comments,state")
    found = json.loads(viewed)
    assert found["state"] == "CLOSED"
    assert [comment["body"] for comment in found["comments"]] == ["more"]
    assert gh.box.state.issues[0].state_reason == "not_planned"


@pytest.mark.parametrize("kind", ["issue", "pr"])
def test_what_is_not_there_is_said_so(gh: Gh, kind: str) -> None:
    done = gh(kind, "view", "99")

    assert done.code == 1
    assert "Could not resolve to" in done.output


def test_a_label_that_is_not_there_stops_an_issue(gh: Gh) -> None:
    done = gh("issue", "create", "--title", "x", "--body", "y", "--label", "nope")

    assert done.code == 1
    assert "'nope' not found" in done.output
    assert gh.box.state.issues == []


def _add_workflow(api: Api) -> None:
    path = "/contents/.github/workflows/deploy.yml"
    content = base64.b64encode(_WORKFLOW.encode()).decode()
    body: Json = {"message": "ci: add it", "content": content, "branch": "main"}
    assert api("PUT", path, body).status == 201


def test_a_workflow_is_listed_and_asked_to_run(gh: Gh, api: Api) -> None:
    _add_workflow(api)

    listed = gh.good("workflow", "list")
    refused = gh("workflow", "run", "deploy.yml")
    gh.good("workflow", "run", "deploy.yml", "-f", "version=1.0.0")
    gh.good("workflow", "run", "Deploy", "-f", "version=1.1.0")

    assert listed.startswith("Deploy\tactive\t")
    assert refused.code == 1
    assert "Required input 'version' not provided" in refused.output
    runs = json.loads(
        gh.good("run", "list", "--json", "databaseId,workflowName,status")
    )
    assert [run["workflowName"] for run in runs] == ["Deploy", "Deploy"]
    assert [run["status"] for run in runs] == ["queued", "queued"]
    newest = str(runs[0]["databaseId"])
    assert gh.box.state.runs[-1].id == int(newest)
    viewed = gh.good("run", "view", newest)
    assert "main Deploy" in viewed
    by_name = gh.good("run", "list", "--workflow", "deploy.yml", "--json", "event")
    assert json.loads(by_name) == [{"event": "workflow_dispatch"}] * 2


def test_labels_are_those_of_a_new_repository_and_more(gh: Gh) -> None:
    gh.good("label", "create", "drift", "--color", "ff0000", "--description", "live")

    listed = gh.good("label", "list")

    assert "bug\tSomething isn't working\t#d73a4a\n" in listed
    assert "drift\tlive\t#ff0000\n" in listed


@pytest.mark.parametrize(
    ("token", "words"),
    [("admin", "'gist', 'read:org', 'repo', 'workflow'"), ("gh", "'read:org', 'repo'")],
)
def test_gh_says_who_is_logged_in(gh: Gh, token: str, words: str) -> None:
    output = gh.good("auth", "status", token=token)

    assert "Logged in to 127.0.0.1 account ada" in output
    if token == "gh":
        assert f"Token scopes: 'gist', {words}\n" in output
    else:
        assert "X Failed" not in output
        assert words


def test_a_wrong_token_is_no_login(gh: Gh) -> None:
    gh.box.delete_token("admin")

    done = gh("auth", "status")

    assert done.code == 1
    assert "Failed to log in to 127.0.0.1" in done.output


def test_the_repository_is_known_in_a_clone_and_cloned_by_name(
    gh: Gh, tmp_path: Path
) -> None:
    gh.good("repo", "clone", "acme/shop", str(tmp_path / "again"))

    found = json.loads(
        gh.good("repo", "view", "--json", "nameWithOwner,viewerPermission")
    )

    assert (tmp_path / "again" / "notes.txt").exists()
    assert found == {"nameWithOwner": "acme/shop", "viewerPermission": "ADMIN"}


def test_releases_and_rulesets_are_newest_first(gh: Gh, api: Api) -> None:
    for tag in ("v1.0.0", "v1.1.0"):
        api("POST", "/releases", {"tag_name": tag})
        grow(api.box, "feat: next")
    api("POST", "/rulesets", MAIN)

    listed = gh.good("release", "list").splitlines()
    rulesets = gh.good("ruleset", "list")

    assert [line.split("\t")[2] for line in listed] == ["v1.1.0", "v1.0.0"]
    assert listed[0].split("\t")[1] == "Latest"
    assert "\tmain\tacme/shop (repo)\tactive\t" in rulesets


@pytest.mark.parametrize(
    "words",
    [
        ("project", "list"),
        ("issue", "list", "--mention", "kai"),
        ("search", "repos", "x"),
    ],
)
def test_what_is_missing_names_the_page(gh: Gh, words: tuple[str, ...]) -> None:
    done = gh(*words)

    assert done.code == 1
    assert "docs/reference/sandbox.md" in done.output
