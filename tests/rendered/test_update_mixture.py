"""Many mixtures of edits: MONOKEEL_UPDATE_RUNS says how many (nox -s update: 200)."""

import os
import random
from pathlib import Path

import pytest

from tests.rendered.versions import Versions, put, save, tree_of, update

RUNS = int(os.environ.get("MONOKEEL_UPDATE_RUNS") or "4")
SENTINEL = "nobody may lose this line"


@pytest.mark.parametrize("seed", range(RUNS))
def test_any_mixture_of_edits_survives(
    shop: Path, versions: Versions, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible, no secret
    edits = _mixture(versions.old, chance)
    put(shop, edits)
    save(shop, "feat: ours")

    done = update(shop, tmp_path / "work", settle=chance.random() < 0.5)

    after, fresh, old = (tree_of(each) for each in (shop, versions.new, versions.old))
    for path, team in edits.items():
        if team is None:
            assert path not in after
        else:
            assert SENTINEL.encode() in after[path], path
    for path in (fresh.keys() | old.keys()) - edits.keys():
        assert after.get(path) == fresh.get(path), path
    assert (done.commit is None) == bool(done.conflicts)


def _mixture(old: Path, chance: random.Random) -> dict[str, bytes | None]:
    """Return one to eight edits of a render: a line, a tail, all of it, or deleted."""
    files = tree_of(old)
    fixed = {".copier-answers.yml", ".gitattributes", ".gitignore"}
    paths = chance.sample(sorted(files.keys() - fixed), chance.randint(1, 8))
    edits: dict[str, bytes | None] = {}
    for path in paths:
        lines = files[path].splitlines(keepends=True)
        lines.insert(chance.randint(0, len(lines)), f"{SENTINEL}\n".encode())
        rewritten = f"{SENTINEL}\r\n".encode() * 3
        edits[path] = chance.choice(
            [b"".join(lines), rewritten, files[path] + SENTINEL.encode(), None]
        )
    return edits
