"""``/graphql``: the part that ``gh`` asks for, over the same state as REST."""

import re
from http import HTTPStatus

from sandbox import deployment_graph
from sandbox.graphql_changes import changes_node, thread_of
from sandbox.graphql_objects import actor_node, owner_node
from sandbox.graphql_query import QueryError, parse
from sandbox.graphql_repository import repository_node
from sandbox.graphql_run import Arguments, Node, Value, run
from sandbox.graphql_search import search
from sandbox.graphql_threads import thread_node
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    Json,
    JsonObject,
    Reply,
    object_of,
    objects,
    text_of,
)

# gh asks what a server knows before it uses it (its package featuredetection).
_KNOWN = {
    "Release": ("immutable",),
    "Issue": ("stateReason",),
    "PullRequest": ("isInMergeQueue", "isMergeQueueEnabled"),
    "StatusCheckRollupContextConnection": (
        "checkRunCount",
        "checkRunCountsByState",
        "statusContextCount",
        "statusContextCountsByState",
    ),
    "Repository": ("autoMergeAllowed", "visibility", "isInOrganization"),
}
_ENUMS = {"SearchType": ("ISSUE", "ISSUE_ADVANCED")}
# What a repository is asked for by number, and GitHub's words when it is not there.
_NAMED = {
    "pullRequest": "a PullRequest with that number",
    "issue": "an issue or pull request with that number",
}
_TYPES = {403: "FORBIDDEN", 404: "NOT_FOUND", 422: "UNPROCESSABLE"}


def answer(state: State, call: Call) -> Reply:
    """Answer a query or a mutation; what is not here is an error that names a page."""
    if call.actor.kind == "none":
        text = "This endpoint requires you to be authenticated."
        raise ApiError(HTTPStatus.UNAUTHORIZED, text)
    body = call.json()
    query = text_of(body, "query")
    if re.search(rf"\bquery\s+{deployment_graph.OPERATION}\b", query):
        with state.lock:
            return deployment_graph.answer(state, call, query)
    try:
        document = parse(query)
        with state.lock:
            root = _query(state, call)
            if document.kind == "mutation":
                root = changes_node(state, call)
            found = run(document, object_of(body, "variables"), root)
    except QueryError as problem:
        return Reply(json={"errors": [{"message": str(problem)}]})
    except ApiError as problem:
        kind = _TYPES.get(problem.status, "UNPROCESSABLE")
        error: JsonObject = {"type": kind, "message": _say(problem)}
        return Reply(json={"data": None, "errors": [error]})
    return Reply(json=_whole(found))


def _say(problem: ApiError) -> str:
    """Return the words of a refusal: those of its errors, if they have any."""
    errors = objects(problem.errors or [])
    words = [text_of(error, "message") for error in errors if error.get("message")]
    return ", ".join(words) or problem.message


def _whole(found: JsonObject) -> JsonObject:
    """Return the answer; what was asked for by name and is not there is an error."""
    errors: list[Json] = [
        _missing("a Repository with that name", [key])
        for key in ("repository", "level")
        if found.get(key, "") is None
    ]
    inside = found.get("repository")
    for name, words in _NAMED.items():
        if isinstance(inside, dict) and inside.get(name, "") is None:
            errors.append(_missing(words, ["repository", name]))
    return {"data": found, "errors": errors} if errors else {"data": found}


def _missing(words: str, path: list[Json]) -> JsonObject:
    text = f"Could not resolve to {words}."
    return {"type": "NOT_FOUND", "path": path, "message": text}


def _query(state: State, call: Call) -> Node:
    def repository(arguments: Arguments) -> Value:
        name = f"{arguments.get('owner')}/{arguments.get('name')}".lower()
        known = (state.identity.full_name, state.switches.renamed_from)  # it follows
        same = name in {each.lower() for each in known if each}
        hidden = state.private and not call.actor.may("contents:read")
        return repository_node(state, call) if same and not hidden else None

    def owner(arguments: Arguments) -> Value:
        login = str(arguments.get("login"))
        same = login.lower() == state.identity.owner.lower()
        return owner_node(state) if same else None

    def node(arguments: Arguments) -> Value:
        return thread_node(state, call, thread_of(state, str(arguments.get("id"))))

    fields: dict[str, Value] = {
        "node": node,
        "viewer": actor_node(state, call.actor),
        "repository": repository,
        "repositoryOwner": owner,
        "organization": owner if state.owner_type == "Organization" else None,
        "search": lambda arguments: search(state, call, arguments),
        "__type": _type,
    }
    return Node("Query", fields)


def _type(arguments: Arguments) -> Value:
    name = str(arguments.get("name"))
    fields = [Node("__Field", {"name": field}) for field in _KNOWN.get(name, ())]
    values = [Node("__EnumValue", {"name": value}) for value in _ENUMS.get(name, ())]
    return Node(
        "__Type",
        {"name": name, "fields": lambda _: fields, "enumValues": lambda _: values},
    )
