"""Rulesets over REST: lists without details, read-back, history, effective rules."""

import json
from http import HTTPStatus

from sandbox import rules, shapes
from sandbox.pages import listed
from sandbox.records import Ruleset, Version
from sandbox.routing import refusal, route
from sandbox.ruleset_schema import KEYS, validate, with_defaults
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    Json,
    JsonObject,
    Reply,
    list_of,
    no_content,
    not_found,
    objects,
    text_of,
    unprocessable,
)

_MOST = 75  # GitHub docs, "Creating rulesets for a repository"


def _require_plan(state: State) -> None:
    """Raise the 403 of a private repository on a free plan (branch-deploy#345)."""
    if state.switches.plan == "free-private":
        raise ApiError(
            HTTPStatus.FORBIDDEN,
            "Upgrade to GitHub Pro or make this repository public to enable this "
            "feature.",
        )


def _require_admin(state: State, call: Call) -> None:
    if not call.actor.may("administration:write"):
        raise refusal(state, call, "administration:write")


def _find(state: State, call: Call) -> Ruleset:
    _require_plan(state)
    number = call.number("id")
    for ruleset in state.rulesets:
        if ruleset.id == number and (
            ruleset.source_type == "Repository" or _with_parents(call)
        ):
            return ruleset
    raise not_found()


def _own(state: State, call: Call) -> Ruleset:
    ruleset = _find(state, call)
    if ruleset.source_type != "Repository":
        raise not_found()
    return ruleset


def _with_parents(call: Call) -> bool:
    return call.query.get("includes_parents", "true") != "false"


def _source(state: State, ruleset: Ruleset) -> str:
    if ruleset.source_type == "Repository":
        return state.identity.full_name
    return state.identity.owner


def brief(state: State, ruleset: Ruleset) -> JsonObject:
    """Return what lists show: no rules, no conditions, no bypass."""
    body = ruleset.body
    place = f"{state.identity.api}/rulesets/{ruleset.id}"
    return {
        "id": ruleset.id,
        "name": body["name"],
        "target": text_of(body, "target", "branch"),
        "source_type": ruleset.source_type,
        "source": _source(state, ruleset),
        "enforcement": body["enforcement"],
        "node_id": shapes.node_id("RepositoryRuleset", ruleset.id),
        "_links": {
            "self": {"href": place},
            "html": {"href": f"{state.identity.html}/rules/{ruleset.id}"},
        },
        "created_at": ruleset.created_at,
        "updated_at": ruleset.updated_at,
    }


def full(state: State, call: Call, ruleset: Ruleset) -> JsonObject:
    """Return *ruleset* as its own address shows it to the caller."""
    body: JsonObject = json.loads(json.dumps(ruleset.body))
    found = [with_defaults(state, rule) for rule in objects(list_of(body, "rules"))]
    actors = objects(list_of(body, "bypass_actors"))
    if state.switches.reorder:
        found.reverse()
        actors.reverse()
    shape = brief(state, ruleset)
    shape["conditions"] = body.get("conditions")
    if state.switches.null_conditions or text_of(body, "target") == "push":
        shape["conditions"] = None
    shape["rules"] = list(found)
    if call.actor.may("administration:write") and not state.switches.hide_bypass:
        shape["bypass_actors"] = [_read_back(entry) for entry in actors]
    mode = rules.bypass_mode(ruleset, call.actor)
    shape["current_user_can_bypass"] = {
        "always": "always",
        "pull_request": "pull_requests_only",
        "exempt": "exempt",
    }.get(mode or "", "never")
    return shape


def _read_back(entry: JsonObject) -> JsonObject:
    """Return an actor as it reads back; two kinds have no id (terraform#2536)."""
    kind = text_of(entry, "actor_type")
    idless = kind in ("DeployKey", "OrganizationAdmin")
    return {
        "actor_id": None if idless else entry.get("actor_id"),
        "actor_type": kind,
        "bypass_mode": text_of(entry, "bypass_mode", "always"),
    }


@route("GET", "/R/rulesets", "metadata:read")
def list_rulesets(state: State, call: Call) -> Reply:
    """List rulesets, those of the organization included unless told otherwise."""
    _require_plan(state)
    targets = call.query.get("targets", "")
    found = [
        ruleset
        for ruleset in state.rulesets
        if ruleset.source_type == "Repository" or _with_parents(call)
        if not targets
        or text_of(ruleset.body, "target", "branch") in targets.split(",")
    ]
    if state.switches.reorder:
        found.reverse()
    return listed(state, call, [brief(state, ruleset) for ruleset in found])


@route("GET", "/R/rulesets/{id}", "metadata:read")
def get_ruleset(state: State, call: Call) -> Reply:
    """Return one ruleset; without write access to it the bypass list is absent."""
    return Reply(json=full(state, call, _find(state, call)))


@route("POST", "/R/rulesets", "administration:write")
def create_ruleset(state: State, call: Call) -> Reply:
    """Create a ruleset."""
    _require_plan(state)
    body = {name: value for name, value in call.json().items() if name in KEYS}
    if "enforcement" not in body:
        raise ApiError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            'Invalid request.\n\n"enforcement" wasn\'t supplied.',
        )
    validate(state, body)
    _require_free_name(state, text_of(body, "name"), None)
    own = [each for each in state.rulesets if each.source_type == "Repository"]
    if len(own) >= _MOST:  # the words are assumed
        raise unprocessable("A repository may have no more than 75 rulesets.")
    blank: JsonObject = {"target": "branch", "bypass_actors": [], "rules": []}
    empty: JsonObject = {"ref_name": {"include": [], "exclude": []}}
    moment = state.ruleset_now()
    ruleset = Ruleset(
        id=state.next_id(),
        body={**blank, "conditions": empty, **_kept(state, body)},
        created_at=moment,
        updated_at=moment,
    )
    state.rulesets.append(ruleset)
    _remember(state, call, ruleset)
    return Reply(status=HTTPStatus.CREATED, json=full(state, call, ruleset))


@route("PUT", "/R/rulesets/{id}", "administration:write")
def update_ruleset(state: State, call: Call) -> Reply:
    """Replace the keys that are sent; the others stay."""
    ruleset = _own(state, call)
    sent = {name: value for name, value in call.json().items() if name in KEYS}
    wanted = ruleset.body | _kept(state, sent)
    validate(state, wanted)
    _require_free_name(state, text_of(wanted, "name"), ruleset)
    if state.switches.put_without_effect:
        return Reply(json=full(state, call, ruleset))
    if wanted != ruleset.body:
        ruleset.body = wanted
        ruleset.updated_at = state.ruleset_now()
        _remember(state, call, ruleset)
    return Reply(json=full(state, call, ruleset))


@route("DELETE", "/R/rulesets/{id}", "administration:write")
def delete_ruleset(state: State, call: Call) -> Reply:
    """Delete a ruleset."""
    state.rulesets.remove(_own(state, call))
    return no_content()


def _require_free_name(state: State, name: str, own: Ruleset | None) -> None:
    """Raise 422 when another ruleset has *name* (safe-settings#1047)."""
    taken = any(
        other is not own
        and other.source_type == "Repository"
        and other.body["name"] == name
        for other in state.rulesets
    )
    if taken and not state.switches.duplicate_names:
        raise ApiError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Validation Failed",
            errors=["Name must be unique"],
        )


def _kept(state: State, body: JsonObject) -> JsonObject:
    """Return *body* without what GitHub drops silently, if that is switched on."""
    if not state.switches.drop_user_actors or "bypass_actors" not in body:
        return body
    actors: list[Json] = [
        entry
        for entry in objects(list_of(body, "bypass_actors"))
        if entry.get("actor_type") != "User"
    ]
    return body | {"bypass_actors": actors}


def _remember(state: State, call: Call, ruleset: Ruleset) -> None:
    ruleset.history.append(
        Version(
            id=state.next_id(),
            actor=call.actor,
            updated_at=ruleset.updated_at,
            state=json.loads(json.dumps(ruleset.body)),
        )
    )


def _version(version: Version) -> JsonObject:
    return {
        "version_id": version.id,
        "actor": {
            "id": version.actor.id,
            "type": "Integration" if version.actor.is_app else "User",
        },
        "updated_at": version.updated_at,
    }


@route("GET", "/R/rulesets/{id}/history", "administration:write")
def list_history(state: State, call: Call) -> Reply:
    """List the versions of a ruleset, newest first; actors have no login."""
    found = _own(state, call).history
    return listed(state, call, [_version(version) for version in reversed(found)])


@route("GET", "/R/rulesets/{id}/history/{version}", "administration:write")
def get_version(state: State, call: Call) -> Reply:
    """Return one version with the whole ruleset as it was."""
    ruleset, number = _own(state, call), call.number("version")
    for version in ruleset.history:
        if version.id == number:
            whole = brief(state, ruleset) | version.state
            return Reply(json=_version(version) | {"state": whole})
    raise not_found()


@route("GET", "/R/rules/branches/{branch+}", "metadata:read")
def list_branch_rules(state: State, call: Call) -> Reply:
    """List the active rules of a branch, which need not exist."""
    _require_plan(state)
    ref = f"refs/heads/{call.args['branch']}"
    found: list[Json] = [
        with_defaults(state, rule)
        | {
            "ruleset_id": ruleset.id,
            "ruleset_source": _source(state, ruleset),
            "ruleset_source_type": ruleset.source_type,
        }
        for ruleset in state.rulesets
        if rules.applies(state, ruleset, ref)
        for rule in objects(list_of(ruleset.body, "rules"))
    ]
    return listed(state, call, found)
