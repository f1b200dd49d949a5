"""A fresh sandbox for each test; the contract holds for everything that was said."""

from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from tests.sandbox.calls import Api, grow


@pytest.fixture
def unchecked() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        assert sandbox.checks_contract
        yield sandbox


@pytest.fixture
def box(unchecked: Sandbox) -> Iterator[Sandbox]:
    yield unchecked
    assert unchecked.violations() == []


@pytest.fixture
def api(box: Sandbox) -> Api:
    return Api(box)


@pytest.fixture
def start(box: Sandbox) -> str:
    """Return the first commit of ``main``."""
    return grow(box, "feat: start")
