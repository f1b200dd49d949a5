"""What a registry holds, one manifest or blob at a time.

An answer that is not certain is none: it stays Unknown.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from monokeel.adapters.image_names import check_image
from monokeel.adapters.manifests import MEDIA_TYPES, Blob, Manifest, digest_of
from monokeel.adapters.registry_access import (
    DENIALS,
    PULL,
    PUSH,
    Denied,
    Question,
    RegistryAccess,
    error_codes,
)
from monokeel.adapters.session import Answer
from monokeel.ground.answers import Absent, Found, Unknown

# Without every type in Accept a registry answers 404 for an image that is there
# (docker-registry 2.8.2, observed; GHCR: Argus#459).
_ACCEPT: Final = {"Accept": ", ".join(MEDIA_TYPES)}
_ABSENT: Final = {"MANIFEST_UNKNOWN", "NAME_UNKNOWN"}
# What the specification lets these codes mean is no "no".
_SOMETHING_ELSE: Final = {
    *("DENIED", "UNAUTHORIZED", "TOOMANYREQUESTS", "UNSUPPORTED", "NAME_INVALID"),
}
_UNREADABLE: Final = "of a media type that we do not read"


class ManifestReader:
    """The manifests and blobs behind *access*, their bytes checked."""

    def __init__(self, access: RegistryAccess) -> None:
        self._access = access

    def read(self, image: str, reference: str) -> Manifest | Found | Absent | Unknown:
        """Return the manifest at *reference*; Found when it is there, but unreadable.

        GHCR refuses to read a package that does not exist (ironclaw#583); who may
        push may read as well, so asking with that right makes the answer certain.
        """
        check_image(image, reference)
        answer = self._ask(image, reference, PULL)
        # Who may push may read as well: only asked with that right is a refusal, or a
        # "no" in the registry's own words, certain.
        if self._access.has_credentials and (_is_denied(answer) or _is_odd_no(answer)):
            first, answer = answer, self._ask(image, reference, PUSH)
            is_ghcr = self._access.service == "ghcr.io"
            if _is_denied(answer) and is_ghcr and self._access.may_push(image) is True:
                return Absent()
            if _is_denied(answer) and _is_denied(first):
                answer = first  # it says why even reading is refused
        if not isinstance(answer, Answer):
            return Unknown(reason=answer.reason)
        return self._judged(answer, image, reference)

    def _ask(
        self, image: str, reference: str, actions: str
    ) -> Answer | Denied | Unknown:
        path = f"manifests/{quote(reference, safe=':')}"
        return self._access.ask(
            Question(
                method="GET", name=image, path=path, actions=actions, headers=_ACCEPT
            )
        )

    def _judged(
        self, answer: Answer, image: str, reference: str
    ) -> Manifest | Found | Absent | Unknown:
        name = f"{image}{'@' if ':' in reference else ':'}{reference}"
        if answer.status == HTTPStatus.OK:
            return self._checked(answer, name, reference)
        if answer.status == HTTPStatus.NOT_FOUND:
            if "accept header" in answer.text.lower():
                return Found(digest=_UNREADABLE)
            odd = _is_odd_no(answer) and self._access.has_credentials
            if odd or _ABSENT & set(error_codes(answer)):
                return Absent()
        # Any other answer leaves the question open, and a guard must not guess.
        return self._access.unclear(answer, name)

    def _checked(self, answer: Answer, name: str, reference: str) -> Manifest | Unknown:
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        manifest = Manifest(body=answer.body, media_type=media_type)
        # Old registries send no digest header (distribution-spec).
        said = answer.headers.get("Docker-Content-Digest") or manifest.digest
        wanted = reference if ":" in reference else manifest.digest
        if media_type not in MEDIA_TYPES:
            reason = f"{self._access.host} answered {media_type!r} for {name}"
        elif {said, wanted} != {manifest.digest}:
            reason = f"{name} is called {said}, but its bytes are {manifest.digest}"
        else:
            return manifest
        return Unknown(reason=reason)

    def content(
        self, image: str, blob: Blob, children: Mapping[str, object]
    ) -> bytes | Unknown:
        """Return the bytes of one of *children* or of a config blob, checked."""
        if blob.is_manifest:
            child = children.get(blob.digest) or self.read(image, blob.digest)
            if isinstance(child, Manifest):
                return child.body
            return Unknown(reason=f"{image}@{blob.digest} cannot be read")
        answer = self._access.read_blob(image, blob.digest)
        if not isinstance(answer, Answer):
            return Unknown(reason=answer.reason)
        if answer.status != HTTPStatus.OK:
            return self._access.unclear(answer, f"{image}@{blob.digest}")
        if digest_of(answer.body) != blob.digest:
            return Unknown(reason=f"{image}@{blob.digest} has other bytes")
        return answer.body


def _is_odd_no(answer: Answer | Denied | Unknown) -> bool:
    """Say whether *answer* is an OCI 404 of a code that the specification lacks.

    Harbor says NOT_FOUND (goharbor/harbor#16515), others other words (imgutil#46).
    """
    if not isinstance(answer, Answer) or answer.status != HTTPStatus.NOT_FOUND:
        return False
    codes = set(error_codes(answer))
    return bool(codes) and not codes & (_ABSENT | _SOMETHING_ELSE)


def _is_denied(answer: Answer | Denied | Unknown) -> bool:
    if isinstance(answer, Answer):
        return answer.status in DENIALS
    return isinstance(answer, Denied)
