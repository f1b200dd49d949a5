"""Clones of the sandbox's repository, and what git prints."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.server import Sandbox


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended."""

    code: int
    output: str


def run(*args: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Done:
    """Run a program in our environment with *env* on top."""
    done = subprocess.run(
        args,
        cwd=cwd,
        env=dict(os.environ) | (env or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout + done.stderr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A clone whose ``origin`` is a github.com address."""

    box: Sandbox
    path: Path

    def git(self, *args: str, token: str = "admin") -> Done:
        """Run git with the variables of the sandbox."""
        return run("git", *args, cwd=self.path, env=self.box.environ(token))

    def git_with_key(self, key: Path, *args: str) -> Done:
        """Run git with the private key in the file *key*."""
        env = self.box.environ()
        env["GIT_SSH_COMMAND"] += f" -i {key} -o IdentitiesOnly=yes"
        return run("git", *args, cwd=self.path, env=env)

    def commit(self, message: str) -> str:
        """Add a commit and return it."""
        done = self.git("commit", "-q", "--allow-empty", "-m", message)
        assert done.code == 0, done.output
        return self.git("rev-parse", "HEAD").output.strip()


def new_key(folder: Path) -> Path:
    """Make a key pair and return the private one."""
    path = folder / "deploy-key"
    done = run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path))
    assert done.code == 0, done.output
    return path
