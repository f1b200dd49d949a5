"""Pictures of status in an incident: terminal of 80 and 120 columns, page, dark.

    python -m bench.screens [FOLDER]

Needs Chromium on the PATH. The story is that of tests/fakes/incident.py.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from monokeel.ground.report import Report
from monokeel.promotion.board import board_html
from monokeel.promotion.status import overview_of
from monokeel.promotion.status_report import overview_report
from monokeel.tasks.screen import print_report
from tests.fakes.incident import HOLD, incident

_DARK = ("--blink-settings=preferredColorScheme=0",)


def picture(browser: str, page: Path, name: Path, size: str, *more: str) -> None:
    """Take one picture of *page*, of *size* ``width,height`` in pixels."""
    with tempfile.TemporaryDirectory() as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        options += [f"--user-data-dir={profile}", f"--window-size={size}", *more]
        subprocess.run(
            [browser, *options, f"--screenshot={name}", page.as_uri()],
            check=True,
            capture_output=True,
        )
    print(name)


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def terminal(report: Report, columns: int) -> str:
    """Return a page that shows *report* as a terminal of so many columns does."""
    os.environ.update(COLUMNS=str(columns), TERM="xterm-256color")
    for name in ("NO_COLOR", "CI", "GITHUB_ACTIONS"):
        os.environ.pop(name, None)
    stream = Terminal()
    print_report(report, stream)
    console = Console(record=True, width=columns, file=io.StringIO())
    console.print("$ ./inv status", Text.from_ansi(stream.getvalue()), sep="\n")
    text = console.export_html(inline_styles=True, theme=DIMMED_MONOKAI)
    font = "font:14px/1.3 'DejaVu Sans Mono',monospace!important"
    return f"{text}<style>pre,code,span{{{font}}}</style>"


def main() -> None:
    """Make all pictures."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no Chromium on the PATH")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screens").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    shop = incident()
    overview = overview_of(shop.outside, shop.settings, hold=HOLD)
    wide = overview_report(overview, columns=120)
    pages = {
        "terminal-80": (terminal(overview_report(overview), 80), "720,420"),
        "terminal-120": (
            terminal(wide, 120),
            "1060,420",
        ),
        "phone": (board_html(overview), "500,1400"),
        "desktop": (board_html(overview), "1280,900"),
        "dark": (board_html(overview), "1280,900"),
    }
    for name, (content, size) in pages.items():
        page = folder / f"{name}.html"
        page.write_text(content, encoding="utf-8")
        more = _DARK if name == "dark" else ()
        picture(browser, page, folder / f"{name}.png", size, *more)


if __name__ == "__main__":
    main()
