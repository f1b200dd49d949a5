"""One report in three forms."""

import json

import pytest

from monokeel.ground.report import (
    Report,
    Section,
    Table,
    as_json,
    as_markdown,
    as_plain,
    visible,
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
    assert as_plain(REPORT) == (
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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünïcode 日本 ●", "plain, ünïcode 日本 ●"),
        ("two\nlines\r\n", r"two\nlines\r\n"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202eback\u2028", r"\u202eback\u2028"),
        ("half \udcff", r"half \udcff"),
        ("  ::error::x", r"\  ::error::x"),
        ("a ::error::x", "a ::error::x"),
        ("a ##[error]x", "a # #[error]x"),
    ],
)
def test_what_would_act_on_its_reader_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_no_cell_line_or_headline_acts() -> None:
    evil = "::error::\x1b"
    table = Table((evil,), ((evil,),))
    report = Report(headline=evil, sections=(Section("", (evil,), table),))

    for text in (as_plain(report), as_markdown(report)):
        assert "\x1b" not in text
        assert [x for x in text.splitlines() if x.lstrip(" -").startswith("::")] == []


def test_a_heading_begins_no_line_of_its_own() -> None:
    """It may hold a name from GitHub, such as that of a ruleset."""
    section = Section("Ruleset a\n::error::all is well", ("a line",))
    report = Report(headline="found", sections=(section,))

    for text in (as_plain(report), as_markdown(report)):
        assert not [x for x in text.splitlines() if x.startswith("::")]
        assert "Ruleset a\\n::error::all is well" in text


def test_a_summary_shows_what_looks_like_html_and_calls_nobody() -> None:
    """Advice says <full hash>, a title <App>: as tags they would not be shown."""
    line = "write 'This reverts commit <full hash>.', @ana, `<b> @x`: a@sha256:1"
    table = Table(("<a>",), ((line,),))
    report = Report(headline=line, sections=(Section(line, (line,), table),))

    text = as_markdown(report)

    shown = "commit &lt;full hash>.', `@ana`, `<b> @x`: a@sha256:1"
    assert text.count(shown) == 4
    assert "| &lt;a> |" in text
    assert as_plain(report).count(line) == 4
