"""An OCI registry in memory that hurts like GHCR.

It serves ``/v2/`` and ``/token``; the behaviour that surprises has its source beside
it, and a switch in ``registry.switches``. Observed means: with docker-registry 2.8.2.
"""

import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from sandbox.images import (
    DIGEST,
    OCI_INDEX,
    OCI_MANIFEST,
    TAG,
    ImageError,
    Manifest,
    Repository,
    digest_of,
)
from sandbox.registry_access import (
    Access,
    Headers,
    Reply,
    Request,
    Switches,
    as_json,
    error,
)

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = rf"(?P<name>{_PART}(?:/{_PART})*)"
_ROUTES = {
    "manifest": re.compile(rf"/v2/{_NAME}/manifests/(?P<reference>[^/]+)"),
    "uploads": re.compile(rf"/v2/{_NAME}/blobs/uploads/?"),
    "upload": re.compile(rf"/v2/{_NAME}/blobs/uploads/(?P<reference>[^/]+)"),
    "blob": re.compile(rf"/v2/{_NAME}/blobs/(?P<reference>[^/]+)"),
    "tags": re.compile(rf"/v2/{_NAME}/tags/list"),
    "referrers": re.compile(rf"/v2/{_NAME}/referrers/(?P<reference>[^/]+)"),
}
_READS = ("GET", "HEAD")
_TRAPS = {
    OCI_INDEX: "OCI index found, but accept header does not support OCI indexes",
    OCI_MANIFEST: "OCI manifest found, "
    "but accept header does not support OCI manifests",
}

# What has no route gets no JSON error, a version with a "+" for example (observed).
_NO_PAGE: Reply = 404, {"Content-Type": "text/plain"}, b"404 page not found\n"


class Registry:
    """The registry: ``serve`` answers one request.

    *authenticate* gets user and password, and returns ``read`` or ``write``, or
    ``None`` when they are wrong. *repositories* holds what was pushed, by name.
    """

    def __init__(self, authenticate: Callable[[str, str], str | None]) -> None:
        self.switches = Switches()
        self.repositories: dict[str, Repository] = {}
        self._access = Access(authenticate, self.switches)
        self._uploads: dict[str, bytes] = {}
        self._stale: dict[tuple[str, str], int] = {}  # reads that still miss a tag
        self._lock = threading.RLock()

    def serve(
        self,
        method: str,
        target: str,
        headers: Headers,
        body: bytes,
        base_url: str,
    ) -> Reply:
        """Answer one request: status, headers, body.

        *target* is the path with its query; *base_url* is where the registry is
        reached, such as ``http://127.0.0.1:5000``. A header that came several times
        must be there with all its values (``Accept`` of skopeo). The body of HEAD is
        empty and its Content-Length is among the headers.
        """
        request = replace(
            Request.read(method, target, headers, body), base_url=base_url
        )
        with self._lock:
            status, fields, content = self._answer(request)
        fields = fields | {"Docker-Distribution-Api-Version": "registry/2.0"}
        if method == "HEAD":
            return status, fields | {"Content-Length": str(len(content))}, b""
        return status, fields, content

    def settle(self) -> None:
        """Let the seconds pass after which every pushed tag is shown."""
        with self._lock:
            self._stale.clear()

    def repository(self, name: str) -> Repository:
        """Return the repository *name*, made when it is not there yet."""
        if name not in self.repositories and self.switches.images_start_public:
            self.switches.public.add(name)
        return self.repositories.setdefault(name, Repository())

    def _answer(self, request: Request) -> Reply:
        if request.path == "/token":
            return self._access.token(request)
        if request.path in {"/v2", "/v2/"}:
            return self._access.refusal(request, "", write=False) or as_json(200, {})
        for kind, route in _ROUTES.items():
            match = route.fullmatch(request.path)
            if match is not None:
                return self._routed(kind, request, **match.groupdict())
        return _NO_PAGE

    def _routed(
        self, kind: str, request: Request, name: str, reference: str = ""
    ) -> Reply:
        write = request.method not in _READS
        refusal = self._access.refusal(request, name, write=write)
        if refusal is not None:
            return refusal
        missing = name not in self.repositories
        if missing and not write and self.switches.missing_denied:
            return error(403, "DENIED", "denied")
        answer = {
            "manifest": self._manifest,
            "uploads": self._start_upload,
            "upload": self._upload,
            "blob": self._blob,
            "tags": self._tags,
            "referrers": self._referrers,
        }[kind]
        try:
            return answer(request, name, reference)
        except ImageError as problem:
            return error(problem.status, problem.code, problem.message)

    def _manifest(self, request: Request, name: str, reference: str) -> Reply:
        if not TAG.fullmatch(reference) and not DIGEST.fullmatch(reference):
            return _NO_PAGE
        if request.method == "PUT":
            return self._put_manifest(request, name, reference)
        if request.method == "DELETE":
            return self._delete_manifest(name, reference)
        return self._read_manifest(request, name, reference)

    def _read_manifest(self, request: Request, name: str, reference: str) -> Reply:
        if request.method not in _READS:
            return _unsupported()
        found = self.repositories.get(name, Repository()).find(reference)
        if self._stale.get((name, reference), 0) > 0:  # pithead#429, terento#165
            self._stale[name, reference] -= 1
            found = None
        if found is None:
            detail = {"Tag": reference}
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown", detail)
        if self._is_trapped(request, found):
            return error(404, "MANIFEST_UNKNOWN", _TRAPS[found.media_type])
        headers = {"Content-Type": found.media_type, **self._digest(found.digest)}
        return 200, headers, found.body

    def _is_trapped(self, request: Request, found: Manifest) -> bool:
        """Say whether ``Accept`` hides the manifest: observed; GHCR: Argus#459."""
        accepted = re.split(r"[,;\s]+", request.headers.get("accept", ""))
        trap = self.switches.accept_trap and found.media_type in _TRAPS
        return trap and found.media_type not in accepted

    def _digest(self, digest: str) -> dict[str, str]:
        if self.switches.wrong_digest_header:
            digest = digest_of(b"another manifest")
        return {"Docker-Content-Digest": digest} if self.switches.digest_header else {}

    def _put_manifest(self, request: Request, name: str, reference: str) -> Reply:
        if self.switches.before_put is not None:
            self.switches.before_put(name, reference)
        media_type = request.headers.get("content-type", "").partition(";")[0].strip()
        manifest = Manifest(media_type, request.body)
        repository = self.repository(name)
        if self.switches.immutable_tags and reference in repository.tags:
            return error(409, "TAG_INVALID", "tag is immutable")
        if not self.switches.put_without_effect:
            # If-None-Match and If-Match change nothing, and ?tag= sets no tag:
            # observed; distribution reads them on GET only.
            repository.put(reference, manifest)
            self._stale[name, reference] = self.switches.images_stale_reads
        where = f"{request.base_url}/v2/{name}/manifests/{manifest.digest}"
        return 201, {"Location": where, **self._digest(manifest.digest)}, b""

    def _delete_manifest(self, name: str, reference: str) -> Reply:
        if not DIGEST.fullmatch(reference):
            # There is no untag (observed).
            return error(400, "DIGEST_INVALID", "provided digest did not match")
        if not self.repository(name).remove(reference):
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        return 202, {}, b""

    def _start_upload(self, request: Request, name: str, _: str) -> Reply:
        if request.method != "POST":
            return _unsupported()
        source = self.repositories.get(request.first("from"), Repository())
        if request.first("mount") in source.blobs:
            data = source.blobs[request.first("mount")]
            return self._blob_created(request, name, data)
        if request.first("digest"):
            return self._finish_upload(request, name, request.body)
        number = secrets.token_hex(16)
        self._uploads[number] = b""
        return self._upload_accepted(request, name, number)

    def _upload(self, request: Request, name: str, number: str) -> Reply:
        if number not in self._uploads:
            return error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        if request.method == "DELETE":
            if self.switches.cancel_status == HTTPStatus.NO_CONTENT:
                del self._uploads[number]
                return 204, {}, b""
            return error(self.switches.cancel_status, "UNSUPPORTED", "unsupported")
        if request.method == "PUT":
            data = self._uploads.pop(number) + request.body
            return self._finish_upload(request, name, data)
        if request.method == "PATCH":
            self._uploads[number] += request.body
        status, headers, body = self._upload_accepted(request, name, number)
        return 204 if request.method == "GET" else status, headers, body

    def _upload_accepted(self, request: Request, name: str, number: str) -> Reply:
        headers = {
            "Location": f"{request.base_url}/v2/{name}/blobs/uploads/{number}",
            "Docker-Upload-UUID": number,
            "Range": f"0-{max(len(self._uploads[number]) - 1, 0)}",
        }
        return 202, headers, b""

    def _finish_upload(self, request: Request, name: str, data: bytes) -> Reply:
        if request.first("digest") != digest_of(data):
            return error(400, "DIGEST_INVALID", "provided digest did not match")
        return self._blob_created(request, name, data)

    def _blob_created(self, request: Request, name: str, data: bytes) -> Reply:
        digest = self.repository(name).add_blob(data)
        where = f"{request.base_url}/v2/{name}/blobs/{digest}"
        return 201, {"Location": where, "Docker-Content-Digest": digest}, b""

    def _blob(self, request: Request, name: str, digest: str) -> Reply:
        blobs = self.repositories.get(name, Repository()).blobs
        if digest not in blobs:
            return error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if request.method == "DELETE":
            del blobs[digest]
            return 202, {}, b""
        if request.method == "GET" and self.switches.blob_redirect:
            where = f"{self.switches.blob_redirect}/{name}/{digest}"
            return 307, {"Location": where}, b""
        headers = {
            "Content-Type": "application/octet-stream",
            "Docker-Content-Digest": digest,
        }
        return 200, headers, blobs[digest]

    def _tags(self, request: Request, name: str, _: str) -> Reply:
        every = sorted(self.repositories.get(name, Repository()).tags)
        if not every:
            # Also for a repository that holds digests only (observed).
            detail = {"name": name}
            return error(404, "NAME_UNKNOWN", "repository name not known", detail)
        after = [tag for tag in every if tag > request.first("last")]
        size = request.first("n")
        page = after[: int(size)] if size.isdecimal() else after
        headers = {}
        if len(page) < len(after) and page:
            target = f"/v2/{name}/tags/list?last={quote(page[-1])}&n={size}"
            headers = {"Link": f'<{target}>; rel="next"'}
        status, fields, body = as_json(200, {"name": name, "tags": page})
        return status, fields | headers, body

    def _referrers(self, _: Request, name: str, digest: str) -> Reply:
        if not self.switches.referrers:
            return _NO_PAGE
        manifests = self.repositories.get(name, Repository()).manifests.values()
        found = [
            {
                "mediaType": each.media_type,
                "digest": each.digest,
                "size": len(each.body),
            }
            for each in manifests
            if digest in each.descriptors("subject")
        ]
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found}
        status, _fields, body = as_json(200, index)
        return status, {"Content-Type": OCI_INDEX}, body


def _unsupported() -> Reply:
    return error(405, "UNSUPPORTED", "The operation is unsupported.")
