"""The documents on adopting and leaving: their own commands, on the sandbox."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.e2e.rendered_shop import Done, RenderedShop
from tests.rendered.renders import ROOT, copy_source, git
from tests.rendered.versions import put, save

ADOPT = ROOT / "docs/how-to/adopt.md"
LEAVE = ROOT / "docs/how-to/leave.md"
SERVICE = {
    "services/api/Dockerfile": b"FROM scratch\nCOPY main.py ./\n",
    "services/api/main.py": b"print('ours')\n",
    "services/api/test": b"#!/bin/sh\nexit 0\n",
}
OURS = {
    **SERVICE,
    "README.md": b"# Ours\n",
    ".gitignore": b"/build/\nops/\n",
    "tasks.py": b"from invoke import task\n\n\n@task\ndef ours(_):\n    pass\n",
    ".github/workflows/ci.yml": b"name: ours\non: push\njobs: {}\n",
}


class ExistingShop(RenderedShop):
    """A repository with a history, three tags, and nothing of the template."""

    def __init__(self, base: Path, box: Sandbox) -> None:
        self.box, self.base, self.folder = box, base, base / "shop"
        box.allow_deploy_keys()
        self.folder.mkdir()
        git(self.folder, "init", "-q", "-b", "main")
        git(self.folder, "remote", "add", "origin", "https://github.com/acme/shop.git")
        put(self.folder, OURS)
        (self.folder / "services/api/test").chmod(0o755)
        for version in ("v2.1.0", "v2.2.0", "v2.3.0"):
            save(self.folder, f"feat: what {version} brought")
            git(self.folder, "tag", version)
        self.publish()

    def publish(self) -> None:
        git(self.folder, "push", "-q", str(self.box.bare), "HEAD:refs/heads/main")
        git(self.folder, "push", "-q", str(self.box.bare), "--tags")

    def sh(self, command: str) -> Done:
        """Run a line of a document, copier and gh being those of the tests."""
        home = self.base / "home"
        home.mkdir(exist_ok=True)
        programs = Path(sys.executable).parent
        env = {
            **os.environ,
            **self.box.environ("admin"),
            "HOME": str(home),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        }
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=env,
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def live_on(self) -> None:
        """Connect it, release, and bring the release to dev."""
        for args in (
            ("init", "--register-key", "--yes", "--no-rules"),
            ("release",),
            ("promote", "--env", "dev", "--version", "2.4.0"),
        ):
            done = self.inv(*args)
            # 2: init leaves the rules to whoever wants them
            assert done.code in {0, 2}, (args, done.out, done.err)

    def follow(self, *lines: str) -> None:
        """Run *lines*, each of which must succeed."""
        for line in lines:
            done = self.sh(line)
            assert done.code == 0, (line, done.out, done.err)


def steps(page: Path) -> list[list[str]]:
    """Return the commands of each fenced block of *page*."""
    blocks = re.findall(r"(?ms)^```\n(.*?)^```", page.read_text(encoding="utf-8"))
    return [block.splitlines() for block in blocks]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ExistingShop]:
    with Sandbox() as box:
        yield ExistingShop(tmp_path, box)


def test_an_existing_repository_comes_in_releases_and_leaves(
    shop: ExistingShop, tmp_path: Path
) -> None:
    source = copy_source(tmp_path / "monokeel")
    room, [render, bring, compare], commit, [plan] = steps(ADOPT)
    render = render.replace("uvx copier copy", "copier copy --defaults --quiet")
    render = re.sub(r"https://\S+", shlex.quote(str(source)), render)

    shop.follow(*room, render, bring)
    assert "Files ./.gitignore and ../fresh/.gitignore differ" in shop.sh(compare).out
    shop.follow(*commit[:-1])

    came_in(shop, commit[-1])
    git(shop.folder, "switch", "-q", "main")
    git(shop.folder, "merge", "-q", "--no-ff", "-m", "feat: governed", "chore/monokeel")
    shop.publish()
    said = shop.inv(*shlex.split(plan)[1:], "--json")
    assert json.loads(said.out)["version"] == "2.4.0", said.err
    shop.live_on()
    refused = shop.inv("promote", "--env", "dev", "--version", "2.3.0")
    assert refused.code == 3
    assert "2.3.0" in refused.err

    leaves(shop)


def came_in(shop: ExistingShop, command: str) -> None:
    verify = shop.inv(*shlex.split(command)[1:])
    assert verify.code == 2
    assert ".gitignore" in verify.out  # theirs, and named
    for path, content in {**SERVICE, "README.md": OURS["README.md"]}.items():
        assert (shop.folder / path).read_bytes() == content
    assert (shop.folder / ".gitignore").read_bytes() == OURS[".gitignore"]
    assert not (shop.folder / "services/api/app.py").exists()
    wheels = git(shop.folder, "ls-files", "ops/*.whl")
    assert wheels.count("monokeel-") == 1  # though they ignore ops/
    assert "ours" in shop.inv("--list").out


def leaves(shop: ExistingShop) -> None:
    files, rights = steps(LEAVE)
    refs = git(shop.box.bare, "for-each-ref", "refs/tags", "refs/heads/env")
    images = repr(shop.box.state.images())
    releases = [each.tag for each in shop.box.state.releases]
    git(shop.folder, "fetch", "-q", str(shop.box.bare), "main")

    shop.follow(*files)
    listed, delete = rights
    key = shop.sh(listed).out.strip()
    shop.follow(delete.replace("KEY", key))
    git(shop.folder, "push", "-q", str(shop.box.bare), "HEAD:refs/heads/main")

    left = set(git(shop.folder, "ls-files").splitlines())
    assert not {path for path in left if path.startswith(("ops/", "infra/", "inv"))}
    assert set(SERVICE) | {"README.md", "tasks_local.py"} <= left
    assert git(shop.box.bare, "for-each-ref", "refs/tags", "refs/heads/env") == refs
    assert repr(shop.box.state.images()) == images
    assert [each.tag for each in shop.box.state.releases] == releases
    assert len(shop.box.state.keys) == 0
    shutil.rmtree(shop.folder / "ops", ignore_errors=True)
