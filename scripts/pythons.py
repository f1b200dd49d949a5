"""Find other Pythons on this machine: on PATH, or among those that pyenv keeps.

pyenv puts programs on PATH that end with 127 unless their version is chosen, and uv
stops at the first of them; so each candidate is tried.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

# What pyproject.toml promises: its floor, and the newest one that is out.
OLDEST, NEWEST = "3.11", "3.13"


def find(version: str) -> str | None:
    """Return the program of Python *version*, such as ``3.13``, that runs here."""
    for program in _candidates(version):
        asked = [program, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        said = subprocess.run(asked, check=False, capture_output=True, text=True).stdout
        if said.strip() == version:
            return program
    return None


def _candidates(version: str) -> Iterator[str]:
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield on_path
    home = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    for folder in sorted(home.glob(f"versions/{version}.*"), reverse=True):
        yield str(folder / "bin" / f"python{version}")
