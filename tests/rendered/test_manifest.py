"""The manifest of managed files, against the template and against a render."""

import json
from pathlib import Path

from monokeel.adapters.worktree import Worktree
from monokeel.updates.verify import verify
from tests.rendered.managed import MANIFEST, manifest_text
from tests.rendered.renders import Render


def test_the_manifest_is_up_to_date() -> None:
    assert MANIFEST.read_text(encoding="utf-8") == manifest_text()


def test_the_manifest_names_what_updates_may_change_and_no_seed() -> None:
    files = json.loads(manifest_text())["files"]

    assert {"inv", "tasks.py", "ops/requirements.txt"} <= files.keys()
    assert "tasks_local.py" not in files
    assert "ops/manifest.json" not in files
    assert not [path for path in files if "jinja" in path or "{" in path]


def test_a_fresh_render_passes_its_own_manifest(render: Render) -> None:
    report = verify(Worktree(Path(render({}))))

    assert (report.data["edited"], report.data["missing"]) == ([], [])
