"""What an on-call person meets once in a year: other tools, clocks, renamed things."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.e2e.live_shop import LiveShop
from tests.e2e.test_promote import move


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[LiveShop]:
    with Sandbox() as box:
        yield LiveShop(box, tmp_path)
        assert box.violations() == []


def set_policy(shop: LiveShop, old: str, new: str) -> None:
    """Replace *old* by *new* in platform.toml, on main too."""
    policy = shop.folder / "infra/platform.toml"
    text = policy.read_text(encoding="utf-8")
    assert old in text
    policy.write_text(text.replace(old, new, 1), encoding="utf-8")
    shop.save("chore: policy")


def test_a_repository_that_was_renamed_says_its_name_and_goes_on(
    shop: LiveShop,
) -> None:
    """E45."""
    shop.release("1.0.0")
    shop.place("1.0.0", "dev")
    shop.release("1.1.0")
    shop.box.switches.renamed_from = "acme/old"
    set_policy(shop, 'name = "shop"', 'name = "old"')
    shop.git("remote", "set-url", "origin", "https://github.com/acme/old.git")
    old = {"GITHUB_REPOSITORY": "acme/old"}

    ends = [
        shop.inv(*command, **old)
        for command in (["status"], ["history", "--env=dev"], move("dev", "1.1.0"))
    ]
    shop.git("remote", "set-url", "origin", "https://github.com/acme/shop.git")
    set_policy(shop, 'name = "old"', 'name = "shop"')
    moved = shop.inv(*move("dev", "1.1.0"))

    for done in ends:
        assert (done.code, done.out) == (4, "")
        assert "acme/old was renamed to acme/shop" in done.err
        assert "correct [repository] in infra/platform.toml" in done.err
    assert (moved.code, shop.version_at("dev")) == (0, "1.1.0")


def test_images_that_were_released_under_another_name_can_be_named(
    shop: LiveShop,
) -> None:
    shop.release("1.0.0")
    set_policy(
        shop,
        "[[services]]",
        '[registry]\nimages = "acme/new/{service}"\n\n[[services]]',
    )

    refused = shop.inv(*move("dev", "1.0.0"))
    set_policy(shop, "acme/new/{service}", "acme/shop/{service}")
    moved = shop.inv(*move("dev", "1.0.0"))

    assert refused.code == 3
    named = 'host = "ghcr.io", images = "acme/shop/{service}"'
    assert named in refused.err
    assert (moved.code, shop.version_at("dev")) == (0, "1.0.0")
