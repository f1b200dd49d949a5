"""Which actions may run, and what the workflows' own token may do."""

from http import HTTPStatus

from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    Reply,
    flag_of,
    no_content,
    text_of,
    unprocessable,
)

_ACTIONS = "/R/actions/permissions"
_PATH = "/R/actions/permissions/workflow"


@route("GET", _ACTIONS, "administration:read")
def get_policy(state: State, _: Call) -> Reply:
    """Return whether Actions are on, and which of them may run."""
    return Reply(json={"enabled": state.actions_on, "allowed_actions": state.allowed})


@route("PUT", _ACTIONS, "administration:write")
def set_policy(state: State, call: Call) -> Reply:
    """Switch them on or off, or choose which may run."""
    body = call.json()
    state.actions_on = flag_of(body, "enabled", default=state.actions_on)
    state.allowed = text_of(body, "allowed_actions", state.allowed)
    return no_content()


@route("GET", f"{_ACTIONS}/selected-actions", "administration:read")
def get_selected(state: State, _: Call) -> Reply:
    """Return the selected ones; 409 where none are selected (GitHub docs, REST)."""
    if state.allowed != "selected":
        raise ApiError(HTTPStatus.CONFLICT, "Conflict")
    return Reply(json=state.selected)


@route("PUT", f"{_ACTIONS}/selected-actions", "administration:write")
def set_selected(state: State, call: Call) -> Reply:
    """Select them."""
    if state.allowed != "selected":
        raise ApiError(HTTPStatus.CONFLICT, "Conflict")
    state.selected = call.json()
    return no_content()


@route("GET", _PATH, "administration:read")
def get_rights(state: State, _: Call) -> Reply:
    """Return the default rights; whether workflows open and approve pull requests."""
    return Reply(
        json={
            "default_workflow_permissions": state.workflow_rights,
            "can_approve_pull_request_reviews": state.switches.actions_open_pulls,
        }
    )


@route("PUT", _PATH, "administration:write")
def set_rights(state: State, call: Call) -> Reply:
    """Change them."""
    body = call.json()
    wanted = text_of(body, "default_workflow_permissions", state.workflow_rights)
    if wanted not in ("read", "write"):
        raise unprocessable("Validation Failed")
    state.workflow_rights = wanted
    opens = state.switches.actions_open_pulls
    state.switches.actions_open_pulls = flag_of(
        body, "can_approve_pull_request_reviews", default=opens
    )
    return no_content()
