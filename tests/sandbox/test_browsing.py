"""A browser finds a page behind each address that answers and tools print."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sandbox.images import OCI_MANIFEST, Manifest
from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Answer, Api, grow
from tests.sandbox.cases import MAIN

_NASTY = "<script>alert(1)</script>\"&'<img src=x onerror=y>"


class _Reader(HTMLParser):
    """Collects tags, links and words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words += data


def _read(answer: Answer) -> _Reader:
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    reader = _Reader()
    reader.feed(answer.body.decode())
    return reader


@pytest.fixture
def shop(api: Api, box: Sandbox, start: str) -> Api:
    """Return calls of a repository that has one of everything, oddly named."""
    box.state.git.git("update-ref", "refs/heads/topic", start)
    grow(box, f"feat: {_NASTY}", "refs/heads/topic")
    pull: Json = {"title": _NASTY, "head": "topic", "base": "main", "body": _NASTY}
    api("POST", "/pulls", pull)
    api("POST", "/issues", {"title": _NASTY, "body": _NASTY, "labels": [_NASTY]})
    api("POST", "/issues/2/comments", {"body": _NASTY})
    api("POST", "/rulesets", {**MAIN, "name": _NASTY})
    api("PUT", "/environments/prod", {})
    deployment: Json = {
        "ref": "main",
        "environment": "prod",
        "auto_merge": False,
        "required_contexts": [],
    }
    api("POST", "/deployments", deployment)
    api("POST", "/releases", {"tag_name": "v1.0.0", "name": _NASTY, "body": _NASTY})
    check: Json = {"name": _NASTY, "head_sha": box.state.git.ref("refs/heads/topic")}
    api("POST", "/check-runs", check, who="actions")
    return api


_ADDRESSES = (
    "",
    "/tree/main",
    "/blob/main/notes.txt",
    "/commits/main",
    "/releases",
    "/releases/latest",
    "/releases/tag/v1.0.0",
    "/rules",
    "/rules?ref=refs%2Fheads%2Fmain",
    "/deployments",
    "/deployments/activity_log?environments_filter=prod",
    "/settings/environments",
    "/settings/keys/new",
    "/pulls",
    "/pull/1",
    "/issues",
    "/issues/2",
    "/actions",
)


@pytest.mark.parametrize("path", _ADDRESSES)
def test_an_address_has_a_page_that_does_nothing(shop: Api, path: str) -> None:
    box = shop.box

    answer = shop("GET", f"//{box.repository}{path}", who="none")

    page = _read(answer)
    assert answer.status == 200
    assert not {"script", "img", "iframe", "form", "input"} & set(page.tags)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert all(link.startswith("/acme") for link in page.links)


@pytest.mark.parametrize("path", ["/pull/1", "/issues/2", "/releases/tag/v1.0.0"])
def test_what_people_wrote_stands_there_as_they_wrote_it(shop: Api, path: str) -> None:
    answer = shop("GET", f"//{shop.box.repository}{path}", who="none")

    assert _read(answer).words.count(_NASTY) >= 2
    assert b"<script" not in answer.body


def test_every_link_leads_to_a_page(shop: Api) -> None:
    seen, waiting = set[str](), [f"/{shop.box.repository}"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = shop("GET", f"/{path}", who="none")
        assert answer.status == 200, path
        waiting += _read(answer).links

    assert len(seen) >= 11


@pytest.mark.parametrize(
    "path",
    ["/pulls/1", "/issues/2", "/releases/latest", "/rulesets", "/environments/prod"],
)
def test_the_html_url_of_an_answer_opens(shop: Api, path: str) -> None:
    found = re.findall(r'"html_url": "([^"]+)"', shop("GET", path).body.decode())
    ours = [url for url in found if f"/{shop.box.repository}/" in url]

    pages = [shop("GET", url, who="none") for url in ours]

    assert all(page.status == 200 for page in pages), ours
    assert ours or path == "/rulesets"


def test_a_ruleset_shows_its_rules_and_not_who_passes(shop: Api) -> None:
    number = shop("GET", "/rulesets").items[0]["id"]

    words = _read(shop("GET", f"//acme/shop/rules/{number}", who="none")).words

    assert "required_linear_history" in words
    assert "context: all-green" in words
    assert "DeployKey" not in words


@pytest.mark.parametrize(
    "path",
    [
        "/pull/99",
        "/releases/download/v1.0.0/none",
        "/issues/99",
        "/releases/tag/v9",
        "/rules/1",
        "/nowhere",
        "/tree/x",
        "/blob/main/no",
        "/commit/abcdef1",
        "/actions/runs/1",
        "/runs/1",
        "/pkgs/container/api",
    ],
)
def test_an_address_of_nothing_is_a_page_that_says_so(shop: Api, path: str) -> None:
    answer = shop("GET", f"//{shop.box.repository}{path}", who="none")

    assert answer.status == 404
    assert "no such page" in _read(answer).words


def test_a_private_repository_shows_nothing(shop: Api) -> None:
    shop.box.state.private = True

    statuses = {
        shop("GET", f"//{shop.box.repository}{path}", who="none").status
        for path in _ADDRESSES
    }

    assert statuses == {404}
    owner = shop("GET", "//acme", who="none")
    assert b"acme/shop" not in owner.body


def test_a_draft_is_not_for_everybody(shop: Api) -> None:
    draft = shop("POST", "/releases", {"tag_name": "v2.0.0", "draft": True})

    listed = shop("GET", "//acme/shop/releases", who="none")

    place = f"//api/uploads/repos/acme/shop/releases/{draft['id']}/assets?name=a"
    asset = shop("POST", place, b"x", headers={"Content-Type": "text/plain"})
    latest = shop("GET", "//acme/shop/releases/latest", who="none")

    assert b"v2.0.0" not in listed.body + latest.body
    for address in (
        str(draft["html_url"]),
        "//acme/shop/releases/tag/v2.0.0",
        str(asset["browser_download_url"]),
        "//acme/shop/releases/download/v2.0.0/a",
    ):
        assert shop("GET", address, who="none").status == 404


def test_a_file_of_a_release_is_downloaded(shop: Api) -> None:
    number = shop("GET", "/releases/latest")["id"]
    place = f"//api/uploads/repos/acme/shop/releases/{number}/assets?name=a.bin"
    headers = {"Content-Type": "application/octet-stream"}
    asset = shop("POST", place, b"\x00<b>", headers=headers)

    answer = shop("GET", str(asset["browser_download_url"]), who="none")

    assert (answer.status, answer.body) == (200, b"\x00<b>")
    assert answer.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(("public", "status"), [(True, 200), (False, 404)])
def test_a_package_has_a_page_when_it_is_public(
    shop: Api, box: Sandbox, *, public: bool, status: int
) -> None:
    box.images.switches.images_start_public = public
    manifest = Manifest(OCI_MANIFEST, b'{"schemaVersion": 2, "layers": []}')
    box.images.repository("acme/shop/api").put("1.0.0", manifest)
    package = shop("GET", "//orgs/acme/packages/container/shop%2Fapi")

    answer = shop("GET", str(package["html_url"]), who="none")

    assert answer.status == status
    assert (b"1.0.0" in answer.body) == public


def test_a_run_has_a_page(shop: Api, box: Sandbox) -> None:
    content = "b246CiAgd29ya2Zsb3dfZGlzcGF0Y2g6Cg=="
    body: Json = {"message": "ci: x", "content": content, "branch": "topic"}
    shop("PUT", "/contents/.github/workflows/a.yml", body)
    place = "/actions/workflows/a.yml/dispatches"
    shop("POST", place, {"ref": "topic", "inputs": {"x": _NASTY}})

    run = box.state.runs[0]
    page = _read(shop("GET", f"//acme/shop/actions/runs/{run.id}", who="none"))

    assert "workflow_dispatch" not in page.words
    assert _NASTY in page.words
    assert "Nothing runs here" in page.words


def test_the_root_is_a_page_for_browsers_only(api: Api) -> None:
    browser = api("GET", "//", who="none", headers={"Accept": "text/html,*/*"})

    assert "acme/shop" in _read(browser).words
    assert api("GET", "//")["current_user_url"]


_NAMES = ("chromium", "chromium-browser", "google-chrome")
_BROWSER = next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.mark.skipif(not _BROWSER, reason="no Chromium is installed")
def test_chromium_shows_a_pull_request(shop: Api, tmp_path: Path) -> None:
    url = f"{shop.box.url}/{shop.box.repository}/pull/1"
    place = f"--user-data-dir={tmp_path}"
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-proxy-server", place)

    done = subprocess.run(
        [str(_BROWSER), *flags, "--virtual-time-budget=2000", "--dump-dom", url],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    page = _Reader()
    page.feed(done.stdout)
    assert f"#1 {_NASTY}" in page.words, done.stderr[-500:]
    assert "notes.txt" in page.words
