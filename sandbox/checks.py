"""Commit statuses and check runs."""

from sandbox import shapes
from sandbox.pages import listed
from sandbox.records import Check
from sandbox.routing import refusal, route
from sandbox.state import State
from sandbox.wire import (
    Call,
    Json,
    JsonObject,
    Reply,
    created,
    not_found,
    object_of,
    text_of,
    unprocessable,
)


def newest_states(state: State, sha: str) -> dict[str, str]:
    """Return the newest state of every context of commit *sha*."""
    return {check.context: check.state for check in state.checks if check.sha == sha}


def _commit(state: State, call: Call) -> str:
    sha = state.git.named_commit(call.args["ref"])
    if sha is None:
        raise not_found()
    return sha


@route("POST", "/R/statuses/{sha}", "statuses:write")
def create_status(state: State, call: Call) -> Reply:
    """Give a commit a status."""
    body, sha = call.json(), call.args["sha"]
    if state.git.kind_of(sha) != "commit":
        raise unprocessable(f"No commit found for SHA: {sha}")
    check = Check(
        id=state.next_id(),
        sha=sha,
        context=text_of(body, "context", "default"),
        state=text_of(body, "state"),
        creator=call.actor,
        created_at=state.now(),
        is_run=False,
        description=text_of(body, "description") or None,
        url=text_of(body, "target_url") or None,
    )
    state.checks.append(check)
    shape = _status(state, check)
    return created(shape | {"creator": shapes.user(state, call.actor)}, located=True)


def _status(state: State, check: Check) -> JsonObject:
    return {
        "url": f"{state.identity.api}/statuses/{check.sha}",
        "avatar_url": f"{state.identity.base}/avatars/{check.creator.id}",
        "id": check.id,
        "node_id": shapes.node_id("Status", check.id),
        "state": check.state,
        "description": check.description,
        "target_url": check.url,
        "context": check.context,
        "created_at": check.created_at,
        "updated_at": check.created_at,
    }


@route("GET", "/R/commits/{ref+}/status", "contents:read")
def get_combined(state: State, call: Call) -> Reply:
    """Return the statuses of a commit, newest of each context, and their sum."""
    sha = _commit(state, call)
    found = {c.context: c for c in state.checks if c.sha == sha and not c.is_run}
    states = {check.state for check in found.values()}
    if states & {"failure", "error"}:
        total = "failure"
    else:
        total = "success" if states == {"success"} else "pending"
    api = state.identity.api
    return Reply(
        json={
            "state": total,
            "statuses": [_status(state, check) for check in found.values()],
            "sha": sha,
            "total_count": len(found),
            "repository": shapes.repository(state, minimal=True),
            "commit_url": f"{api}/commits/{sha}",
            "url": f"{api}/commits/{sha}/status",
        }
    )


@route("POST", "/R/check-runs", "checks:write")
def create_run(state: State, call: Call) -> Reply:
    """Create a check run; only Apps may."""
    if not call.actor.is_app:
        raise refusal(state, call, "checks:write")
    body = call.json()
    conclusion = text_of(body, "conclusion")
    if text_of(body, "status") == "completed" and not conclusion:
        # hub4j GHCheckRunBuilderTest, 2020
        raise unprocessable(
            'Invalid request.\n\nNo subschema in "anyOf" matched.\n'
            '"conclusion" wasn\'t supplied.'
        )
    if state.git.kind_of(text_of(body, "head_sha")) != "commit":
        raise unprocessable(f"No commit found for SHA: {body.get('head_sha')}")
    check = Check(
        id=state.next_id(),
        sha=text_of(body, "head_sha"),
        context=text_of(body, "name"),
        state=conclusion or "pending",
        status="completed" if conclusion else text_of(body, "status", "queued"),
        creator=call.actor,
        created_at=state.now(),
        is_run=True,
        url=text_of(body, "details_url") or None,
        output=object_of(body, "output"),
    )
    state.checks.append(check)
    return created(_run(state, check), located=True)


def _run(state: State, check: Check) -> JsonObject:
    url = f"{state.identity.api}/check-runs/{check.id}"
    done = check.status == "completed"
    output: JsonObject = {name: check.output.get(name) for name in _OUTPUT}
    return {
        "id": check.id,
        "head_sha": check.sha,
        "node_id": shapes.node_id("CheckRun", check.id),
        "external_id": "",
        "url": url,
        "html_url": f"{state.identity.html}/runs/{check.id}",
        "details_url": check.url or f"{state.identity.html}/runs/{check.id}",
        "status": check.status,
        "conclusion": check.state if done else None,
        "started_at": check.created_at,
        "completed_at": check.created_at if done else None,
        "output": output
        | {"annotations_count": 0, "annotations_url": f"{url}/annotations"},
        "name": check.context,
        "check_suite": {"id": check.id},
        "app": _app(state, check),
        "pull_requests": [],
    }


_OUTPUT = ("title", "summary", "text")


def _app(state: State, check: Check) -> JsonObject:
    number = check.creator.app_id or 0
    slug = check.creator.login.removesuffix("[bot]")
    moment = "2026-01-01T00:00:00Z"
    return {
        "id": number,
        "slug": slug,
        "node_id": shapes.node_id("App", number),
        "owner": shapes.owner(state),
        "name": slug,
        "description": None,
        "external_url": state.identity.base,
        "html_url": f"{state.identity.base}/apps/{slug}",
        "created_at": moment,
        "updated_at": moment,
        "permissions": {"checks": "write"},
        "events": [],
    }


@route("GET", "/R/commits/{ref+}/check-runs", "contents:read")
def list_runs(state: State, call: Call) -> Reply:
    """List the check runs of a commit, the newest of each name."""
    sha = _commit(state, call)
    found = {c.context: c for c in state.checks if c.sha == sha and c.is_run}
    name = call.query.get("check_name")
    shown: list[Json] = [
        _run(state, check) for check in found.values() if name in (None, check.context)
    ]
    return listed(state, call, shown, key="check_runs")
