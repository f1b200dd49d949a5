"""What ``land.py`` does: land files of a clone, as people on GitHub would."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox.actors import TOKENS
from sandbox.people import CallError, land

_USAGE = (
    "usage: python CHECKOUT/sandbox/land.py TITLE FILE..., in a clone of the shop, "
    "with the variables that python -m sandbox prints"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Elsewhere:
    """A sandbox in another process."""

    url: str
    repository: str
    tokens: dict[str, str]

    @property
    def clone_url(self) -> str:
        """Return the address to which git sends a clone's ``origin``."""
        return f"{self.url}/{self.repository}.git"


def main(arguments: list[str] | None = None) -> int:
    """Land the named files and print the new commit; 1 for wrong use or a refusal."""
    words = sys.argv[1:] if arguments is None else arguments
    box = _Elsewhere(
        url=os.environ.get("GITHUB_API_URL", ""),
        repository=os.environ.get("GITHUB_REPOSITORY", ""),
        tokens={**TOKENS, "none": ""},
    )
    if len(words) < 2 or not box.url.startswith("http://127.0.0.1:"):  # noqa: PLR2004
        return _stop(_USAGE)
    title, *names = words
    top = _git("rev-parse", "--show-toplevel")
    if not top or _git("remote", "get-url", "origin") != box.clone_url:
        return _stop(
            f"{Path.cwd()} is no clone of {box.repository}: its origin is not "
            f"{box.clone_url}. Run this in the clone whose files are to land."
        )
    refusal = _judged(Path(top), title)
    if refusal:
        return _stop(refusal)
    try:
        files = _read(Path(top).resolve(), names)
        commit = land(box, title, files)
    except (OSError, ValueError, CallError) as problem:
        return _stop(str(problem))
    sys.stdout.write(f"{commit}\n")
    _bring(commit)
    return 0


def _bring(commit: str) -> None:
    """Move the clone's branch to *commit*, or say how: its files stand here already."""
    _git("fetch", "--quiet", "origin", commit)
    before, branch = _git("rev-parse", f"{commit}^"), _git("symbolic-ref", "-q", "HEAD")
    if branch and before == _git("rev-parse", "HEAD"):
        _git("reset", "--quiet", commit)  # mixed: what else is edited stays so
        return
    sys.stderr.write("to have it here: git stash -u && git pull && git stash drop\n")


def _stop(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


def _git(*args: str) -> str:
    done = subprocess.run(
        ["git", *args],  # noqa: S607  # git is found on PATH
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def _read(top: Path, names: list[str]) -> dict[str, str]:
    """Return the files by their path in the repository.

    Raises ValueError for one outside of it.
    """
    return {
        Path(name).resolve().relative_to(top).as_posix(): Path(name).read_text("utf-8")
        for name in names
    }


def _judged(top: Path, title: str) -> str:
    """Return why the shop's CI would stop *title*, empty if it would not.

    A repository without ``./inv`` has nothing that could judge; that is said.
    """
    if not (top / "inv").is_file():
        sys.stderr.write("there is no ./inv here: nothing judges the title\n")
        return ""
    done = subprocess.run(
        ["./inv", "check.title", "--title", title],
        cwd=top,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    said = (done.stdout + done.stderr).strip()
    return f"CI would stop this title (check.title, exit {done.returncode}):\n{said}"


if __name__ == "__main__":
    raise SystemExit(main())
