"""Who follows the guide: a repository of the template, and a reader in it."""

from collections.abc import Iterator

import pytest

from tests.e2e.act_shop import Template, make_template
from tests.e2e.guide import FOLLOWED, Reader
from tests.e2e.guided_shop import GuidedShop


@pytest.fixture(scope="session")
def guide_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("guide"))


@pytest.fixture
def reader(request: pytest.FixtureRequest, shop: GuidedShop) -> Iterator[Reader]:
    """A reader of the steps that the test follows; it runs all their commands."""
    test = request.function
    reader = Reader(shop, FOLLOWED[f"{test.__module__}.{test.__name__}"])
    yield reader
    assert reader.left == []
