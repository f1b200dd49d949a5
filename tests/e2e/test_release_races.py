"""Real runners at the same time: one release, whoever makes it.

One trial each; ``RACE_TRIALS=15`` is the full proof.
"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.registry_proxy import Registry, registry_or_skip
from tests.e2e.shop import Shop, digests, recorded, shop_on

TRIALS = range(int(os.environ.get("RACE_TRIALS", "1")))
RUNNERS = range(4)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_or_skip(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def shop(registry: Registry, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(registry, tmp_path / "place") as place:
        yield place


@pytest.mark.parametrize("trial", TRIALS)
def test_four_runners_of_one_commit_publish_one_release(shop: Shop, trial: int) -> None:
    commit = shop.commit(f"feat: trial {trial}")
    clones = [shop.fresh_clone(f"runner-{number}") for number in RUNNERS]

    # Every runner's builds differ: none may replace what another has published.
    ended = shop.race({clone: number for number, clone in enumerate(clones)})

    assert set(ended.values()) <= {0, 4}
    assert 0 in ended.values()
    assert shop.run("release")[0] == 0
    shop.assert_complete(commit)
    [release] = shop.releases()
    record = recorded(release)
    assert record is not None
    assert digests(record) == shop.image_tags("1.0.0")


@pytest.mark.parametrize("trial", TRIALS)
def test_of_two_commits_for_one_version_one_wins_and_the_other_gets_its_own(
    shop: Shop, trial: int
) -> None:
    first = shop.commit(f"feat: trial {trial}")
    one = shop.fresh_clone("one")
    # Both are planned and built before either of them may go on to claim the version.
    shop.meeting = threading.Barrier(2)
    runner = shop.start("release", where=one)
    shop.wait_for_effects(1, runner)
    second = shop.commit("fix: something else")
    two = shop.fresh_clone("two")

    other = shop.start("release", where=two)

    reports = [runner.communicate()[1], other.communicate()[1]]
    codes = {first: runner.returncode, second: other.returncode}
    assert set(codes.values()) == {0}, reports
    shop.check()
    assert shop.refs() in (
        {"refs/tags/v1.0.0": first, "refs/tags/v1.0.1": second},
        {"refs/tags/v1.0.0": second},  # which contains the first
    )
