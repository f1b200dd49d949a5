"""Many mixtures of edits: MONOKEEL_UPDATE_RUNS says how many (nox -s update: 200)."""

import os
import random
from pathlib import Path

import pytest

from tests.rendered.managed import is_seed
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

    done = update(shop, tmp_path / "work")

    after, fresh, old = (tree_of(each) for each in (shop, versions.new, versions.old))
    left = {each.path for each in done.merged.left}
    for path, team in edits.items():
        moved = "docs/moved.md" if path == "docs/moving.md" and team else path
        if team is None:
            assert path not in after
        else:
            assert SENTINEL.encode() in (after.get(path) or after[moved]), path
        if fresh.get(path) != old.get(path) and path not in left and not is_seed(path):
            assert_all_taken(old.get(path), fresh.get(moved), after.get(moved), path)
    named = {*edits, "docs/moved.md", "infra/template-open.json"}
    for path in (fresh.keys() | old.keys()) - named:
        assert after.get(path) == fresh.get(path), path
    assert done.open.keys() == left


def assert_all_taken(
    old: bytes | None, new: bytes | None, after: bytes | None, path: str
) -> None:
    """Hold that every line the template added is there, unless the file is gone."""
    if new is None or after is None:
        return
    added = set(new.splitlines()) - set((old or b"").splitlines())
    assert added <= set(after.splitlines()), path


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
