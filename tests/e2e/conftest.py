"""What several files start from, rendered once; and who follows the guide."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.act_shop import Template, make_template
from tests.e2e.guide import FOLLOWED, Reader
from tests.e2e.guided_shop import GuidedShop
from tests.e2e.kept import Kept
from tests.e2e.live_shop import LiveShop
from tests.rendered.renders import git
from tests.rendered.versions import Versions, make_versions, start_repository


@pytest.fixture(scope="session")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """A template with throw-away versions, and what each renders; only read it."""
    return make_versions(tmp_path_factory.mktemp("versions"))


@pytest.fixture(scope="session")
def rendered(versions: Versions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit, made from an older version; only read it."""
    shop = start_repository(versions.old, tmp_path_factory.mktemp("rendered") / "shop")
    git(shop, "remote", "add", "origin", "https://github.com/acme/shop.git")
    return shop


@pytest.fixture(scope="session")
def guide_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A released template, and what it renders with the defaults; only read it."""
    return make_template(tmp_path_factory.mktemp("guide"))


@pytest.fixture
def reader(request: pytest.FixtureRequest, shop: GuidedShop) -> Iterator[Reader]:
    """A reader of the steps that the test follows; it runs all their commands."""
    test = request.function
    reader = Reader(shop, FOLLOWED[f"{test.__module__}.{test.__name__}"])
    yield reader
    assert reader.left == []


@pytest.fixture
def shop(made: tuple[LiveShop, Kept]) -> Iterator[LiveShop]:
    """What a file has made, as it was; one with another kind of shop has its own."""
    shop, kept = made
    kept.restore()
    yield shop
    assert shop.box.violations() == []
