"""A rendered repository, connected to a sandbox: where the guide is followed."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sandbox.people import call, land
from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.e2e.act_shop import PACKER, Template, with_settings
from tests.e2e.live_shop import ROOT, Done

# Live GitHub adds it on reading, and a write echoes it (wurk#488): the description
# does not know it.
_ECHOED = "require_extra_approval_for_unattributed_changes"
_ADDRESS = "https://github.com/acme/shop.git"


class GuidedShop:
    """A clone at *folder* on *box*, and an administrator's shell in it.

    Its rules are in force, its last version is 1.3.1, and the deploy key is where
    ``./inv init`` puts it.
    """

    def __init__(self, box: Sandbox, base: Path, template: Template) -> None:
        self.box = box
        box.allow_deploy_keys()  # as an owner did
        self.folder = base / "shop"
        self._exports = ""
        self.home = base / "home"
        self.home.mkdir(parents=True)
        programs = base / "bin"
        _stand_in(programs, box)
        own = {
            "HOME": str(self.home),
            "PATH": os.pathsep.join(
                (str(programs), str(Path(sys.executable).parent), os.environ["PATH"])
            ),
            "MONOKEEL_BUILD": PACKER,
            "GIT_PAGER": "cat",
        }
        # gh follows the addresses in answers; ours are not github.com's.
        own["GH_ENTERPRISE_TOKEN"] = box.tokens["admin"]
        ours = with_settings({**box.environ(), **own}, template.redirect)
        self.environment = {**os.environ, **ours}
        self.environment.pop("XDG_CONFIG_HOME", None)
        shutil.copytree(template.rendered, self.folder, symlinks=True)
        self.do("git init --quiet --initial-branch=main")
        self.do("git add --all")
        self.do("git commit --quiet --message='chore: start from the template'")
        self.do(f"git remote add origin {_ADDRESS}")
        self.do("git push --quiet --set-upstream origin main")
        self.do(f"git push --quiet {box.bare} main:refs/tags/v1.3.1")
        self.do("./inv init --register-key --yes")
        self.environment["MONOKEEL_DEPLOY_KEY"] = self.key_file.read_text()

    def keeps_the_contract(self) -> None:
        """Assert that GitHub would have taken all, and answered so."""
        assert [x for x in self.box.violations() if _ECHOED not in x] == []

    @property
    def key_file(self) -> Path:
        """The private deploy key, as init left it."""
        return self.home / ".config/monokeel/acme-shop"

    def run(self, command: str, **variables: str) -> Done:
        """Run *command* as typed; what it exports stays for the commands after it."""
        if command.startswith("export "):
            self._exports += f"{command}\n"
        done = subprocess.run(
            ["sh", "-eu", "-c", self._exports + command],
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def do(self, command: str, **variables: str) -> str:
        """Run *command*; it must succeed. Return what it printed."""
        done = self.run(command, **variables)
        assert done.code == 0, f"{command}\n{done.out}{done.err}"
        return done.out.strip()

    def land(self, title: str, files: Mapping[str, str] | None = None) -> str:
        """Bring *files* to main by a pull request and pull it; return the commit."""
        commit = land(self.box, title, files or {"services/api/NEWS.md": f"{title}\n"})
        self.do("git pull --quiet --tags origin main")
        return commit

    def skip(self, version: str) -> str:
        """Name *version* in the skip list, by a pull request."""
        path = "infra/platform.toml"
        text = (self.folder / path).read_text(encoding="utf-8")
        skipped = text.replace("skip = []", f'skip = ["{version}"]')
        return self.land(f"fix: never use {version}", {path: skipped})

    def tamper(self, ruleset: str, **members: Json) -> None:
        """Change a ruleset as somebody with a mouse does."""
        listed = call(self.box, "GET", "/rulesets", who="admin")
        assert isinstance(listed, list)
        for each in listed:
            if isinstance(each, dict) and each["name"] == ruleset:
                path = f"/rulesets/{each['id']}"
                call(self.box, "PUT", path, members, who="admin")

    def cut_short(self, command: str, ending: str) -> None:
        """Run the task *command*; kill it after the write that ends with *ending*."""
        words = shlex.split(command)
        process = subprocess.Popen(
            [sys.executable, "inv", *words[1:]],
            cwd=self.folder,
            env={**self.environment, "MONOKEEL_PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.box.on_write = lambda _, method, target: (
            process.kill() if f"{method} {target}".endswith(ending) else None
        )
        out, _ = process.communicate(timeout=60)
        self.box.on_write = None
        assert process.returncode == -signal.SIGKILL, out

    def ref(self, name: str) -> str:
        """The commit of a ref such as ``refs/tags/v1.4.0``, empty without one."""
        return self.box.state.git.named_commit(name) or ""

    def digests(self, tag: str) -> dict[str, str]:
        """The digest at *tag* of each image that has it, by the image's name."""
        return {
            name.removeprefix("acme/shop/"): image.tags[tag]
            for name, image in self.box.images.repositories.items()
            if tag in image.tags
        }

    def published(self) -> list[str]:
        """The tags of the published releases, the oldest first."""
        return [each.tag for each in self.box.state.releases if not each.draft]


@contextmanager
def guided_shop(base: Path, template: Template) -> Iterator[GuidedShop]:
    """Give a shop on a sandbox of its own; at the end the contract must hold."""
    with Sandbox() as box:
        shop = GuidedShop(box, base, template)
        yield shop
        shop.keeps_the_contract()


def _stand_in(programs: Path, box: Sandbox) -> None:
    """Put an ``ssh`` into *programs* that comes to *box* with a deploy key."""
    programs.mkdir()
    words = [sys.executable, "-I", "-S", str(ROOT / "sandbox/ssh.py")]
    words += ["--sandbox", box.url]
    ssh = programs / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    ssh.chmod(0o755)
