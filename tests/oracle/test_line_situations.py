"""Repositories with several branches, each through npm's whole program.

Forty in ``nox -s oracle``, which sets the count; eight of them otherwise.
"""

import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from monokeel.adapters.git import Git
from monokeel.adapters.process import run, run_raw
from monokeel.ground.answers import Json, as_object
from monokeel.release.plan import ReleasePlan
from monokeel.release.planner import plan_release
from monokeel.release.ports import offline
from tests.fakes.branches import Branches
from tests.fakes.plans import SETTINGS
from tests.oracle.branch_histories import generated
from tests.oracle.conftest import Ask
from tests.oracle.test_lines import deviation

COUNT = 40 if "MONOKEEL_ORACLE_COUNT" in os.environ else 8
_REFUSED = re.compile(
    "EMAINTENANCEBRANCHES|EINVALID(?:MAINTENANCEMERGE|NEXTVERSION)|TypeError"
)


def clone_of(made: Branches, folder: Path) -> Path:
    """Write *made* as a bare repository; return a clone of it, at its branch."""
    remote, root = folder / "remote.git", folder / "clone"
    run(["git", "init", "--quiet", "--bare", "-b", "main", str(remote)])
    stream = []
    for mark, (message, parents) in enumerate(made.commits.values(), 1):
        stream += [f"commit refs/x/{mark}", f"mark :{mark}"]
        stream += [f"committer A <a@b.c> {1_700_000_000 + mark} +0000"]
        stream += [f"data {len(message)}", message]
        for word, parent in zip(("from", "merge"), parents, strict=False):
            stream += [f"{word} :{int(parent, 16)}"]
    places = {f"refs/heads/{name}": at for name, at in made.heads.items()}
    places |= {f"refs/tags/{name}": at for name, at in made.all_tags.items()}
    for ref, at in places.items():
        stream += [f"reset {ref}", f"from :{int(at, 16)}", ""]
    text = "\n".join([*stream, "done", ""]).encode()
    run_raw(["git", "fast-import", "--quiet", "--done"], cwd=remote, stdin=text)
    run(["git", "clone", "--quiet", "-b", made.at, str(remote), str(root)])
    return root


def outcome(answer: Json) -> str | None:
    """Return the version that npm gives, or its refusal."""
    fields = as_object(answer)
    if "crash" in fields:
        refused = str(fields["crash"])
        assert _REFUSED.search(refused), refused
        return refused
    version = fields["version"]
    assert version is None or isinstance(version, str)
    return version


def plan_of(root: Path, lines: tuple[str, ...]) -> ReleasePlan:
    outside = replace(offline(Git(root), "not asked"), remote=Git(root))
    return plan_release(replace(SETTINGS, lines=lines), outside)


def test_situations_end_as_npm_ends_them(
    ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counted: Counter[str] = Counter()
    differences = []
    lines_of: dict[Path, tuple[str, ...]] = {}
    for seed in range(7000, 7000 + COUNT):
        made, lines = generated(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        lines_of[clone_of(made, folder)] = lines
    repositories: list[Json] = [
        {
            "cwd": str(root),
            "url": f"file://{root.parent / 'remote.git'}",
            "branches": [*lines, "main"],
            "preset": "conventionalcommits",
        }
        for root, lines in lines_of.items()
    ]
    answers = ask({"about": "releases", "repositories": repositories})

    for (root, lines), answer in zip(lines_of.items(), answers, strict=True):
        theirs, plan = outcome(answer), plan_of(root, lines)

        refused = any(each.name == "line" for each in plan.blockers)
        if refused:
            same = theirs is not None and not theirs[0].isdigit()
        else:
            same = plan.version == theirs or bool(deviation(plan))
        kind = "refused" if refused else deviation(plan) or "released or not"
        counted[kind] += 1
        if not same:
            differences.append((root.parent.name, plan.version, theirs))
    with capsys.disabled():
        print(f"\nlines: {COUNT} situations, {dict(counted)}")  # noqa: T201
    assert differences == []
