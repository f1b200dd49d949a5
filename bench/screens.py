"""Pictures of what people see, from real output: `nox -s screens`.

    python -m bench.screens [FOLDER]

The tasks run on a terminal of 80 and of 160 columns, on a sandbox that has lived a
little: one SVG each, dark and light, and a PNG of it; the page of status and pages of
the site (if `nox -s site` made it) on a phone and a desktop. Needs Chromium.
README's picture, docs/pictures/status.svg, is one of them.
"""

import io
import os
import pty
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme
from rich.text import Text

from monokeel.promotion.board import board_html
from monokeel.promotion.status import overview_of, overview_report
from monokeel.tasks.screen import print_report
from sandbox.demo.chapters import switch_reviews_off
from sandbox.demo.lived import Lived, lived
from tests.fakes.incident import HOLD, incident

_ROOT = Path(__file__).resolve().parents[1]
_THEMES = {"dark": SVG_EXPORT_THEME, "light": DEFAULT_TERMINAL_THEME}
_WIDTHS = (80, 160)
_COMMANDS = ("status", "drift", "release --dry-run", "doctor", "--help release")
_DARK = ("--blink-settings=preferredColorScheme=0",)
_SITE = ("index", "reference/platform", "how-to/promote", "architecture")


def seen(place: Lived, columns: int, *args: str) -> str:
    """Return what ``./inv`` with *args* writes on a terminal of so many columns."""
    leader, follower = pty.openpty()
    plain = {"CI", "NO_COLOR", "GITHUB_ACTIONS"}
    env = {k: v for k, v in place.story.environment.items() if k not in plain}
    env["PROMOTE_HOLD"] = "incident 42: orders are lost"
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "monokeel", *args],
        cwd=place.story.folder,
        env={**env, "TERM": "xterm-256color", "COLUMNS": str(columns)},
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=subprocess.DEVNULL,
    )
    os.close(follower)
    parts = []
    with child, open(leader, "rb", buffering=0) as terminal:  # noqa: PTH123
        while True:
            try:
                part = terminal.read(65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            parts.append(part)
    return b"".join(parts).decode()


def drawing(text: str, title: str, columns: int, theme: TerminalTheme) -> str:
    """Return an SVG of a terminal that shows *text*."""
    console = Console(record=True, width=columns, file=io.StringIO())
    console.print(Text.from_ansi(text.replace("\r\n", "\n").rstrip()))
    return console.export_svg(title=title, theme=theme)


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def picture(browser: str, page: str, name: Path, size: str, *more: str) -> None:
    """Take one picture of the address *page*, of *size* ``width,height`` in pixels."""
    with tempfile.TemporaryDirectory() as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        options += [f"--user-data-dir={profile}", f"--window-size={size}", *more]
        subprocess.run(
            [browser, *options, f"--screenshot={name}", page],
            check=True,
            capture_output=True,
        )
    print(name)


def terminals(browser: str, folder: Path) -> None:
    """Draw each command at each width, dark and light."""
    with lived() as place:
        switch_reviews_off(place.box)
        for command in _COMMANDS:
            for columns in _WIDTHS:
                text = seen(place, columns, *command.split())
                for name, theme in _THEMES.items():
                    base = f"{command.replace('--', '').replace(' ', '-')}-{columns}"
                    path = folder / f"{base}-{name}.svg"
                    path.write_text(
                        drawing(text, f"./inv {command}", columns, theme), "utf-8"
                    )
                    size = f"{columns * 12 + 40},{text.count(chr(10)) * 25 + 140}"
                    picture(browser, path.as_uri(), path.with_suffix(".png"), size)
    known = _ROOT / "docs/pictures/status.svg"
    known.parent.mkdir(exist_ok=True)
    shutil.copyfile(folder / "status-80-dark.svg", known)


def pages(browser: str, folder: Path) -> None:
    """Take pictures of the page of status and of the site, on two kinds of screen."""
    shop = incident()
    overview = overview_of(shop.outside, shop.settings, hold=HOLD)
    for columns in (80, 120):
        os.environ.update(COLUMNS=str(columns), TERM="xterm-256color")
        stream = Terminal()
        print_report(overview_report(overview, columns=columns), stream)
        text = drawing(stream.getvalue(), "./inv status", columns, SVG_EXPORT_THEME)
        path = folder / f"incident-{columns}.svg"
        path.write_text(text, "utf-8")
        size = f"{columns * 12 + 40},600"
        picture(browser, path.as_uri(), path.with_suffix(".png"), size)
    board = folder / "board.html"
    board.write_text(board_html(overview), "utf-8")
    wanted = {"board": board}
    site = _ROOT / "site"
    wanted |= {f"site-{n.replace('/', '-')}": site / f"{n}.html" for n in _SITE}
    for name, page in wanted.items():
        if page.is_file():
            uri = page.as_uri()
            picture(browser, uri, folder / f"{name}-phone.png", "500,1400")
            picture(browser, uri, folder / f"{name}-desktop.png", "1280,900")
    picture(browser, board.as_uri(), folder / "board-dark.png", "1280,900", *_DARK)


def main() -> None:
    """Make all pictures."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no Chromium on the PATH")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screens").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    terminals(browser, folder)
    pages(browser, folder)


if __name__ == "__main__":
    main()
