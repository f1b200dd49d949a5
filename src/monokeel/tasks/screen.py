"""How things look on a terminal: states in colour, tables fitted, progress.

Only here is rich imported, and only where somebody looks: a pipe, CI, ``NO_COLOR`` and
``--json`` get the plain text. A colour never says what no word says.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from monokeel.ground.report import Report, Section

_WIDEST: Final = 160
_GREEN = "ok|done|free|same|equal|published|connected|was there|in sync|in_sync"
_RED = (  # "other" alone is a state: a line may begin with it
    r"error|refused|missing|blocked|drift|taken|other\Z|not as the file says|gone"
    r"|severe"
)
_YELLOW = "fix|unknown|unverifiable|optional|left to you|not asked|unmanaged|note|waits"
# The first word of a line is its state, and the cells below these headings are.
_STATES = ("state", "status", "verdict")
_STYLES: Final[Mapping[str, str]] = {
    rf"^(?i:{_GREEN})\b|: done$|\bready\b": "green",
    rf"^(?i:{_RED})\b|\b(?:HOLD|FREEZE|DRIFT|BLOCKED)\b|\b(?:images|tag) gone\b"
    r"|\b(?:rolled )?back (?:from|in) \S+|without a record": "bold red",
    rf"^(?i:{_YELLOW})\b|\bunknown\b|\b(?:on hold|frozen|soak until)\b": "yellow",
    r"https?://[^\s()]*[^\s(),.;:]": "underline",
}
# Digests and commits, of which a person needs the beginning; whole in a command.
_LONG = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28,}\b")
_COMMAND = re.compile(r"\./|\bgit |\bgh ")
_stops: list[Callable[[], None]] = []


def take_any_text() -> None:
    """Let each stream take whatever is written, if it is closed or knows no UTF-8."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif name != "stdin" and isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def silence() -> None:
    """Write to nobody: our reader is gone (`| head`), and Python would flush again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def flush() -> None:
    """Write what is left; nobody may read it any more."""
    try:
        sys.stdout.flush()
    except OSError:  # said already; Python would try again, and end with 120
        silence()


def is_watched(stream: TextIO) -> bool:
    """Say whether *stream* is a terminal that somebody looks at, and wants colours."""
    plain = any(map(os.environ.get, ("NO_COLOR", "CI", "GITHUB_ACTIONS")))
    return stream.isatty() and not plain and os.environ.get("TERM") != "dumb"


def columns_of(stream: TextIO) -> int:
    """Return how wide a line on *stream* may be: 80, on a terminal what it has."""
    return _console(stream).width if is_watched(stream) else 80


def print_report(report: "Report", stream: TextIO) -> None:
    """Print *report* on *stream*, flushed: it stays above the errors in one log."""
    if not is_watched(stream):
        from monokeel.ground.report import as_plain

        print(as_plain(report), file=stream, flush=True)
        return
    from rich.padding import Padding

    console = _console(stream)
    console.print(_styled(report.headline, "bold"))
    for section in report.sections:
        if section.lines or section.table.rows:
            for part in ("", *_parts(section)):
                console.print(part, soft_wrap=not isinstance(part, Padding))


def print_line(line: str, stream: TextIO) -> None:
    """Print one *line* on *stream*, its state in colour on a terminal."""
    if is_watched(stream):
        _console(stream).print(_styled(line), soft_wrap=True)
    else:
        from monokeel.ground.report import visible

        print(visible(line), file=stream, flush=True)


@contextmanager
def working(what: str, *, after: float = 10) -> Iterator[None]:
    """Show on a terminal that *what*, if anything, is going on, and for how long.

    A pipe gets one line, if it takes longer than *after* seconds.
    """
    if not (what and is_watched(sys.stderr) and sys.stdout.isatty()):
        from threading import Timer

        said = f"{what}: still at work after {after:g} s"
        waiting = Timer(after, print_line, (said, sys.stderr))
        waiting.daemon = True
        if what:
            waiting.start()
        try:
            yield
        finally:
            waiting.cancel()
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn(f"{what} …"), TimeElapsedColumn()
    shown = Progress(*columns, console=_console(sys.stderr), transient=True)
    shown.add_task("")
    _stops.append(shown.stop)
    with shown:
        yield
    _stops.clear()


def stop_showing() -> None:
    """End what ``working`` shows: somebody is asked, or a child writes itself."""
    while _stops:
        _stops.pop()()


def _parts(section: "Section") -> "Iterator[RenderableType]":
    from rich.padding import Padding
    from rich.table import Table

    from monokeel.ground.report import visible

    if section.heading:
        yield _styled(section.heading, "bold")
    for line in section.lines:
        if _COMMAND.search(line):  # to be copied whole: only the terminal breaks it
            yield _styled(f"  {line}")
        else:
            yield Padding(_styled(line), (0, 0, 0, 2))
    if section.table.rows:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        states = [name in _STATES for name in section.table.columns]
        for name in section.table.columns:
            table.add_column(visible(name), header_style="dim", overflow="fold")
        for row in section.table.rows:
            cells = zip(row, states, strict=True)
            table.add_row(*(_styled(x, state=is_state) for x, is_state in cells))
        yield Padding(table, (0, 0, 0, 2))


def _console(stream: TextIO) -> "Console":
    from rich.console import Console

    console = Console(file=stream, highlight=False, emoji=False, markup=False)
    console.width = min(console.width, _WIDEST)
    return console


def _styled(text: str, style: str = "", *, state: bool = True) -> "Text":
    from rich.text import Text

    from monokeel.ground.report import visible

    short = text if _COMMAND.search(text) else _LONG.sub(r"\1…", text)
    styled = Text(visible(short), style=style)
    for pattern, colour in _STYLES.items() if state else ():
        styled.highlight_regex(pattern, colour)
    return styled
