"""People and owners: who they are, and what they may do here."""

from http import HTTPStatus

from sandbox import shapes
from sandbox.actors import Actor
from sandbox.pages import listed
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import ApiError, Call, Json, JsonObject, Reply, not_found, text_of

_MOMENT = "2026-01-01T00:00:00Z"
_ORGANIZATION_URLS = {
    "repos_url": "repos",
    "events_url": "events",
    "hooks_url": "hooks",
    "issues_url": "issues",
    "members_url": "members{/member}",
    "public_members_url": "public_members{/member}",
}


def public_shape(account: JsonObject) -> JsonObject:
    """Return *account*, a ``simple-user``, as ``public-user``."""
    empty: JsonObject = dict.fromkeys(
        ("company", "blog", "location", "email", "hireable", "bio")
    )
    counts: JsonObject = dict.fromkeys(
        ("public_repos", "public_gists", "followers", "following"), 0
    )
    named: JsonObject = {"name": text_of(account, "login").capitalize()}
    moments: JsonObject = {"created_at": _MOMENT, "updated_at": _MOMENT}
    return account | named | empty | counts | moments


def persons(state: State) -> list[Actor]:
    """Return the people, each once however many tokens they have."""
    found = {actor.login: actor for actor in reversed(state.people.values())}
    return [actor for actor in reversed(found.values()) if not actor.is_app]


@route("GET", "/users/{login}")
def get_user(state: State, call: Call) -> Reply:
    """Return a person by name, or the owner, an organization as well."""
    people = (shapes.user(state, each) for each in persons(state))
    for account in (*people, shapes.owner(state)):
        if text_of(account, "login").lower() == call.args["login"].lower():
            return Reply(json=public_shape(account))
    raise not_found()


@route("GET", "/orgs/{org}")
def get_organization(state: State, call: Call) -> Reply:
    """Return the organization, unless a person owns the repository."""
    login = state.identity.owner
    same = call.args["org"].lower() == login.lower()
    if not same or state.owner_type != "Organization":
        raise not_found()
    url = f"{state.identity.base}/orgs/{login}"
    counts: JsonObject = dict.fromkeys(("public_gists", "followers", "following"), 0)
    return Reply(
        json={
            **{name: f"{url}/{path}" for name, path in _ORGANIZATION_URLS.items()},
            **counts,
            "login": login,
            "id": 1,
            "node_id": shapes.node_id("Organization", 1),
            "url": url,
            "avatar_url": f"{state.identity.base}/avatars/1",
            "description": None,
            "name": login,
            "has_organization_projects": True,
            "has_repository_projects": True,
            "public_repos": 0 if state.private else 1,
            "html_url": f"{state.identity.base}/{login}",
            "created_at": _MOMENT,
            "updated_at": _MOMENT,
            "archived_at": None,
            "type": "Organization",
        }
    )


def _role(actor: Actor) -> str:
    if actor.may("administration:write"):
        return "admin"
    return "write" if actor.may("contents:write") else "read"


def _flags(role: str) -> JsonObject:
    return {
        "pull": True,
        "triage": role != "read",
        "push": role != "read",
        "maintain": role == "admin",
        "admin": role == "admin",
    }


@route("GET", "/R/collaborators", "metadata:read")
def list_collaborators(state: State, call: Call) -> Reply:
    """List who may do what; for callers with push access only."""
    if not call.actor.may("contents:write"):
        text = "Must have push access to view repository collaborators."
        raise ApiError(HTTPStatus.FORBIDDEN, text)
    shown: list[Json] = [
        shapes.user(state, actor)
        | {"permissions": _flags(_role(actor)), "role_name": _role(actor)}
        for actor in persons(state)
    ]
    return listed(state, call, shown)


@route("GET", "/R/collaborators/{login}/permission", "metadata:read")
def get_permission(state: State, call: Call) -> Reply:
    """Return what a person may do here."""
    for actor in persons(state):
        if actor.login.lower() == call.args["login"].lower():
            role = _role(actor)
            person = shapes.user(state, actor)
            person |= {"permissions": _flags(role), "role_name": role}
            return Reply(json={"permission": role, "role_name": role, "user": person})
    raise not_found()


@route("GET", "/R/hooks", "administration:read")
def list_hooks(state: State, call: Call) -> Reply:
    """List the webhooks: nobody can make one here."""
    return listed(state, call, [])
