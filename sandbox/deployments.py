"""Deployments and their statuses."""

import hashlib
import json
from http import HTTPStatus

from sandbox import shapes
from sandbox.checks import newest_states
from sandbox.environments import ensure
from sandbox.pages import listed
from sandbox.records import Deployment, DeploymentStatus
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    Json,
    JsonObject,
    Reply,
    created,
    flag_of,
    list_of,
    no_content,
    not_found,
    text_of,
    texts,
    unprocessable,
)

_STATES = (
    "error",
    "failure",
    "inactive",
    "in_progress",
    "pending",
    "queued",
    "success",
)
_TEXTS = ("description", "environment_url", "log_url", "target_url")
_LONGEST = 140


def _find(state: State, call: Call) -> Deployment:
    number = call.number("id")
    for record in state.deployments:
        if record.id == number:
            return record
    raise not_found()


def deployment_shape(state: State, record: Deployment) -> JsonObject:
    """Return *record* as GitHub does; it has no state of its own."""
    url = f"{state.identity.api}/deployments/{record.id}"
    payload = record.body["payload"]
    if state.switches.payload_as_text and not isinstance(payload, str):
        payload = json.dumps(payload)
    return {
        "url": url,
        "id": record.id,
        "node_id": shapes.node_id("Deployment", record.id),
        "sha": record.sha,
        **record.body,
        "payload": payload,
        "creator": shapes.user(state, record.creator),
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "statuses_url": f"{url}/statuses",
        "repository_url": state.identity.api,
    }


@route("GET", "/R/deployments", "deployments:read")
def list_deployments(state: State, call: Call) -> Reply:
    """List deployments, newest first; no order is promised: a switch shuffles."""
    found = [
        record
        for record in state.deployments
        if call.query.get("sha", record.sha) == record.sha
        if all(
            call.query.get(name, text_of(record.body, name))
            == text_of(record.body, name)
            for name in ("ref", "task", "environment")
        )
    ]
    found.sort(key=lambda record: record.id, reverse=True)
    if state.switches.deployments_shuffled:
        found.sort(key=lambda record: hashlib.sha256(str(record.id).encode()).digest())
    return listed(state, call, [deployment_shape(state, record) for record in found])


@route("GET", "/R/deployments/{id}", "deployments:read")
def get_deployment(state: State, call: Call) -> Reply:
    """Return one deployment."""
    return Reply(json=deployment_shape(state, _find(state, call)))


@route("POST", "/R/deployments", "deployments:write")
def create_deployment(state: State, call: Call) -> Reply:
    """Create a deployment; the defaults merge (202) and ask for contexts (409)."""
    body = call.json()
    ref = text_of(body, "ref")
    sha = state.git.named_commit(ref)
    if sha is None:
        raise unprocessable(f"No ref found for: {ref}")  # unconfirmed
    if flag_of(body, "auto_merge", default=True):
        merged = _merge(state, call, ref, sha)
        if merged:
            return merged
    _require_contexts(state, body, ref, sha)
    environment = text_of(body, "environment", "production")
    ensure(state, environment)
    record = Deployment(
        id=state.next_id(),
        sha=sha,
        creator=call.actor,
        created_at=state.now(),
        updated_at=state.now(),
        body={
            "ref": ref,
            "task": text_of(body, "task", "deploy"),
            "payload": _payload(body),
            "original_environment": environment,
            "environment": environment,
            "description": text_of(body, "description") or None,
            "transient_environment": flag_of(body, "transient_environment"),
            "production_environment": flag_of(
                body, "production_environment", default=environment == "production"
            ),
        },
    )
    state.deployments.append(record)
    return created(deployment_shape(state, record), located=True)


def _payload(body: JsonObject) -> Json:
    payload = body.get("payload", {})
    return {} if payload in (None, "") else payload


def _merge(state: State, call: Call, ref: str, sha: str) -> Reply | None:
    """Merge the default branch into *ref* if it lacks it: 202 and no record."""
    tip = state.git.commit_of(f"refs/heads/{state.default_branch}")
    branch = f"refs/heads/{ref}"
    if tip is None or state.git.ref(branch) is None or state.git.is_ancestor(tip, sha):
        return None
    tree = state.git.merged_tree(sha, tip)
    if tree is None:
        text = f"Conflict merging {state.default_branch} into {sha}."
        raise ApiError(HTTPStatus.CONFLICT, text)  # simplytestme#130
    author = (call.actor.login, "noreply@github.com", state.now())
    text = f"Merge {state.default_branch} into {ref}"
    merge = state.git.commit_tree(tree, [sha, tip], text, author=author)
    state.git.move(branch, merge, sha)
    state.record_move(call.actor, branch, sha, merge)
    message = f"Auto-merged {state.default_branch} into {ref} on deployment."
    return Reply(status=HTTPStatus.ACCEPTED, json={"message": message})


def _require_contexts(state: State, body: JsonObject, ref: str, sha: str) -> None:
    """Raise 409 while contexts are not green; default: every one (vortex#1903)."""
    found = newest_states(state, sha)
    if body.get("required_contexts") is None:
        wanted = list(found)
    else:
        wanted = texts(list_of(body, "required_contexts"))
    states = {name: found.get(name, "pending") for name in wanted}
    bad: list[Json] = [
        {"context": name, "state": value}
        for name, value in states.items()
        if value != "success"
    ]
    if not bad:
        return
    error: JsonObject = {"contexts": bad, "resource": "Deployment"}
    error |= {"field": "required_contexts", "code": "invalid"}
    text = f"Conflict: Commit status checks failed for {ref}."
    raise ApiError(HTTPStatus.CONFLICT, text, errors=[error])


@route("DELETE", "/R/deployments/{id}", "deployments:write")
def delete_deployment(state: State, call: Call) -> Reply:
    """Delete a deployment: only an inactive one while there is more than one."""
    record = _find(state, call)
    active = not record.statuses or record.statuses[-1].state != "inactive"
    if active and len(state.deployments) > 1:
        text = "We cannot delete an active deployment unless it is the only deployment"
        raise unprocessable(text)  # the text is assumed
    state.deployments.remove(record)
    return no_content()


def status_shape(
    state: State, record: Deployment, status: DeploymentStatus
) -> JsonObject:
    """Return *status* of *record* as GitHub does."""
    deployment = f"{state.identity.api}/deployments/{record.id}"
    given = {name: status.texts.get(name, "") for name in _TEXTS}
    log = given["log_url"] or given["target_url"]
    return {
        "url": f"{deployment}/statuses/{status.id}",
        "id": status.id,
        "node_id": shapes.node_id("DeploymentStatus", status.id),
        "state": status.state,
        "creator": shapes.user(state, status.creator),
        "description": given["description"],
        "environment": text_of(record.body, "environment"),
        "target_url": log,
        "created_at": status.created_at,
        "updated_at": status.created_at,
        "deployment_url": deployment,
        "repository_url": state.identity.api,
        "environment_url": given["environment_url"],
        "log_url": log,
    }


@route("GET", "/R/deployments/{id}/statuses", "deployments:read")
def list_statuses(state: State, call: Call) -> Reply:
    """List the statuses of a deployment, newest first."""
    record = _find(state, call)
    shown = [status_shape(state, record, s) for s in reversed(record.statuses)]
    return listed(state, call, shown)


@route("GET", "/R/deployments/{id}/statuses/{status}", "deployments:read")
def get_status(state: State, call: Call) -> Reply:
    """Return one status."""
    record, number = _find(state, call), call.number("status")
    for status in record.statuses:
        if status.id == number:
            return Reply(json=status_shape(state, record, status))
    raise not_found()


@route("POST", "/R/deployments/{id}/statuses", "deployments:write")
def create_status(state: State, call: Call) -> Reply:
    """Give a deployment a state; success retires earlier ones of the environment."""
    record, body = _find(state, call), call.json()
    value = text_of(body, "state")
    if value not in _STATES:
        raise unprocessable(f"Invalid request.\n\n{value} is not a member of the enum.")
    given = {name: text_of(body, name) for name in _TEXTS}
    if len(given["description"]) > _LONGEST:
        raise unprocessable("Invalid request.\n\nThe description is too long.")
    if text_of(body, "environment"):
        # It renames the record's environment.
        record.body["environment"] = text_of(body, "environment")
    status = _add(state, call, record, value)
    status.texts = given
    if value == "success" and flag_of(body, "auto_inactive", default=True):
        _retire(state, call, record)
    return created(status_shape(state, record, status), located=True)


def _add(state: State, call: Call, record: Deployment, value: str) -> DeploymentStatus:
    status = DeploymentStatus(
        id=state.next_id(),
        state=value,
        creator=call.actor,
        created_at=state.now(),
        texts={},
    )
    record.statuses.append(status)
    record.updated_at = state.now()
    return status


def _retire(state: State, call: Call, record: Deployment) -> None:
    for other in state.deployments:
        if (
            other.id < record.id
            and other.body["environment"] == record.body["environment"]
            and not other.body["transient_environment"]
            and not other.body["production_environment"]
            and other.statuses
            and other.statuses[-1].state == "success"
        ):
            _add(state, call, other, "inactive")
