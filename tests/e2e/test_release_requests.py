"""How often a release asks: never more than it did before its readings were one.

The first edition asked 49 times by REST, 40 times by git and 123 times the registry,
for the same repository of three services on the same local GitHub.
"""

import re
from collections import Counter
from pathlib import Path

from sandbox.records import Release
from sandbox.server import Sandbox
from tests.e2e.rendered_shop import RenderedShop
from tests.rendered.renders import git
from tests.rendered.versions import Versions

MOST = {"rest": 16, "git": 20, "registry": 123}
MOST_LISTS = 6
LARGEST_LIST = 10_000  # bytes; one of 40,000 refs has millions


def test_a_release_asks_no_more_than_before(versions: Versions, tmp_path: Path) -> None:
    with Sandbox() as box:
        shop = RenderedShop(versions.old, tmp_path, box)
        before = len(box.exchanges)

        done = shop.inv("release")
        asked = Counter(each.family for each in box.exchanges[before:])

    assert done.code == 0, done.err
    assert {family: n for family, n in asked.items() if n > MOST.get(family, 0)} == {}


def test_a_release_lists_refs_six_times_however_many_there_are(
    versions: Versions, tmp_path: Path
) -> None:
    """R21: what others can make large, refs of pull requests, is never asked for."""
    with Sandbox() as box:
        shop = RenderedShop(versions.old, tmp_path, box)
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


def test_a_release_among_a_thousand_others_is_made_and_found_again(
    versions: Versions, tmp_path: Path
) -> None:
    """R20: GitHub ends the list there with 422, and a second run has nothing to do."""
    with Sandbox() as box:
        shop = RenderedShop(versions.old, tmp_path, box)
        others = [other(box, number) for number in range(1_200)]
        box.state.releases[:0] = others
        before = len(box.exchanges)

        done = shop.inv("release")
        again = shop.inv("release", "--dry-run", "--json")
        answers = [each.response for each in box.exchanges[before:]]

    assert (done.code, again.code) == (0, 0), done.err + again.err
    assert '"needed": false' in again.out
    assert any(b"first 1000 results" in answer for answer in answers)
    assert [each.tag for each in box.state.releases[len(others) :]] == ["v1.0.0"]


def other(box: Sandbox, number: int) -> Release:
    """Return a release that somebody has published, every tenth a draft."""
    made = "2026-01-01T00:00:00Z"
    return Release(
        id=10_000 + number,
        tag=f"other-{number}",
        target="main",
        name=None,
        body=None,
        draft=number % 10 == 0,
        prerelease=False,
        author=box.state.actor("admin"),
        created_at=made,
        updated_at=made,
        published_at=None if number % 10 == 0 else made,
    )
