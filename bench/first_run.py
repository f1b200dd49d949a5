"""Measure a first run: a fresh clone, an empty HOME, the command that README names.

    python -m bench.first_run

Twice: with an empty package cache, and again in another clone with the filled one. The
first line of the story is its first chapter; sizes are what the clone's environment
takes on the disk.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.repositories import environment

_ROOT = Path(__file__).resolve().parents[1]
_FIRST = "━━ 1."
_MIB = 1024 * 1024


def run(clone: Path, home: Path) -> tuple[float, float]:
    """Run the demo in *clone*; return the seconds to its first line and to its end."""
    started, first = time.monotonic(), 0.0
    env = {**environment(), "HOME": str(home)}
    child = subprocess.Popen(
        ["./scripts/demo.sh"], cwd=clone, env=env, stdout=subprocess.PIPE, text=True
    )
    with child:
        for line in child.stdout or ():
            if line.startswith(_FIRST):
                first = time.monotonic() - started
    if child.returncode:
        raise SystemExit(f"the demo ended with {child.returncode}")
    return first, time.monotonic() - started


def size(folder: Path) -> int:
    """Return the MiB of the files below *folder*."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return round(sum(path.lstat().st_size for path in files) / _MIB)


def main() -> None:
    """Print the table."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        home.mkdir()
        for cache in ("empty", "filled"):
            clone = Path(name) / cache
            subprocess.run(
                ["git", "clone", "-q", str(_ROOT), str(clone)],  # noqa: S607
                check=True,
            )
            rows.append((cache, *run(clone, home)))
        made = Path(name) / "filled" / ".venv-demo"
        count = len(list(made.glob("lib/*/site-packages/*.dist-info")))
        taken = size(made)
    print("| package cache | first line of the story, s | whole demo, s |")
    print("|---|---|---|")
    for cache, first, whole in rows:
        print(f"| {cache} | {first:.0f} | {whole:.0f} |")
    print(f"\n{count} packages, {taken} MiB; Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
