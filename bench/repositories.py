"""Repositories of any size, made in seconds by ``git fast-import``."""

import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_KINDS = ("feat", "fix", "fix", "fix", "chore", "chore", "docs", "refactor", "test")
_WORDS = "align cache queue parser retry lease index shard token route layout probe"
_NEVER = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """*since* commits after the last tag; *before* it, with *tags* among them.

    *pulls* are refs of pull requests on the remote, as GitHub keeps them for ever.
    """

    name: str
    since: int
    before: int = 10
    tags: int = 1
    pulls: int = 0


SIZES = (
    Size(name="1,000 since the tag", since=1_000),
    Size(name="10,000 since the tag", since=10_000),
    Size(name="50,000 since the tag", since=50_000),
    Size(name="100 since, 50,000 older, 500 tags", since=100, before=50_000, tags=500),
    Size(name="100 since, 40,000 refs of pull requests", since=100, pulls=40_000),
)


def make(size: Size, folder: Path) -> Path:
    """Make a clone in *folder*/clone and its remote in *folder*/remote.git."""
    remote, clone = folder / "remote.git", folder / "clone"
    git(["init", "--quiet", "--bare", "-b", "main", str(remote)], cwd=folder)
    _import(_commits(size), remote)
    head = git(["rev-parse", "main"], cwd=remote).strip()
    with (remote / "packed-refs").open("a", encoding="utf-8") as packed:
        packed.writelines(f"{head} refs/pull/{n}/head\n" for n in range(size.pulls))
    git(["clone", "--quiet", str(remote), str(clone)], cwd=folder)
    return clone


def git(args: list[str], *, cwd: Path) -> str:
    """Run git with no user's settings and return what it printed."""
    done = subprocess.run(
        ["git", *args],  # noqa: S607 - the git that the tasks use, too
        cwd=cwd,
        env=environment(),
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return done.stdout


def _import(commits: Iterator[str], remote: Path) -> None:
    # Piece by piece: what this process held at most would count for every child.
    command = ["git", "fast-import", "--quiet"]
    child = subprocess.Popen(
        command, cwd=remote, env=environment(), stdin=subprocess.PIPE
    )
    with child:
        if child.stdin is None:
            raise AssertionError(command)
        for commit in commits:
            child.stdin.write(commit.encode())
    if child.returncode:
        raise OSError(f"{command} failed: {child.returncode}")


def environment() -> dict[str, str]:
    """Return this process's environment without what makes a program think of CI."""
    foreign = ("GIT_", "GITHUB_", "GH_", "MONOKEEL_", "CI")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return kept | _NEVER


def _commits(size: Size) -> Iterator[str]:
    rng = random.Random(2026)  # noqa: S311 - the same repository in every run
    words = _WORDS.split()
    total = size.before + size.since
    every = max(1, size.before // size.tags)
    for number in range(1, total + 1):
        message = _message(rng, words, number)
        when = 1_700_000_000 + 60 * number
        yield (
            f"commit refs/heads/main\nmark :{number}\n"
            f"committer Ann Example <ann@example.com> {when} +0000\n"
            f"data {len(message.encode())}\n{message}\n"
            f"M 100644 inline count.txt\ndata {len(str(number))}\n{number}\n"
        )
        if number <= size.before and number % every == 0:
            tag = f"v1.{number // every}.0"
            yield f"reset refs/tags/{tag}\nfrom :{number}\n\n"


def _message(rng: random.Random, words: list[str], number: int) -> str:
    kind = rng.choice(_KINDS)
    scope = rng.choice(("", "(api)", "(web)", "(worker)"))
    subject = " ".join(rng.choices(words, k=5))
    body = "".join(
        f"\n\n{' '.join(rng.choices(words, k=30))}"
        for _ in range(rng.choice((0, 1, 3)))
    )
    return f"{kind}{scope}: {subject} (#{number}){body}\n"
