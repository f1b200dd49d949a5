"""Measure what people wait for every day: the list of tasks, a copy, the guard.

Whole processes, each in turn with its floor: processor time, children too. The middle
of the ratios of all rounds counts: a round is over before the load is another one.
Files are written to memory where there is /dev/shm: a file system on a disk has times
of its own, ext4 without a journal looks at each inode freed in the last minutes.

    python -m bench.daily TREE [--runs 5] [--only list,copy,update,guard,promote]

TREE is a rendered repository. The guard asks a registry on loopback that answers each
request after 100 ms.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.release import measure
from sandbox.demo.template import git, release_next_template, release_template
from sandbox.server import Sandbox
from tests.e2e.live_shop import LiveShop

_LATENCY_S = 0.1
_MANY = 20


def line(name: str, rounds: list[tuple[float, float]], target: str) -> None:
    """Print one row of the table in Markdown: the middle of each column."""
    ours, floor = (statistics.median(each) for each in zip(*rounds, strict=True))
    ratio = statistics.median(ours / floor for ours, floor in rounds)
    print(f"| {name} | {ours:.2f} | {floor:.2f} | {ratio:.2f} | {target} |")


def paired(
    ours: list[str], floor: list[str], *, where: tuple[Path, Path], runs: int
) -> list[tuple[float, float]]:
    """Run *ours* and *floor* in turn, each in its folder; return the times of each."""
    rounds = [
        [measure(ours, cwd=where[0], runs=1), measure(floor, cwd=where[1], runs=1)]
        for _ in range(runs)
    ]
    if any(each[0].code for each in rounds):  # then nothing was measured
        raise SystemExit(f"{ours} failed")
    return [(ours.processor, floor.processor) for ours, floor in rounds]


def listing(tree: Path, work: Path, runs: int) -> None:
    """Compare ``./inv --list`` with invoke on an empty tasks file."""
    empty = work / "empty"
    empty.mkdir()
    (empty / "tasks.py").write_text("")
    # The launcher has made the environment; invoke alone runs in the same one.
    python = str(tree / "ops/.venv/bin/python")
    inv = [sys.executable, str(tree / "inv"), "--list"]
    invoke = [python, "-P", "-m", "invoke", "--list"]
    rounds = paired(inv, invoke, where=(tree, empty), runs=runs)
    line("`./inv --list` / empty tasks file, processor", rounds, "1.2")


def copying(work: Path, runs: int) -> None:
    """Compare a copy of this template with a copy of an almost empty one.

    Then with templates that share something with ours: the files that a copy makes, but
    no question and nothing to render; or what stands beside the template, since Copier
    checks out the whole repository.
    """
    names = ("template", "made", "small", "plain", "beside")
    template, made, small, plain, beside = (work / name for name in names)
    release_template(template)
    copier = f"{sys.executable} -m copier copy -q --defaults"
    subprocess.run([*copier.split(), str(template), str(made)], check=True)
    count = sum(1 for path in made.rglob("*") if path.is_file())
    shutil.copytree(made, plain / "template")
    shutil.copytree(template, beside, ignore=lambda *_: {".git", "template"})
    for each in (small, plain, beside):
        (each / "template").mkdir(parents=True, exist_ok=True)
        (each / "copier.yml").write_text("_subdirectory: template\n")
        (each / "template/README.md").write_text("# small\n")
        git(each, "init", "-q")
        git(each, "add", "-A", "-f")
        git(each, "commit", "-q", "-m", "x")
        git(each, "tag", "v1.0.0")
    floors = {
        small: ("1 file", "1.6"),
        plain: (f"{count} files and no question", ""),
        beside: ("1 file with our tests beside it", ""),
    }
    for each in (template, *floors):  # packed, as what comes from a server is
        git(each, "gc", "--quiet")
    for floor, (what, target) in floors.items():
        # Into a new directory each time: over a copy, an equal file costs little.
        ours, other = (
            ["/bin/sh", "-c", f'exec {copier} {source} "$(mktemp -d -p .)/x"']
            for source in (template, floor)
        )
        rounds = paired(ours, other, where=(work, work), runs=runs)
        line(f"`copier copy`, {count} files / {what}, processor", rounds, target)


def updating(work: Path, runs: int) -> None:
    """Compare an update of ours with Copier's own, which loses edits."""
    template, shop = work / "updated", work / "updated-shop"
    first = release_template(template)
    copy = ["copier", "copy", "-q", "--defaults", "-r", first]
    subprocess.run([sys.executable, "-m", *copy, str(template), str(shop)], check=True)
    git(shop, "init", "-q", "-b", "main")
    git(shop, "add", "-A")
    git(shop, "commit", "-q", "-m", "x")
    release_next_template(template)
    git(template, "gc", "--quiet")
    inv = [sys.executable, "-P", "-m", "monokeel", "template.update"]
    update = f"{sys.executable} -m copier update -q --defaults"
    plain = ["/bin/sh", "-c", f"git reset -q --hard && exec {update}"]
    rounds = []
    for _ in range(runs):
        ours = measure(inv, cwd=shop, runs=1)
        floor = measure(plain, cwd=shop, runs=1)
        if ours.code or floor.code:
            raise SystemExit(f"an update ended with {ours.code}, {floor.code}")
        rounds.append((ours.processor, floor.processor))
    line("`template.update` / `copier update`, processor", rounds, "1.3")


def guarding(tree: Path, work: Path, runs: int) -> None:
    """Compare the guard over twenty services with the guard over one."""
    seconds = []
    with Sandbox() as box:
        box.switches.delay_s = _LATENCY_S
        for count in (1, _MANY):
            shop = work / f"shop-{count}"
            subprocess.run(["cp", "-R", str(tree), str(shop)], check=True)  # noqa: S607
            text = (tree / "infra/platform.toml").read_text()
            head, _, _ = text.partition("[[services]]")
            services = "".join(
                f'[[services]]\nname = "s{n}"\nkind = "api"\n' for n in range(count)
            )
            (shop / "infra/platform.toml").write_text(head + services)
            guard = [sys.executable, str(shop / "inv"), "guard", "--version", "1.0.0"]
            taken = measure(guard, cwd=shop, runs=runs, env=box.environ())
            if taken.code != 0:  # free everywhere, or nothing was measured
                raise SystemExit(f"the guard ended with {taken.code}")
            seconds.append(taken.seconds)
    pairs = [(seconds[1], seconds[0])]
    line(f"`./inv guard`, {_MANY} services / 1", pairs, "2")


def timed(shop: LiveShop, *command: str) -> tuple[int, float]:
    """Run *command*; return its requests to GitHub and its seconds."""
    before, start = shop.rest_calls(), time.perf_counter()
    done = shop.inv(*command)
    if done.code:
        raise SystemExit(done.err)
    return shop.rest_calls() - before, time.perf_counter() - start


def promoting(work: Path) -> None:
    """Print requests and times of a promotion, a no-op and status."""
    print("\n| records | promote | no-op | status |\n|---|---|---|---|")
    for count in (10, 100, 1000):
        with Sandbox() as box:
            shop = LiveShop(box, work / f"records-{count}")
            for version in ("1.0.0", "1.1.0", "1.2.0"):
                shop.release(version)
            shop.place("1.0.0", "dev", "staging", "prod")
            shop.place("1.1.0", "dev", "staging", "prod")
            shop.multiply_records(count - 6, foreign=count)
            commands = (
                ("promote", "--env=dev", "--version=1.2.0"),
                ("promote", "--env=prod", "--version=1.1.0"),
                ("status",),
            )
            cells = [timed(shop, *command) for command in commands]
        shown = " | ".join(f"{asked} in {taken:.2f} s" for asked, taken in cells)
        print(f"| {count} of ours, {count} of others | {shown} |")


def checking(work: Path) -> None:
    """Compare the gates of a promotion of twenty services with those of one."""
    seconds = []
    for count in (1, _MANY):
        with Sandbox() as box:
            names = tuple(f"s{number}" for number in range(count))
            shop = LiveShop(box, work / f"services-{count}", names)
            shop.release("1.0.0")
            box.switches.delay_s = _LATENCY_S
            command = ("promote", "--env=dev", "--version=1.0.0", "--dry-run")
            seconds.append(min(timed(shop, *command)[1] for _ in range(3)))
    pairs = [(seconds[1], seconds[0])]
    line(f"promote --dry-run, {_MANY} services / 1", pairs, "2")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="list,copy,update,guard,promote")
    chosen = parser.parse_args()
    print(
        "| what / floor | ours, s | floor, s | ratio | target |\n|---|---|---|---|---|"
    )
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory) as name:
        work, os.environ["TMPDIR"] = Path(name), name
        tree, only = chosen.tree.absolute(), chosen.only.split(",")
        if "list" in only:
            listing(tree, work, chosen.runs)
        if "copy" in only:
            copying(work, chosen.runs)
        if "update" in only:
            updating(work, chosen.runs)
        if "guard" in only:
            guarding(tree, work, chosen.runs)
        if "promote" in only:
            checking(work)
            promoting(work)


if __name__ == "__main__":
    main()
