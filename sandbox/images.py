"""What an OCI registry keeps: blobs, manifests and tags, per repository.

In memory, and always the exact bytes that were sent: identity is the digest.
Source: OCI distribution-spec 1.1; observed with Debian's docker-registry 2.8.2.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
MEDIA_TYPES = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST)

TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class ImageError(Exception):
    """A push is refused; *code* is the word of the OCI error list."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Manifest:
    """The raw bytes of a manifest and the media type it was pushed with."""

    media_type: str
    body: bytes

    @property
    def digest(self) -> str:
        """The identity of the manifest."""
        return digest_of(self.body)

    def fields(self) -> dict[str, object]:
        """Return the manifest as JSON; an empty object when it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def descriptors(self, key: str) -> list[str]:
        """Return the digests under *key*, one descriptor or a list of them."""
        value = self.fields().get(key)
        found = value if isinstance(value, list) else [value]
        return [str(each["digest"]) for each in found if isinstance(each, dict)]


@dataclass(slots=True)
class Repository:
    """One image name: its tags name manifests, the manifests name blobs."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def add_blob(self, data: bytes) -> str:
        """Keep *data* and return its digest."""
        digest = digest_of(data)
        self.blobs[digest] = data
        return digest

    def find(self, reference: str) -> Manifest | None:
        """Return the manifest at a tag or digest, or ``None``."""
        return self.manifests.get(self.tags.get(reference, reference))

    def put(self, reference: str, manifest: Manifest) -> str:
        """Keep *manifest*, let *reference* name it if that is a tag; its digest.

        Tags are mutable, as on GHCR (HAMi-WebUI#137): another manifest moves the tag.
        Raises ImageError for what is no manifest and for a blob that is not there.
        """
        self._check(reference, manifest)
        self.manifests[manifest.digest] = manifest
        if reference != manifest.digest:
            self.tags[reference] = manifest.digest
        return manifest.digest

    def remove(self, digest: str) -> bool:
        """Forget a manifest with **all** its tags; say whether it was there."""
        self.tags = {tag: at for tag, at in self.tags.items() if at != digest}
        return self.manifests.pop(digest, None) is not None

    def _check(self, reference: str, manifest: Manifest) -> None:
        if manifest.media_type not in MEDIA_TYPES:
            problem = f"no content type of a manifest: {manifest.media_type!r}"
            raise ImageError(400, "MANIFEST_INVALID", problem)
        named = manifest.fields().get("mediaType", manifest.media_type)
        if manifest.fields() == {} or named != manifest.media_type:
            raise ImageError(400, "MANIFEST_INVALID", "manifest invalid")
        if DIGEST.fullmatch(reference) and reference != manifest.digest:
            raise ImageError(400, "DIGEST_INVALID", "provided digest did not match")
        needed = [*manifest.descriptors("config"), *manifest.descriptors("layers")]
        missing = [digest for digest in needed if digest not in self.blobs]
        children = manifest.descriptors("manifests")
        missing += [digest for digest in children if digest not in self.manifests]
        if missing:
            problem = f"blob unknown to registry: {', '.join(missing)}"
            raise ImageError(404, "MANIFEST_BLOB_UNKNOWN", problem)


def digest_of(data: bytes) -> str:
    """Return the sha256 of *data* as ``sha256:<64 hex>``."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
