"""Run the demo or the local GitHub in a small environment of their own.

    python3 scripts/first.py sandbox.demo [--keep]
    python3 scripts/first.py sandbox [shell]

Needs Python 3.11 or newer and nothing else. The environment is `.venv-demo`, made from
requirements-demo.txt: what the template and its tasks need, and no linters.
"""

import os
import sys
import time

from dev import ROOT, load_launcher

HOME = ROOT / ".venv-demo"
REQUIREMENTS = ROOT / "requirements-demo.txt"


def main(module: str, *arguments: str) -> int:
    """Run *module* with *arguments* in place of this process."""
    launcher = load_launcher()
    started = time.monotonic()
    made = not HOME.exists()
    try:
        launcher.make_current(str(HOME), str(REQUIREMENTS))
    except OSError as error:
        print(f"the environment of the demo cannot be made: {error}", file=sys.stderr)
        print(launcher.MIRROR, file=sys.stderr)
        return 4
    if made:
        spent = time.monotonic() - started
        print(f"made .venv-demo in {spent:.0f} s", file=sys.stderr, flush=True)
    python = str(HOME / "bin/python")
    [packages] = HOME.glob("lib/*/site-packages")  # no variable that a shell inherits
    (packages / "monokeel.pth").write_text(f"{ROOT / 'src'}\n{ROOT}\n")
    words = [word for word in arguments if word != "--"]  # as nox has it
    return os.execv(python, [python, "-m", module, *words])  # noqa: S606 - no shell


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
