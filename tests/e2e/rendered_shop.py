"""A rendered repository on the sandbox, and rows of wrong input for its tasks."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.server import Sandbox
from tests.e2e.shop import PACKER
from tests.rendered.renders import git
from tests.rendered.versions import save, start_repository

TOKEN = "ghp_0expired0expired0expired0expired0"
PASSWORD = "hunter2-hunter2"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nbm90IGEga2V5IGF0IGFsbA\n-----END"
_CODE = "bm90IGEga2V5IGF0IGFsbA"


@dataclass(frozen=True)
class Done:
    """How a task ended."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines on stderr that start with ``error:``."""
        return [line for line in self.err.splitlines() if line.startswith("error:")]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One wrong input: what is run, where, and how it has to end.

    *variables* are set for it (``None``: unset), *spoil* changes the clone before, and
    *upset* the server. *says* stands in what it prints.
    """

    args: tuple[str, ...]
    code: int
    says: str
    variables: Mapping[str, str | None] = field(default_factory=dict)
    spoil: Callable[[Path], object] | None = None
    upset: Callable[[Sandbox], object] | None = None


class RenderedShop:
    """The clone at *folder*; on *box* is its main branch, and nothing else."""

    def __init__(self, rendered: Path, base: Path, box: Sandbox) -> None:
        self.box = box
        box.allow_deploy_keys()  # as an owner did
        self.base = base
        self.folder = start_repository(rendered, base / "shop")
        save(self.folder, "feat: a shop")
        git(self.folder, "remote", "add", "origin", "https://github.com/acme/shop.git")
        self.publish()

    def publish(self) -> None:
        """Bring the clone's commit to main on GitHub, past all rules."""
        git(self.folder, "push", "-q", str(self.box.bare), "HEAD:refs/heads/main")

    def release(self) -> None:
        """Publish v1.0.0, move dev to it, and apply the rules."""
        for args in (
            ("release",),
            ("promote", "--env", "dev", "--version", "1.0.0"),
            ("policy.apply",),
        ):
            done = self.inv(*args)
            assert done.code == 0, done.err

    def inv(
        self,
        *args: str,
        where: Path | None = None,
        variables: Mapping[str, str | None] | None = None,
    ) -> Done:
        """Run ``./inv`` as a user does who has the token of an administrator."""
        home = self.base / "home"
        home.mkdir(exist_ok=True)
        env = {
            **os.environ,
            **self.box.environ("admin"),
            "HOME": str(home),
            "MONOKEEL_BUILD": f"{PACKER} {{context}} {{image}} {{commit}}",
        }
        for name, value in (variables or {}).items():
            env.pop(name, None)
            if value is not None:
                env[name] = value
        done = subprocess.run(
            ["./inv", *args],
            cwd=where or self.folder,
            env=env,
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def live(self) -> tuple[object, ...]:
        """Return all that is on GitHub and in the registry, as a value to compare."""
        state = self.box.state
        return (
            git(self.box.bare, "for-each-ref"),
            [(r.tag, r.draft, r.body, len(r.assets)) for r in state.releases],
            [repr(each) for each in state.rulesets],
            [repr(each) for each in state.deployments],
            [(issue.number, issue.state) for issue in state.issues],
            sorted(state.environments),
            len(state.keys),
            repr(state.images()),
        )

    def secrets(self) -> set[str]:
        """Return what may stand in no output."""
        return {*filter(None, self.box.tokens.values()), TOKEN, PASSWORD, _CODE}
