"""GraphQL's mutations: each does what its REST sister does, under the same rules."""

import base64
from collections.abc import Callable
from dataclasses import replace

from sandbox import routing
from sandbox.graphql_query import QueryError
from sandbox.graphql_run import PAGE, Arguments, Node, Value
from sandbox.graphql_threads import thread_node
from sandbox.records import Issue
from sandbox.state import State
from sandbox.wire import (
    Call,
    Json,
    JsonObject,
    list_of,
    not_found,
    object_of,
    text_of,
    texts,
)


def rest(state: State, call: Call, method: str, path: str, body: JsonObject) -> Json:
    """Do what ``method path`` of the repository does; *path* is below ``/repos/O/R``.

    Raises the ApiError with which REST refuses it.
    """
    whole = f"/repos/{state.identity.full_name}{path}"
    found = routing.find(method, whole)
    if found is None:
        raise not_found()
    entry, args = found
    inner = replace(
        call, method=method, path=whole, body=routing.encoded(body), args=args, query={}
    )
    routing.admit(state, inner, entry)
    return entry.answer(state, inner).json


def thread_of(state: State, node_id: str) -> Issue:
    """Return the issue or pull request with GraphQL's *node_id*; ApiError 404 else."""
    try:
        kind, _, number = base64.b64decode(node_id).decode().partition(":")
    except ValueError:
        kind, number = "", ""
    for issue in state.issues:
        if kind in ("Issue", "PullRequest") and str(issue.id) == number:
            return issue
    raise not_found()


def _labels(given: JsonObject) -> list[Json]:
    """Return the names behind the label ids of an input."""
    ids = [base64.b64decode(one).decode() for one in texts(list_of(given, "labelIds"))]
    return [each.partition(":")[2] for each in ids]


def _require_known(given: JsonObject) -> None:
    """Raise QueryError for what issues here do not have."""
    for name in ("assigneeIds", "milestoneId", "projectIds", "parentIssueId"):
        if given.get(name):
            raise QueryError(f"the sandbox has no {name}; {PAGE} says what it answers")


def _create_issue(state: State, call: Call, given: JsonObject) -> Issue:
    _require_known(given)
    labels = _labels(given)
    body: JsonObject = {"title": given.get("title"), "body": given.get("body")}
    rest(state, call, "POST", "/issues", body | {"labels": labels})
    return state.issues[-1]


def _create_pull(state: State, call: Call, given: JsonObject) -> Issue:
    body: JsonObject = {
        "title": given.get("title"),
        "body": given.get("body"),
        "head": given.get("headRefName"),
        "base": given.get("baseRefName"),
        "draft": given.get("draft"),
    }
    rest(state, call, "POST", "/pulls", body)
    return state.issues[-1]


def _merge(state: State, call: Call, given: JsonObject) -> Issue:
    issue = thread_of(state, text_of(given, "pullRequestId"))
    words = {
        "commitHeadline": "commit_title",
        "commitBody": "commit_message",
        "expectedHeadOid": "sha",
    }
    body = {words[name]: given[name] for name in words if given.get(name)}
    body["merge_method"] = text_of(given, "mergeMethod", "MERGE").lower()
    rest(state, call, "PUT", f"/pulls/{issue.number}/merge", body)
    return issue


def _changer(name: str, **fixed: Json) -> Callable[[State, Call, JsonObject], Issue]:
    """Return the change of a thread whose id is the input *name*."""

    def change(state: State, call: Call, given: JsonObject) -> Issue:
        issue = thread_of(state, text_of(given, name))
        kind = "pulls" if issue.pull else "issues"
        body: JsonObject = dict(fixed)
        for key in ("title", "body"):
            if isinstance(given.get(key), str):
                body[key] = given[key]
        if text_of(given, "stateReason"):
            body["state_reason"] = text_of(given, "stateReason").lower()
        rest(state, call, "PATCH", f"/{kind}/{issue.number}", body)
        return issue

    return change


def _review(state: State, call: Call, given: JsonObject) -> Issue:
    issue = thread_of(state, text_of(given, "pullRequestId"))
    body: JsonObject = {"event": given.get("event"), "body": given.get("body")}
    rest(state, call, "POST", f"/pulls/{issue.number}/reviews", body)
    return issue


def _comment(state: State, call: Call, given: JsonObject) -> Issue:
    issue = thread_of(state, text_of(given, "subjectId"))
    body: JsonObject = {"body": given.get("body")}
    rest(state, call, "POST", f"/issues/{issue.number}/comments", body)
    return issue


def _add_labels(state: State, call: Call, given: JsonObject) -> Issue:
    issue = thread_of(state, text_of(given, "labelableId"))
    labels = _labels(given)
    rest(state, call, "POST", f"/issues/{issue.number}/labels", {"labels": labels})
    return issue


def _ready(state: State, call: Call, given: JsonObject) -> Issue:
    issue = thread_of(state, text_of(given, "pullRequestId"))
    rest(state, call, "PATCH", f"/pulls/{issue.number}", {})  # asks for the right
    if issue.pull:
        issue.pull.draft = False
    return issue


# Name of the mutation: the field of its answer, and what it does.
_CHANGES: dict[str, tuple[str, Callable[[State, Call, JsonObject], Issue]]] = {
    "createIssue": ("issue", _create_issue),
    "updateIssue": ("issue", _changer("id")),
    "closeIssue": ("issue", _changer("issueId", state="closed")),
    "reopenIssue": ("issue", _changer("issueId", state="open")),
    "createPullRequest": ("pullRequest", _create_pull),
    "updatePullRequest": ("pullRequest", _changer("pullRequestId")),
    "closePullRequest": ("pullRequest", _changer("pullRequestId", state="closed")),
    "reopenPullRequest": ("pullRequest", _changer("pullRequestId", state="open")),
    "markPullRequestReadyForReview": ("pullRequest", _ready),
    "mergePullRequest": ("pullRequest", _merge),
    "addPullRequestReview": ("pullRequest", _review),
    "addComment": ("subject", _comment),
    "addLabelsToLabelable": ("labelable", _add_labels),
}


def changes_node(state: State, call: Call) -> Node:
    """Return the root of mutations."""
    fields: dict[str, Value] = {name: _field(state, call, name) for name in _CHANGES}
    return Node("Mutation", fields)


def _field(state: State, call: Call, name: str) -> Callable[[Arguments], Value]:
    key, change = _CHANGES[name]

    def answer(arguments: Arguments) -> Value:
        given = object_of(dict(arguments), "input")
        issue = change(state, call, given)
        node = thread_node(state, call, issue)
        payload: dict[str, Value] = {key: node, "clientMutationId": None}
        if name == "addComment":
            comments = node.fields["comments"]
            last = comments({"last": 1}) if callable(comments) else comments
            edges = last.fields["edges"] if isinstance(last, Node) else []
            payload["commentEdge"] = edges[0] if isinstance(edges, list) else None
        return Node(f"{name[0].upper()}{name[1:]}Payload", payload)

    return answer
