"""One report in three forms."""

import json

from monokeel.core.report import (
    Report,
    Section,
    Table,
    as_json,
    as_markdown,
    as_text,
)

REPORT = Report(
    headline="next version: 1.4.0",
    sections=(
        Section("Why", ("feat: a",)),
        Section("Images", table=Table(("name", "state"), (("api", "free|ok"),))),
        Section("Nothing", table=Table(("name",), ())),
    ),
    data={"version": "1.4.0", "name": "é"},
)


def test_text_starts_with_the_headline_aligns_tables_and_drops_what_is_empty() -> None:
    assert as_text(REPORT) == (
        "next version: 1.4.0\n\n"
        "Why\n  feat: a\n\n"
        "Images\n  name  state\n  api   free|ok"
    )


def test_markdown_escapes_what_would_end_a_cell() -> None:
    assert "| api | free\\|ok |" in as_markdown(REPORT)
    assert as_markdown(REPORT).startswith("### next version: 1.4.0\n")


def test_json_is_one_line_with_the_schema_first() -> None:
    line = as_json(REPORT)

    assert line.startswith('{"schema": 1, ')
    assert "\n" not in line
    assert json.loads(line) == {"schema": 1, "version": "1.4.0", "name": "é"}
