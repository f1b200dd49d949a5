"""Workflow runs: what was asked for. Nothing runs here; act does that."""

from sandbox import shapes
from sandbox.pages import listed
from sandbox.records import Run
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import Call, JsonObject, Reply, not_found
from sandbox.workflows import file_of, workflow_name, workflow_number


def _shape(state: State, run: Run) -> JsonObject:
    api = state.identity.api
    url = f"{api}/actions/runs/{run.id}"
    name = workflow_name(state, run.workflow, run.sha)
    number = workflow_number(run.workflow)
    links = ("jobs", "logs", "artifacts", "cancel", "rerun")
    return {
        **{f"{name}_url": f"{url}/{name}" for name in links},
        "id": run.id,
        "node_id": shapes.node_id("WorkflowRun", run.id),
        "name": name,
        "head_branch": run.ref.removeprefix("refs/heads/"),
        "head_sha": run.sha,
        "path": f".github/workflows/{run.workflow}",
        "run_number": run.number,
        "run_attempt": 1,
        "run_started_at": run.created_at,
        "event": "workflow_dispatch",
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": number,
        "url": url,
        "html_url": f"{state.identity.html}/actions/runs/{run.id}",
        "pull_requests": [],
        "created_at": run.created_at,
        "updated_at": run.created_at,
        "actor": shapes.user(state, run.actor),
        "triggering_actor": shapes.user(state, run.actor),
        "check_suite_url": f"{api}/check-suites/{run.id}",
        "workflow_url": f"{api}/actions/workflows/{number}",
        "head_commit": _commit(state, run.sha),
        "repository": shapes.repository(state, minimal=True),
        "head_repository": shapes.repository(state, minimal=True),
        "display_title": name,  # of a dispatch; of a push the commit's title
    }


def _commit(state: State, sha: str) -> JsonObject:
    commit = state.git.commit(sha)
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": commit.committer[2],
        "author": {"name": commit.author[0], "email": commit.author[1]},
        "committer": {"name": commit.committer[0], "email": commit.committer[1]},
    }


def _matches(call: Call, run: Run) -> bool:
    """Say whether *run* passes the filters of a list."""
    status = call.query.get("status")
    asked = {
        "branch": run.ref.removeprefix("refs/heads/"),
        "event": "workflow_dispatch",
        "actor": run.actor.login,
        "head_sha": run.sha,
    }
    return status in (None, run.status, run.conclusion) and all(
        call.query.get(name, value) == value for name, value in asked.items()
    )


@route("GET", "/R/actions/workflows/{workflow}/runs", "actions:read")
@route("GET", "/R/actions/runs", "actions:read")
def list_runs(state: State, call: Call) -> Reply:
    """List the runs of all workflows or of one, newest first."""
    file = file_of(state, call.args.get("workflow", ""))
    found = [
        _shape(state, run)
        for run in reversed(state.runs)
        if file in ("", run.workflow) and _matches(call, run)
    ]
    return listed(state, call, found, key="workflow_runs")


def _find(state: State, call: Call) -> Run:
    number = call.number("id")
    for run in state.runs:
        if run.id == number:
            return run
    raise not_found()


@route("GET", "/R/actions/runs/{id}", "actions:read")
def get_run(state: State, call: Call) -> Reply:
    """Return one run."""
    return Reply(json=_shape(state, _find(state, call)))


@route("GET", "/R/actions/runs/{id}/jobs", "actions:read")
def list_jobs(state: State, call: Call) -> Reply:
    """List the jobs of a run: none is ever started here."""
    _find(state, call)
    return listed(state, call, [], key="jobs")


@route("GET", "/R/actions/runs/{id}/artifacts", "actions:read")
def list_artifacts(state: State, call: Call) -> Reply:
    """List the artifacts of a run: there are none without jobs."""
    _find(state, call)
    return listed(state, call, [], key="artifacts")


@route("GET", "/R/actions/runs/{id}/approvals", "actions:read")
def list_approvals(state: State, call: Call) -> Reply:
    """List who approved the environments of a run."""
    return Reply(json=list(_find(state, call).approvals))
