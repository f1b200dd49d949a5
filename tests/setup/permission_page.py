"""The table of permissions in the how-to, written from the table of expectations."""

import re
from collections.abc import Mapping
from pathlib import Path

from monokeel.setup.expectations import expectations
from monokeel.setup.permissions import needed, page_name
from monokeel.setup.rows import Expectation
from tests.fakes.unconnected import World

PAGE = Path(__file__).parents[2] / "docs/how-to/connect-to-github.md"
# What each App's token is asked for; the steps of the workflows name the same. One
# that asks for more than the App has gets none at all (422, promptfoo#8802).
APPS: Mapping[str, Mapping[str, str]] = {
    "policy": {
        "actions": "read",
        "administration": "write",
        "contents": "write",
        "deployments": "read",
        "environments": "read",
        "issues": "write",
        "secrets": "read",
    },
    "template": {
        "contents": "write",
        "issues": "write",
        "pull_requests": "write",
        "workflows": "write",
    },
}
_TABLE = re.compile(r"(<!-- permissions: [^>]* -->\n).*?(<!-- end -->)", re.DOTALL)


def rows() -> tuple[Expectation, ...]:
    """Return the table of expectations of a repository with two environments."""
    return tuple(expectations(World().outside))


def token_table() -> str:
    """Return one line a permission: its level, and what is seen or made with it."""
    calls = [call for row in rows() for call in (*row.reads, *row.writes)]
    lines = ["| permission | level | for |", "|---|---|---|"]
    for area, level in needed(calls).items():
        things = {
            row.item.replace("_", " "): 0
            for row in rows()
            if area in needed((*row.reads, *row.writes))
        }
        lines.append(f"| {page_name(area)} | {level} | {', '.join(things)} |")
    return "\n".join(lines) + "\n"


def app_table() -> str:
    """Return one line an App: the Environment that holds its key, its permissions."""
    lines = ["| Environment | permissions of its App |", "|---|---|"]
    for name, rights in APPS.items():
        listed = ", ".join(f"{page_name(a)}: {rights[a]}" for a in sorted(rights))
        lines.append(f"| `{name}` | {listed} |")
    return "\n".join(lines) + "\n"


def renewed(text: str) -> str:
    """Return *text* with its two tables written again, in the order of the page."""
    tables = iter((token_table(), app_table()))
    return _TABLE.sub(lambda found: f"{found[1]}{next(tables)}{found[2]}", text)
