"""Pull requests: open, review, merge under the rules."""

from http import HTTPStatus

from sandbox import shapes
from sandbox.issues import find, issue_shape, new_issue, set_state
from sandbox.labels import label_shape
from sandbox.merging import changes_of, commits_of, difference_of
from sandbox.pages import listed
from sandbox.records import Issue, Pull, Review
from sandbox.routing import route
from sandbox.standing import is_mergeable, merge_state
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    JsonObject,
    Reply,
    created,
    flag_of,
    invalid,
    not_found,
    require_length,
    text_of,
    unprocessable,
)

_EVENTS = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


def find_pull(state: State, call: Call) -> tuple[Issue, Pull]:
    """Return the pull request of a call's number; 404 for a plain issue."""
    issue = find(state, call)
    if issue.pull is None:
        raise not_found()
    return issue, issue.pull


def _side(state: State, branch: str, sha: str) -> JsonObject:
    return {
        "label": f"{state.identity.owner}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": shapes.owner(state),
        "repo": shapes.repository(state),
    }


def _links(state: State, number: int, pull: Pull) -> dict[str, str]:
    api = state.identity.api
    url = f"{api}/pulls/{number}"
    return {
        "self": url,
        "html": f"{state.identity.html}/pull/{number}",
        "issue": f"{api}/issues/{number}",
        "comments": f"{api}/issues/{number}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{api}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{api}/statuses/{pull.head_sha}",
    }


def simple_shape(state: State, issue: Issue, pull: Pull) -> JsonObject:
    """Return a pull request as lists show it."""
    links = _links(state, issue.number, pull)
    named = {
        f"{name}_url": links[name]
        for name in links
        if name not in ("self", "html", "issue")
    }
    base = state.git.commit_of(f"refs/heads/{pull.base}") or pull.head_sha
    wanted = ("number", "state", "locked", "title", "user", "body", "milestone")
    moments = ("created_at", "updated_at", "closed_at", "assignee", "assignees")
    whole = issue_shape(state, issue)
    return {
        **{name: whole[name] for name in (*wanted, *moments)},
        **named,
        "url": links["self"],
        "id": issue.id,
        "node_id": shapes.node_id("PullRequest", issue.id),
        "html_url": links["html"],
        "diff_url": f"{links['html']}.diff",
        "patch_url": f"{links['html']}.patch",
        "issue_url": links["issue"],
        "labels": [label_shape(state, name) for name in issue.labels],
        "merged_at": pull.merged_at,
        "merge_commit_sha": pull.merge_commit,
        "head": _side(state, pull.head, pull.head_sha),
        "base": _side(state, pull.base, base),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": "MEMBER",
        "auto_merge": None,
        "draft": pull.draft,
    }


def pull_shape(state: State, call: Call, issue: Issue, pull: Pull) -> JsonObject:
    """Return a pull request as its own address shows it."""
    files = changes_of(state, pull)
    merged_by = shapes.user(state, pull.merged_by) if pull.merged_by else None
    return simple_shape(state, issue, pull) | {
        "merged": pull.merged_at is not None,
        "mergeable": None if pull.merged_at else is_mergeable(state, pull),
        "mergeable_state": merge_state(state, call.actor, pull).lower(),
        "merged_by": merged_by,
        "comments": len(issue.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(commits_of(state, pull)),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


@route("GET", "/R/pulls", "pull_requests:read")
def list_pulls(state: State, call: Call) -> Reply:
    """List pull requests, newest first."""
    wanted = call.query.get("state", "open")
    head = call.query.get("head", "").partition(":")[2]
    base = call.query.get("base", "")
    found = [
        simple_shape(state, issue, issue.pull)
        for issue in reversed(state.issues)
        if issue.pull and wanted in ("all", issue.state)
        if head in ("", issue.pull.head) and base in ("", issue.pull.base)
    ]
    return listed(state, call, found)


@route("GET", "/R/pulls/{number}", "pull_requests:read")
def get_pull(state: State, call: Call) -> Reply:
    """Return one pull request, as a diff or a patch where ``Accept`` asks for it."""
    issue, pull = find_pull(state, call)
    for kind in ("diff", "patch"):
        if f".{kind}" in call.headers.get("Accept", ""):
            media = f"application/vnd.github.v3.{kind}; charset=utf-8"
            content = difference_of(state, pull, kind)
            return Reply(raw=content, headers={"Content-Type": media})
    return Reply(json=pull_shape(state, call, issue, pull))


@route("POST", "/R/pulls", "pull_requests:write")
def create_pull(state: State, call: Call) -> Reply:
    """Open a pull request from one branch to another."""
    _require_setting(state, call)
    body = call.json()
    head = text_of(body, "head").rpartition(":")[2]
    base = text_of(body, "base")
    sha = state.git.commit_of(f"refs/heads/{head}")
    _require_branches(state, head, base, sha)
    require_length(
        text_of(body, "title"), state.switches.longest_title, "Issue", "title"
    )
    longest = state.switches.longest_issue_body
    require_length(text_of(body, "body"), longest, "PullRequest")
    if any(i.pull and i.state == "open" and i.pull.head == head for i in state.issues):
        owner = state.identity.owner
        text = f"A pull request already exists for {owner}:{head}."
        raise invalid({"resource": "PullRequest", "code": "custom", "message": text})
    issue = new_issue(state, call.actor, text_of(body, "title"), None)
    issue.body = text_of(body, "body") or None
    issue.pull = Pull(
        head=head, base=base, head_sha=sha or "", draft=flag_of(body, "draft")
    )
    state.git.git("update-ref", f"refs/pull/{issue.number}/head", sha or "")
    return created(pull_shape(state, call, issue, issue.pull), located=True)


def _require_setting(state: State, call: Call) -> None:
    """Raise 403 for a workflow's token while the setting is off (uppt#11, 2026)."""
    if call.actor.name == "actions" and not state.switches.actions_open_pulls:
        text = "GitHub Actions is not permitted to create or approve pull requests."
        raise ApiError(HTTPStatus.FORBIDDEN, text)


def _require_common_history(state: State, head: str, base: str) -> None:
    """Raise 422 for two branches without a common commit; the words are assumed."""
    names = (f"refs/heads/{base}", f"refs/heads/{head}")
    if state.git.ask("merge-base", *names) is None:
        text = f"The {head} branch has no history in common with {base}"
        raise invalid({"resource": "PullRequest", "code": "custom", "message": text})


def _require_branches(state: State, head: str, base: str, sha: str | None) -> None:
    for field, name in (("head", head), ("base", base)):
        if state.git.commit_of(f"refs/heads/{name}") is None:
            raise invalid(
                {"resource": "PullRequest", "field": field, "code": "invalid"}
            )
    if sha and state.git.is_ancestor(sha, f"refs/heads/{base}"):
        text = f"No commits between {base} and {head}"
        raise invalid({"resource": "PullRequest", "code": "custom", "message": text})
    _require_common_history(state, head, base)


@route("PATCH", "/R/pulls/{number}", "pull_requests:write")
def update_pull(state: State, call: Call) -> Reply:
    """Change or close a pull request."""
    issue, pull = find_pull(state, call)
    body = call.json()
    base = text_of(body, "base", pull.base)
    if state.git.commit_of(f"refs/heads/{base}") is None:
        raise invalid(
            {
                "message": f"Proposed base branch '{base}' was not found",
                "resource": "PullRequest",
                "field": "base",
                "code": "invalid",
            }
        )
    require_length(
        text_of(body, "title"), state.switches.longest_title, "Issue", "title"
    )
    longest = state.switches.longest_issue_body
    require_length(text_of(body, "body"), longest, "PullRequest")
    pull.base = base
    issue.title = text_of(body, "title", issue.title)
    issue.body = text_of(body, "body", issue.body or "") or None
    set_state(state, issue, text_of(body, "state", issue.state))
    return Reply(json=pull_shape(state, call, issue, pull))


@route("POST", "/R/pulls/{number}/reviews", "pull_requests:write")
def create_review(state: State, call: Call) -> Reply:
    """Review a pull request; nobody approves their own."""
    issue, pull = find_pull(state, call)
    body = call.json()
    event = text_of(body, "event", "COMMENT")
    if event == "APPROVE":
        _require_setting(state, call)
    if event not in _EVENTS:
        raise unprocessable(f"Invalid request.\n\n{event} is not a member of the enum.")
    if event != "COMMENT" and call.actor.login == issue.author.login:
        word = "approve" if event == "APPROVE" else "request changes on"
        text = f"Review Can not {word} your own pull request"
        raise ApiError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Unprocessable Entity", errors=[text]
        )
    review = Review(
        id=state.next_id(),
        author=call.actor,
        state=_EVENTS[event],
        body=text_of(body, "body"),
        commit=pull.head_sha,
        submitted_at=state.now(),
    )
    pull.reviews.append(review)
    return Reply(json=review_shape(state, issue, review))


def review_shape(state: State, issue: Issue, review: Review) -> JsonObject:
    """Return a review as GitHub does."""
    url = f"{state.identity.api}/pulls/{issue.number}"
    page = f"{state.identity.html}/pull/{issue.number}#pullrequestreview-{review.id}"
    return {
        "id": review.id,
        "node_id": shapes.node_id("PullRequestReview", review.id),
        "user": shapes.user(state, review.author),
        "body": review.body,
        "state": review.state,
        "html_url": page,
        "pull_request_url": url,
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "submitted_at": review.submitted_at,
        "commit_id": review.commit,
        "author_association": "MEMBER",
    }
