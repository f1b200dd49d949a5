"""How often a release asks: never more than it did before its readings were one.

The first edition asked 49 times by REST, 40 times by git and 123 times the registry,
for the same repository of three services on the same local GitHub.
"""

import re
from collections import Counter
from pathlib import Path

from sandbox.server import Sandbox
from tests.e2e.rendered_shop import RenderedShop
from tests.rendered.renders import git
from tests.rendered.versions import make_versions

MOST = {"rest": 16, "git": 20, "registry": 123}
MOST_LISTS = 6
LARGEST_LIST = 10_000  # bytes; one of 40,000 refs has millions


def test_a_release_asks_no_more_than_before(tmp_path: Path) -> None:
    rendered = make_versions(tmp_path / "template").old
    with Sandbox() as box:
        shop = RenderedShop(rendered, tmp_path, box)
        before = len(box.exchanges)

        done = shop.inv("release")
        asked = Counter(each.family for each in box.exchanges[before:])

    assert done.code == 0, done.err
    assert {family: n for family, n in asked.items() if n > MOST.get(family, 0)} == {}


def test_a_release_lists_refs_six_times_however_many_there_are(tmp_path: Path) -> None:
    """R21: what others can make large, refs of pull requests, is never asked for."""
    rendered = make_versions(tmp_path / "template").old
    with Sandbox() as box:
        shop = RenderedShop(rendered, tmp_path, box)
        head = git(box.bare, "rev-parse", "refs/heads/main").strip()
        pulls = "".join(f"{head} refs/pull/{n}/head\n" for n in range(40_000))
        with (box.bare / "packed-refs").open("a", encoding="utf-8") as packed:
            packed.write(pulls)
        before = len(box.exchanges)

        done = shop.inv("release")
        lists = [
            each
            for each in box.exchanges[before:]
            if b"command=ls-refs" in each.request
        ]

    assert done.code == 0, done.err
    assert len(lists) <= MOST_LISTS
    for each in lists:
        asked = re.findall(rb"ref-prefix (\S+)\n", each.request)
        assert asked
        assert {*asked} <= {b"refs/heads/", b"refs/tags/"}
        assert len(each.response) < LARGEST_LIST
