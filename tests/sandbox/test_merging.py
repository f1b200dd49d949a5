"""Which words a merge leaves on the base branch: the settings decide."""

import pytest

from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Answer, Api, grow

_TITLE = "feat: add payments"
_BODY = "BREAKING CHANGE: all new"


@pytest.fixture
def wip(box: Sandbox, start: str) -> str:
    """Return a branch of one commit, `wip` with some text under it."""
    assert start
    box.state.git.git("update-ref", "refs/heads/wip", start)
    grow(box, "wip\n\nnot done", "refs/heads/wip")
    return "wip"


def _merge(api: Api, branch: str, **how: Json) -> str:
    """Open a pull request, merge it, and return the message of main's last commit."""
    body: dict[str, Json] = {"title": _TITLE, "head": branch, "base": "main"}
    number = api("POST", "/pulls", body | {"body": _BODY})["number"]
    done = api("PUT", f"/pulls/{number}/merge", {"merge_method": "squash", **how})
    assert done.status == 200, done.body
    git = api.box.state.git
    return git.git("log", "-1", "--format=%B", "refs/heads/main").strip()


def _set(api: Api, **settings: Json) -> Answer:
    return api("PATCH", "", settings)


def test_a_squash_of_one_commit_takes_its_message(api: Api, wip: str) -> None:
    assert _merge(api, wip) == "wip (#1)\n\nnot done"


def test_a_squash_of_two_commits_takes_the_title_and_lists_them(
    api: Api, box: Sandbox, wip: str
) -> None:
    grow(box, "more", "refs/heads/wip")

    assert _merge(api, wip) == f"{_TITLE} (#1)\n\n* wip\n\nnot done\n\n* more"


@pytest.mark.parametrize(
    ("message", "text"),
    [("PR_BODY", f"\n\n{_BODY}"), ("BLANK", ""), ("COMMIT_MESSAGES", "\n\n* wip")],
)
def test_the_title_can_be_made_to_win(
    api: Api, wip: str, message: str, text: str
) -> None:
    title = "squash_merge_commit_title"
    body: dict[str, Json] = {title: "PR_TITLE", "squash_merge_commit_message": message}

    assert _set(api, **body).status == 200

    assert _merge(api, wip).startswith(f"{_TITLE} (#1){text}")


def test_who_merges_may_write_the_message(api: Api, wip: str) -> None:
    words: dict[str, Json] = {"commit_title": "feat: mine", "commit_message": "so"}

    assert _merge(api, wip, **words) == "feat: mine\n\nso"


def test_a_merge_commit_names_the_branch_and_the_title(api: Api, wip: str) -> None:
    message = _merge(api, wip, merge_method="merge")

    assert message == f"Merge pull request #1 from acme/wip\n\n{_TITLE}"


def test_a_merge_commit_can_have_the_title(api: Api, wip: str) -> None:
    _set(api, merge_commit_title="PR_TITLE", merge_commit_message="PR_BODY")

    message = _merge(api, wip, merge_method="merge")

    assert message == f"{_TITLE} (#1)\n\n{_BODY}"


def test_without_the_switch_the_title_wins(api: Api, box: Sandbox, wip: str) -> None:
    box.switches.merge_follows_settings = False

    assert _merge(api, wip) == f"{_TITLE} (#1)"


@pytest.mark.parametrize(
    "settings",
    [
        {"squash_merge_commit_message": "PR_BODY"},
        {"squash_merge_commit_message": "COMMIT_MESSAGES"},
        {"merge_commit_message": "BLANK"},
        {
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "squash_merge_commit_message": "PR_BODY",
        },
        {"merge_commit_title": "MERGE_MESSAGE", "merge_commit_message": "BLANK"},
        {
            "allow_squash_merge": False,
            "allow_merge_commit": False,
            "allow_rebase_merge": False,
        },
    ],
)
def test_settings_that_do_not_go_together_change_nothing(
    api: Api, box: Sandbox, settings: dict[str, Json]
) -> None:
    assert _set(api, **settings).status == 422
    assert box.state.settings == {}


def test_a_title_alone_may_change(api: Api) -> None:
    answer = _set(api, squash_merge_commit_title="PR_TITLE")

    assert answer["squash_merge_commit_title"] == "PR_TITLE"
    assert answer["squash_merge_commit_message"] == "COMMIT_MESSAGES"
