"""The template releases itself, and a repository goes from one release to the next."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from copier import run_copy

from sandbox.demo.template import git as author
from sandbox.demo.template import release_template
from sandbox.server import Sandbox
from tests.e2e.commands import answer, inv
from tests.rendered.renders import git
from tests.rendered.versions import start_repository

PAGE = "template/docs/OPERATIONS.md"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """The template's own repository on GitHub, where repositories read it, too."""
    with Sandbox(owner="monokeel", name="monokeel") as sandbox:
        yield sandbox


def release(folder: Path, box: Sandbox, version: str) -> None:
    git(folder, "push", "-q", str(box.bare), "HEAD:refs/heads/main")
    done = inv(folder, box, "release", "--json")
    assert done.returncode == 0, done.stderr
    assert answer(done)["version"] == version
    git(folder, "fetch", "-q", "--tags", str(box.bare))
    assert git(folder, "rev-parse", f"v{version}^{{}}") == git(
        folder, "rev-parse", "HEAD"
    )


def propose_version(folder: Path, version: str) -> None:
    command = [sys.executable, str(folder / "scripts/version.py"), version]
    env = {**os.environ, "PYTHONPATH": str(folder / "src")}
    done = subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    assert f"chore: version {version}".encode() in done.stdout
    author(folder, "add", "-A", "-f")
    author(folder, "commit", "-q", "-m", f"chore: version {version}")


def start(tmp_path: Path, box: Sandbox) -> tuple[Path, Path]:
    """Release 1.0.0; return the template's clone and a repository made from it."""
    folder = tmp_path / "monokeel"
    release_template(folder)
    author(folder, "tag", "-d", "v1.0.0")
    author(folder, "commit", "-q", "--amend", "--allow-empty", "-m", "feat: start")
    git(folder, "remote", "add", "origin", "https://github.com/monokeel/monokeel.git")
    release(folder, box, "1.0.0")
    address = f"{box.url}/monokeel/monokeel.git"
    run_copy(address, tmp_path / "made", defaults=True, quiet=True)
    return folder, start_repository(tmp_path / "made", tmp_path / "shop")


def test_a_repository_goes_from_one_release_of_the_template_to_the_next(
    tmp_path: Path, box: Sandbox
) -> None:
    folder, shop = start(tmp_path, box)
    with (folder / PAGE).open("a") as page:
        page.write("\nAsk the platform team.\n")
    author(folder, "add", "-A")
    must = "Repositories-Must: run ./inv init once"
    author(folder, "commit", "-q", "-m", f"feat: say whom to ask\n\n{must}")
    early = inv(folder, box, "release")
    propose_version(folder, "1.1.0")
    release(folder, box, "1.1.0")
    check = inv(shop, box, "template.check")
    done = inv(shop, box, "template.update", "--json")
    git(shop, "checkout", "-q", "template/v1.1.0")
    verified = inv(shop, box, "template.verify", "--json")

    assert early.returncode != 0  # TEMPLATE_VERSION still says 1.0.0
    assert (check.returncode, done.returncode) == (2, 0), check.stderr + done.stderr
    assert "### Features\n\n  - say whom to ask" in check.stdout
    assert "What repositories must do" in check.stdout
    assert "- run ./inv init once" in check.stdout
    assert (shop / "TEMPLATE_VERSION").read_text() == "1.1.0\n"
    answers = yaml.safe_load((shop / ".copier-answers.yml").read_text())
    assert answers["_commit"] == "v1.1.0"
    assert [path.name for path in (shop / "ops").glob("*.whl")] == [
        "monokeel-1.1.0-py3-none-any.whl"
    ]
    assert json.loads(verified.stdout)["verdict"] == "same", verified.stdout
