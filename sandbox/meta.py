"""What is not about the repository: root, people, limits, host keys."""

from sandbox import shapes
from sandbox.accounts import public_shape
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import Call, Json, JsonObject, Reply, not_found

_VERSION = "3.99.0"  # newer than all, so that gh leaves nothing out
# The stand-in for ssh asks no server for its key; clients still pin one.
HOST_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
)

_PLAIN = (
    "authorizations",
    "emails",
    "emojis",
    "events",
    "feeds",
    "followers",
    "following",
    "gists",
    "issues",
    "keys",
    "notifications",
    "rate_limit",
    "starred_gists",
    "public_gists",
    "user_organizations",
)
_TEMPLATES = {
    "current_user_url": "user",
    "current_user_authorizations_html_url": "settings/connections",
    "current_user_repositories_url": "user/repos{?type,page,per_page,sort}",
    "code_search_url": "search/code?q={query}{&page,per_page,sort,order}",
    "commit_search_url": "search/commits?q={query}{&page,per_page,sort,order}",
    "issue_search_url": "search/issues?q={query}{&page,per_page,sort,order}",
    "label_search_url": "search/labels?q={query}&repository_id={repository_id}",
    "organization_url": "orgs/{org}",
    "organization_repositories_url": "orgs/{org}/repos{?type,page,per_page,sort}",
    "organization_teams_url": "orgs/{org}/teams",
    "repository_search_url": "search/repositories?q={query}",
    "repository_url": "repos/{owner}/{repo}",
    "starred_url": "user/starred{/owner}{/repo}",
    "topic_search_url": "search/topics?q={query}{&page,per_page}",
    "user_url": "users/{user}",
    "user_repositories_url": "users/{user}/repos{?type,page,per_page,sort}",
    "user_search_url": "search/users?q={query}{&page,per_page,sort,order}",
}


@route("GET", "/")
def get_root(state: State, _: Call) -> Reply:
    """Return the addresses of the API."""
    base = state.identity.base
    body: JsonObject = {f"{name}_url": f"{base}/{name}" for name in _PLAIN}
    body |= {name: f"{base}/{path}" for name, path in _TEMPLATES.items()}
    return Reply(json=body)


@route("GET", "/meta")
def get_meta(_: State, call: Call) -> Reply:
    """Return what is known about the service: the host keys for ssh.

    Below ``/api/v3`` its version as well: gh takes every other host than github.com for
    GitHub Enterprise Server and asks what it is (docs "REST: meta", Enterprise Server).
    """
    own: JsonObject = {"installed_version": _VERSION} if call.is_enterprise else {}
    return Reply(
        json={
            **own,
            "verifiable_password_authentication": False,
            "ssh_keys": [HOST_KEY],
            "ssh_key_fingerprints": {
                "SHA256_ED25519": "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
            },
        }
    )


@route("GET", "/user", "user")
def get_user(state: State, call: Call) -> Reply:
    """Return the caller."""
    return Reply(json=_public(state, call.actor.id))


@route("GET", "/user/{id}")
def get_user_by_id(state: State, call: Call) -> Reply:
    """Return a person by number, as the history of rulesets needs it."""
    return Reply(json=_public(state, call.number("id")))


def _public(state: State, number: int) -> JsonObject:
    for actor in state.people.values():
        if actor.id == number:
            return public_shape(shapes.user(state, actor))
    raise not_found()


@route("GET", "/rate_limit")
def get_rate_limit(state: State, call: Call) -> Reply:
    """Return the limits; asking costs nothing."""
    limit = state.switches.rate_limit if call.actor.kind != "none" else 60
    shown: Json = {
        "limit": limit,
        "remaining": limit,
        "reset": int(state.seconds()) + 3600,
        "used": 0,
    }
    return Reply(
        json={
            "resources": {"core": shown, "search": shown, "graphql": shown},
            "rate": shown,
        }
    )
