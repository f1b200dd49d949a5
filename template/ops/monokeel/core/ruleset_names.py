"""Names beside numbers: what a role, an app or an actor of a ruleset is called."""

import json

from monokeel.core.lookup import Json

# Repository roles, from the source of otterdog 1.7.0. A livestore change took 5 for
# "write" (livestorejs/livestore#1214), which is why numbers never stand alone.
ROLES = {2: "maintain", 4: "write", 5: "admin"}
GITHUB_ACTIONS = 15368
APPS = {GITHUB_ACTIONS: "github-actions"}
_NO_ID = ("DeployKey", "OrganizationAdmin", "EnterpriseOwner")


def actor_label(actor: Json) -> str:
    """Return the key of a bypass actor, such as ``[RepositoryRole 5 (admin)]``.

    Actors that have no id of their own are named by their type alone.
    """
    if not isinstance(actor, dict):
        return f"[{json.dumps(actor, sort_keys=True)}]"
    kind, number = str(actor.get("actor_type")), actor.get("actor_id")
    if kind in _NO_ID or number is None:
        return f"[{kind}]"
    return f"[{kind} {number}{_name(kind, number)}]"


def item_label(item: Json, identity: tuple[str, ...]) -> str:
    """Return the key of *item* in its array: ``[all-green, app 15368 (…)]``."""
    if isinstance(item, str):
        return f"[{item}]"
    if not isinstance(item, dict):
        return f"[{json.dumps(item, sort_keys=True)}]"
    parts = [_part(key, item[key]) for key in identity if item.get(key) is not None]
    if not parts:
        return f"[{json.dumps(item, sort_keys=True)}]"
    separator = " " if identity == ("type", "id") else ", "
    return f"[{separator.join(parts)}]"


def _part(key: str, value: Json) -> str:
    if key == "integration_id":
        return f"app {value}{_name('Integration', value)}"
    if key == "repository_id":
        return f"repository {value}"
    if isinstance(value, dict):  # a reviewer: {"id": 7, "type": "Team"}
        return f"{value.get('type')} {value.get('id')}"
    return str(value)


def _name(kind: str, number: Json) -> str:
    known = {"RepositoryRole": ROLES, "Integration": APPS}.get(kind, {})
    name = known.get(number) if isinstance(number, int) else None
    return f" ({name})" if name else ""
