"""The manifest of managed files, against the template."""

import json

from tests.rendered.managed import MANIFEST, manifest_text


def test_the_manifest_is_up_to_date() -> None:
    assert MANIFEST.read_text(encoding="utf-8") == manifest_text()


def test_the_manifest_names_what_updates_may_change_and_no_seed() -> None:
    files = json.loads(manifest_text())["files"]

    assert {"inv", "tasks.py", "ops/requirements.txt"} <= files.keys()
    assert "tasks_local.py" not in files
    assert "ops/manifest.json" not in files
    assert not [path for path in files if "jinja" in path or "{" in path]
