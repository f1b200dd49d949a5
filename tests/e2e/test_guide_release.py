"""What the guide says about releases and images, in the situations that it names."""

import json
from collections.abc import Iterator
from copy import copy

import pytest

from tests.e2e.act_shop import Template
from tests.e2e.guide import Reader, follows
from tests.e2e.guided_shop import GuidedShop, guided_shop
from tests.e2e.kept import Kept

RELEASE, CONTAINER = "Release Recovery", "Container Recovery"
FIRST_NAME = "/manifests/1.4.0"
SERVICES = {"api", "web", "worker"}


@pytest.fixture(scope="module")
def made(
    guide_template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[GuidedShop, Kept]]:
    """A shop where 1.4.0 is next."""
    base = tmp_path_factory.mktemp("release") / "shop"
    with guided_shop(base, guide_template) as shop:
        shop.land("feat: a basket")
        shop.keeps_the_contract()
        yield shop, Kept(shop.box, base)


@pytest.fixture
def shop(made: tuple[GuidedShop, Kept]) -> Iterator[GuidedShop]:
    shop, kept = made
    kept.restore()
    yield copy(shop)  # what a test exports is its own
    shop.keeps_the_contract()


def is_released(shop: GuidedShop, version: str, commit: str) -> bool:
    """Is *version* of *commit* out, with all its images and nothing left over?"""
    return (
        shop.published()[-1] == f"v{version}"
        and shop.ref(f"refs/tags/v{version}") == commit
        and shop.ref(f"refs/tags/monokeel-claim/v{version}") == ""
        and set(shop.digests(version)) == SERVICES
    )


@follows("Release Model")
@follows("Immutability Guarantees")
@follows(RELEASE, 2)
@follows(CONTAINER, 1, 2)
def test_a_release_that_was_cut_short_is_finished_by_the_same_command(
    shop: GuidedShop, reader: Reader
) -> None:
    (plan,) = reader.step("Release Model")
    (guard,) = reader.step("Immutability Guarantees")
    (again,) = reader.step(RELEASE, 2)
    (look,) = reader.step(CONTAINER, 1)
    (go_on,) = reader.step(CONTAINER, 2)
    commit = shop.do("git rev-parse HEAD")
    nobody = {
        "GITHUB_TOKEN": "",
        "GH_TOKEN": "",
        "GITHUB_API_URL": "http://127.0.0.1:9",
    }

    assert "1.4.0" in shop.do(plan, **nobody)
    assert "1.4.0" in reader.run(plan).out
    reader.run(guard)
    shop.cut_short(again, FIRST_NAME)
    assert shop.published() == []
    named = shop.digests("1.4.0")
    assert len(named) == 1
    assert "images of this very commit" in reader.run(look, code=3).err
    reader.run(go_on)

    assert is_released(shop, "1.4.0", commit)
    assert named.items() <= shop.digests("1.4.0").items()
    reader.run(guard, code=3)
    writes = shop.box.writes
    reader.run(again)
    assert shop.box.writes == writes


@follows(RELEASE, 1, 3)
def test_a_version_that_was_begun_is_taken_back_and_skipped(
    shop: GuidedShop, reader: Reader
) -> None:
    (look,) = reader.step(RELEASE, 1)
    (abandon,) = reader.step(RELEASE, 3)
    shop.cut_short("./inv release", FIRST_NAME)
    named = shop.digests("1.4.0")
    shop.land("fix: count once")

    assert "was cut short and is finished first" in reader.run(look).out
    assert "[release] skip" in reader.run(abandon, code=3).err
    commit = shop.skip("1.4.0")
    reader.run(abandon)

    assert shop.ref("refs/tags/monokeel-claim/v1.4.0") == ""
    reader.run(look)
    shop.do("./inv release")
    assert is_released(shop, "1.4.1", commit)
    assert shop.digests("1.4.0") == named


@follows(RELEASE, 5)
def test_a_released_tag_goes_by_breaking_the_glass_and_its_name_stays_spent(
    shop: GuidedShop, reader: Reader
) -> None:
    open_glass, delete, close_glass, drift = reader.step(RELEASE, 5)
    shop.do("./inv release")
    images = shop.digests("1.4.0")
    assert "GH013" in shop.run("git push origin :refs/tags/v1.4.0").err

    reader.run(open_glass)
    assert "release-tags-immutable" in reader.run(drift, code=2).out
    reader.run(delete)
    assert (shop.ref("refs/tags/v1.4.0"), shop.published()) == ("", [])
    reader.run(close_glass)
    reader.run(drift)

    assert shop.run("./inv release --dry-run").code == 3
    shop.skip("1.4.0")
    assert "1.4.1" in shop.do("./inv release --dry-run").splitlines()[0]
    assert shop.digests("1.4.0") == images


@follows(CONTAINER, 1, 5, 6)
def test_an_image_that_is_lost_is_built_again_before_its_release_and_not_after(
    shop: GuidedShop, reader: Reader
) -> None:
    (guard,) = reader.step(CONTAINER, 1)
    (build,) = reader.step(CONTAINER, 5)
    (drift,) = reader.step(CONTAINER, 6)
    commit = shop.do("git rev-parse HEAD")
    api = shop.box.images.repositories
    for service in sorted(SERVICES):
        shop.do(f"./inv build --service {service}")

    shop.box.switches.fail(FIRST_NAME, status=403, times=99)
    reader.run(guard, code=4)
    shop.box.switches.faults.clear()
    reader.run(guard)
    del api["acme/shop/api"].tags[f"sha-{commit}"]
    reader.run(build)
    assert f"sha-{commit}" in api["acme/shop/api"].tags
    shop.do("./inv release")
    assert is_released(shop, "1.4.0", commit)

    shop.do("./inv promote --env dev --version 1.4.0")
    reader.run(drift)
    del api["acme/shop/api"].tags["1.4.0"]
    assert "api" in reader.run(drift, code=2).out


@follows(CONTAINER, 1)
def test_a_version_that_somebody_pushed_by_hand_is_skipped(
    shop: GuidedShop, reader: Reader
) -> None:
    (guard,) = reader.step(CONTAINER, 1)
    host = shop.box.registry_url.removeprefix("http://")
    by_hand = f"{host}/acme/shop/api:1.4.0"
    packer = shop.environment["MONOKEEL_BUILD"].partition(" {")[0]
    shop.do(f"{packer} services/api {by_hand} {'0' * 40}")
    before = shop.digests("1.4.0")

    reader.run(guard, code=3)
    assert shop.run("./inv release").code == 3
    commit = shop.skip("1.4.0")
    plan = json.loads(shop.do("./inv release --dry-run --json"))

    assert (plan["version"], plan["commit"]) == ("1.4.1", commit)
    assert shop.digests("1.4.0") == before
