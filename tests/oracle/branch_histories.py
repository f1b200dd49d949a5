"""Histories with several release branches, in memory, each made from a seed."""

import random

from tests.fakes.branches import Branches

LINES = ("1.x", "1.0.x", "1.1.x", "1.2.x", "1.10.x", "2.x", "2.0.x", "2.1.x", "3.x")
_MESSAGES = ("fix: a", "fix: b", "feat: c", "feat!: d", "docs: e", "chore: f")
_ODD = ("v1.5.0-rc.1", "v2.0.0-beta.2", "v1.2.0+build.1", "vv1.3.0", "v0.4.0", "x1.0.0")


def generated(seed: int) -> tuple[Branches, tuple[str, ...]]:
    """Return a history and its lines: as people make it, or as nobody should."""
    rng = random.Random(seed)  # noqa: S311 - test data
    made, lines = Branches(), rng.sample(LINES, rng.randint(1, 3))
    made.commit("main", "feat: begin")
    for _ in range(rng.randint(4, 26)):
        _grow(made, lines, rng)
    if rng.random() < 0.15:
        made.tag(rng.choice(_ODD), rng.choice([*made.commits]))
    made.at = rng.choice([*made.heads])
    return made, tuple(lines)


def _grow(made: Branches, lines: list[str], rng: random.Random) -> None:
    branch = rng.choice([*made.heads, "main"])
    match rng.choices("crbml", (5, 6, 3, 2, 1))[0]:
        case "c":
            made.commit(branch, rng.choice(_MESSAGES))
        case "r":
            _release(made, rng, branch)
        case "b":
            missing = [name for name in lines if name not in made.heads]
            if missing:
                places = [*made.all_tags.values(), *made.heads.values()]
                made.heads[rng.choice(missing)] = rng.choice(places)
        case "m":
            other = rng.choice([*made.heads.values(), *made.all_tags.values()])
            if not made.is_ancestor(other, made.heads[branch]):
                made.commit(branch, "chore: merge", merged=other)
        case _:
            wild = f"v{rng.randint(1, 3)}.{rng.randint(0, 11)}.{rng.randint(0, 2)}"
            made.tag(wild, rng.choice([*made.commits]))


def _release(made: Branches, rng: random.Random, branch: str) -> None:
    """Tag the tip of *branch* as a release would, mostly within its line."""
    plain = [name for name in made.tags(made.heads[branch]) if name not in _ODD]
    versions = sorted(tuple(map(int, name[1:].split("."))) for name in plain)
    major, minor, patch = versions[-1] if versions else (0, 0, 0)
    step = rng.choice(("major", "minor", "patch", "patch"))
    if branch != "main" and rng.random() < 0.9:
        step = "minor" if branch.count(".") == 1 and rng.random() < 0.4 else "patch"
    numbers = {
        "major": (major + 1, 0, 0),
        "minor": (major, minor + 1, 0),
        "patch": (major, minor, patch + 1),
    }
    number = numbers[step if versions else "major"]
    commit = made.commit(branch, rng.choice(_MESSAGES[:4]))
    made.tag("v" + ".".join(map(str, number)), commit)
