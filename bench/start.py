"""Measure what a start costs, step by step: processor time, children too.

    python -m bench.start TREE [--runs 15]

TREE is a rendered repository. Each round runs all of them; the least of each counts.
"""

import argparse
import resource
import subprocess
from pathlib import Path

_PYTHON = "ops/.venv/bin/python"
STEPS = {
    "an empty Python": [_PYTHON, "-c", "pass"],
    "`import invoke`": [_PYTHON, "-P", "-c", "import invoke"],
    "the program, `--list`": [_PYTHON, "-P", "-m", "monokeel", "--list"],
    "`./inv --list`": ["./inv", "--list"],
}


def cost(command: list[str], tree: Path) -> float:
    """Return the seconds of processor time that *command* takes in *tree*."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=tree, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--runs", type=int, default=15)
    asked = parser.parse_args()
    cost(STEPS["`./inv --list`"], asked.tree)  # makes the environment
    rounds = [
        {name: cost(command, asked.tree) for name, command in STEPS.items()}
        for _ in range(asked.runs)
    ]
    print("| up to and with | s |\n|---|---|")
    for name in STEPS:
        print(f"| {name} | {min(each[name] for each in rounds):.3f} |")


if __name__ == "__main__":
    main()
