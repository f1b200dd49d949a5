"""What stands in ops/manifest.json: the managed files, by the rules of copier.yml."""

import json
from functools import cache

import pathspec
import yaml

from monokeel.adapters.objects import Worktree
from tests.rendered.renders import ROOT, TEMPLATE, git

MANIFEST = TEMPLATE / "ops" / "manifest.json"


@cache
def patterns(setting: str) -> pathspec.GitIgnoreSpec:
    """Return the patterns of *setting* in copier.yml."""
    asked = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    return pathspec.GitIgnoreSpec.from_lines(asked[setting])


def is_seed(path: str) -> bool:
    """Say whether *path* of a rendered repository belongs to the team once written."""
    return patterns("_skip_if_exists").match_file(path)


def managed_files() -> list[str]:
    """Return the paths that a render copies byte for byte and an update may change.

    No .jinja, no path with Jinja in it, no seed, and not the manifest itself.
    """
    listed = git(TEMPLATE, "ls-files", "-co", "--exclude-standard", "-z").split("\0")
    return [
        path
        for path in sorted(set(listed) - {"", "ops/manifest.json"})
        if not path.endswith(".jinja") and "{" not in path
        if not is_seed(path) and (TEMPLATE / path).is_file()
    ]


def manifest_text() -> str:
    """Return what ops/manifest.json has to hold."""
    files = Worktree(TEMPLATE).on_disk(managed_files())
    return json.dumps({"schema": 2, "files": files}, indent=1) + "\n"
