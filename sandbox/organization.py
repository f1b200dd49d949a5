"""What an organization tells its members: its teams, and the Apps installed for it.

Sources: GitHub's REST documentation, "List teams" and "List app installations for an
organization": a secret team is seen by those in it alone, installations by owners.
"""

from http import HTTPStatus

from sandbox import shapes
from sandbox.actors import OWN_APP
from sandbox.apps import installation_shape
from sandbox.pages import listed
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import ApiError, Call, Reply, not_found

TEAMS = {9: "platform"}
_RIGHTS = frozenset({"administration:write", "contents:write"})


def _require_organization(state: State, call: Call) -> None:
    same = call.args["org"].lower() == state.identity.owner.lower()
    if not same or state.owner_type != "Organization":
        raise not_found()
    if call.actor.is_app or ("OrganizationAdmin", None) not in call.actor.identities:
        words = "Resource not accessible by integration"
        raise ApiError(HTTPStatus.FORBIDDEN, words)


@route("GET", "/orgs/{org}/teams")
def list_teams(state: State, call: Call) -> Reply:
    """List the teams; all of ours are visible."""
    _require_organization(state, call)
    base, owner = state.identity.base, state.identity.owner
    teams = f"{base}/organizations/1/team"
    return listed(
        state,
        call,
        [
            {
                "id": number,
                "node_id": shapes.node_id("Team", number),
                "url": f"{teams}/{number}",
                "html_url": f"{base}/orgs/{owner}/teams/{slug}",
                "members_url": f"{teams}/{number}/members{{/member}}",
                "repositories_url": f"{teams}/{number}/repos",
                "name": slug.capitalize(),
                "slug": slug,
                "description": None,
                "privacy": "closed",
                "permission": "pull",
                "parent": None,
                "type": "organization",
                "organization_id": 1,
            }
            for number, slug in TEAMS.items()
        ],
    )


@route("GET", "/orgs/{org}/installations")
def list_installations(state: State, call: Call) -> Reply:
    """List the Apps that are installed: ours."""
    _require_organization(state, call)
    app = next(x for x in state.people.values() if x.app_id == OWN_APP)
    return listed(
        state,
        call,
        [installation_shape(state, OWN_APP, "Iv23sandbox", app.login, _RIGHTS)],
        key="installations",
    )
