"""How often a release asks: never more than it did before its readings were one.

The first edition asked 49 times by REST, 40 times by git and 123 times the registry,
for the same repository of three services on the same local GitHub.
"""

from collections import Counter
from pathlib import Path

from sandbox.server import Sandbox
from tests.e2e.rendered_shop import RenderedShop
from tests.rendered.versions import make_versions

MOST = {"rest": 16, "git": 20, "registry": 123}


def test_a_release_asks_no_more_than_before(tmp_path: Path) -> None:
    rendered = make_versions(tmp_path / "template").old
    with Sandbox() as box:
        shop = RenderedShop(rendered, tmp_path, box)
        before = len(box.exchanges)

        done = shop.inv("release")
        asked = Counter(each.family for each in box.exchanges[before:])

    assert done.code == 0, done.err
    assert {family: n for family, n in asked.items() if n > MOST.get(family, 0)} == {}
