"""Small images, made by hand and pushed over HTTP, to any registry."""

import hashlib
import itertools
import json
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

from sandbox.images import OCI_INDEX, OCI_MANIFEST
from sandbox.packer import Image, Target

REVISION = "org.opencontainers.image.revision"
_NUMBERS = itertools.count(1)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def image(label: str | None, *, annotation: str | None = None) -> Image:
    """Make an image like no other, with the revision in its config's label."""
    number = next(_NUMBERS)
    labels = {"number": str(number)} | ({REVISION: label} if label else {})
    config = json.dumps({"config": {"Labels": labels}}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest_of(config),
            "size": len(config),
        },
        "layers": [],
    }
    if annotation is not None:
        manifest["annotations"] = {REVISION: annotation}
    return Image(json.dumps(manifest).encode(), {digest_of(config): config})


def index(*children: Image, attested: Image | None = None) -> bytes:
    """Make an index; the attestation stands first, where a naive reader takes it."""
    platforms = [("unknown", "unknown", attested)] if attested else []
    platforms += [("linux", "amd64", child) for child in children]
    entries = [
        {
            "mediaType": OCI_MANIFEST,
            "digest": child.digest,
            "size": len(child.manifest),
            "platform": {"os": system, "architecture": architecture},
        }
        for system, architecture, child in platforms
    ]
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    return json.dumps(document).encode()


@dataclass(frozen=True, slots=True)
class Pusher:
    """Pushes to the registry at *url*; with *password* as the user ``robot``."""

    url: str
    password: str = ""

    def push(self, name: str, tag: str, pushed: Image) -> str:
        host = urlsplit(self.url).netloc
        Target(f"{host}/{name}:{tag}", "robot", self.password).push(pushed)
        return pushed.digest

    def push_new(self, name: str, tag: str, revision: str | None) -> str:
        return self.push(name, tag, image(revision))

    def delete(self, name: str, digest: str) -> None:
        """Delete one manifest, as a job does that cleans up what has no tag."""
        connection = HTTPConnection(urlsplit(self.url).netloc)
        connection.request("DELETE", f"/v2/{name}/manifests/{digest}")
        status = connection.getresponse().status
        connection.close()
        if status != 202:
            raise AssertionError(status)

    def push_index(self, name: str, tag: str, document: bytes) -> str:
        """Put an index; its children must be there. Only without a password."""
        connection = HTTPConnection(urlsplit(self.url).netloc)
        headers = {"Content-Type": OCI_INDEX}
        connection.request("PUT", f"/v2/{name}/manifests/{tag}", document, headers)
        status = connection.getresponse().status
        connection.close()
        if status != 201:
            raise AssertionError(status)
        return digest_of(document)
