"""What the workflows' own token may do, as the repository's settings say."""

from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import Call, Reply, flag_of, no_content, text_of, unprocessable

_PATH = "/R/actions/permissions/workflow"


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
