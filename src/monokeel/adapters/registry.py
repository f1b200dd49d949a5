"""One OCI registry: look up tags, read manifests, give a digest another name.

An answer that is not certain is none: it stays Unknown. Source: OCI distribution-spec
1.1; what registries do beyond it is named where it counts.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from monokeel.adapters import manifests
from monokeel.adapters import registry_access as access
from monokeel.adapters import session as http
from monokeel.adapters.manifests import Manifest, check_image
from monokeel.adapters.session import Answer, Session, map_concurrently
from monokeel.ground.answers import Absent, Found, ImageAnswer, Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.names import is_digest

# Without every type in Accept a registry answers 404 for an image that is there
# (docker-registry 2.8.2, observed; GHCR: Argus#459).
_ACCEPT: Final = {"Accept": ", ".join(manifests.MEDIA_TYPES)}
_ABSENT: Final = {"MANIFEST_UNKNOWN", "NAME_UNKNOWN"}
# What the specification lets these codes mean is no "no".
_SOMETHING_ELSE: Final = {
    *("DENIED", "UNAUTHORIZED", "TOOMANYREQUESTS", "UNSUPPORTED", "NAME_INVALID"),
}
_UNREADABLE: Final = "of a media type that we do not read"
_MOST_CHILDREN: Final = 200
_WAITS_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
_NO_PUSH: Final = (
    "The token may not push (packages: write), or the package belongs to another"
    " repository, as after a rename: name this one under Manage Actions access in its"
    " settings. No App's token helps."
)
_AGAIN: Final = "Run the same command again once the registry answers."


class Registry:
    """The images of the registry at *address* (``https://ghcr.io``), for many threads.

    Images are named without host; UsageError for a name or tag that no registry takes.
    """

    def __init__(
        self,
        session: Session,
        *,
        address: str,
        login: access.Login | None = None,
        timeout_s: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sleep = sleep
        login, address = login or access.Login(), address.rstrip("/")
        self._access = access.RegistryAccess(session, address, login, timeout_s)

    def look_up(self, image: str, tag: str) -> ImageAnswer:
        """Return Absent only if that is certain; ask for every child of an index.

        Some registries delete those, as untagged (delete-untagged-ghcr-action#45).
        """
        answer = self._read(image, tag)
        if not isinstance(answer, Manifest):
            return answer
        named = manifests.children_of(answer.body)
        if not all(map(is_digest, named)):
            return Unknown(reason=f"{image}:{tag} names a manifest by no digest")
        if len(named) > _MOST_CHILDREN:
            return Unknown(reason=f"{image}:{tag} names {len(named)} manifests")
        children = {digest: self._read(image, digest) for digest in named}
        unclear = [each for each in children.values() if isinstance(each, Unknown)]
        if unclear:
            return unclear[0]
        missing = tuple(each for each in named if isinstance(children[each], Absent))
        read = partial(self._content, image, children)
        revision = manifests.revision_of(answer.body, read)
        if isinstance(revision, Unknown):
            if not missing:
                return revision
            revision = None
        return Found(digest=answer.digest, revision=revision, missing=missing)

    def look_up_all(self, names: Sequence[tuple[str, str]]) -> list[ImageAnswer]:
        """Say what is at each (image, tag), in that order, asked at the same time."""
        return map_concurrently(lambda name: self.look_up(*name), names)

    def settled_all(self, names: Sequence[tuple[str, str]]) -> list[ImageAnswer]:
        """Wait: a tag just written may be missing for seconds (k8s-test-infra#390)."""
        return map_concurrently(self._settled_look, names)

    def may_push_all(self, images: Sequence[str]) -> list[bool | Unknown]:
        """Say of each of *images*, asked at the same time, whether it may be pushed."""
        return map_concurrently(self._may_push, images)

    def digest_at(self, image: str, tag: str) -> str:
        """Return the digest at *tag*, once it is shown; ServiceError if it is not."""
        now = self._settled(image, tag, waits_s=_WAITS_S)
        if isinstance(now, Absent):
            problem = (
                f"the build command ended well, but {image}:{tag} is not shown yet"
            )
            fix = "Run this again in a minute; the command must push {image}."
            raise ServiceError(problem, fix=fix)
        return now.digest

    def give_tag(
        self, image: str, digest: str, tag: str, *, moving: bool = False
    ) -> None:
        """Look, write, read back: nobody compares and sets (distribution-spec#250)."""
        manifest = self._read(image, digest)
        if not isinstance(manifest, Manifest):
            lost = f"{image}@{digest} is not there"
            reason = manifest.reason if isinstance(manifest, Unknown) else lost
            raise ServiceError(f"{self._access.host}: {reason}", fix=_AGAIN)
        now = self._settled(image, tag)
        if isinstance(now, Absent) or (moving and now.digest != digest):
            failure = self._put(image, manifest, tag, moving=moving)
            waits_s = () if failure else _WAITS_S
            now = self._settled(image, tag, wanted=digest, waits_s=waits_s)
            if isinstance(now, Absent):
                silent = f"{self._access.host} accepted it and does not show it yet"
                fix = "Run the same command again in a minute."
                raise failure or ServiceError(f"{image}:{tag}: {silent}", fix=fix)
        if now.digest != digest:
            # Put back it would only move a second time: it stays as it is.
            fix = "A published version is never replaced; release a new one."
            raise RefusedError(f"{image}:{tag} is {now.digest}, not {digest}", fix=fix)

    def _put(
        self, image: str, manifest: Manifest, tag: str, *, moving: bool
    ) -> ServiceError | None:
        """Write once; return why it was not accepted. The tag tells if it worked."""
        only_new = {} if moving else {"If-None-Match": "*"}
        answer = self._access.ask(
            *("PUT", image, f"manifests/{tag}"),
            actions=access.PUSH,
            headers={"Content-Type": manifest.media_type, **only_new},
            body=manifest.body,
        )
        again_s = None
        if isinstance(answer, Answer):
            if answer.status == HTTPStatus.CREATED:
                return None
            again_s = http.wait_before_retry(answer, 1, now=time.time())
            answer = self._access.unclear(answer, f"{image}:{tag}")
        problem = f"{image}:{tag} was not written: {answer.reason}"
        fix = _NO_PUSH if answer.hidden else _AGAIN
        return ServiceError(problem, fix=fix, again_s=again_s)

    def _settled(
        self, image: str, tag: str, *, wanted: str = "", waits_s: Sequence[float] = ()
    ) -> Found | Absent:
        """Return what is at *tag* once it is *wanted*; ServiceError if nobody knows."""
        now = self._read(image, tag)
        for wait_s in waits_s:
            if isinstance(now, Manifest) and wanted in {"", now.digest}:
                break
            self._sleep(wait_s)
            now = self._read(image, tag)
        if isinstance(now, Unknown):
            raise ServiceError(f"{image}:{tag}: {now.reason}", fix=_AGAIN)
        return Found(digest=now.digest) if isinstance(now, Manifest) else now

    def _settled_look(self, name: tuple[str, str]) -> ImageAnswer:
        waits_s = iter(_WAITS_S[:3])
        while isinstance(answer := self.look_up(*name), Absent):
            if (wait_s := next(waits_s, None)) is None:
                break
            self._sleep(wait_s)
        return answer

    def _may_push(self, image: str) -> bool | Unknown:
        """Say whether an upload to *image* would be accepted; leave nothing there.

        An upload is begun (202) and cancelled: it creates no blob, tag or package
        version (radius#12623), so it may be asked again after trouble.
        """
        check_image(image)
        begin = ("POST", image, path := "blobs/uploads/")
        answer = self._access.ask(*begin, actions=access.PUSH, body=b"", retry=True)
        if isinstance(answer, Unknown):
            return answer
        if answer.status == HTTPStatus.ACCEPTED:
            self._access.cancel(image, path, answer.headers.get("Location", ""))
            return True
        if answer.status in access.DENIALS:
            return False
        if answer.status == HTTPStatus.NOT_FOUND and access.error_codes(answer):
            # ECR makes no repository by itself (aws/containers-roadmap#853).
            lack = f"{self._access.host} has no repository {image}"
            words = access.error_text(answer)
            return Unknown(reason=f"{lack} ({words}): create it first")
        return self._access.unclear(answer, image)

    def _read(self, image: str, reference: str) -> Manifest | ImageAnswer:
        """Return the manifest at *reference*; Found when it is there, but unreadable.

        GHCR refuses to read a package that is not there (ironclaw#583). Only asked with
        the right to push is a refusal, or a "no" in the registry's own words, certain.
        """
        check_image(image, reference)
        asked = ("GET", image, f"manifests/{quote(reference, safe=':')}")
        answer = self._access.ask(*asked, headers=_ACCEPT)
        if self._access.has_credentials and (_is_denied(answer) or _is_odd_no(answer)):
            first = answer
            answer = self._access.ask(*asked, headers=_ACCEPT, actions=access.PUSH)
            if _is_denied(answer):
                if self._access.is_ghcr and self._may_push(image) is True:
                    return Absent()
                if _is_denied(first):
                    answer = first  # it says why even reading is refused
        if isinstance(answer, Unknown):
            return answer
        return self._judged(answer, image, reference)

    def _judged(
        self, answer: Answer, image: str, reference: str
    ) -> Manifest | ImageAnswer:
        name = f"{image}{'@' if ':' in reference else ':'}{reference}"
        if answer.status == HTTPStatus.OK:
            return self._checked(answer, name, reference)
        if answer.status == HTTPStatus.NOT_FOUND:
            if "accept header" in answer.text.lower():
                return Found(digest=_UNREADABLE)
            odd = _is_odd_no(answer) and self._access.has_credentials
            if odd or _ABSENT & set(access.error_codes(answer)):
                return Absent()
        # Any other answer leaves the question open, and a guard must not guess.
        return self._access.unclear(answer, name)

    def _checked(self, answer: Answer, name: str, reference: str) -> Manifest | Unknown:
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        manifest = Manifest(body=answer.body, media_type=media_type)
        # Old registries send no digest header (distribution-spec).
        said = answer.headers.get("Docker-Content-Digest") or manifest.digest
        wanted = reference if ":" in reference else manifest.digest
        if media_type not in manifests.MEDIA_TYPES:
            other = f"{self._access.host} answered {media_type!r} for {name}"
            return Unknown(reason=other)
        if {said, wanted} != {manifest.digest}:
            other = f"{name} is called {said}, but its bytes are {manifest.digest}"
            return Unknown(reason=other)
        return manifest

    def _content(
        self, image: str, children: Mapping[str, object], kind: str, digest: str
    ) -> bytes | Unknown:
        """Return the bytes of one of *children* or of a config blob, checked."""
        name = f"{image}@{digest}"
        if kind == "manifests":
            child = children.get(digest) or self._read(image, digest)
            lost = Unknown(reason=f"{name} cannot be read")
            return child.body if isinstance(child, Manifest) else lost
        answer = self._access.read_blob(image, digest)
        if isinstance(answer, Unknown):
            return answer
        if answer.status != HTTPStatus.OK:
            return self._access.unclear(answer, name)
        if manifests.digest_of(answer.body) != digest:
            return Unknown(reason=f"{name} has other bytes")
        return answer.body


def _is_odd_no(answer: Answer | Unknown) -> bool:
    """Say whether a 404 has a code of its own (goharbor/harbor#16515, imgutil#46)."""
    if isinstance(answer, Unknown) or answer.status != HTTPStatus.NOT_FOUND:
        return False
    codes = set(access.error_codes(answer))
    return bool(codes) and not codes & (_ABSENT | _SOMETHING_ELSE)


def _is_denied(answer: Answer | Unknown) -> bool:
    if isinstance(answer, Unknown):
        return answer.hidden
    return answer.status in access.DENIALS
