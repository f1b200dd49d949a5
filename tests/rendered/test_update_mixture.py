"""Many mixtures of edits: MONOKEEL_UPDATE_RUNS says how many (nox -s update: 200).

Each lives through three versions, with what a team and its robots do in between.
"""

import os
import random
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from monokeel.updates.update import UpdateChoice, UpdatePlan
from tests.rendered.managed import is_seed
from tests.rendered.renders import git
from tests.rendered.versions import (
    CI,
    NEW,
    OLD,
    SECURITY,
    Versions,
    put,
    save,
    start_repository,
    tree_of,
    update,
)

RUNS = int(os.environ.get("MONOKEEL_UPDATE_RUNS") or "4")
SENTINEL = b"nobody may lose this line"
REWRITTEN = (SENTINEL + b"\r\n") * 3
OPEN_FILE = "infra/template-open.json"
_PIN = re.compile(rb"checkout@\S+ # v([\d.]+)")
_MOVED = {"docs/moving.md": "docs/moved.md"}
_BACK = {new: old for old, new in _MOVED.items()}


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What a team made of a file (``None``: deleted it), and the render it had."""

    team: bytes | None
    base: bytes

    @property
    def rewritten(self) -> bool:
        """Whether no line of the template's was left."""
        return self.team == REWRITTEN


Edits = dict[str, Edit]


@pytest.mark.parametrize("seed", range(RUNS))
def test_the_sum_over_three_versions_is_a_fresh_render_and_the_edits(
    versions: Versions, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible, no secret
    shop = start_repository(versions.first, tmp_path / "shop")
    edits = edit(shop, chance)

    move_pins(shop, chance)
    middle = bring(shop, tmp_path / "middle", OLD)
    move_pins(shop, chance)
    edits |= edit(shop, chance, but=edits.keys() | {OPEN_FILE})
    last = bring(shop, tmp_path / "last", NEW)

    hold_edits(tree_of(shop), edits, last)
    hold_template(tree_of(shop), tree_of(versions.new), edits, last)
    if CI not in edits or SECURITY not in edits[CI].base:  # else the team's own doing
        hold_named(shop, middle, last)


def hold_edits(after: dict[str, bytes], edits: Edits, last: UpdatePlan) -> None:
    """Every line of the team's is there, or its file is as the team left it: gone."""
    for path, made in edits.items():
        moved = path if path in after else _MOVED.get(path, path)
        assert (moved in after) == (made.team is not None), path
        if made.team is not None:
            assert after[moved].count(SENTINEL) == made.team.count(SENTINEL), path
    assert last.open.keys() <= edits.keys() | {_MOVED.get(p, p) for p in edits}


def hold_template(
    after: dict[str, bytes], fresh: dict[str, bytes], edits: Edits, last: UpdatePlan
) -> None:
    """Without the team's lines, what is not named is a fresh render, to the byte."""
    for path in (fresh.keys() | after.keys()) - {*last.open, OPEN_FILE}:
        made = edits.get(path) or edits.get(_BACK.get(path, ""))
        if made is not None and is_seed(path):
            continue  # the team's once it is written
        if made is not None and (made.team is None or made.rewritten):
            # Nothing of it is named, so the template must not have changed it.
            assert plain(fresh.get(path)) == plain(made.base), path
            assert lines_of(after.get(path)) == lines_of(made.team), path
            continue
        assert plain(after.get(path)) == plain(fresh.get(path)), path
        for mine, its in zip(pins(after, path), pins(fresh, path), strict=True):
            assert mine >= its, path


def lines_of(content: bytes | None) -> list[bytes] | None:
    """Return its lines: .gitattributes gives a fresh checkout other ends of lines."""
    return None if content is None else content.splitlines()


def pins(files: dict[str, bytes], path: str) -> list[tuple[int, ...]]:
    return [number(pin) for pin in _PIN.findall(files.get(path, b""))]


def hold_named(shop: Path, middle: UpdatePlan, last: UpdatePlan) -> None:
    """The security line of the middle version is there, or named in each check."""
    ci = shop / CI
    if not ci.exists() or SECURITY not in ci.read_bytes():
        assert CI in middle.open
        assert CI in last.open
        assert last.open[CI].since == "9998.0.0"
    assert (shop / OPEN_FILE).exists() == bool(last.open)


def bring(shop: Path, work: Path, ref: str) -> UpdatePlan:
    """Update *shop* to *ref* and merge it, as the team does."""
    choice = UpdateChoice(version=ref.removeprefix("v"))
    done = update(shop, work, choice=choice)
    git(shop, "checkout", "-q", "main")
    git(shop, "merge", "-q", "--ff-only", done.branch)
    return done


def move_pins(shop: Path, chance: random.Random) -> None:
    """Now and then a robot moves the pin of an action in every workflow."""
    version = chance.choice([b"", b"7.0.9", b"98.1.0", b"101.0.0"])
    if not version:
        return
    pin = b"checkout@" + b"e" * 40 + b" # v" + version

    def newer(match: re.Match[bytes]) -> bytes:
        return pin if number(match[1]) < number(version) else match[0]

    for path in (shop / ".github/workflows").glob("*.yml"):
        path.write_bytes(_PIN.sub(newer, path.read_bytes()))
    save(shop, "build(deps): bump actions/checkout")


def number(version: bytes) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(b"."))


def plain(content: bytes | None) -> bytes | None:
    """Return *content* without the lines of the team's and without pins."""
    if content is None:
        return None
    lines = [x for x in content.splitlines(keepends=True) if SENTINEL not in x]
    return _PIN.sub(b"checkout", b"".join(lines))


def edit(shop: Path, chance: random.Random, *, but: set[str] | None = None) -> Edits:
    """Make one to eight edits: a line, a tail, all of it, or deleted; return them."""
    files = tree_of(shop)
    fixed = {".copier-answers.yml", ".gitattributes", ".gitignore", *(but or ())}
    paths = sorted(files.keys() - fixed)
    edits: Edits = {}
    for path in chance.sample(paths, chance.randint(1, min(8, len(paths)))):
        lines = files[path].splitlines(keepends=True)
        whole = files[path].endswith(b"\n") or not lines
        last = len(lines) if whole else len(lines) - 1
        tail = b"".join((*lines[:last], SENTINEL + b"\n", *lines[last:]))
        lines.insert(chance.randint(0, last), SENTINEL + b"\n")
        team = chance.choice([b"".join(lines), REWRITTEN, tail, None])
        edits[path] = Edit(team=team, base=files[path])
    put(shop, {path: made.team for path, made in edits.items()})
    save(shop, "feat: ours")
    return edits
