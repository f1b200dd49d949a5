"""Measure ``./inv release --dry-run`` beside npm semantic-release and git-cliff.

Whole processes, side by side in one run, medians. Each line says what it includes:
ours makes the plan with notes as JSON, offline; semantic-release also fetches and
tries a push, to a remote on the same disk; git-cliff makes notes and the version.

    python -m bench.release TREE [--oracle .cache/oracle] [--runs 5] [--without npm]

TREE is a rendered repository: its ``inv``, ``tasks.py``, ``ops/`` and ``infra/`` are
copied beside each measured history. A tool that is missing is left out, and named.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.repositories import SIZES, Size, environment, git, make

_PLUGINS = (
    "@semantic-release/commit-analyzer",
    "@semantic-release/release-notes-generator",
)
_PLAN = ("./inv", "release", "--dry-run", "--offline", "--json")
_MIB_PER_KIB = 1 / 1024
_BEGINNING = 4096
_PARTS = ("inv", "tasks.py", "ops", "infra")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Medians of one command: wall clock, processor, the largest process's memory."""

    seconds: float
    processor: float
    mebibytes: float
    code: int


def measure(
    args: list[str], *, cwd: Path, runs: int, env: Mapping[str, str] | None = None
) -> Measured:
    """Run *args* once to warm up, then *runs* times; *env* is added."""
    seconds, processor, kibibytes, code = [], [], [], 0
    for attempt in range(runs + 1):
        started = time.perf_counter()
        child = subprocess.Popen(
            args,
            cwd=cwd,
            env=environment() | dict(env or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = code = os.waitstatus_to_exitcode(status)
        if attempt:
            seconds.append(time.perf_counter() - started)
            processor.append(usage.ru_utime + usage.ru_stime)
            kibibytes.append(usage.ru_maxrss)
    return Measured(
        seconds=statistics.median(seconds),
        processor=statistics.median(processor),
        mebibytes=statistics.median(kibibytes) * _MIB_PER_KIB,
        code=code,
    )


def commands(
    clone: Path, since: str, oracle: Path, plan: list[str]
) -> dict[str, list[str]]:
    """Return what is measured in *clone*, by name; the floors come first."""
    npm = oracle.absolute() / "node_modules" / ".bin" / "semantic-release"
    cliff = shutil.which("git-cliff", path=_tool_path())
    log = ["git", "log", "-z", "--format=%H%n%B", f"{since}..HEAD"]
    found = {
        "floor: git log of the range": log,
        "floor: ./inv --list": [plan[0], "--list"],
        "./inv release --dry-run": plan,
    }
    if npm.exists():
        found["npm semantic-release with notes"] = [
            *(str(npm), "--dry-run", "--no-ci", "--branches", "main"),
            *("--repository-url", f"file://{clone.parent / 'remote.git'}"),
            *("--plugins", *_PLUGINS, "--preset", "conventionalcommits"),
        ]
    if cliff is not None:
        found["git-cliff --bump --unreleased"] = [cliff, "--bump", "--unreleased"]
    for name, program in (("npm semantic-release", npm.exists()), ("git-cliff", cliff)):
        if not program:
            print(f"{name} is missing: left out", file=sys.stderr)
    return found


def lay_out(tree: Path, clone: Path) -> None:
    """Copy the tasks of *tree* into *clone*, ignored by git."""
    for part in _PARTS:
        source, target = tree / part, clone / part
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target)
    (clone / ".git" / "info" / "exclude").write_text("*\n")


def report(size: Size, measured: dict[str, Measured]) -> None:
    """Print one table in Markdown."""
    print(
        f"\n### {size.name}\n\n| command | seconds | CPU s | MiB | times ours |\n"
        "|---|---|---|---|---|"
    )
    ours = measured["./inv release --dry-run"].seconds
    for name, each in measured.items():
        failed = f" (exit {each.code})" if each.code else ""
        print(
            f"| {name}{failed} | {each.seconds:.2f} | {each.processor:.2f} |"
            f" {each.mebibytes:.0f} |"
            f" {each.seconds / ours:.1f} |"
        )


def version_of(args: list[str], clone: Path) -> str:
    """Return the version that our plan gives, so that the numbers mean something."""
    # Only the beginning is read: what this process holds would count for every child.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            args, cwd=clone, env=environment(), stdout=output, check=False
        )
        output.seek(0)
        found = re.search(rb'"version": "([^"]+)"', output.read(_BEGINNING))
    return found[1].decode() if found else f"none: exit {done.returncode}"


def _tool_path() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"


def main() -> None:
    """Measure every size and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--oracle", type=Path, default=Path(".cache/oracle"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1, 2, 3, 4, 5])
    parser.add_argument("--without", nargs="*", default=[], help="such as npm")
    parser.add_argument("--plan", nargs="+", default=list(_PLAN))
    chosen = parser.parse_args()
    for size in (SIZES[number - 1] for number in chosen.sizes):
        with tempfile.TemporaryDirectory() as folder:
            clone = make(size, Path(folder))
            lay_out(chosen.tree, clone)
            since = git(["describe", "--tags", "--abbrev=0"], cwd=clone).strip()
            print(f"{size.name}: {version_of(chosen.plan, clone)}", file=sys.stderr)
            every = commands(clone, since, chosen.oracle, chosen.plan)
            report(
                size,
                {
                    name: measure(args, cwd=clone, runs=chosen.runs)
                    for name, args in every.items()
                    if name.partition(" ")[0] not in chosen.without
                },
            )


if __name__ == "__main__":
    main()
