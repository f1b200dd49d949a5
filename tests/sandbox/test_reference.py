"""docs/reference/sandbox.md says what each client gets: every row is tried."""

import base64
import os
import re
import shutil
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from github import Auth, Github, GithubException
from github.PaginatedList import PaginatedList

from sandbox.defaults import GITHUB, Defaults
from sandbox.graphql_run import PAGE
from sandbox.images import OCI_MANIFEST, Manifest
from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api, grow
from tests.sandbox.cases import ENV
from tests.sandbox.clones import Clone, run
from tests.sandbox.gh import GH

_TEXT = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")
_ROW = re.compile(
    r"^\| (gh|git|skopeo|curl|PyGithub) \| `(.+)` \| (works|no|refused)\b", re.MULTILINE
)
_WORKFLOW = """\
name: Deploy
on:
  workflow_dispatch:
    inputs:
      version:
        required: true
"""


@dataclass(frozen=True, slots=True)
class _Row:
    call: str
    answer: str


def _rows(client: str) -> list[_Row]:
    return [
        _Row(call, answer) for who, call, answer in _ROW.findall(_TEXT) if who == client
    ]


def _fill(box: Sandbox, start: str) -> None:
    """Give the repository one of everything: pull request 1, issue 2, and so on."""
    api, git = Api(box), box.state.git
    content = base64.b64encode(_WORKFLOW.encode()).decode()
    path = "/contents/.github/workflows/deploy.yml"
    api("PUT", path, {"message": "ci: deploy", "content": content})
    for name in ("topic", "second"):
        git.git("update-ref", f"refs/heads/{name}", start)
        grow(box, f"feat: {name}", f"refs/heads/{name}")
    api("POST", "/pulls", {"title": "second", "head": "second", "base": "main"})
    api("POST", "/issues", {"title": "here already"})
    check: dict[str, Json] = {"name": "ci", "head_sha": git.ref("refs/heads/topic")}
    check |= {"status": "completed", "conclusion": "success"}
    api("POST", "/check-runs", check, who="actions")
    api("POST", "/rulesets", ENV)
    api("PUT", "/environments/prod", {})
    api("POST", "/releases", {"tag_name": "v1.0.0", "name": "One", "body": "notes"})
    manifest = Manifest(OCI_MANIFEST, b'{"schemaVersion": 2, "layers": []}')
    box.images.repository("acme/shop/api").put("1.0.0", manifest)


@pytest.fixture
def clone(unchecked: Sandbox, tmp_path: Path) -> Clone:
    start = grow(unchecked, "feat: start")
    _fill(unchecked, start)
    place = f"https://github.com/{unchecked.repository}.git"
    words = ("git", "clone", "-q", "-b", "topic", place, "shop")
    done = run(*words, cwd=tmp_path, env=unchecked.environ())
    assert done.code == 0, done.output
    return Clone(box=unchecked, path=tmp_path / "shop")


def _difference(row: _Row, code: int, output: str) -> str:
    """Return how *row* lies, empty if it does not."""
    good = (code == 0) == (row.answer == "works")
    if row.answer == "no" and row.call.startswith("gh "):
        good = good and PAGE in output
    return "" if good else f"{row.call}: {row.answer}, but {code}: {output.strip()}"


@pytest.mark.parametrize("client", ["gh", "git", "skopeo", "curl"])
def test_every_row_of_a_program_is_true(
    client: str, clone: Clone, tmp_path: Path
) -> None:
    missing = not GH.exists() if client == "gh" else not shutil.which(client)
    if missing:
        pytest.skip(f"{client} is not installed")
    path = {"PATH": f"{GH.parent}:{os.environ['PATH']}"}
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "GH_NO_UPDATE_NOTIFIER": "1"}
    env = clone.box.environ() | own | path
    found = []

    for row in _rows(client):
        done = run("sh", "-c", row.call, cwd=clone.path, env=env)
        found.append(_difference(row, done.code, done.output))

    assert [line for line in found if line] == []


def test_every_row_of_pygithub_is_true(clone: Clone) -> None:
    box = clone.box
    token = Auth.Token(box.tokens["admin"])
    found = []

    with Github(auth=token, base_url=box.url, retry=None) as client:
        scope = {"client": client, "shop": client.get_repo(box.repository)}
        for row in _rows("PyGithub"):
            code, words = 0, "it works"
            try:
                value = eval(row.call, scope)  # noqa: S307  # our own page
                list(value) if isinstance(value, PaginatedList) else value
            except GithubException as problem:
                code, words = 1, str(problem)
                assert PAGE in words
            found.append(_difference(row, code, words))

    assert [line for line in found if line] == []


def test_the_table_has_every_client() -> None:
    assert {who for who, _, _ in _ROW.findall(_TEXT)} == {
        "gh",
        "git",
        "skopeo",
        "curl",
        "PyGithub",
    }


@pytest.mark.parametrize("name", [item.name for item in fields(Defaults)])
def test_the_page_tells_each_default(name: str) -> None:
    row = f"| `{name}` | `{getattr(GITHUB, name)}` |"

    assert row in _TEXT
