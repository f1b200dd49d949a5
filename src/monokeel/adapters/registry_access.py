"""How the registry is asked: credentials, tokens, redirects.

Credentials go to the configured registry and to its own token realm, never further.
"""

import base64
import re
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from monokeel.adapters.addresses import check_address, joined, parts_of
from monokeel.adapters.image_names import check_image
from monokeel.adapters.session import LARGEST_MANIFEST, Answer, Session
from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import MonokeelError, ServiceError, UsageError

PULL = "pull"
PUSH = "pull,push"

# Docker Hub is the one registry we know whose realm is beside it and not above it.
_KNOWN_REALMS = {"registry-1.docker.io": "auth.docker.io"}
_REDIRECTS = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}
_HOPS = 3
_BORROWED = (
    "nor is it public: GitHub's registry takes no fine-grained token; set a classic one"
    " with read:packages as MONOKEEL_REGISTRY_PASSWORD (for that of gh: gh auth refresh"
    " -s read:packages)"
)
DENIALS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request about the image *name*; *path* is below ``/v2/<name>/``.

    *retry* says that a write has no effect and may be asked again after trouble.
    """

    method: str
    name: str
    path: str
    actions: str = PULL
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    retry: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What ``WWW-Authenticate`` asks for: *scheme* is ``bearer``, ``basic`` or none."""

    scheme: str
    realm: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The token call said no (401, 403): not to us, or the image is not there."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who asks. *realm* is a host that may get *password* besides the registry's own.

    A *borrowed* one was given for something else, the token for GitHub: where it is
    refused for a read nobody in particular is tried, for GHCR refuses a fine-grained
    token even for public images (GitHub's packages documentation).
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    realm: str = ""
    borrowed: bool = False


class RegistryAccess:
    """Requests to one registry with the right credentials; safe in many threads.

    *address* has no final slash. Without a password only public images can be read.
    """

    def __init__(
        self,
        session: Session,
        address: str,
        *,
        login: Login,
        timeout_s: float,
    ) -> None:
        self.address = address
        self.has_credentials = login.password is not None
        self._login = login
        self.service = ""
        self._session = session
        self._basic = (
            None
            if login.password is None
            else _basic(login.user or "token", login.password)
        )
        self._timeout_s = timeout_s
        self._authorization: dict[tuple[str, str], str] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}

    @property
    def host(self) -> str:
        """The registry's host with its port, as people write it before an image."""
        return parts_of(self.address).netloc

    def ask(self, question: Question) -> Answer | Denied | Unknown:
        """Return the registry's answer, whatever its status.

        On 401 a new token is fetched once and the question repeated; a refused
        request has had no effect, so that is true of writes as well. Denied when the
        token is refused, Unknown when there is no usable answer. Raises UsageError
        for an address that is neither https nor on this machine.
        """
        scope = (question.name, question.actions)
        used = self._authorization.get(scope)
        try:
            answer = self._send(question, used)
            if answer.status != HTTPStatus.UNAUTHORIZED:
                return answer
            challenge = read_challenge(answer.headers.get("WWW-Authenticate", ""))
            authorization = self._renewed(scope, used, challenge)
            if not isinstance(authorization, str):
                return authorization
            return self._send(question, authorization)
        except ServiceError as error:
            return Unknown(reason=error.problem)

    def read_blob(self, name: str, digest: str) -> Answer | Denied | Unknown:
        """Return the answer to a blob's GET, followed to where the bytes are stored.

        No credential goes along with a redirect: storage hosts have their own in the
        address, and are others' machines.
        """
        path = f"blobs/{digest}"
        answer = self.ask(Question(method="GET", name=name, path=path))
        for _ in range(_HOPS):
            if not isinstance(answer, Answer) or answer.status not in _REDIRECTS:
                return answer
            here = f"{self.address}/v2/{name}/{path}"
            target = joined(here, answer.headers.get("Location", ""))
            try:
                answer = self._session.request(
                    "GET",
                    target,
                    timeout_s=self._timeout_s,
                    largest=LARGEST_MANIFEST,
                )
            except MonokeelError as error:
                return Unknown(reason=error.problem)
        return Unknown(reason=f"{self.host} redirects a blob more than {_HOPS} times")

    def may_push(self, image: str) -> bool | Unknown:
        """Say whether an upload to *image* would be accepted; leave nothing there.

        An upload is begun (202) and cancelled: it creates no blob, tag or package
        version (radius#12623), so it may be asked again after trouble.
        """
        check_image(image)
        question = Question(
            method="POST",
            name=image,
            path="blobs/uploads/",
            actions=PUSH,
            body=b"",
            retry=True,
        )
        answer = self.ask(question)
        if not isinstance(answer, Answer):
            return Unknown(reason=answer.reason)
        if answer.status == HTTPStatus.ACCEPTED:
            self._cancel(question, answer.headers.get("Location", ""))
            return True
        if answer.status in DENIALS:
            return False
        if answer.status == HTTPStatus.NOT_FOUND and error_codes(answer):
            # ECR makes no repository by itself (aws/containers-roadmap#853).
            return Unknown(
                reason=f"{self.host} has no repository {image}"
                f" ({error_text(answer)}): create it first"
            )
        return self.unclear(answer, image)

    def unclear(self, answer: Answer, name: str) -> Unknown:
        """Return that *answer*, to a question about *name*, leaves it open."""
        words = f"{answer.status} {error_text(answer)}"
        return Unknown(reason=f"{self.host} answered {words} for {name}")

    def _cancel(self, question: Question, location: str) -> None:
        """Take an upload back, and do not mind the answer (GHCR: 405)."""
        here = f"{self.address}/v2/{question.name}/{question.path}"
        target = joined(here, location)
        if parts_of(target)[:2] != parts_of(self.address)[:2]:
            return
        headers = self._headers(self._authorization.get((question.name, PUSH)))
        try:
            self._session.request(
                "DELETE", target, headers=headers, timeout_s=self._timeout_s
            )
        except ServiceError:
            return

    def _send(self, question: Question, authorization: str | None) -> Answer:
        return self._session.request(
            question.method,
            f"{self.address}/v2/{question.name}/{question.path}",
            headers=question.headers | self._headers(authorization),
            body=question.body,
            timeout_s=self._timeout_s,
            largest=LARGEST_MANIFEST,
            retry=question.retry,
        )

    @staticmethod
    def _headers(authorization: str | None) -> dict[str, str]:
        return {} if authorization is None else {"Authorization": authorization}

    def _renewed(
        self, scope: tuple[str, str], used: str | None, challenge: Challenge
    ) -> str | Denied | Unknown:
        """Return a new header for *scope*; of many threads only the first asks."""
        with self._locks.setdefault(scope, threading.Lock()):
            known = self._authorization.get(scope)
            if known is not None and known != used:
                return known
            authorization = self._authorize(scope, challenge)
            if isinstance(authorization, str):
                self._authorization[scope] = authorization
            return authorization

    def _authorize(
        self, scope: tuple[str, str], challenge: Challenge
    ) -> str | Denied | Unknown:
        if challenge.scheme == "bearer":
            return self._token(scope, challenge)
        if challenge.scheme == "basic" and self._basic is not None:
            return self._basic
        asked = "user and password" if challenge.scheme == "basic" else "nothing known"
        return Unknown(reason=f"{self.host} answered 401 and asks for {asked}")

    def _token(
        self, scope: tuple[str, str], challenge: Challenge
    ) -> str | Denied | Unknown:
        problem = realm_problem(self.address, challenge.realm, self._login.realm)
        if problem and (self.has_credentials or not parts_of(challenge.realm).netloc):
            return Unknown(reason=problem)
        self.service = challenge.service
        token = self._ask_token(scope, challenge, self._basic)
        if isinstance(token, Denied) and self._login.borrowed and scope[1] == PULL:
            public = self._ask_token(scope, challenge, None)
            if isinstance(public, str):
                return public
            return Denied(reason=f"{token.reason}; {_BORROWED}")
        return token

    def _ask_token(
        self, scope: tuple[str, str], challenge: Challenge, basic: str | None
    ) -> str | Denied | Unknown:
        name, actions = scope
        query = {"service": challenge.service, "scope": f"repository:{name}:{actions}"}
        joint = "&" if parts_of(challenge.realm).query else "?"
        try:
            answer = self._session.request(
                "GET",
                f"{challenge.realm}{joint}{urlencode(query)}",
                headers=self._headers(basic),
                timeout_s=self._timeout_s,
                largest=LARGEST_MANIFEST,
            )
        except MonokeelError as error:
            return Unknown(reason=error.problem)
        who = "nobody in particular" if basic is None else "these credentials"
        return self._read_token(name, answer, who)

    def _read_token(
        self, name: str, answer: Answer, who: str
    ) -> str | Denied | Unknown:
        if answer.status != HTTPStatus.OK:
            reason = (
                f"{self.host} gives {who} no token for {name}"
                f" ({answer.status} {error_text(answer)})"
            )
            is_no = answer.status in DENIALS
            return Denied(reason=reason) if is_no else Unknown(reason=reason)
        try:
            body = answer.json()
        except ServiceError as error:
            return Unknown(reason=f"the token of {self.host}: {error.problem}")
        token: Json = None
        if isinstance(body, dict):
            token = body.get("token") or body.get("access_token")
        if not isinstance(token, str) or not token:
            return Unknown(reason=f"the token answer of {self.host} holds no token")
        return f"Bearer {token}"


def read_challenge(header: str) -> Challenge:
    """Return what a ``WWW-Authenticate`` header asks for, Bearer before Basic."""
    bearer = re.search(r"\bbearer\s+(.*)", header, re.IGNORECASE | re.DOTALL)
    if bearer is not None:
        fields = {
            key.lower(): value
            for key, value in re.findall(r'(\w+)\s*=\s*"([^"]*)"', bearer[1])
        }
        return Challenge(
            scheme="bearer",
            realm=fields.get("realm", ""),
            service=fields.get("service", ""),
        )
    basic = re.search(r"\bbasic\b", header, re.IGNORECASE)
    return Challenge(scheme="none" if basic is None else "basic")


def realm_problem(address: str, realm: str, allowed: str = "") -> str:
    """Say why *realm* may not have the credentials of the registry at *address*.

    Empty when it may: it is the registry's own host, one above or below it in its
    domain (registry.gitlab.com asks gitlab.com), Docker Hub's, or *allowed*; and the
    way there is https, or stays on this machine.
    """
    registry, named = parts_of(address).hostname or "", parts_of(realm).hostname or ""
    try:
        check_address(realm)
    except UsageError as error:
        return f"{registry} names a token realm that is no use: {error.problem}"
    related = named and (
        named == registry
        or registry.endswith(f".{named}")
        or named.endswith(f".{registry}")
        or _KNOWN_REALMS.get(registry) == named
        or allowed == parts_of(realm).netloc
    )
    if related:
        return ""
    return (
        f"{registry} names a token realm on another host, {named or realm!r};"
        " the credentials were not sent there. If that is its token service, set"
        f' [registry] token_realm = "{parts_of(realm).netloc}"'
    )


def error_codes(answer: Answer) -> list[str]:
    """Return the codes of an error body (distribution-spec), none if it is not one."""
    return [code for code, _ in _errors(answer) if code]


def error_text(answer: Answer) -> str:
    """Return an error body's own words on one line, or "no error body"."""
    words = [f"{code}: {message}" for code, message in _errors(answer)]
    return "; ".join(words) or "no error body"


def _errors(answer: Answer) -> list[tuple[str, str]]:
    try:
        body = answer.json()
    except ServiceError:
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    return [
        (str(each.get("code", "")), str(each.get("message", "")))
        for each in (errors if isinstance(errors, list) else [])
        if isinstance(each, dict)
    ]


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
