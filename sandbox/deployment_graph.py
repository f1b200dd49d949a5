"""Deployments over GraphQL: ``repository.deployments`` and ``Commit.deployments``.

Understood are queries that give each list an alias, name the environments, say how
many they want and sort by CREATED_AT, newest first. Source: GitHub's public GraphQL
schema (DeploymentConnection, DeploymentStatusConnection, Actor); github/branch-deploy
asks the same way. In which order ``statuses`` come is promised nowhere: oldest first
here, newest first with the switch.
"""

import json
import re

from sandbox.records import Deployment, DeploymentStatus
from sandbox.routing import refusal
from sandbox.state import State
from sandbox.wire import Call, Json, JsonObject, Reply, text_of

OPERATION = "Deployments"
_LIST = re.compile(
    r"deployments\(environments: (\[[^\]]*\]), first: (\d+)"
    r"(?:, after: \"(\d+)\")?, orderBy: \{field: CREATED_AT, direction: DESC\}\)"
)
_ALIAS = re.compile(r"(\w+): (?:object\(oid: \"([0-9a-f]{40})\"\)|(deployments))")
_STATUSES = 50  # that our query asks for
_MOST = 100  # GraphQL: "first" must be between 1 and 100


def answer(state: State, call: Call, query: str) -> Reply:
    """Return each list that *query* asks for under its alias."""
    if state.private and not call.actor.may("deployments:read"):
        message = refusal(state, call, "deployments:read").message
        return Reply(json={"errors": [{"type": "FORBIDDEN", "message": message}]})
    found: JsonObject = {"nameWithOwner": state.identity.full_name}
    for alias in _ALIAS.finditer(query):
        name, commit, _ = alias.groups()
        wanted = _LIST.search(query, alias.start())
        if wanted is None:
            message = "Parse error: the sandbox knows one form of this query only"
            return Reply(json={"errors": [{"message": message}]})
        if int(wanted[2]) > _MOST:
            message = f"Requesting {wanted[2]} records exceeds the `first` limit of 100"
            return Reply(json={"errors": [{"message": message}]})
        listed = _listed(state, wanted, commit)
        if commit is None:
            found[name] = listed
        else:
            known = state.git.commit_of(commit) is not None
            found[name] = {"deployments": listed} if known else None
    viewer: JsonObject = {"login": call.actor.login}
    return Reply(json={"data": {"viewer": viewer, "repository": found}})


def _listed(state: State, wanted: "re.Match[str]", commit: str | None) -> JsonObject:
    names, first, after = json.loads(wanted[1]), int(wanted[2]), wanted[3]
    records = [
        record
        for record in sorted(state.deployments, key=lambda each: -each.id)
        if text_of(record.body, "environment") in names
        if commit in (None, record.sha)
        if after is None or record.id < int(after)
    ]
    shown = records[:first]
    return {
        "pageInfo": {
            "hasNextPage": len(records) > first,
            "endCursor": str(shown[-1].id) if shown else None,
        },
        "nodes": [_node(state, record) for record in shown],
    }


def _node(state: State, record: Deployment) -> JsonObject:
    payload = record.body["payload"]
    statuses = [_status(each) for each in record.statuses]
    if state.switches.newest_status_first:
        statuses.reverse()
    return {
        "databaseId": record.id,
        "environment": text_of(record.body, "environment"),
        "commitOid": record.sha,
        "task": text_of(record.body, "task"),
        # A String in the schema, also where an object was sent.
        "payload": json.dumps(payload) if payload != "" else None,
        "createdAt": record.created_at,
        "creator": _actor(record.creator.login),
        "statuses": {"totalCount": len(statuses), "nodes": statuses[:_STATUSES]},
    }


def _status(status: DeploymentStatus) -> Json:
    return {
        "state": status.state.upper(),
        "description": status.texts.get("description", ""),
        "createdAt": status.created_at,
        "creator": _actor(status.creator.login),
    }


def _actor(login: str) -> JsonObject:
    # The login of a Bot has no suffix here, unlike in REST (cli/cli#5820).
    bot = login.endswith("[bot]")
    return {
        "__typename": "Bot" if bot else "User",
        "login": login.removesuffix("[bot]"),
    }
