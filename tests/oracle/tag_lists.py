"""Random tags on small repositories, written as git packs them."""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from monokeel.adapters.process import run

_NUMBERS = ("0", "1", "2", "3", "9", "10", "11", "01", "9007199254740991", "")
_LARGE = ("9007199254740992", "99999999999999999999")
_STARTS = ("v",) * 14 + ("vv", "vvv", "v=", "V", "", "release-", "v\u00a0", "=v", "xv")
_ENDS = (
    *("",) * 14,
    *("-rc.1", "-rc.2", "-01", "-", "+build.1", "+a_b", "+b", "-rc.1+b", ".4"),
    *("\u00a0", "\u2028x", "\u3000", "x", "-a.b.c", "+01", "\ufeff", "\x85"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """A bare repository without tags: commits on main and beside it, each tagged.

    *targets* are lines of a packed ref: an object, and what it peels to if any.
    """

    folder: Path
    targets: tuple[tuple[str, str], ...]


def make_skeleton(folder: Path) -> Skeleton:
    """Make a repository with two commits on main and one beside it."""
    bare = folder / "skeleton.git"
    run(["git", "init", "--quiet", "--bare", "-b", "main", "--template=", str(bare)])

    def git(*args: str) -> str:
        return run(["git", *args], cwd=bare, stdin="").stdout.strip()

    tree = git("mktree")
    base = git("commit-tree", tree, "-m", "feat: base")
    head = git("commit-tree", tree, "-p", base, "-m", "feat: head")
    side = git("commit-tree", tree, "-p", base, "-m", "feat: side")
    git("update-ref", "refs/heads/main", head)
    targets = []
    for commit in (base, head, side):
        git("tag", "-a", "-m", "text", "annotated", commit)
        targets += [(commit, ""), (git("rev-parse", "annotated"), commit)]
        git("tag", "-d", "annotated")
    return Skeleton(folder=bare, targets=tuple(targets))


def make_repositories(skeleton: Skeleton, count: int, *, seed: int) -> list[Path]:
    """Return *count* repositories with tags of every kind, beside *skeleton*."""
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    made = []
    for number in range(count):
        folder = skeleton.folder.parent / f"{number}.git"
        shutil.copytree(skeleton.folder, folder)
        (folder / "packed-refs").write_bytes(_packed(rng, skeleton).encode())
        made.append(folder)
    return made


def _packed(rng: random.Random, skeleton: Skeleton) -> str:
    names = {_tag(rng) for _ in range(rng.choice((0, 1, 2, 3, 5, 8)))}
    lines = ["# pack-refs with: peeled fully-peeled sorted \n"]
    for name in sorted(names, key=str.encode):
        sha, peeled = rng.choice(skeleton.targets)
        lines.append(f"{sha} refs/tags/{name}\n")
        lines += [f"^{peeled}\n"] if peeled else []
    return "".join(lines)


def _tag(rng: random.Random) -> str:
    numbers = [rng.choice(_NUMBERS[1:7]) for _ in range(3)]
    if rng.random() < 0.2:
        numbers[rng.randrange(3)] = rng.choice(_NUMBERS + _LARGE)
    if rng.random() < 0.1:
        numbers = numbers[: rng.choice((1, 2))]
    name = rng.choice(_STARTS) + ".".join(numbers) + rng.choice(_ENDS)
    usable = name and not name.startswith("-") and ".." not in name
    return name if usable and not name.endswith(".") else "v0.0.1"
