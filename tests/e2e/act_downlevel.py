"""Copies of workflows that `act` can read: it refuses a file with newer syntax.

Only that syntax is taken out; everything else stays byte for byte. The copies are for
local runs, never for a commit.
"""

import re
import shutil
from pathlib import Path

_NEWER = (
    r"^[ \t]+queue:[ \t]*max[ \t]*(?:#.*)?\n",  # concurrency.queue
    r"^[ \t]*cache-mode:.*\n",  # on the workflow or on a job
    r"^[ \t]+artifact-metadata:[ \t]*(?:read|write|none)\b.*\n",  # a permission
    # environment.deployment, a literal or an expression
    r"^[ \t]+deployment:[ \t]*(?:true|false|\$\{\{.*\}\})[ \t]*(?:#.*)?\n",
    # The checkout that act makes itself; with any ref it would want the action.
    r"^[ \t]+ref:[ \t]*\$\{\{ github\.ref \}\}.*\n",
)


def downlevel(text: str) -> str:
    """Return the workflow *text* without the syntax that act 0.2.89 does not know."""
    for pattern in _NEWER:
        text = re.sub(pattern, "", text, flags=re.MULTILINE)
    return text


def copy_repository(source: Path, target: Path) -> Path:
    """Copy the repository *source* with readable workflows; return *target*."""
    shutil.copytree(source, target, symlinks=True)
    for path in (target / ".github/workflows").glob("*.y*ml"):
        path.write_text(downlevel(path.read_text(encoding="utf-8")), encoding="utf-8")
    return target
