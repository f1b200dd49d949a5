"""Pictures of status in an incident: terminal of 80 and 120 columns, page, dark.

    python -m bench.screens [FOLDER]

Needs Chromium on the PATH. The story is that of tests/fakes/incident.py.
"""

import html
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from monokeel.ground.report import as_text
from monokeel.promotion.board import board_html
from monokeel.promotion.status import overview_of
from monokeel.promotion.status_report import overview_report
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


def terminal(text: str, columns: int) -> str:
    """Return a page that shows *text* as a terminal of so many columns does."""
    style = f"margin:0;width:{columns}ch;overflow:hidden;font:14px/1.3 monospace"
    return (
        '<meta charset="utf-8"><body style="margin:8px;background:#111;color:#ddd">'
        f'<pre style="{style}">$ ./inv status\n{html.escape(text)}</pre>'
    )


def main() -> None:
    """Make all pictures."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no Chromium on the PATH")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screens").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    shop = incident()
    overview = overview_of(shop.outside, shop.settings, hold=HOLD)
    text = as_text(overview_report(overview))
    pages = {
        "terminal-80": (terminal(text, 80), "720,420"),
        "terminal-120": (terminal(text, 120), "1060,420"),
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
