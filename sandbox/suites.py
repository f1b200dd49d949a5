"""How the rules judged each move, and the rulesets of the organization."""

from sandbox.pages import listed
from sandbox.records import Suite
from sandbox.routing import route
from sandbox.rulesets import brief, full
from sandbox.state import REPOSITORY_ID, State
from sandbox.wire import Call, JsonObject, Reply, not_found


def _suite(state: State, suite: Suite) -> JsonObject:
    return {
        "id": suite.id,
        "actor_id": suite.actor.id,
        "actor_name": suite.actor.login,
        "before_sha": suite.before,
        "after_sha": suite.after,
        "ref": suite.ref,
        "repository_id": REPOSITORY_ID,
        "repository_name": state.identity.name,
        "pushed_at": suite.pushed_at,
        "result": suite.result,
    }


@route("GET", "/R/rulesets/rule-suites", "administration:read")
def list_suites(state: State, call: Call) -> Reply:
    """List suites, newest first, by ref, actor or result."""
    wanted = call.query
    found = [
        suite
        for suite in reversed(state.suites)
        if wanted.get("ref", suite.ref) in (suite.ref, suite.ref.split("/", 2)[-1])
        if wanted.get("actor_name", suite.actor.login) == suite.actor.login
        if wanted.get("rule_suite_result", "all") in ("all", suite.result)
    ]
    return listed(state, call, [_suite(state, suite) for suite in found])


@route("GET", "/R/rulesets/rule-suites/{id}", "administration:read")
def get_suite(state: State, call: Call) -> Reply:
    """Return one suite with what each ruleset said."""
    number = call.number("id")
    for suite in state.suites:
        if suite.id == number:
            shape = _suite(state, suite)
            shape["rule_evaluations"] = list(suite.evaluations)
            return Reply(json=shape)
    raise not_found()


@route("GET", "/orgs/{org}/rulesets", "administration:write")
def list_parents(state: State, call: Call) -> Reply:
    """List the rulesets of the organization."""
    if call.args["org"].lower() != state.identity.owner.lower():
        raise not_found()
    found = [r for r in state.rulesets if r.source_type != "Repository"]
    return listed(state, call, [brief(state, ruleset) for ruleset in found])


@route("GET", "/orgs/{org}/rulesets/{id}", "administration:write")
def get_parent(state: State, call: Call) -> Reply:
    """Return one ruleset of the organization."""
    number = call.number("id")
    for ruleset in state.rulesets:
        if ruleset.id == number and ruleset.source_type != "Repository":
            return Reply(json=full(state, call, ruleset))
    raise not_found()
