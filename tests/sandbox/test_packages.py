"""Packages, workflow runs, limits: what is derived or small."""

from sandbox.images import OCI_MANIFEST, Manifest
from sandbox.server import Sandbox
from tests.sandbox.calls import Api

_WORKFLOW = ".github/workflows/deploy.yml"


def test_packages_are_what_the_registry_holds(api: Api, box: Sandbox) -> None:
    digest = box.images.repository("acme/shop/api").put(
        "1.0.0", Manifest(OCI_MANIFEST, b'{"layers": []}')
    )
    path = "//orgs/acme/packages/container/shop%2Fapi"

    (package,) = api("GET", "//orgs/acme/packages?package_type=container").items
    (version,) = api("GET", f"{path}/versions").items

    assert package["name"] == "shop/api"
    assert version["name"] == digest
    assert version["metadata"] == {
        "package_type": "container",
        "container": {"tags": ["1.0.0"]},
    }
    assert api("GET", path)["version_count"] == 1
    assert api("GET", f"{path}/versions/{version['id']}")["name"] == digest


def test_a_missing_package_is_a_404(api: Api) -> None:
    path = "//orgs/acme/packages/container/shop%2Fnone/versions"

    assert api("GET", path).status == 404


def _with_workflow(box: Sandbox, text: str) -> str:
    git = box.state.git
    tree = git.tree_with(None, _WORKFLOW, text.encode())
    author = ("Ann", "ann@example.com", "2026-11-02T10:00:00Z")
    commit = git.commit_tree(tree, [], "ci: deploy", author=author)
    assert git.move("refs/heads/main", commit, None)
    return commit


def test_a_dispatch_is_listed_as_a_run(api: Api, box: Sandbox) -> None:
    commit = _with_workflow(box, "on:\n  workflow_dispatch:\n")
    path = "/actions/workflows/deploy.yml"

    answer = api("POST", f"{path}/dispatches", {"ref": "main", "inputs": {}})

    assert answer.status == 204
    runs = api("GET", f"{path}/runs")["workflow_runs"]
    assert isinstance(runs, list)
    assert [run["head_sha"] for run in runs if isinstance(run, dict)] == [commit]


def test_a_dispatch_names_what_is_missing(api: Api, box: Sandbox) -> None:
    _with_workflow(box, "on: push\n")
    path = "/actions/workflows/deploy.yml/dispatches"

    no_ref = api("POST", path, {"ref": "none"})
    no_trigger = api("POST", path, {"ref": "main"})

    assert (no_ref.status, no_ref.message) == (422, "No ref found for: none")
    text = "Workflow does not have 'workflow_dispatch' trigger"
    assert (no_trigger.status, no_trigger.message) == (422, text)


def test_a_dispatch_needs_its_inputs(api: Api, box: Sandbox) -> None:
    inputs = (
        "on:\n  workflow_dispatch:\n    inputs:\n"
        "      environment:\n        required: true\n"
        "      reason:\n        default: none\n        required: true\n"
        "jobs: {}\n"
    )
    _with_workflow(box, inputs)
    path = "/actions/workflows/deploy.yml/dispatches"

    missing = api("POST", path, {"ref": "main"})
    given = api("POST", path, {"ref": "main", "inputs": {"environment": "dev"}})

    text = "Required input 'environment' not provided"
    assert (missing.status, missing.message) == (422, text)
    assert given.status == 204


def test_small_questions_are_answered_as_described(api: Api) -> None:
    paths = ("//", "//meta", "//user", "//rate_limit", "/attestations/sha256:0")

    assert [api("GET", path).status for path in paths] == [200] * 5


def test_a_workflows_token_is_no_user(api: Api) -> None:
    assert api("GET", "//user", who="actions").status == 403


def test_the_token_opens_the_registry(api: Api, box: Sandbox) -> None:
    scope = "scope=repository:acme/shop/api:pull,push"

    anonymous = api("GET", f"//token?service=ghcr.io&{scope}", who="none")

    assert anonymous.status == 401
    assert api("GET", "//v2/", who="none").status == 401
    assert box.registry_url == box.url
