"""Make the environment of the checks inside this checkout, then run nox in it.

    python3 scripts/dev.py [NOX ARGUMENTS]

Needs Python 3.11 or newer and nothing else. The environment is `.venv`, made anew
whenever requirements-dev.txt changes, by the same code as that of the tasks: `inv`.
"""

import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements-dev.txt"


def load_launcher() -> ModuleType:
    """Return the launcher `inv` as a module."""
    loader = SourceFileLoader("inv", str(ROOT / "inv"))
    spec = spec_from_loader("inv", loader)
    if spec is None:
        raise ImportError("inv")
    launcher = module_from_spec(spec)
    sys.dont_write_bytecode = True
    loader.exec_module(launcher)
    return launcher


def make_environment(home: Path = HOME) -> Path:
    """Return the folder of the programs of *home*, made now if it is stale.

    It is made with the Python that runs this. The package itself is installed from
    src/, editable: it has no hash to check.
    """
    load_launcher().make_current(str(home), str(REQUIREMENTS))
    if not (home / "bin" / "monokeel").exists():
        python = str(home / "bin" / "python")
        install = ["uv", "pip", "install", "--quiet", "--python", python, "--no-deps"]
        offline = ["--no-index", "--no-build-isolation", "--editable", str(ROOT)]
        done = subprocess.run(
            [str(home / "bin" / install[0]), *install[1:], *offline], check=False
        )
        if done.returncode != 0:
            raise OSError("the package in src/ cannot be installed")
    return home / "bin"


def main(arguments: list[str]) -> int:
    """Run nox on *arguments* in place of this process."""
    try:
        python = str(make_environment() / "python")
    except OSError as error:
        print(f"the environment of the checks cannot be made: {error}", file=sys.stderr)
        print(load_launcher().MIRROR, file=sys.stderr)
        return 4
    os.chdir(ROOT)
    return os.execv(python, [python, "-m", "nox", *arguments])  # noqa: S606 - no shell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
