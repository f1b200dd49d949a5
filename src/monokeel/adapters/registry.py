"""One OCI registry: look up tags, read manifests, give a digest another name.

Source: OCI distribution-spec 1.1; what GHCR does beyond it comes from public reports,
which are named where they count.
"""

import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from monokeel.adapters.manifest_reader import ManifestReader
from monokeel.adapters.manifests import Manifest, children_of, revision_of
from monokeel.adapters.registry_access import (
    DENIALS,
    PUSH,
    Login,
    Question,
    RegistryAccess,
    error_text,
)
from monokeel.adapters.session import (
    Answer,
    Session,
    map_concurrently,
    wait_before_retry,
)
from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import RefusedError, ServiceError

_MOST_CHILDREN: Final = 200
_WAITS_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
_AGAIN: Final = "Run the same command again once the registry answers."


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
        self._reader = ManifestReader(self._access)

    def look_up(self, image: str, tag: str) -> Found | Absent | Unknown:
        """Say what is at *tag* of *image*; a digest does as well.

        The revision is the commit that the image's label or annotation names. Absent
        only after an answer that is certain. Of an index every manifest is asked for:
        a registry that deletes untagged manifests leaves the index where it is
        (delete-untagged-ghcr-action#45).
        """
        answer = self._reader.read(image, tag)
        if not isinstance(answer, Manifest):
            return answer
        named = children_of(answer.body)
        if len(named) > _MOST_CHILDREN:
            return Unknown(reason=f"{image}:{tag} names {len(named)} manifests")
        children = {digest: self._reader.read(image, digest) for digest in named}
        for child in children.values():
            if isinstance(child, Unknown):
                return child
        missing = tuple(
            digest for digest, child in children.items() if isinstance(child, Absent)
        )
        revision = revision_of(
            answer.body, lambda blob: self._reader.content(image, blob, children)
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

    def may_push_all(self, images: Sequence[str]) -> list[bool | Unknown]:
        """Say of each of *images*, asked at the same time, whether it may be pushed."""
        return map_concurrently(self._access.may_push, images)

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
        answer = self._reader.read(image, digest)
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
        answer = self._reader.read(image, tag)
        if isinstance(answer, Manifest):
            return Found(digest=answer.digest)
        if isinstance(answer, Unknown):
            raise ServiceError(f"{image}:{tag}: {answer.reason}", fix=_AGAIN)
        return answer
