"""A repository that has lived a little: for pictures and pages of what is shown."""

import contextlib
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.demo import chapters
from sandbox.demo.__main__ import environment
from sandbox.demo.story import Story
from sandbox.demo.template import READ, release_template
from sandbox.server import Sandbox


@dataclass(frozen=True, slots=True)
class Lived:
    """The clone of a repository on *box*, and the environment of its tasks."""

    story: Story
    box: Sandbox
    template: Path

    def run(self, *args: str) -> "subprocess.CompletedProcess[str]":
        """Run ``./inv`` with *args* and return how it ended and what it printed."""
        return subprocess.run(
            [self.story.environment["MONOKEEL_PYTHON"], "-P", "-m", "monokeel", *args],
            cwd=self.story.folder,
            env=self.story.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


@contextlib.contextmanager
def lived(python: str = sys.executable) -> Iterator[Lived]:
    """Yield a repository with a release everywhere, one in dev, and one to come.

    Its tasks run in *python*.
    """
    with tempfile.TemporaryDirectory(prefix="monokeel-lived-") as name:
        base = Path(name)
        with Sandbox() as box:
            own = {**environment(base, box), "MONOKEEL_PYTHON": python}
            story = Story(base / "shop", own, {})
            with contextlib.redirect_stdout(io.StringIO()):
                tag = release_template(base / "template", *READ)
                chapters.render(story, tag)
                chapters.connect(story, box)
                chapters.land_a_feature(story, box)
                chapters.release(story, "1.0.0")
                chapters.promote_everywhere(story)
                chapters.land_a_fix(story, box, "web")
                story.run("./inv", "release")
                dev = ("promote", "--env", "dev", "--version", "1.0.1")
                story.run("./inv", *dev)
                chapters.land_a_fix(story, box, "worker")
            yield Lived(story, box, base / "template")
