"""The page of status, read as a person reads it."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from monokeel.ground.answers import Json, as_list, as_number, as_object
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
    assert words[start + 3].startswith("DRIFT env/staging moved to 1.4.0 without a rec")
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


def test_the_ways_back_are_the_same_as_on_a_terminal() -> None:
    shop = Shop()
    shop.release("1.0.0", "1.1.0", "1.2.0")
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        shop.place("dev", version)
    shop.place("staging", "1.2.0")
    del shop.images.there["acme/shop/worker", "1.1.0"]

    text = page(shop)

    assert '<p class="bad">back: 1.1.0, images gone</p>' in text
    assert '<p class="good">1.0.0 ready</p>' in text
    assert '<p class="dim">back: nothing earlier was good here</p>' in text


def test_nothing_is_loaded_and_nothing_acts() -> None:
    shop = incident()
    nasty = "<script>alert(1)</script>"
    for number, record in shop.records.kept.items():
        note = replace(record.note, reason=nasty, actor=nasty)
        shop.records.kept[number] = replace(record, note=note)

    reader = read(page(shop, hold=nasty))

    assert reader.loads == []
    assert f"HOLD {nasty}" in reader.words


MEASURE = """<script>
const seen = [...document.querySelectorAll("h1, h2, p, .stop, .version")].filter(
  (each) => each.getBoundingClientRect().bottom <= 900
    && getComputedStyle(each).visibility === "visible");
document.title = encodeURIComponent(JSON.stringify({
  width: document.documentElement.scrollWidth,
  lines: seen.map((each) => each.innerText),
  back: getComputedStyle(document.body).backgroundColor,
  ink: getComputedStyle(document.body).color,
}));
</script>"""


def looked_at(text: str, folder: Path, width: int, *more: str) -> dict[str, Json]:
    """What stands in the first 900 pixels of a window, as a browser draws it."""
    path = folder / "page.html"
    path.write_text(text.replace("</body>", f"{MEASURE}</body>"), encoding="utf-8")
    done = subprocess.run(
        [
            *(str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", *more),
            *(f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900"),
            *("--dump-dom", path.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = re.search(r"<title>(%7B[^<]+)</title>", done.stdout)
    assert found is not None
    return as_object(json.loads(unquote(found[1])))


@pytest.mark.skipif(BROWSER is None, reason="no browser is installed")
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
def test_a_person_reads_what_is_wrong_and_then_each_place(
    width: int, tmp_path: Path
) -> None:
    seen = looked_at(page(incident(), hold=HOLD), tmp_path, width)

    lines = [str(each) for each in as_list(seen["lines"])]
    assert as_number(seen["width"]) <= max(width, 500)
    assert lines[:2] == ["What runs where in acme/shop", f"HOLD {HOLD}"]
    assert lines[2].startswith("FREEZE prod until 2026-07-01 00:00Z: holidays")
    assert lines[3].startswith("DRIFT env/staging moved to 1.4.0 without a record; ")
    assert lines[4:6] == ["dev", "1.5.1"]
    prod = lines[lines.index("prod") :]
    assert prod[1:3] == ["1.3.2", "for 1d, by ben, back from 1.5.0 (checkout broken)"]
    assert "back: 1.3.0 ready" in prod


@pytest.mark.skipif(BROWSER is None, reason="no browser is installed")
def test_a_dark_room_gets_a_dark_page(tmp_path: Path) -> None:
    text = page(incident(), hold=HOLD)

    light = looked_at(text, tmp_path, 1280)
    dark = looked_at(text, tmp_path, 1280, "--blink-settings=preferredColorScheme=0")

    assert (light["back"], dark["back"]) == ("rgb(255, 255, 255)", "rgb(13, 17, 23)")
    assert light["lines"] == dark["lines"]
