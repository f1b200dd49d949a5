"""GitHub Environments: protection, branch policies, the names of their secrets."""

from http import HTTPStatus

from sandbox import shapes
from sandbox.pages import listed
from sandbox.records import Environment
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    Call,
    Json,
    JsonObject,
    Reply,
    flag_of,
    list_of,
    no_content,
    not_found,
    number_of,
    object_of,
    objects,
    text_of,
    unprocessable,
)

_MOST_REVIEWERS = 6
_LONGEST_WAIT = 43200


def ensure(state: State, name: str) -> Environment:
    """Return the environment *name*, made without protection if it is missing."""
    found = state.environments.get(name)
    if found is None:
        found = Environment(
            id=state.next_id(),
            name=name,
            created_at=state.now(),
            updated_at=state.now(),
        )
        state.environments[name] = found
    return found


def find(state: State, call: Call) -> Environment:
    """Return the environment of a call; 404 if there is none."""
    found = state.environments.get(call.args["environment"])
    if found is None:
        raise not_found()
    return found


def environment_shape(state: State, found: Environment) -> JsonObject:
    """Return an environment as GitHub does."""
    return {
        "id": found.id,
        "node_id": shapes.node_id("Environment", found.id),
        "name": found.name,
        "url": f"{state.identity.api}/environments/{found.name.replace('/', '%2F')}",
        "html_url": f"{state.identity.html}/deployments/activity_log"
        f"?environments_filter={found.name}",
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "protection_rules": _protection(state, found),
        "deployment_branch_policy": found.branch_policy,
    }


def _protection(state: State, found: Environment) -> list[Json]:
    rules: list[Json] = []
    if found.wait_timer:
        rules.append(_rule(found, 1, "wait_timer", {"wait_timer": found.wait_timer}))
    if found.reviewers:
        reviewers: list[Json] = [
            {
                "type": entry["type"],
                "reviewer": _person(state, number_of(entry, "id")),
            }
            for entry in found.reviewers
        ]
        more: JsonObject = {"prevent_self_review": found.prevent_self_review}
        rules.append(
            _rule(found, 2, "required_reviewers", more | {"reviewers": reviewers})
        )
    if found.branch_policy:
        rules.append(_rule(found, 3, "branch_policy", {}))
    return rules


def _rule(found: Environment, place: int, kind: str, rest: JsonObject) -> Json:
    number = found.id * 10 + place
    shape: JsonObject = {"id": number, "type": kind}
    shape["node_id"] = shapes.node_id("Rule", number)
    return shape | rest


def _person(state: State, number: int) -> JsonObject:
    for actor in state.people.values():
        if actor.id == number:
            return shapes.user(state, actor)
    return shapes.account(state, f"user-{number}", number, "User")


@route("GET", "/R/environments", "actions:read")
def list_environments(state: State, call: Call) -> Reply:
    """List the environments."""
    shown = [environment_shape(state, found) for found in state.environments.values()]
    return listed(state, call, shown, key="environments")


@route("GET", "/R/environments/{environment}", "actions:read")
def get_environment(state: State, call: Call) -> Reply:
    """Return one environment."""
    return Reply(json=environment_shape(state, find(state, call)))


@route("PUT", "/R/environments/{environment}", "administration:write")
def put_environment(state: State, call: Call) -> Reply:
    """Create an environment or replace its protection."""
    body = call.json()
    reviewers = objects(list_of(body, "reviewers"))
    policy = body.get("deployment_branch_policy")
    wait = number_of(body, "wait_timer")
    if len(reviewers) > _MOST_REVIEWERS or not 0 <= wait <= _LONGEST_WAIT:
        raise unprocessable("Validation Failed")
    if isinstance(policy, dict) and (
        policy.get("protected_branches") == policy.get("custom_branch_policies")
    ):
        raise unprocessable(
            "protected_branches and custom_branch_policies cannot have the same value"
        )
    _require_plan(state, policy)
    # Default values sent explicitly trigger it, too (alchemy#1373, 2026). A public
    # repository has them on every plan (docs "Deployments and environments").
    gated = {"reviewers", "wait_timer", "prevent_self_review"} & set(body)
    if gated and _is_private(state) and state.switches.plan != "enterprise":
        raise unprocessable(
            "Failed to create the environment protection rule. Please ensure the "
            "billing plan supports the required reviewers protection rule."
        )
    found = ensure(state, call.args["environment"])
    found.wait_timer, found.reviewers = wait, reviewers
    found.prevent_self_review = flag_of(body, "prevent_self_review")
    found.branch_policy = object_of(body, "deployment_branch_policy") or None
    found.updated_at = state.now()
    return Reply(json=environment_shape(state, found))


def _is_private(state: State) -> bool:
    return state.private or state.switches.plan == "free-private"


def _require_plan(state: State, policy: Json) -> None:
    """Raise the 422 of a branch policy in a private repository on a free plan.

    Source: terraform-provider-github#1311, pulumi-github#251.
    """
    free = state.switches.plan.startswith("free")
    strict = free and state.switches.branch_policy_needs_plan
    if policy and _is_private(state) and strict:
        raise unprocessable(
            "Fail to create protected rule, please ensure billing plan include "
            "protected branch gate."
        )


@route("DELETE", "/R/environments/{environment}", "administration:write")
def delete_environment(state: State, call: Call) -> Reply:
    """Delete an environment."""
    del state.environments[find(state, call).name]
    return no_content()


_POLICIES = "/R/environments/{environment}/deployment-branch-policies"


@route("GET", _POLICIES, "actions:read")
def list_policies(state: State, call: Call) -> Reply:
    """List the branch and tag names that may deploy."""
    return listed(state, call, list(find(state, call).policies), key="branch_policies")


@route("POST", _POLICIES, "administration:write")
def create_policy(state: State, call: Call) -> Reply:
    """Add a name pattern; 303 if it exists."""
    found, body = find(state, call), call.json()
    if not (found.branch_policy or {}).get("custom_branch_policies"):
        raise not_found()
    name, kind = text_of(body, "name"), text_of(body, "type", "branch")
    for policy in found.policies:
        if (policy["name"], policy["type"]) == (name, kind):
            return Reply(status=HTTPStatus.SEE_OTHER, raw=b"")
    number = state.next_id()
    policy = {
        "id": number,
        "node_id": shapes.node_id("BranchPolicy", number),
        "name": name,
        "type": kind,
    }
    found.policies.append(policy)
    return Reply(json=policy)


@route("DELETE", f"{_POLICIES}/{{id}}", "administration:write")
def delete_policy(state: State, call: Call) -> Reply:
    """Remove a name pattern."""
    found, number = find(state, call), call.number("id")
    for policy in found.policies:
        if policy["id"] == number:
            found.policies.remove(policy)
            return no_content()
    raise not_found()


@route("GET", "/R/environments/{environment}/secrets", "environments:read")
def list_secrets(state: State, call: Call) -> Reply:
    """List the names of the secrets; their values are never told."""
    shown: list[Json] = [
        {"name": name, "created_at": moment, "updated_at": moment}
        for name, moment in sorted(find(state, call).secrets.items())
    ]
    return listed(state, call, shown, key="secrets")
