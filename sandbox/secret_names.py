"""Secrets as ``gh secret set`` writes them: sealed, so only their names are kept."""

import base64
import hashlib

from sandbox.environments import find
from sandbox.pages import listed
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import Call, Json, Reply, created, no_content, not_found

_SECRETS = "/R/environments/{environment}/secrets"


@route("GET", "/R/actions/secrets/public-key", "secrets:read")
@route("GET", f"{_SECRETS}/public-key", "environments:read")
def get_public_key(_: State, __: Call) -> Reply:
    """Return a key to seal values with; nobody here has the other half."""
    key = base64.b64encode(hashlib.sha256(b"sandbox").digest()).decode()
    return Reply(json={"key_id": "1", "key": key})


@route("PUT", f"{_SECRETS}/{{name}}", "environments:write")
def put_secret(state: State, call: Call) -> Reply:
    """Note that the environment has a secret of that name."""
    found, name = find(state, call), call.args["name"].upper()
    known = name in found.secrets
    found.secrets[name] = state.now()
    return no_content() if known else created({})


@route("GET", "/R/actions/secrets", "secrets:read")
def list_repository_secrets(state: State, call: Call) -> Reply:
    """List the names of the repository's own secrets."""
    shown: list[Json] = [
        {"name": name, "created_at": moment, "updated_at": moment}
        for name, moment in sorted(state.secrets.items())
    ]
    return listed(state, call, shown, key="secrets")


@route("PUT", "/R/actions/secrets/{name}", "secrets:write")
def put_repository_secret(state: State, call: Call) -> Reply:
    """Note that the repository has a secret of that name."""
    name = call.args["name"].upper()
    known = name in state.secrets
    state.secrets[name] = state.now()
    return no_content() if known else created({})


@route("DELETE", "/R/actions/secrets/{name}", "secrets:write")
def delete_repository_secret(state: State, call: Call) -> Reply:
    """Forget a secret of the repository."""
    if state.secrets.pop(call.args["name"].upper(), None) is None:
        raise not_found()
    return no_content()
