"""A hotfix as docs/how-to/hotfix.md tells it: every command of it is run here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.people import CHECK, call, land
from sandbox.wire import JsonObject
from tests.e2e.act_shop import Template
from tests.e2e.guide import commands
from tests.e2e.guided_shop import GuidedShop, guided_shop
from tests.e2e.live_shop import ROOT

HOW_TO = ROOT / "docs/how-to/hotfix.md"
EMERGENCY = "--emergency 'a test'"


@pytest.fixture
def shop(guide_template: Template, tmp_path: Path) -> Iterator[GuidedShop]:
    """A shop whose production runs 1.4.0, and whose main has released 1.5.0."""
    with guided_shop(tmp_path / "shop", guide_template) as shop:
        for title in ("feat: a basket", "feat: a wish list"):
            checked(shop, shop.land(title))
            shop.do("./inv release")
        shop.do(f"./inv promote --env prod --version 1.4.0 {EMERGENCY}")
        shop.do(f"./inv promote --env staging --version 1.5.0 {EMERGENCY}")
        yield shop


def checked(shop: GuidedShop, commit: str) -> None:
    """Let the run of ci.yml on main pass for *commit*: a line asks for its check."""
    check: JsonObject = {"name": CHECK, "head_sha": commit}
    check |= {"status": "completed", "conclusion": "success"}
    call(shop.box, "POST", "/check-runs", check, who="actions")


def named(shop: GuidedShop) -> dict[str, str]:
    text = (shop.folder / "infra/platform.toml").read_text(encoding="utf-8")
    assert "lines = []" in text
    return {"infra/platform.toml": text.replace("lines = []", 'lines = ["1.4.x"]')}


def follow(shop: GuidedShop, section: str) -> list[str]:
    """Run every command of *section*; return what each printed."""
    found = commands(HOW_TO.read_text(encoding="utf-8"))
    told = [each for place, each in found.items() if place.section == section]
    typed = [each for each in told[0] if each.startswith(("git ", "./inv "))]
    return [shop.do(command) for command in typed]


def test_a_hotfix_goes_to_production_and_back_to_main(shop: GuidedShop) -> None:
    lines, fix = named(shop), {"services/api/URGENT.md": "fixed\n"}
    shop.land("chore: name the line 1.4.x", lines)

    follow(shop, "Begin the line")
    assert shop.ref("refs/heads/1.4.x") == shop.ref("refs/tags/v1.4.0")
    follow(shop, "Bring the fix in")
    land(shop.box, "fix: urgent", {**lines, **fix}, branch="fix/urgent", base="1.4.x")
    *_, plan, _ = follow(shop, "See it, and release it")
    assert "Next version: 1.4.1 (patch, after 1.4.0)" in plan
    _, promoted, status = follow(shop, "Bring it to production")
    assert "1.4.0 -> 1.4.1" in promoted
    assert "1.4.1" in status
    follow(shop, "Bring the fix back")
    land(shop.box, "fix: urgent", fix, branch="fix/urgent-on-main")
    shop.do("git switch --quiet main && git pull --quiet --ff-only origin main")
    shop.do("./inv release")

    assert shop.published() == ["v1.4.0", "v1.5.0", "v1.4.1", "v1.5.1"]
    assert shop.ref("refs/heads/env/prod") == shop.ref("refs/tags/v1.4.1")
    marked = {each.tag: each.make_latest for each in shop.box.state.releases}
    assert (marked["v1.4.1"], marked["v1.5.1"]) == ("false", "true")
