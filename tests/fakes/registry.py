"""A registry in memory: what ``monokeel.adapters.registry`` promises, and no more.

Held to the real thing by ``tests/adapters/test_registry.py``.
"""

import itertools
from collections.abc import Sequence

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import ServiceError
from tests.fakes.images import FakeImages


class FakeRegistry(FakeImages):
    """*silent* images do not answer; *locked* ones may not be pushed by us."""

    def __init__(self) -> None:
        super().__init__()
        self.locked: set[str] = set()
        self._numbers = itertools.count(1)

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        return [self.look_up(image, tag) for image, tag in names]

    def may_push(self, image: str) -> bool | Unknown:
        if image in self.silent:
            return Unknown(reason="503 Service Unavailable")
        return image not in self.locked

    def give_tag(self, image: str, digest: str, tag: str) -> None:
        if not isinstance(self.look_up(image, digest), Found):
            raise ServiceError(f"{image}@{digest} is not there")
        super().give_tag(image, digest, tag)

    def push_new(self, image: str, tag: str, revision: str | None) -> str:
        """Push an image that is like no other; return its digest."""
        digest = f"sha256:{next(self._numbers):064x}"
        self.push(image, tag, digest, revision)
        return digest
