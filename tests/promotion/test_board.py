"""The page of status, read as a person reads it."""

import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from monokeel.promotion.board import board_html
from monokeel.promotion.status import overview_of
from tests.fakes.incident import HOLD, incident
from tests.fakes.pointers import Shop

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


class Reader(HTMLParser):
    """What stands on a page, in order, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.loads: list[str] = []
        self._skips = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skips = tag == "style"
        self.loads += [str(value) for name, value in attrs if name in ("href", "src")]
        assert tag not in ("script", "iframe", "link")
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self._skips = self._skips and tag != "style"

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._skips:
            self.words.append(data.strip())


def page(shop: Shop, *, hold: str = "") -> str:
    return board_html(overview_of(shop.outside, shop.settings, hold=hold))


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def test_what_is_wrong_stands_first() -> None:
    words = read(page(incident(), hold=HOLD)).words

    start = words.index("What runs where in acme/shop", 1)
    assert words[start + 1] == f"HOLD {HOLD}"
    assert words[start + 2].startswith("FREEZE prod until ")
    assert words[start + 3] == "DRIFT env/staging moved to 1.4.0 without a record"
    assert words[start + 4] == "dev"


def test_each_environment_says_where_it_is_and_where_it_leads() -> None:
    text = " ".join(read(page(incident(), hold=HOLD)).words)

    assert "prod 1.3.2" in text
    assert "for 1d, by ben, back from 1.5.0 (checkout broken)" in text
    assert "back: 1.3.0 ready" in text
    assert "next: 1.4.0, images: acme/shop/worker:1.4.0 is gone" in text
    assert "Moves of prod" in text


def test_a_version_has_one_colour_and_its_neighbour_another() -> None:
    found = re.findall(
        r'background:(#\w+)" title="([\d.]+) for', page(incident(), hold=HOLD)
    )

    colours = {version: {c for c, v in found if v == version} for _, version in found}
    assert [version for version, seen in colours.items() if len(seen) != 1] == []
    assert len({min(seen) for seen in colours.values()}) == len(colours) == 5


def test_nothing_is_loaded_and_nothing_acts() -> None:
    shop = incident()
    nasty = "<script>alert(1)</script>"
    for number, record in shop.records.kept.items():
        note = replace(record.note, reason=nasty, actor=nasty)
        shop.records.kept[number] = replace(record, note=note)

    reader = read(page(shop, hold=nasty))

    assert reader.loads == []
    assert f"HOLD {nasty}" in reader.words


@pytest.mark.skipif(BROWSER is None, reason="no browser is installed")
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
def test_the_page_fits_its_window(width: int, tmp_path: Path) -> None:
    measure = (
        "<script>document.title = document.documentElement.scrollWidth"
        " + ' ' + document.querySelector('.stop').getBoundingClientRect().top"
        "</script>"
    )
    text = page(incident(), hold=HOLD).replace("</body>", f"{measure}</body>")
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")

    done = subprocess.run(
        [
            *(str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu"),
            *(f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900"),
            *("--dump-dom", path.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    found = re.search(r"<title>(\d+) ([\d.]+)</title>", done.stdout)
    assert found is not None
    assert int(found[1]) <= max(width, 500)
    assert float(found[2]) < 100
