"""One report as text, as Markdown for the job summary, and as one line of JSON."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from monokeel.ground.answers import Json

Outcome = Literal["done", "difference", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under *columns*; every row has as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: heading, lines, table; not shown without a line and a row."""

    heading: str
    lines: tuple[str, ...] = ()
    table: Table = Table((), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a command found: *headline* first, the machine's view in *data*.

    *problems* are single lines that GitHub Actions shows as annotations. *outcome*
    decides how the program ends: a difference was found, or nobody can tell.
    """

    headline: str
    sections: tuple[Section, ...] = ()
    data: Mapping[str, Json] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    outcome: Outcome = "done"


# Control characters, line ends of every kind, marks that turn the direction of writing,
# and halves of characters: a terminal or a log acts on them instead of showing them.
_ACTING = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    r"\ud800-\udfff]"
)


# As CommonMark reads it: a run of backticks up to the next run of that length.
CODE_SPAN = r"(?<![`\\])(?P<run>`+)(?!`).+?(?<!`)(?P=run)(?!`)"
_ADDRESS = r"(?<![^\s(*_~])https?://\w[\w-]*(?:\.[\w-]+)+/[^\s<`]*"
_JOINS = ("`", "\\")
_READ = re.compile(
    rf"(?P<code>{CODE_SPAN})|{_ADDRESS}|\\?`|<|(?P<name>(?<![A-Za-z0-9])@[A-Za-z0-9][\w/@-]*)",
    re.ASCII,
)
_VALUE = re.compile(r"'[^']{200,}'|\"[^\"]{200,}\"|[^\s'\"]{200,}")
_LONGEST_VALUE = 200
_LONGEST_LINE = 4000


def visible(text: str) -> str:
    """Return *text* on one line, with what would act on its reader written out.

    A terminal acts on control characters; GitHub's runner on ``##[`` anywhere and
    ``::`` first in a line (actions/runner). Messages, tags and names come from
    everybody.
    """
    shown = _ACTING.sub(lambda m: m[0].encode("unicode_escape").decode(), text)
    shown = shown.replace("##[", "# #[")
    return f"\\{shown}" if shown.lstrip().startswith("::") else shown


def in_markdown(text: str) -> str:
    """Keep *text* from being read as HTML or as a call to somebody, outside of code.

    A backtick that is not of a code span is written so that none can begin there.
    """
    return _READ.sub(_written, text)


def _written(found: re.Match[str]) -> str:
    text, whole, (start, end) = found[0], found.string, found.span()
    if found["code"]:
        return safe_code(text)
    if found["name"]:  # runs of backticks that touch would be one
        before, after = whole[start - 1 : start], whole[end : end + 1]
        return f"{' ' * (before in _JOINS)}`{text}`{' ' * (after in _JOINS)}"
    return {"<": "&lt;", "`": "&#96;", "\\`": "&#96;"}.get(text, text)


def safe_code(text: str) -> str:
    """Break comments in code: by a hidden one a release is tied to its commit."""
    return text.replace("<!--", "<! --")


def shortened(text: str) -> str:
    """Return *text*, an error line: a value keeps 200 characters, all of it 4,000."""
    return cut(_VALUE.sub(lambda m: cut(m[0]), text), _LONGEST_LINE)


def cut(text: str, most: int = _LONGEST_VALUE) -> str:
    """Return *text* without its middle if it has more than *most* characters."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} ... ({len(text) - most} more) ... {text[-half:]}"


def as_plain(report: Report) -> str:
    """Return the report for a terminal, without a final newline."""
    blocks = [visible(report.headline)]
    for section in _shown(report):
        lines = [visible(section.heading)] if section.heading else []
        lines += [f"  {visible(line)}".rstrip() for line in section.lines]
        table = section.table
        if table.rows:
            rows = [tuple(map(visible, x)) for x in (table.columns, *table.rows)]
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            for row in rows:
                lines.append(f"  {'  '.join(map(str.ljust, row, widths))}".rstrip())
        blocks.append("\n".join(lines))
    return "\n\n".join(block for block in blocks if block)


def as_markdown(report: Report) -> str:
    """Return the report in GitHub Markdown, ending in a newline."""
    blocks = [f"### {_said(report.headline)}"]
    for section in _shown(report):
        if section.heading:
            blocks.append(f"**{_said(section.heading)}**")
        if section.lines:
            blocks.append("\n".join(f"- {_said(line)}" for line in section.lines))
        if section.table.rows:
            columns = section.table.columns
            lines = [
                "| " + " | ".join(_said(x).replace("|", "\\|") for x in row) + " |"
                for row in (columns, ["---"] * len(columns), *section.table.rows)
            ]
            blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _said(text: str) -> str:
    return in_markdown(visible(text))


def as_json(report: Report) -> str:
    """Return one line: a JSON object that starts with ``"schema": 1``."""
    return json.dumps({"schema": 1, **report.data})


def _shown(report: Report) -> list[Section]:
    return [each for each in report.sections if each.lines or each.table.rows]
