"""A rendered repository and its one wheel, on a machine with nothing but Python.

The package index is reached as the ordinary clients are set up on this machine.
"""

import os
import pty
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import OUTSIDE
from tests.rendered import renders

_CLIENTS = ("PIP_", "UV_", "SSL_", "REQUESTS_")
VERSION = (renders.ROOT / "TEMPLATE_VERSION").read_text(encoding="utf-8").strip()
_PUBLIC = "https://pypi.org/simple"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("artefact")
    return renders.render(renders.copy_source(base / "monokeel"), base / "shop", {})


@pytest.fixture
def shop(rendered: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(rendered, tmp_path / "shop"))


@contextmanager
def index_without_our_name(asked: list[str]) -> Iterator[str]:
    """Serve the configured index, but 500 for the name of our package."""
    behind = OUTSIDE.get("PIP_INDEX_URL") or OUTSIDE.get("UV_INDEX_URL") or _PUBLIC

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path.startswith("/simple/monokeel"):
                self.send_error(500)
                return
            self.send_response(307)  # the client goes on by itself
            there = behind.rstrip("/") + self.path.removeprefix("/simple")
            self.send_header("Location", there)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def machine(base: Path, *, uv: bool) -> dict[str, str]:
    """Return the environment of somebody with an empty HOME, with or without uv."""
    programs = base / "programs"
    programs.mkdir()
    wanted = {"python3": sys.executable, "git": shutil.which("git") or ""}
    if uv:
        wanted["uv"] = str(Path(sys.executable).with_name("uv"))
    for name, target in wanted.items():
        (programs / name).write_text(f'#!/bin/sh\nexec "{target}" "$@"\n')
        (programs / name).chmod(0o755)
    (base / "home").mkdir()
    kept = {
        name: value
        for name, value in OUTSIDE.items()
        if name.startswith(_CLIENTS) or name.lower().endswith("_proxy")
    }
    return kept | {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(base / "home")}


def inv(
    shop: Path, env: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["./inv", *arguments],
        cwd=shop,
        env=env,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


def test_a_default_render_is_small_and_has_one_wheel(rendered: Path) -> None:
    files = renders.files(rendered)

    assert len(files) <= 50
    wheels = [name for name in files if name.endswith(".whl")]
    assert wheels == [f"ops/monokeel-{VERSION}-py3-none-any.whl"]
    assert [name for name in files if name.startswith("ops/") and ".py" in name] == []


@pytest.mark.parametrize("uv", [True, False], ids=["with uv", "with pip"])
def test_the_tasks_run_though_the_index_fails_for_our_name(
    shop: Path, tmp_path: Path, *, uv: bool
) -> None:
    """And elsewhere than on a terminal one line says what takes time."""
    asked: list[str] = []
    lines = (shop / "ops/requirements.txt").read_text(encoding="utf-8").splitlines()
    count = sum(line[:1] not in {"", " ", "#"} for line in lines)
    env = machine(tmp_path, uv=uv)
    with index_without_our_name(asked) as address:
        env |= {"PIP_INDEX_URL": address, "UV_DEFAULT_INDEX": address}
        listed = inv(shop, env, "--list")
    version = inv(shop, env, "--version")

    assert listed.returncode == version.returncode == 0, listed.stderr + version.stderr
    assert "promote" in listed.stdout
    assert listed.stderr == f"inv: making ops/.venv: {count} packages ...\n"
    assert version.stdout == f"Monokeel {VERSION}\n"
    assert [path for path in asked if "/semver" in path] != []
    assert [path for path in asked if "monokeel" in path] == []
    assert (shop / "ops/.venv/bin/monokeel").exists()


@pytest.mark.parametrize("uv", [True, False], ids=["with uv", "with pip"])
def test_on_a_terminal_the_package_manager_shows_its_progress(
    shop: Path, tmp_path: Path, *, uv: bool
) -> None:
    outside, inside = pty.openpty()
    child = subprocess.Popen(
        ["./inv", "--list"],
        cwd=shop,
        env=machine(tmp_path, uv=uv),
        stdout=subprocess.DEVNULL,
        stderr=inside,
    )
    os.close(inside)
    seen = b""
    try:
        while chunk := os.read(outside, 4096):
            seen += chunk
    except OSError:  # how a terminal says that its last writer is gone
        pass
    os.close(outside)

    assert child.wait() == 0, seen
    assert b"packages ..." in seen
    assert (b"Installed" if uv else b"Successfully installed") in seen


def test_no_task_needs_a_package_that_its_environment_does_not_have(
    shop: Path, tmp_path: Path
) -> None:
    renders.git(shop, "init", "-q", "-b", "main")
    renders.git(shop, "remote", "add", "origin", str(tmp_path / "nowhere"))
    env = machine(tmp_path, uv=True) | {"GITHUB_API_URL": "http://127.0.0.1:9"}
    listed = inv(shop, env, "--list").stdout.splitlines()
    tasks = [line.split()[0] for line in listed if line[:2] == "  "]
    for task in ("template.check", "doctor"):  # what they compile, none does again
        inv(shop, env, task)

    with ThreadPoolExecutor(max_workers=len(tasks)) as pool:  # most of it is waiting
        done = [*pool.map(lambda task: inv(shop, env, task).stderr, tasks)]

    assert len(tasks) > 20
    bugs = [text for text in done if "Traceback" in text or "bug in Monokeel" in text]
    assert bugs == []
