"""Workflows, as the files of the default branch say, and asking for a run of one."""

import re
import zlib
from http import HTTPStatus

from sandbox import shapes
from sandbox.pages import listed
from sandbox.records import Run
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    Call,
    Json,
    JsonObject,
    Reply,
    flag_of,
    no_content,
    not_found,
    object_of,
    text_of,
    unprocessable,
)

_FOLDER = ".github/workflows"
_MOMENT = "2026-01-01T00:00:00Z"


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


def workflow_number(file: str) -> int:
    """Return the id of the workflow in *file* (``ci.yml``)."""
    return zlib.crc32(file.encode())


def workflow_name(state: State, file: str, commit: str = "") -> str:
    """Return the ``name:`` of a workflow, its path without one."""
    commit = commit or f"refs/heads/{state.default_branch}"
    text = state.git.ask("cat-file", "blob", f"{commit}:{_FOLDER}/{file}") or ""
    found = re.search(r"^name:[ \t]*(.+?)[ \t]*$", text, re.MULTILINE)
    return found[1].strip("'\"") if found else f"{_FOLDER}/{file}"


def workflow_files(state: State) -> list[str]:
    """Return the files of the workflows on the default branch, by name."""
    branch = f"refs/heads/{state.default_branch}"
    if state.git.commit_of(branch) is None:
        return []
    found = state.git.git("ls-tree", "--name-only", branch, "--", f"{_FOLDER}/")
    names = (line.rpartition("/")[2] for line in found.splitlines())
    return [name for name in names if name.endswith((".yml", ".yaml"))]


def file_of(state: State, wanted: str) -> str:
    """Return the file of the workflow *wanted* by its number or by its file."""
    numbers = {str(workflow_number(file)): file for file in workflow_files(state)}
    return numbers.get(wanted, wanted)


def _shape(state: State, file: str) -> JsonObject:
    number, html = workflow_number(file), state.identity.html
    return {
        "id": number,
        "node_id": shapes.node_id("Workflow", number),
        "name": workflow_name(state, file),
        "path": f"{_FOLDER}/{file}",
        "state": "active",
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
        "url": f"{state.identity.api}/actions/workflows/{number}",
        "html_url": f"{html}/blob/{state.default_branch}/{_FOLDER}/{file}",
        "badge_url": f"{html}/actions/workflows/{file}/badge.svg",
    }


@route("GET", "/R/actions/workflows", "actions:read")
def list_workflows(state: State, call: Call) -> Reply:
    """List the workflows of the default branch."""
    shown: list[Json] = [_shape(state, file) for file in workflow_files(state)]
    return listed(state, call, shown, key="workflows")


@route("GET", "/R/actions/workflows/{workflow}", "actions:read")
def get_workflow(state: State, call: Call) -> Reply:
    """Return one workflow by its number or its file."""
    file = file_of(state, call.args["workflow"])
    if file not in workflow_files(state):
        raise not_found()
    return Reply(json=_shape(state, file))


@route("POST", "/R/actions/workflows/{workflow}/dispatches", "actions:write")
def dispatch(state: State, call: Call) -> Reply:
    """Ask for a run; 204, or 200 with ``return_run_details``."""
    body, workflow = call.json(), file_of(state, call.args["workflow"])
    ref = text_of(body, "ref")
    sha = state.git.named_commit(ref.removeprefix("refs/heads/"))
    if sha is None:
        raise unprocessable(f"No ref found for: {ref}")
    content = state.git.ask("cat-file", "blob", f"{sha}:{_FOLDER}/{workflow}")
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
