"""What each registry says of an image that is not there, and what it is taken for.

The answers are quoted in ``registry_answers.json``, each with its source; those without
one are marked as suspected. The code never reads that file; the stub of
``tests/e2e/registry_stub.py`` plays each registry with it.
"""

import json
import os
import sys
from pathlib import Path
from typing import TypedDict

import pytest

from monokeel.adapters.manifests import digest_of
from monokeel.adapters.registry import Registry
from monokeel.adapters.registry_access import Login
from monokeel.adapters.session import Session
from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import RefusedError
from tests.fakes.http import Reply, serving
from tests.fakes.served import API, errors

Row = TypedDict(
    "Row",
    {
        "registry": str,
        "situation": str,
        "when": str,
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
    """Return what *row* is taken for; of the answer to a write, how that ends."""
    body = row["body"] if isinstance(row["body"], str) else json.dumps(row["body"])
    answer: Reply = (row["status"], {}, body.encode())
    if row["when"] == "overwrite":
        return overwritten(answer) if login.password else "-"
    with serving(answer) as server:
        registry = Registry(Session(tries=1), address=server.url, login=login)
        return VERDICTS[type(registry.look_up(API, "1.4.0"))]


def overwritten(answer: Reply) -> str:
    """Return how it ends when *answer* refuses a tag that was free a moment before."""
    kind = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    ours, theirs = b'{"ours": true}', b'{"ours": false}'
    no: Reply = (404, {}, errors("MANIFEST_UNKNOWN").encode())
    with serving((200, kind, ours), no, answer, (200, kind, theirs)) as server:
        registry = Registry(Session(tries=1), address=server.url)
        with pytest.raises(RefusedError, match=digest_of(theirs)):
            registry.give_tag(API, digest_of(ours), "1.4.0")
    return "refused"


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


def test_the_documented_table_is_that_of_the_answers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    if "RACE_TRIALS" in os.environ:
        with capsys.disabled():
            sys.stdout.write("\n".join(["", *table(), ""]))
    page = (ROOT / "docs/reference/registries.md").read_text(encoding="utf-8")

    lines = [line for line in page.splitlines() if line.startswith("|")]
    assert lines[lines.index(table()[0]) :] == table()


def table() -> list[str]:
    """Return the table of registry, answer and verdict, as the page shows it."""
    cells = [[str(dict(row)[name]) for name in COLUMNS] for row in ROWS]
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *cells]
    return [f"| {' | '.join(line)} |" for line in lines]
