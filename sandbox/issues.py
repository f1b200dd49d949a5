"""Issues, their comments and labels; pull requests appear here, too."""

from sandbox import shapes
from sandbox.actors import Actor
from sandbox.labels import label_shape
from sandbox.pages import listed
from sandbox.records import Issue
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    Call,
    Json,
    JsonObject,
    Reply,
    created,
    invalid,
    list_of,
    not_found,
    require_length,
    text_of,
)


def find(state: State, call: Call) -> Issue:
    """Return the issue or pull request of a call's number; 404 if there is none."""
    number = call.number("number")
    for issue in state.issues:
        if issue.number == number:
            return issue
    raise not_found()


def issue_shape(state: State, issue: Issue) -> JsonObject:
    """Return *issue* as GitHub does."""
    api, html = state.identity.api, state.identity.html
    url = f"{api}/issues/{issue.number}"
    kind = "pull" if issue.pull else "issues"
    shape: JsonObject = {
        "id": issue.id,
        "node_id": shapes.node_id("Issue", issue.id),
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{html}/{kind}/{issue.number}",
        "number": issue.number,
        "state": issue.state,
        "state_reason": issue.state_reason,
        "title": issue.title,
        "body": issue.body,
        "user": shapes.user(state, issue.author),
        "labels": [label_shape(state, name) for name in issue.labels],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "comments": len(issue.comments),
        "closed_at": issue.closed_at,
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
        "author_association": "MEMBER",
    }
    return shape | _pull_side(state, issue)


def _pull_side(state: State, issue: Issue) -> JsonObject:
    """Return what an issue has besides if it is a pull request."""
    if issue.pull is None:
        return {}
    page = f"{state.identity.html}/pull/{issue.number}"
    return {
        "draft": issue.pull.draft,
        "pull_request": {
            "url": f"{state.identity.api}/pulls/{issue.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": issue.pull.merged_at,
        },
    }


def new_issue(state: State, author: Actor, title: str, body: str | None) -> Issue:
    """Return a new issue, already among the others."""
    issue = Issue(
        id=state.next_id(),
        number=next(state.numbers),
        title=title,
        body=body,
        author=author,
        created_at=state.now(),
        updated_at=state.now(),
    )
    state.issues.append(issue)
    return issue


@route("GET", "/R/issues", "issues:read")
def list_issues(state: State, call: Call) -> Reply:
    """List issues and pull requests, newest first; open ones unless told otherwise."""
    wanted = call.query.get("state", "open")
    labels = {name for name in call.query.get("labels", "").split(",") if name}
    creator = call.query.get("creator")
    found = [
        issue
        for issue in reversed(state.issues)
        if wanted in ("all", issue.state)
        if labels <= set(issue.labels)
        if creator in (None, issue.author.login)
    ]
    return listed(state, call, [issue_shape(state, issue) for issue in found])


@route("GET", "/R/issues/{number}", "issues:read")
def get_issue(state: State, call: Call) -> Reply:
    """Return one issue."""
    return Reply(json=issue_shape(state, find(state, call)))


@route("POST", "/R/issues", "issues:write")
def create_issue(state: State, call: Call) -> Reply:
    """Open an issue."""
    body = call.json()
    title = text_of(body, "title")
    if not title:
        raise invalid({"resource": "Issue", "code": "missing_field", "field": "title"})
    text = text_of(body, "body")
    require_length(
        text_of(body, "title"), state.switches.longest_title, "Issue", "title"
    )
    require_length(text, state.switches.longest_issue_body, "Issue")
    issue = new_issue(state, call.actor, title, text or None)
    issue.labels = _names(list_of(body, "labels"))
    return created(issue_shape(state, issue), located=True)


@route("PATCH", "/R/issues/{number}", "issues:write")
def update_issue(state: State, call: Call) -> Reply:
    """Change, close or reopen an issue."""
    issue, body = find(state, call), call.json()
    text = text_of(body, "body", issue.body or "")
    require_length(
        text_of(body, "title"), state.switches.longest_title, "Issue", "title"
    )
    require_length(text, state.switches.longest_issue_body, "Issue")
    issue.title = text_of(body, "title", issue.title)
    issue.body = text or None
    if "labels" in body:
        issue.labels = _names(list_of(body, "labels"))
    set_state(state, issue, text_of(body, "state", issue.state))
    if "state_reason" in body:
        issue.state_reason = text_of(body, "state_reason") or None
    return Reply(json=issue_shape(state, issue))


def set_state(state: State, issue: Issue, wanted: str) -> None:
    """Open or close *issue*."""
    if wanted not in ("open", "closed"):
        raise invalid({"resource": "Issue", "code": "invalid", "field": "state"})
    if wanted != issue.state:
        issue.state = wanted
        issue.closed_at = state.now() if wanted == "closed" else None
        issue.state_reason = "completed" if wanted == "closed" else "reopened"
    issue.updated_at = state.now()


def _names(values: list[Json]) -> list[str]:
    names = [
        value.get("name") if isinstance(value, dict) else value for value in values
    ]
    return [name for name in names if isinstance(name, str)]


@route("POST", "/R/issues/{number}/comments", "issues:write")
def create_comment(state: State, call: Call) -> Reply:
    """Comment on an issue."""
    issue = find(state, call)
    number, text = state.next_id(), text_of(call.json(), "body")
    require_length(text, state.switches.longest_issue_body, "IssueComment")
    issue.comments.append((number, call.actor, text, state.now()))
    return created(comment_shape(state, issue, issue.comments[-1]), located=True)


def comment_shape(
    state: State, issue: Issue, comment: tuple[int, Actor, str, str]
) -> JsonObject:
    """Return a comment: its number, author, text and moment."""
    number, author, text, moment = comment
    api, html = state.identity.api, state.identity.html
    return {
        "id": number,
        "node_id": shapes.node_id("IssueComment", number),
        "url": f"{api}/issues/comments/{number}",
        "html_url": f"{html}/issues/{issue.number}#issuecomment-{number}",
        "issue_url": f"{api}/issues/{issue.number}",
        "user": shapes.user(state, author),
        "created_at": moment,
        "updated_at": moment,
        "body": text,
        "author_association": "MEMBER",
    }


@route("POST", "/R/issues/{number}/labels", "issues:write")
def add_labels(state: State, call: Call) -> Reply:
    """Add labels to an issue; a new label is made."""
    issue = find(state, call)
    added = _names(list_of(call.json(), "labels"))
    issue.labels = list(dict.fromkeys([*issue.labels, *added]))
    return Reply(json=[label_shape(state, name) for name in issue.labels])
