"""What each registry says of an image that is not there, and what it is taken for.

The answers are quoted in ``registry_answers.json``, each with its source; those without
one are marked as suspected. The code never reads that file.
"""

import json
from pathlib import Path
from typing import TypedDict

import pytest

from monokeel.adapters.registry import Registry
from monokeel.adapters.registry_access import Login
from monokeel.adapters.session import Session
from monokeel.ground.answers import Absent, Found, Unknown
from tests.fakes.http import serving
from tests.fakes.served import API

Row = TypedDict(
    "Row",
    {
        "registry": str,
        "situation": str,
        "status": int,
        "body": object,
        "source": str,
        "mark": str,
        "anonymous": str,
        "signed in": str,
    },
)
ROOT = Path(__file__).parents[2]
ROWS: list[Row] = json.loads(
    Path(__file__).with_name("registry_answers.json").read_text(encoding="utf-8")
)
VERDICTS = {Absent: "absent", Found: "found", Unknown: "unknown"}
COLUMNS = ("registry", "situation", "status", "anonymous", "signed in", "mark")


def verdict(row: Row, login: Login) -> str:
    body = row["body"] if isinstance(row["body"], str) else json.dumps(row["body"])
    with serving((row["status"], {}, body.encode())) as server:
        registry = Registry(Session(tries=1), address=server.url, login=login)
        return VERDICTS[type(registry.look_up(API, "1.4.0"))]


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['registry']}: {row['situation']}"
)
def test_an_answer_is_taken_for_what_it_says(row: Row) -> None:
    seen = (verdict(row, Login()), verdict(row, Login(user="ann", password="x")))

    assert seen == (row["anonymous"], row["signed in"])


def test_an_answer_without_a_source_is_marked_as_suspected() -> None:
    assert [
        row for row in ROWS if not row["source"] and row["mark"] != "suspected"
    ] == []


def test_the_documented_table_is_that_of_the_answers() -> None:
    page = (ROOT / "docs/reference/registries.md").read_text(encoding="utf-8")

    assert [line for line in table() if line not in page.splitlines()] == []


def table() -> list[str]:
    """Return the table of registry, answer and verdict, as the page shows it."""
    cells = [[str(dict(row)[name]) for name in COLUMNS] for row in ROWS]
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *cells]
    return [f"| {' | '.join(line)} |" for line in lines]
