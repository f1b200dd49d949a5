"""Names of images, and manifests: their bytes, digest, and the commit they name."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import UsageError
from monokeel.ground.names import is_digest, is_image
from monokeel.ground.parsers import parse_json

MEDIA_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
LABEL: Final = "org.opencontainers.image"
REVISION: Final = f"{LABEL}.revision"
_REFERENCE = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\Z|sha256:[0-9a-f]{64}\Z")
_LONGEST = 100  # of a label that is quoted; anybody who may push writes it
# BuildKit's attestations stand among the platforms of an index.
_ATTESTATION = ("vnd.docker.reference.type", "attestation-manifest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The raw bytes of a manifest: only unchanged do they keep their digest."""

    body: bytes
    media_type: str

    @property
    def digest(self) -> str:
        """The identity of the image, ``sha256:`` and 64 hex digits."""
        return digest_of(self.body)


def check_image(image: str, reference: str = "") -> None:
    """Raise UsageError if *image* is no name, or *reference* no tag or digest."""
    if not is_image(image):
        fix = "Names of images are lower case: letters, digits, '.', '_', '-', '/'."
        raise UsageError(f"{image!r} cannot be the name of an image", fix=fix)
    if reference and not _REFERENCE.match(reference):
        fix = "Tags have letters, digits, '.', '_' and '-'; no '+', at most 128."
        raise UsageError(f"{reference!r} cannot be the tag of an image", fix=fix)


def digest_of(content: bytes) -> str:
    """Return the sha256 of *content* as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def revision_of(
    manifest: bytes, read: Callable[[str, str], bytes | Unknown], *, levels: int = 4
) -> str | Unknown | None:
    """Return what *manifest* says its commit is, or ``None`` when it says nothing.

    Its annotation, else that of the first platform, else the label of the config.
    Unknown where *read* fails (``manifests`` or ``blobs``, digest), or below many
    *levels*.
    """
    fields = _object(manifest)
    annotated = _text(fields.get("annotations"), REVISION)
    if annotated is not None:
        return annotated[:_LONGEST] or None
    platforms = (x for x in _children(fields) if not _is_attestation(x))
    platform = next((_text(each, "digest") for each in platforms), None)
    if platform is not None:
        child: bytes | Unknown = Unknown(reason="an index in an index in an index ...")
        if levels:
            child = _read_named(read, "manifests", platform)
        if isinstance(child, bytes):
            return revision_of(child, read, levels=levels - 1)
        return child
    config = _text(fields.get("config"), "digest")
    content = b"" if config is None else _read_named(read, "blobs", config)
    if isinstance(content, Unknown):
        return content
    labels = _object(content).get("config")
    label = _text(labels.get("Labels") if isinstance(labels, dict) else None, REVISION)
    return label[:_LONGEST] if label else None


def _read_named(
    read: Callable[[str, str], bytes | Unknown], kind: str, digest: str
) -> bytes | Unknown:
    if is_digest(digest):
        return read(kind, digest)
    return Unknown(reason=f"a manifest names {digest[:_LONGEST]!r} as a digest")


def children_of(manifest: bytes) -> tuple[str, ...]:
    """Return the digests of the manifests that *manifest* names; an index has some."""
    digests = (_text(child, "digest") for child in _children(_object(manifest)))
    return tuple(dict.fromkeys(digest for digest in digests if digest is not None))


def _children(fields: dict[str, Json]) -> list[dict[str, Json]]:
    children = fields.get("manifests")
    listed = children if isinstance(children, list) else []
    return [each for each in listed if isinstance(each, dict)]


def _is_attestation(child: dict[str, Json]) -> bool:
    key, value = _ATTESTATION
    platform = child.get("platform")
    named = (_text(platform, "architecture"), _text(platform, "os"))
    return "unknown" in named or _text(child.get("annotations"), key) == value


def _text(value: Json, key: str) -> str | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _object(content: bytes) -> dict[str, Json]:
    try:
        value = parse_json(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
