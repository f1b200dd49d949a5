"""A release killed after every lasting write, on real git and a real registry.

One write of each kind; with ``RACE_TRIALS`` set, as in ``nox -s proof``, every one.
"""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.switches import Fault
from tests.e2e.registry_proxy import Registry, registry_or_skip
from tests.e2e.shop import SERVICES, Shop, shop_on

KINDS = (
    *("blob", "blob", "image") * len(SERVICES),
    *("claim", "draft", "release.json"),
    *("version",) * len(SERVICES),
    *("tag", "publication", "claim"),
)
EVERY = range(1, len(KINDS) + 1)
FEW = (*(KINDS.index(each) + 1 for each in dict.fromkeys(KINDS)), len(KINDS))
POINTS = EVERY if "RACE_TRIALS" in os.environ else FEW


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_or_skip(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def shop(registry: Registry, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(registry, tmp_path / "place") as place:
        yield place


def test_a_release_has_eighteen_points_at_which_it_may_be_cut_short(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    commit = shop.commit("feat: a shop")

    code, _, stderr = shop.run("release")

    assert (code, tuple(map(kind, shop.effects))) == (0, KINDS), stderr
    assert (len(EVERY), len(FEW)) == (18, 9)
    shop.assert_complete(commit)
    with capsys.disabled():
        sys.stdout.write(f"\nrelease: {len(KINDS)} points: {', '.join(KINDS)}\n")


@pytest.mark.parametrize("point", POINTS)
def test_a_release_killed_after_any_write_is_finished_by_the_next(
    shop: Shop, point: int
) -> None:
    commit = shop.commit("feat: a shop")
    shop.kill_after = point
    code, _, _ = shop.run("release")
    assert code == -signal.SIGKILL
    shop.check()
    elsewhere = shop.fresh_clone("elsewhere")

    second, _, stderr = shop.run("release", where=elsewhere)

    assert second == 0, stderr
    shop.assert_complete(commit)
    done = list(shop.effects)
    third, _, stderr = shop.run("release")
    assert (third, shop.effects) == (0, done), stderr
    shop.assert_complete(commit)


@pytest.mark.parametrize("point", POINTS)
def test_a_release_whose_answer_gets_lost_comes_to_its_end(
    shop: Shop, point: int
) -> None:
    commit = shop.commit("feat: a shop")
    lose(shop, point)

    first, _, stderr = shop.run("release")

    # The build command is not ours: when it fails, we stop.
    stops = KINDS[point - 1] in {"blob", "image"}
    assert first == (4 if stops else 0), stderr
    second, _, stderr = shop.run("release")
    assert second == 0, stderr
    shop.assert_complete(commit)
    done = list(shop.effects)
    third, _, stderr = shop.run("release")
    assert (third, shop.effects) == (0, done), stderr


def lose(shop: Shop, point: int) -> None:
    """Let the effect of write number *point* happen and its answer not arrive."""
    ways = {
        "draft": ("POST", r"/repos/[^/]+/[^/]+/releases$"),
        "release.json": ("POST", "/assets"),
        "publication": ("PATCH", "/releases/"),
        "claim": ("POST", "git-receive-pack"),
        "tag": ("POST", "git-receive-pack"),
    }
    what = KINDS[point - 1]
    if what not in ways:
        shop.lose_answer = point
        return
    method, path = ways[what]
    before = [each for each in KINDS[: point - 1] if ways.get(each) == ways[what]]
    fault = Fault(kind="lost", method=method, path=path, skip=len(before))
    shop.box.switches.faults.append(fault)


def kind(effect: str) -> str:
    """Say what an effect was: the part of a release that it wrote."""
    for part, name in (
        ("/blobs/", "blob"),
        ("/manifests/sha-", "image"),
        ("/manifests/", "version"),
        ("PUSH refs/tags/monokeel-claim/", "claim"),
        ("PUSH refs/tags/", "tag"),
        ("/assets?", "release.json"),
        ("POST /repos/", "draft"),
        ("PATCH /repos/", "publication"),
    ):
        if part in effect:
            return name
    return effect
