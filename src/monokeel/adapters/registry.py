"""One OCI registry: look up tags, read manifests, give a digest another name.

Source: OCI distribution-spec 1.1; what GHCR does beyond it comes from public reports,
which are named where they count.
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from monokeel.adapters.manifests import Blob, children_of, revision_of
from monokeel.adapters.registry_access import (
    DENIALS,
    PULL,
    PUSH,
    Denied,
    Login,
    Question,
    RegistryAccess,
    error_codes,
    error_text,
)
from monokeel.adapters.session import (
    Answer,
    Session,
    map_concurrently,
    wait_before_retry,
)
from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import RefusedError, ServiceError, UsageError

MEDIA_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# Without every type in Accept a registry answers 404 for an image that is there
# (docker-registry 2.8.2, observed; GHCR: Argus#459).
_ACCEPT: Final = {"Accept": ", ".join(MEDIA_TYPES)}
_ABSENT: Final = {"MANIFEST_UNKNOWN", "NAME_UNKNOWN"}
# What the specification lets these codes mean is no "no".
_SOMETHING_ELSE: Final = {
    *("DENIED", "UNAUTHORIZED", "TOOMANYREQUESTS", "UNSUPPORTED", "NAME_INVALID"),
}
_NAME: Final = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+|/)[a-z0-9]+)*\Z")
_REFERENCE: Final = re.compile(
    r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\Z|sha256:[0-9a-f]{64}\Z"
)
_UNREADABLE: Final = "of a media type that we do not read"
_MOST_CHILDREN: Final = 200
_WAITS_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
_AGAIN: Final = "Run the same command again once the registry answers."


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The raw bytes of a manifest: only unchanged do they keep their digest."""

    body: bytes
    media_type: str

    @property
    def digest(self) -> str:
        """The identity of the image, ``sha256:`` and 64 hex digits."""
        return digest_of(self.body)


class Registry:
    """The images of one registry; safe to use from several threads.

    *address* is such as ``https://ghcr.io``. Images are named without host, such as
    ``acme/shop/api``; a name or tag that no registry takes raises UsageError.
    """

    def __init__(
        self,
        session: Session,
        *,
        address: str,
        login: Login | None = None,
        timeout_s: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sleep = sleep
        self._access = RegistryAccess(
            session,
            address.rstrip("/"),
            login=login or Login(),
            timeout_s=timeout_s,
        )

    def look_up(self, image: str, tag: str) -> Found | Absent | Unknown:
        """Say what is at *tag* of *image*; a digest does as well.

        The revision is the commit that the image's label or annotation names. Absent
        only after an answer that is certain. Of an index every manifest is asked for:
        a registry that deletes untagged manifests leaves the index where it is
        (delete-untagged-ghcr-action#45).
        """
        answer = self._read(image, tag)
        if not isinstance(answer, Manifest):
            return answer
        named = children_of(answer.body)
        if len(named) > _MOST_CHILDREN:
            return Unknown(reason=f"{image}:{tag} names {len(named)} manifests")
        children = {digest: self._read(image, digest) for digest in named}
        for child in children.values():
            if isinstance(child, Unknown):
                return child
        missing = tuple(
            digest for digest, child in children.items() if isinstance(child, Absent)
        )
        revision = revision_of(
            answer.body, lambda blob: self._content(image, blob, children)
        )
        if isinstance(revision, Unknown):
            if not missing:
                return revision
            revision = None
        return Found(digest=answer.digest, revision=revision, missing=missing)

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        """Say what is at each (image, tag), in that order, asked at the same time."""
        return map_concurrently(lambda name: self.look_up(*name), names)

    def may_push(self, image: str) -> bool | Unknown:
        """Say whether an upload to *image* would be accepted; leave nothing there.

        An upload is begun (202) and cancelled: it creates no blob, tag or package
        version (radius#12623), so it may be asked again after trouble.
        """
        _check(image)
        question = Question(
            method="POST",
            name=image,
            path="blobs/uploads/",
            actions=PUSH,
            body=b"",
            retry=True,
        )
        answer = self._access.ask(question)
        if not isinstance(answer, Answer):
            return Unknown(reason=answer.reason)
        if answer.status == HTTPStatus.ACCEPTED:
            self._access.cancel(question, answer.headers.get("Location", ""))
            return True
        if answer.status in DENIALS:
            return False
        if answer.status == HTTPStatus.NOT_FOUND and error_codes(answer):
            # ECR makes no repository by itself (aws/containers-roadmap#853).
            return Unknown(
                reason=f"{self._access.host} has no repository {image}"
                f" ({error_text(answer)}): create it first"
            )
        return self._unclear(answer, image)

    def may_push_all(self, images: Sequence[str]) -> list[bool | Unknown]:
        """Say of each of *images*, asked at the same time, whether it may be pushed."""
        return map_concurrently(self.may_push, images)

    def digest_at(self, image: str, tag: str) -> str:
        """Return the digest at *tag*, once it is shown; ServiceError if it is not."""
        now = self._settled(image, tag)
        for wait_s in _WAITS_S:
            if isinstance(now, Found):
                return now.digest
            self._sleep(wait_s)
            now = self._settled(image, tag)
        raise ServiceError(
            f"the build command ended well, but {image}:{tag} is not shown yet",
            fix="Run this again in a minute; the command must push {image}.",
        )

    def manifest(self, image: str, digest: str) -> Manifest:
        """Return the manifest of *digest*, its bytes checked against it.

        Raises ServiceError when it is not there or cannot be read.
        """
        answer = self._read(image, digest)
        if isinstance(answer, Manifest):
            return answer
        reason = f"{image}@{digest} is not there"
        if isinstance(answer, Unknown):
            reason = answer.reason
        raise ServiceError(f"{self._access.host}: {reason}", fix=_AGAIN)

    def give_tag(
        self, image: str, digest: str, tag: str, *, moving: bool = False
    ) -> None:
        """Put the manifest of *digest* under *tag*, unchanged.

        No registry compares and sets (distribution-spec#250): the tag is looked at
        before, and read back after, until it is shown. Does nothing when the tag is at
        *digest*; only a *moving* one is taken from another. Raises RefusedError when
        it is or comes to be at another one, and ServiceError when nobody can tell.
        """
        manifest = self.manifest(image, digest)
        now = self._settled(image, tag)
        if isinstance(now, Absent) or (moving and now.digest != digest):
            failure = self._put(image, manifest, tag, moving=moving)
            now = self._shown(image, tag, digest, accepted=failure is None)
            if isinstance(now, Absent):
                raise failure or ServiceError(
                    f"{image}:{tag}: {self._access.host} accepted it and does not"
                    " show it yet",
                    fix="Run the same command again in a minute.",
                )
        if now.digest != digest:
            # Put back it would only move a second time: it stays as it is.
            raise RefusedError(
                f"{image}:{tag} is {now.digest}, not {digest}",
                fix="A published version is never replaced; release a new one.",
            )

    def _put(
        self, image: str, manifest: Manifest, tag: str, *, moving: bool
    ) -> ServiceError | None:
        """Write once; return why it was not accepted. The tag tells if it worked."""
        only_new = {} if moving else {"If-None-Match": "*"}
        question = Question(
            method="PUT",
            name=image,
            path=f"manifests/{tag}",
            actions=PUSH,
            headers={"Content-Type": manifest.media_type, **only_new},
            body=manifest.body,
        )
        answer = self._access.ask(question)
        if not isinstance(answer, Answer):
            return ServiceError(
                f"{image}:{tag} was not written: {answer.reason}", fix=_AGAIN
            )
        if answer.status == HTTPStatus.CREATED:
            return None
        said = f"{self._access.host} answered {answer.status} {error_text(answer)}"
        fix = _AGAIN
        if answer.status in DENIALS:
            fix = "The token may not push (packages: write); ./inv doctor checks it."
        return ServiceError(
            f"{image}:{tag} was not written: {said}",
            fix=fix,
            again_s=wait_before_retry(answer, 1, now=time.time()),
        )

    def _shown(
        self, image: str, tag: str, digest: str, *, accepted: bool
    ) -> Found | Absent:
        """Return what is at *tag*, once it is *digest*: reads may be behind."""
        now = self._settled(image, tag)
        for wait_s in _WAITS_S if accepted else ():
            if isinstance(now, Found) and now.digest == digest:
                break
            self._sleep(wait_s)
            now = self._settled(image, tag)
        return now

    def _settled(self, image: str, tag: str) -> Found | Absent:
        answer = self._read(image, tag)
        if isinstance(answer, Manifest):
            return Found(digest=answer.digest)
        if isinstance(answer, Unknown):
            raise ServiceError(f"{image}:{tag}: {answer.reason}", fix=_AGAIN)
        return answer

    def _read(self, image: str, reference: str) -> Manifest | Found | Absent | Unknown:
        """Return the manifest at *reference*; Found when it is there, but unreadable.

        GHCR refuses to read a package that does not exist (ironclaw#583); who may
        push may read as well, so asking with that right makes the answer certain.
        """
        _check(image, reference)
        answer = self._ask(image, reference, PULL)
        # Who may push may read as well: only asked with that right is a refusal, or a
        # "no" in the registry's own words, certain.
        if self._access.has_credentials and (_is_denied(answer) or _is_odd_no(answer)):
            first, answer = answer, self._ask(image, reference, PUSH)
            is_ghcr = self._access.service == "ghcr.io"
            if _is_denied(answer) and is_ghcr and self.may_push(image) is True:
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
        return self._unclear(answer, name)

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

    def _content(
        self, image: str, blob: Blob, children: Mapping[str, object]
    ) -> bytes | Unknown:
        """Return the bytes of one of *children* or of a config blob, checked."""
        if blob.is_manifest:
            child = children.get(blob.digest) or self._read(image, blob.digest)
            if isinstance(child, Manifest):
                return child.body
            return Unknown(reason=f"{image}@{blob.digest} cannot be read")
        answer = self._access.read_blob(image, blob.digest)
        if not isinstance(answer, Answer):
            return Unknown(reason=answer.reason)
        if answer.status != HTTPStatus.OK:
            return self._unclear(answer, f"{image}@{blob.digest}")
        if digest_of(answer.body) != blob.digest:
            return Unknown(reason=f"{image}@{blob.digest} has other bytes")
        return answer.body

    def _unclear(self, answer: Answer, name: str) -> Unknown:
        words = f"{answer.status} {error_text(answer)}"
        return Unknown(reason=f"{self._access.host} answered {words} for {name}")


def digest_of(content: bytes) -> str:
    """Return the sha256 of *content* as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


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


def _check(image: str, reference: str = "") -> None:
    if not _NAME.match(image):
        raise UsageError(
            f"{image!r} cannot be the name of an image",
            fix="Names of images are lower case: letters, digits, '.', '_', '-', '/'.",
        )
    if reference and not _REFERENCE.match(reference):
        raise UsageError(
            f"{reference!r} cannot be the tag of an image",
            fix="Tags have letters, digits, '.', '_' and '-'; no '+', at most 128.",
        )
