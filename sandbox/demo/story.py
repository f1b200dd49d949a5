"""Tell a story by running commands: each is shown, run, and held to its exit code."""

import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

# Digests and commits, of which a reader needs the beginning.
_LONG = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28,}\b")


class StoryError(Exception):
    """A command ended in another way than the story says."""


class Story:
    """Runs commands in *folder* with *environment* and prints what a reader sees.

    *hidden* are texts that the output may not show, each with what stands for it
    (paths of this machine, the port of this run).
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], hidden: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self._hidden = hidden
        self._started = time.monotonic()
        self._chapter = 0

    def chapter(self, title: str, *why: str) -> None:
        """Begin a chapter and say what it is about."""
        self._chapter += 1
        passed = time.monotonic() - self._started
        self.say(f"\n━━ {self._chapter}. {title}  ({passed:.0f} s)")
        for line in why:
            self.say(f"   {line}")

    def say(self, text: str) -> None:
        """Print one line of the story at once."""
        for found, instead in self._hidden.items():
            text = text.replace(found, instead)
        text = _LONG.sub(r"\1…", text)
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def run(
        self, *command: str, code: int = 0, show: bool = True, only: str = ""
    ) -> str:
        """Run *command*, show it and its output, and return the output.

        *only* limits what is shown to the lines that hold this text. Raises StoryError
        unless the command ends with *code*.
        """
        if show:
            self.say(f"\n$ {_typed(command)}")
        done = subprocess.run(
            self._program(command),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self._check(command, done.returncode, code, done.stdout)
        if show:
            self._show(done.stdout, only)
            if code:
                self.say(f"  [exit {code}]")
        return done.stdout

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start *command*, show it, and return the running process."""
        self.say(f"\n$ {_typed(command)}")
        return subprocess.Popen(
            self._program(command),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _program(self, command: tuple[str, ...]) -> list[str]:
        program, *rest = command
        if program == "./inv":
            return [sys.executable, str(self.folder / "inv"), *rest]
        return [program, *rest]

    def _show(self, output: str, only: str) -> None:
        for line in output.rstrip().splitlines():
            if only in line:
                self.say(f"  {line}".rstrip())

    def _check(
        self, command: tuple[str, ...], got: int, wanted: int, output: str
    ) -> None:
        if got != wanted:
            self.say(output)
            raise StoryError(
                f"{_typed(command)} ended with exit code {got}, not {wanted}"
            )


def _typed(command: tuple[str, ...]) -> str:
    return " ".join(f"'{word}'" if " " in word else word for word in command)
