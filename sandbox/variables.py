"""Configuration variables of the repository and of environments."""

from http import HTTPStatus

from sandbox.environments import find as find_environment
from sandbox.pages import listed
from sandbox.records import Variable
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    Json,
    JsonObject,
    Reply,
    no_content,
    not_found,
    text_of,
)

# The limits of a page are prose in the description: 10, at most 30.
_SIZES = (10, 30)
_IN_REPOSITORY = "/R/actions/variables"
_IN_ENVIRONMENT = "/R/environments/{environment}/variables"


def _all(state: State, call: Call) -> dict[str, Variable]:
    if "environment" in call.args:
        return find_environment(state, call).variables
    return state.variables


def _find(state: State, call: Call) -> Variable:
    found = _all(state, call).get(call.args["name"].upper())
    if found is None:
        raise not_found()
    return found


def _shape(variable: Variable) -> JsonObject:
    return {
        "name": variable.name,
        "value": variable.value,
        "created_at": variable.created_at,
        "updated_at": variable.updated_at,
    }


@route("GET", _IN_REPOSITORY, "variables:read")
@route("GET", _IN_ENVIRONMENT, "environments:read")
def list_variables(state: State, call: Call) -> Reply:
    """List the variables by name."""
    found = sorted(_all(state, call).values(), key=lambda variable: variable.name)
    shown: list[Json] = [_shape(variable) for variable in found]
    return listed(state, call, shown, key="variables", sizes=_SIZES)


@route("POST", _IN_REPOSITORY, "variables:write")
@route("POST", _IN_ENVIRONMENT, "environments:write")
def create_variable(state: State, call: Call) -> Reply:
    """Create a variable; its name becomes upper case."""
    body = call.json()
    name, found = text_of(body, "name").upper(), _all(state, call)
    if name in found:
        # nexthink-oss/terraform-provider-github#12
        text = "Already exists - Variable already exists"
        raise ApiError(HTTPStatus.CONFLICT, text)
    moment = state.now()
    found[name] = Variable(
        name=name,
        value=text_of(body, "value"),
        created_at=moment,
        updated_at=moment,
    )
    return Reply(status=HTTPStatus.CREATED, json={})


@route("GET", f"{_IN_REPOSITORY}/{{name}}", "variables:read")
@route("GET", f"{_IN_ENVIRONMENT}/{{name}}", "environments:read")
def get_variable(state: State, call: Call) -> Reply:
    """Return one variable."""
    return Reply(json=_shape(_find(state, call)))


@route("PATCH", f"{_IN_REPOSITORY}/{{name}}", "variables:write")
@route("PATCH", f"{_IN_ENVIRONMENT}/{{name}}", "environments:write")
def update_variable(state: State, call: Call) -> Reply:
    """Change a variable's value."""
    found = _find(state, call)
    found.value = text_of(call.json(), "value", found.value)
    found.updated_at = state.now()
    return no_content()


@route("DELETE", f"{_IN_REPOSITORY}/{{name}}", "variables:write")
@route("DELETE", f"{_IN_ENVIRONMENT}/{{name}}", "environments:write")
def delete_variable(state: State, call: Call) -> Reply:
    """Delete a variable."""
    del _all(state, call)[_find(state, call).name]
    return no_content()
