"""Manifests: their bytes, their digest, and the commit that they name."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from monokeel.ground.answers import Json, Unknown
from monokeel.ground.parsers import parse_json

MEDIA_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_LABEL = "org.opencontainers.image"
REVISION = f"{_LABEL}.revision"
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Something that a manifest refers to: another manifest, or a blob."""

    digest: str
    is_manifest: bool


def digest_of(content: bytes) -> str:
    """Return the sha256 of *content* as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def revision_of(
    manifest: bytes, read: Callable[[Blob], bytes | Unknown], *, levels: int = 4
) -> str | Unknown | None:
    """Return the commit named by *manifest*, or ``None`` when it names none.

    Its annotation, else that of the first platform, else the label of the config.
    *read* fetches what is referred to; Unknown when that fails, for a label that
    cannot be read is not one that is missing; and when an index names an index, that
    one another, and so on for more than *levels*.
    """
    fields = _object(manifest)
    annotated = _text(fields.get("annotations"), REVISION)
    if annotated is not None:
        return annotated if _COMMIT.match(annotated) else None
    platform = _first_platform(fields)
    if platform is not None:
        child: bytes | Unknown = Unknown(reason="an index in an index in an index ...")
        if levels:
            child = read(Blob(digest=platform, is_manifest=True))
        if isinstance(child, bytes):
            return revision_of(child, read, levels=levels - 1)
        return child
    config = _text(fields.get("config"), "digest")
    if config is None:
        return None
    content = read(Blob(digest=config, is_manifest=False))
    if isinstance(content, Unknown):
        return content
    labels = _object(content).get("config")
    label = _text(labels.get("Labels") if isinstance(labels, dict) else None, REVISION)
    return label if label is not None and _COMMIT.match(label) else None


def children_of(manifest: bytes) -> tuple[str, ...]:
    """Return the digests of the manifests that *manifest* names; an index has some."""
    children = _object(manifest).get("manifests")
    digests = (
        _text(child, "digest")
        for child in (children if isinstance(children, list) else [])
    )
    return tuple(dict.fromkeys(digest for digest in digests if digest is not None))


def _first_platform(fields: dict[str, Json]) -> str | None:
    children = fields.get("manifests")
    for child in children if isinstance(children, list) else []:
        if isinstance(child, dict) and not _is_attestation(child):
            return _text(child, "digest")
    return None


def _is_attestation(child: dict[str, Json]) -> bool:
    key, value = _ATTESTATION
    platform = child.get("platform")
    return (
        _text(child.get("annotations"), key) == value
        or _text(platform, "architecture") == "unknown"
        or _text(platform, "os") == "unknown"
    )


def _text(value: Json, key: str) -> str | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _object(content: bytes) -> dict[str, Json]:
    try:
        value = parse_json(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
