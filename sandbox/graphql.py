"""Answers of ``/graphql``: what ``gh`` asks for, canned, and deployments."""

import re
from http import HTTPStatus

from sandbox import deployment_graph, shapes
from sandbox.records import Release, Ruleset
from sandbox.state import REPOSITORY_ID, State
from sandbox.wire import (
    ApiError,
    Call,
    Json,
    JsonObject,
    Reply,
    list_of,
    object_of,
    text_of,
)


def answer(state: State, call: Call) -> Reply:
    """Answer a query by the name of its operation; others are errors, as they are."""
    if call.actor.kind == "none":
        text = "This endpoint requires you to be authenticated."
        raise ApiError(HTTPStatus.UNAUTHORIZED, text)
    body = call.json()
    query, variables = text_of(body, "query"), object_of(body, "variables")
    found = re.search(r"\b(?:query|mutation)\s+(\w+)", query)
    name = found.group(1) if found else ""
    if name == deployment_graph.OPERATION:
        with state.lock:
            return deployment_graph.answer(state, call, query)
    return _canned(state, call, name, variables)


def _canned(state: State, call: Call, name: str, variables: JsonObject) -> Reply:
    with state.lock:
        if name == "RepositoryReleaseByTag":
            return _wrapped({"release": _by_tag(state, call, variables)})
        if name == "RepositoryReleaseList":
            return _wrapped({"releases": _releases(state, call)})
        if name in ("RepositoryInfo", "RepositoryNetwork", "Repository_fields"):
            return _wrapped(_repository(state))
        if name == "RepoRulesetList":
            return Reply(json={"data": {"level": {"rulesets": _rulesets(state)}}})
    known: dict[str, Json] = {
        "Viewer": {"viewer": {"login": call.actor.login}},
        "Release_fields": {"Release": {"fields": [{"name": "immutable"}]}},
    }
    if name in known:  # what gh asks about itself, and about this server
        return Reply(json={"data": known[name]})
    message = f"the sandbox has no canned answer for the query {name!r}"
    return Reply(json={"errors": [{"type": "NOT_FOUND", "message": message}]})


def _wrapped(repository: JsonObject) -> Reply:
    return Reply(json={"data": {"repository": repository}})


def _by_tag(state: State, call: Call, variables: JsonObject) -> Json:
    tag = text_of(variables, "tagName")
    for release in state.releases:
        if release.tag == tag and (
            not release.draft or call.actor.may("contents:write")
        ):
            return {"databaseId": release.id, "isDraft": release.draft}
    return None


def _releases(state: State, call: Call) -> JsonObject:
    shown = [
        release
        for release in reversed(state.releases)
        if not release.draft or call.actor.may("contents:write")
    ]
    return {
        "nodes": [_node(release, first=at == 0) for at, release in enumerate(shown)],
        "pageInfo": {"hasNextPage": False, "endCursor": ""},
    }


def _node(release: Release, *, first: bool) -> JsonObject:
    return {
        "name": release.name or "",
        "tagName": release.tag,
        "isDraft": release.draft,
        "immutable": release.immutable,
        "isLatest": first and not release.draft,
        "isPrerelease": release.prerelease,
        "createdAt": release.created_at,
        "publishedAt": release.published_at,
    }


def _repository(state: State) -> JsonObject:
    return {
        "id": shapes.node_id("Repository", REPOSITORY_ID),
        "name": state.identity.name,
        "owner": {"id": shapes.node_id("Owner", 1), "login": state.identity.owner},
        "hasIssuesEnabled": True,
        "description": "",
        "hasWikiEnabled": True,
        "viewerPermission": "ADMIN",
        "defaultBranchRef": {"name": state.default_branch},
        "parent": None,
        "mergeCommitAllowed": True,
        "rebaseMergeAllowed": True,
        "squashMergeAllowed": True,
    }


def _rulesets(state: State) -> JsonObject:
    return {
        "totalCount": len(state.rulesets),
        "nodes": [_ruleset(state, ruleset) for ruleset in state.rulesets],
        "pageInfo": {"hasNextPage": False, "endCursor": ""},
    }


def _ruleset(state: State, ruleset: Ruleset) -> JsonObject:
    return {
        "databaseId": ruleset.id,
        "name": ruleset.body["name"],
        "target": text_of(ruleset.body, "target", "branch").upper(),
        "enforcement": text_of(ruleset.body, "enforcement").upper(),
        "source": {"__typename": "Repository", "owner": state.identity.full_name},
        "rules": {"totalCount": len(list_of(ruleset.body, "rules"))},
    }
