"""Small plain pages: text escaped, no script, no request to anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from http import HTTPStatus

from sandbox.exchange import Outgoing

# Nothing on a page may run, and nothing may be fetched from elsewhere.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'"
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{padding:.2em 1em .2em 0;text-align:left;"
    "vertical-align:top}pre{white-space:pre-wrap;background:#f4f4f4;padding:1em}"
    "footer{margin-top:3em;color:#555}"
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link to an address of this sandbox; *href* begins with ``/``."""

    text: str
    href: str

    def __str__(self) -> str:
        """Return it as HTML."""
        return f'<a href="{escape(self.href)}">{escape(self.text)}</a>'


Cell = str | int | Link | None


def cell(value: Cell) -> str:
    """Return *value* as HTML, text escaped."""
    if isinstance(value, Link):
        return str(value)
    return escape("" if value is None else str(value))


def table(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Return a table, or a sentence when there are no rows."""
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{cell(value)}</td>' for value in row)}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def facts(pairs: Sequence[tuple[str, Cell]]) -> str:
    """Return names with their values."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{cell(value)}</td></tr>'
        for name, value in pairs
    )
    return f"<table><tbody>{rows}</tbody></table>"


def text(words: str | None) -> str:
    """Return *words* of somebody as they are: Markdown is not read."""
    return f"<pre>{escape(words)}</pre>" if words else "<p>No text.</p>"


def section(title: str, content: str) -> str:
    """Return *content* under a heading."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def page(
    title: str,
    *parts: str,
    trail: Sequence[Link] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> Outgoing:
    """Return a whole page; *trail* leads back to where it hangs."""
    way = " / ".join(str(link) for link in trail)
    content = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} · sandbox</title><style>{_STYLE}</style></head>"
        f"<body><nav>{way}</nav><main><h1>{escape(title)}</h1>{''.join(parts)}</main>"
        "<footer>A local GitHub for rehearsals. It is gone when it ends.</footer>"
        "</body></html>\n"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return Outgoing(status=status, body=content.encode(), headers=headers)
