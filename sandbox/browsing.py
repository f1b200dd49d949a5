"""The pages behind the addresses that answers and tools print.

What a stranger sees is what the API shows without a token: a private repository and
drafts are not there. Nothing can be changed here.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import unquote

from sandbox.exchange import Incoming, Outgoing
from sandbox.html import Cell, Link, page, table
from sandbox.state import State

Shown = Callable[[State, Mapping[str, str]], Outgoing | None]
_PAGES: list[tuple["re.Pattern[str]", Shown]] = []


def at(path: str) -> Callable[[Shown], Shown]:
    """Show a page at *path* of the repository, a regular expression."""

    def register(shown: Shown) -> Shown:
        _PAGES.append((re.compile(path), shown))
        return shown

    return register


def answer(state: State, incoming: Incoming) -> Outgoing | None:
    """Return the page of a request, ``None`` when its address is not of a page."""
    if incoming.method not in ("GET", "HEAD"):
        return None
    path, owner = unquote(incoming.path), state.identity.owner
    from_browser = "text/html" in incoming.headers.get("Accept", "")
    if path == f"/{owner}" or (path == "/" and from_browser):
        return _owner(state)
    if path.startswith(f"/organizations/{owner}/"):
        words = "<p>The organization has no settings here; switches stand for them.</p>"
        return page(f"Settings of {owner}", words)
    start = f"/{state.identity.full_name}"
    if path == start or path.startswith(f"{start}/"):
        return _of_repository(state, path.removeprefix(start))
    return None


def _of_repository(state: State, path: str) -> Outgoing:
    with state.lock:
        for expression, shown in [] if state.private else _PAGES:
            found = expression.fullmatch(path)
            if found:
                return shown(state, found.groupdict()) or _missing(state)
    return _missing(state)


def _owner(state: State) -> Outgoing:
    rows: list[list[Cell]] = [] if state.private else [[home(state)]]
    return page(state.identity.owner, table(["Repository"], rows))


def _missing(state: State) -> Outgoing:
    words = "<p>There is no such page here, or it is not for everybody.</p>"
    status = HTTPStatus.NOT_FOUND
    return page("Not found", words, trail=[home(state)], status=status)


def home(state: State) -> Link:
    """Return the link to the repository."""
    return Link(state.identity.full_name, f"/{state.identity.full_name}")


def link(state: State, words: str, path: str) -> Link:
    """Return the link to *path* of the repository."""
    return Link(words, f"/{state.identity.full_name}/{path}")
