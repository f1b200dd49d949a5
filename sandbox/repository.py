"""The repository itself: settings, branches, tags, activity, deploy keys."""

import json
from http import HTTPStatus

from sandbox import rules, shapes
from sandbox.pages import listed, place
from sandbox.records import DeployKey
from sandbox.routing import route
from sandbox.settings import SETTINGS, change_settings
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    Json,
    JsonObject,
    Reply,
    created,
    flag_of,
    invalid,
    no_content,
    not_found,
    text_of,
)


def full_repository(state: State, call: Call) -> JsonObject:
    """Return ``full-repository`` as the caller may see it."""
    body = shapes.repository(state) | {"subscribers_count": 0, "network_count": 0}
    actor = call.actor
    if actor.kind == "none":
        return body
    body["permissions"] = {
        "admin": actor.may("administration:write"),
        "maintain": actor.may("administration:write"),
        "push": actor.may("contents:write"),
        "triage": actor.may("contents:write"),
        "pull": True,
    }
    # GitHub docs, "Get a repository"; terraform-provider-github#1727.
    if actor.may("contents:write"):
        body |= SETTINGS | state.settings
    return body


@route("GET", "/R", "metadata:read")
def get_repository(state: State, call: Call) -> Reply:
    """Return the repository."""
    return Reply(json=full_repository(state, call))


@route("PATCH", "/R", "administration:write")
def update_repository(state: State, call: Call) -> Reply:
    """Change settings of the repository."""
    body = call.json()
    change_settings(state, body)
    state.private = flag_of(body, "private", default=state.private)
    branch = text_of(body, "default_branch", state.default_branch)
    if branch != state.default_branch:
        if state.git.ref(f"refs/heads/{branch}") is None:
            raise invalid(
                {"resource": "Repository", "field": "default_branch", "code": "invalid"}
            )
        state.choose_default(f"refs/heads/{branch}")
    return Reply(json=full_repository(state, call))


def _is_protected(state: State, name: str) -> bool:
    ref = f"refs/heads/{name}"
    return any(rules.applies(state, ruleset, ref) for ruleset in state.rulesets)


@route("GET", "/R/branches", "contents:read")
def list_branches(state: State, call: Call) -> Reply:
    """List the branches by name."""
    found = state.git.refs("refs/heads/")
    shown: list[Json] = [
        {
            "name": name.removeprefix("refs/heads/"),
            "commit": {"sha": sha, "url": f"{state.identity.api}/commits/{sha}"},
            "protected": _is_protected(state, name.removeprefix("refs/heads/")),
        }
        for name, (sha, _) in found.items()
    ]
    return listed(state, call, shown)


@route("GET", "/R/branches/{branch+}", "contents:read")
def get_branch(state: State, call: Call) -> Reply:
    """Return one branch."""
    name = call.args["branch"]
    sha = state.git.commit_of(f"refs/heads/{name}")
    if sha is None:
        raise ApiError(HTTPStatus.NOT_FOUND, "Branch not found")
    url = f"{state.identity.api}/branches/{name}"
    return Reply(
        json={
            "name": name,
            "commit": shapes.commit(state, state.git.commit(sha)),
            "_links": {"self": url, "html": f"{state.identity.html}/tree/{name}"},
            "protected": _is_protected(state, name),
            "protection": {"enabled": False},
            "protection_url": f"{url}/protection",
        }
    )


@route("GET", "/R/branches/{branch+}/protection", "administration:read")
def get_protection(_: State, __: Call) -> Reply:
    """Say that there is no classic protection (PyGithub, 2018)."""
    raise ApiError(HTTPStatus.NOT_FOUND, "Branch not protected")


@route("GET", "/R/tags", "contents:read")
def list_tags(state: State, call: Call) -> Reply:
    """List the tags with their commits."""
    api, shown = state.identity.api, []
    for name in reversed(state.git.refs("refs/tags/")):
        sha = state.git.commit_of(name)
        if sha is None:
            continue
        tag: Json = {
            "name": name.removeprefix("refs/tags/"),
            "commit": {"sha": sha, "url": f"{api}/commits/{sha}"},
            "zipball_url": f"{api}/zipball/{name}",
            "tarball_url": f"{api}/tarball/{name}",
            "node_id": shapes.node_id("Ref", name),
        }
        shown.append(tag)
    return listed(state, call, shown)


@route("GET", "/R/activity", "contents:read")
def list_activity(state: State, call: Call) -> Reply:
    """List the moves of branches, newest first, with a cursor ``after``."""
    wanted = call.query
    ref = wanted.get("ref", "")
    ref = ref if not ref or ref.startswith("refs/") else f"refs/heads/{ref}"
    missing = ref and state.git.ref(ref) is None
    if missing and state.switches.missing_branch_has_no_activity:
        raise invalid("No branch of that name was found")  # assumed
    found = [
        move
        for move in reversed(state.moves)
        if move.ref.startswith("refs/heads/")
        if ref in ("", move.ref)
        if wanted.get("actor", move.actor.login) == move.actor.login
        if wanted.get("activity_type", move.kind) == move.kind
    ]
    size = place(state, call, (30, 100))[1]
    start = next(
        (at + 1 for at, m in enumerate(found) if str(m.id) == wanted.get("after")), 0
    )
    page = found[start : start + size]
    headers = {}
    if start + size < len(found):
        rest = "".join(f"&{k}={v}" for k, v in wanted.items() if k != "after")
        url = f"{state.identity.api}/activity?after={page[-1].id}{rest}"
        headers["Link"] = f'<{url}>; rel="next"'
    shown: list[Json] = [
        {
            "id": move.id,
            "node_id": shapes.node_id("Push", move.id),
            "before": move.before,
            "after": move.after,
            "ref": move.ref,
            "timestamp": move.timestamp,
            "activity_type": move.kind,
            "actor": shapes.user(state, move.actor),
        }
        for move in page
    ]
    return Reply(json=shown, headers=headers)


def _key(state: State, key: DeployKey) -> JsonObject:
    return {
        "id": key.id,
        "key": key.key,
        "url": f"{state.identity.api}/keys/{key.id}",
        "title": key.title,
        "verified": True,
        "created_at": key.created_at,
        "read_only": key.read_only,
        "added_by": key.added_by,
        "last_used": key.last_used,
        "enabled": state.keys_are_allowed,
    }


@route("GET", "/R/keys", "administration:read")
def list_keys(state: State, call: Call) -> Reply:
    """List the deploy keys."""
    return listed(state, call, [_key(state, key) for key in state.keys])


@route("POST", "/R/keys", "administration:write")
def create_key(state: State, call: Call) -> Reply:
    """Register a deploy key; 422 if it is in use, or keys are not allowed."""
    body = call.json()
    if not state.keys_are_allowed:  # vitodeploy/vito#949, hivecommons#7962
        error = {"resource": "PublicKey", "code": "custom"}
        text = "Deploy keys are disabled for this repository"
        raise invalid({**error, "message": text})
    key = " ".join(text_of(body, "key").split()[:2])
    if not key.startswith(("ssh-", "ecdsa-", "sk-")):
        error = {"resource": "PublicKey", "code": "custom", "field": "key"}
        text = "key is invalid. You must supply a key in OpenSSH public key format"
        raise invalid({**error, "message": text})
    if any(known.key == key for known in state.keys):
        error = {"resource": "PublicKey", "code": "custom", "field": "key"}
        raise invalid({**error, "message": "key is already in use"})
    made = DeployKey(
        id=state.next_id(),
        key=key,
        title=text_of(body, "title"),
        read_only=flag_of(body, "read_only"),
        added_by=call.actor.login,
        created_at=state.now(),
        maker=call.actor.name,
    )
    state.keys.append(made)
    return created(_key(state, made), located=True)


@route("GET", "/R/keys/{id}", "administration:read")
def get_key(state: State, call: Call) -> Reply:
    """Return one deploy key."""
    number = call.number("id")
    for key in state.keys:
        if key.id == number:
            return Reply(json=_key(state, key))
    raise not_found()


@route("DELETE", "/R/keys/{id}", "administration:write")
def delete_key(state: State, call: Call) -> Reply:
    """Remove a deploy key."""
    number = call.number("id")
    for key in state.keys:
        if key.id == number:
            state.keys.remove(key)
            return no_content()
    raise not_found()


@route("GET", "/R/immutable-releases", "administration:read")
def get_immutable(state: State, _: Call) -> Reply:
    """Say whether new releases become immutable; 404 is "no"."""
    if not state.immutable_releases:
        raise not_found()
    decides = state.switches.owner_decides_immutable
    shown = json.dumps({"enabled": True, "enforced_by_owner": decides})
    return Reply(json=json.loads(shown))


@route("PUT", "/R/immutable-releases", "administration:write")
@route("DELETE", "/R/immutable-releases", "administration:write")
def set_immutable(state: State, call: Call) -> Reply:
    """Switch immutable releases; 409 when the owner decides."""
    if state.switches.owner_decides_immutable:
        text = "Immutable releases are enforced by the organization"  # assumed
        raise ApiError(HTTPStatus.CONFLICT, text)
    state.immutable_releases = call.method == "PUT"
    return no_content()
