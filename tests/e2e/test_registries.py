"""Releases on each registry that a stub can play before a real docker-registry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.adapters.registry import Registry as Adapter
from monokeel.adapters.registry_access import Login
from monokeel.adapters.session import Session
from monokeel.ground.answers import Found
from monokeel.ground.errors import RefusedError
from tests.e2e.registry_proxy import Registry, registry_or_skip
from tests.e2e.registry_stub import KINDS, PASSWORD, USER, Kind, Played
from tests.e2e.shop import SERVICES, Shop, git, shop_on
from tests.fakes.oci import Pusher

SIGNED_IN = {"MONOKEEL_REGISTRY_USER": USER, "MONOKEEL_REGISTRY_PASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_or_skip(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def shop(registry: Registry, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(registry, tmp_path / "place") as place:
        yield place


def play(kind: Kind, shop: Shop, registry: Registry) -> tuple[Played, str]:
    """Put *kind* before the shop's registry; return it, and the image of api."""
    played = Played(kind=kind, proxy=shop.proxy, upstream=registry.port)
    shop.proxy.front = played.front
    for other in SERVICES[1:]:
        git(
            shop.clone, "rm", "-rq", "--cached", "--ignore-unmatch", f"services/{other}"
        )
    path = shop.clone / "infra/platform.toml"
    kept = path.read_text(encoding="utf-8").partition('[[services]]\nname = "web"')[0]
    where = f'[registry]\nhost = "{kind.host}"\nimages = "{kind.images}"\n'
    path.write_text(kept.replace("[release]\n", f"[release]\n{where}"))
    values = {"owner": "acme", "repository": shop.name, "service": "api"}
    return played, kind.images.format(**values)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_registry_takes_two_releases_and_keeps_what_is_there(
    kind: Kind, shop: Shop, registry: Registry
) -> None:
    played, image = play(kind, shop, registry)
    behind = Adapter(Session(), address=f"http://127.0.0.1:{registry.port}")
    first = shop.commit("feat: a shop")
    if not kind.creates:
        code, said = run(shop, "release")
        assert (code, "create it first" in said) == (4, True), said
        played.made.add(image)

    assert run(shop, "guard", "--version", "1.0.0")[0] == 0
    assert run(shop, "release")[0] == 0
    assert run(shop, "guard", "--version", "1.0.0")[0] == 3

    assert {"no tag", "no repository"} >= set(played.said) != set()
    out = behind.look_up(image, "1.0.0")
    assert isinstance(out, Found)
    assert (shop.refs(), out.revision) == ({"refs/tags/v1.0.0": first}, first)
    recorded = shop.record("refs/tags/v1.0.0")["services"]
    assert recorded == {"api": f"{kind.host}/{image}@{out.digest}"}
    shop.commit("fix: more")
    assert run(shop, "release")[0] == 0
    assert isinstance(behind.look_up(image, "1.0.1"), Found)
    assert behind.look_up(image, "1.0.0") == out


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_version_that_somebody_has_put_into_a_registry_is_not_released(
    kind: Kind, shop: Shop, registry: Registry
) -> None:
    played, image = play(kind, shop, registry)
    behind = Adapter(Session(), address=f"http://127.0.0.1:{registry.port}")
    foreign = Pusher(f"http://127.0.0.1:{registry.port}").push_new(image, "1.0.0", None)
    played.made.add(image)
    shop.commit("feat: a shop")

    code, said = run(shop, "release")

    assert (code, f"{image}:1.0.0" in said) == (3, True), said
    assert behind.look_up(image, "1.0.0") == Found(digest=foreign)
    assert shop.refs() == {}


@pytest.mark.parametrize("kind", [k for k in KINDS if k.refuses], ids=str)
def test_a_registry_that_refuses_to_overwrite_is_believed(
    kind: Kind, shop: Shop, registry: Registry
) -> None:
    played, image = play(kind, shop, registry)
    played.made.add(image)
    pusher = Pusher(f"http://127.0.0.1:{registry.port}")
    ours, theirs = (pusher.push_new(image, tag, None) for tag in ("sha-1", "1.4.0"))
    login = Login(user=USER, password=PASSWORD)
    late = Adapter(Session(), address=shop.proxy.url, login=login)
    played.blind = 2 if kind.odd else 1

    with pytest.raises(RefusedError, match=f"1.4.0 is {theirs}, not {ours}"):
        late.give_tag(image, ours, "1.4.0")

    assert played.said[-1] == "overwrite"
    assert late.look_up(image, "1.4.0") == Found(digest=theirs)


def run(shop: Shop, *arguments: str) -> tuple[int, str]:
    code, _, stderr = shop.run(*arguments, more=SIGNED_IN)
    return code, stderr


def test_what_has_no_source_is_marked_as_suspected() -> None:
    assert [k for k in KINDS if not k.source and k.mark != "suspected"] == []
