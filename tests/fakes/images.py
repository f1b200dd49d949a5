"""Images of a registry and their build, in memory: tags can be overwritten.

Held to the real thing by ``tests/adapters/test_registry.py``.
"""

import itertools
from collections.abc import Sequence

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from tests.fakes.faults import Faults


class FakeImages:
    """*moved* names every tag that ever changed its digest; *silent* do not answer
    (images, or digests).

    *closed* images may not be pushed by us. *lost* are digests of manifests that an
    index at the same name had, and that are gone. *stale* images are shown only to
    who asks again.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.tags: dict[tuple[str, str], str] = {}
        self.revisions: dict[tuple[str, str], str | None] = {}
        self.silent: set[str] = set()
        self.closed: set[str] = set()
        self.lost: set[str] = set()
        self.stale: set[str] = set()
        self.moved: list[str] = []
        self.indexes: set[str] = set()
        self._numbers = itertools.count(1 << 32)
        self._faults = faults or Faults()

    def look_up(self, image: str, tag: str) -> Found | Absent | Unknown:
        self._faults.read()
        if self.silent & {image, tag}:
            return Unknown(reason="503 Service Unavailable")
        digest = tag if tag.startswith("sha256:") else self.tags.get((image, tag))
        if digest is None or (image, digest) not in self.revisions:
            return Absent()
        return Found(
            digest=digest,
            revision=self.revisions[image, digest],
            missing=tuple(sorted(self.lost)) if digest in self.indexes else (),
        )

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        return [
            Absent() if image in self.stale else self.look_up(image, tag)
            for image, tag in names
        ]

    def settled_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        return [self.look_up(image, tag) for image, tag in names]

    def may_push_all(self, images: Sequence[str]) -> list[bool | Unknown]:
        return [self.may_push(image) for image in images]

    def may_push(self, image: str) -> bool | Unknown:
        if image in self.silent:
            return Unknown(reason="503 Service Unavailable")
        return image not in self.closed

    def give_tag(
        self, image: str, digest: str, tag: str, *, moving: bool = False
    ) -> None:
        if not isinstance(self.look_up(image, digest), Found):
            raise ServiceError(f"{image}@{digest} is not there")
        # As in the protocol: a question, then a write that compares nothing.
        before = self.look_up(image, tag)
        if isinstance(before, Found):
            if before.digest == digest:
                return
            if moving:
                with self._faults.write(f"{image}:{tag}"):
                    self.set_tag(image, tag, digest)
                return
            raise RefusedError(f"{image}:{tag} is {before.digest}, not {digest}")
        with self._faults.write(f"{image}:{tag}"):
            self.set_tag(image, tag, digest)

    def push_new(self, image: str, tag: str, revision: str | None) -> str:
        """Push an image that is like no other; return its digest."""
        digest = f"sha256:{next(self._numbers):064x}"
        self.push(image, tag, digest, revision)
        return digest

    def push(self, image: str, tag: str, digest: str, revision: str | None) -> None:
        with self._faults.write(f"{image}:{tag}"):
            self.revisions[image, digest] = revision
            self.set_tag(image, tag, digest)

    def set_tag(self, image: str, tag: str, digest: str) -> None:
        if self.tags.get((image, tag), digest) != digest:
            self.moved.append(f"{image}:{tag}")
        self.tags[image, tag] = digest


class FakeBuilder:
    """Builds that differ every time, as those with provenance do."""

    def __init__(self, images: FakeImages, repository: str = "acme/shop") -> None:
        self._images = images
        self._repository = repository
        self.count = 0

    def build(self, service: str, commit: str) -> str:
        self.count += 1
        digest = f"sha256:{self.count:064x}"
        image = f"{self._repository}/{service}"
        self._images.push(image, f"sha-{commit}", digest, commit)
        return digest
