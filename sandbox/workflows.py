"""Workflow runs: dispatch, list, approvals. Nothing runs here; act does that."""

import re
from http import HTTPStatus

from sandbox import shapes
from sandbox.pages import listed
from sandbox.records import Run
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    Call,
    JsonObject,
    Reply,
    flag_of,
    no_content,
    not_found,
    object_of,
    text_of,
    unprocessable,
)


def required_inputs(workflow: str) -> list[str]:
    """Return the inputs that the text of a *workflow* requires and has no default for.

    Reads the usual block style only; there is no YAML in the standard library.
    """
    found = re.search(
        r"^( *)inputs:\n((?:\1 +.*\n|\s*\n)+)", f"{workflow}\n", re.MULTILINE
    )
    if not found:
        return []
    step = re.match(r" *", found[2].lstrip("\n"))
    indent = step.group() if step else ""
    blocks = re.split(rf"^{indent}(?=\S)", found[2], flags=re.MULTILINE)
    return [
        block.partition(":")[0]
        for block in blocks
        if re.search(r"^\s+required: true\b", block, re.MULTILINE)
        and "default:" not in block
    ]


@route("POST", "/R/actions/workflows/{workflow}/dispatches", "actions:write")
def dispatch(state: State, call: Call) -> Reply:
    """Ask for a run; 204, or 200 with ``return_run_details``."""
    body, workflow = call.json(), call.args["workflow"]
    ref = text_of(body, "ref")
    sha = state.git.named_commit(ref.removeprefix("refs/heads/"))
    if sha is None:
        raise unprocessable(f"No ref found for: {ref}")
    path = f"{sha}:.github/workflows/{workflow}"
    content = state.git.ask("cat-file", "blob", path)
    if content is None:
        raise not_found()
    if "workflow_dispatch" not in content:
        raise unprocessable("Workflow does not have 'workflow_dispatch' trigger")
    inputs = object_of(body, "inputs")
    for name in required_inputs(content):
        if not inputs.get(name):
            raise unprocessable(f"Required input '{name}' not provided")
    run = Run(
        id=state.next_id(),
        number=len(state.runs) + 1,
        workflow=workflow,
        ref=ref,
        sha=sha,
        inputs=inputs,
        actor=call.actor,
        created_at=state.now(),
    )
    state.runs.append(run)
    if not flag_of(body, "return_run_details"):
        return no_content()
    return Reply(
        status=HTTPStatus.OK,
        json={
            "workflow_run_id": run.id,
            "run_url": f"{state.identity.api}/actions/runs/{run.id}",
            "html_url": f"{state.identity.html}/actions/runs/{run.id}",
        },
    )


@route("GET", "/R/actions/workflows/{workflow}/runs", "actions:read")
def list_runs(state: State, call: Call) -> Reply:
    """List the runs of a workflow, newest first."""
    found = [r for r in reversed(state.runs) if r.workflow == call.args["workflow"]]
    shown = [_shape(state, run) for run in found]
    return listed(state, call, shown, key="workflow_runs")


def _shape(state: State, run: Run) -> JsonObject:
    api = state.identity.api
    url = f"{api}/actions/runs/{run.id}"
    commit = state.git.commit(run.sha)
    links = ("jobs", "logs", "artifacts", "cancel", "rerun")
    return {
        **{f"{name}_url": f"{url}/{name}" for name in links},
        "id": run.id,
        "node_id": shapes.node_id("WorkflowRun", run.id),
        "name": run.workflow,
        "head_branch": run.ref.removeprefix("refs/heads/"),
        "head_sha": run.sha,
        "path": f".github/workflows/{run.workflow}",
        "run_number": run.number,
        "event": "workflow_dispatch",
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": 1,
        "url": url,
        "html_url": f"{state.identity.html}/actions/runs/{run.id}",
        "pull_requests": [],
        "created_at": run.created_at,
        "updated_at": run.created_at,
        "check_suite_url": f"{api}/check-suites/{run.id}",
        "workflow_url": f"{api}/actions/workflows/{run.workflow}",
        "head_commit": {
            "id": commit.sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": commit.committer[2],
            "author": {"name": commit.author[0], "email": commit.author[1]},
            "committer": {"name": commit.committer[0], "email": commit.committer[1]},
        },
        "repository": shapes.repository(state, minimal=True),
        "head_repository": shapes.repository(state, minimal=True),
        "display_title": commit.message.partition("\n")[0],
    }


@route("GET", "/R/actions/runs/{id}/approvals", "actions:read")
def list_approvals(state: State, call: Call) -> Reply:
    """List who approved the environments of a run."""
    number = call.number("id")
    for run in state.runs:
        if run.id == number:
            return Reply(json=list(run.approvals))
    raise not_found()
