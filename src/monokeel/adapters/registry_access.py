"""How a registry is asked: credentials go to it and its own token realm, no further."""

import base64
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from urllib.parse import urlencode

from monokeel.adapters.addresses import check_address, joined, parts_of
from monokeel.adapters.session import LARGEST_MANIFEST, REDIRECTS, Answer, Session
from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import MonokeelError, ServiceError, UsageError

PULL = "pull"
PUSH = "pull,push"
DOCKER_HUB = ("docker.io", "index.docker.io")
DENIALS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}

# Docker Hub is the one registry we know that answers under another name than that of
# its images, and whose realm is beside it and not above it.
_ANSWERS_AT = dict.fromkeys(DOCKER_HUB, "https://registry-1.docker.io")
_HUB_REALM = ("registry-1.docker.io", "auth.docker.io")
_HOPS = 3
_BORROWED = (
    "nor is it public: GitHub's registry takes no fine-grained token; set a classic one"
    " with read:packages as MONOKEEL_REGISTRY_PASSWORD (for that of gh: gh auth refresh"
    " -s read:packages)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who asks. *realm* is a host that may get *password* besides the registry's own.

    A *borrowed* one is the token for GitHub: refused for a read, nobody in particular
    is tried, as GHCR refuses fine-grained ones even for public images (GitHub's docs).
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    realm: str = ""
    borrowed: bool = False

    @property
    def basic(self) -> str | None:
        """The header that holds the password, ``None`` without one."""
        if self.password is None:
            return None
        pair = f"{self.user or 'token'}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


class RegistryAccess:
    """Requests to the registry at *address* (no final slash), from several threads."""

    def __init__(
        self, session: Session, address: str, login: Login, timeout_s: float
    ) -> None:
        self.address = _ANSWERS_AT.get(parts_of(address).netloc, address)
        self.host = parts_of(self.address).netloc
        self.has_credentials = login.password is not None
        self.is_ghcr = False
        self._login = login
        self._request = partial(
            session.request, timeout_s=timeout_s, largest=LARGEST_MANIFEST
        )
        self._authorization: dict[tuple[str, str], str] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}

    def ask(  # noqa: PLR0913 - one keyword per part of an HTTP request
        self,
        method: str,
        name: str,
        path: str,
        *,
        actions: str = PULL,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        retry: bool | None = None,
    ) -> Answer | Unknown:
        """Return the answer to one request about the image *name*, of whatever status.

        *path* is below ``/v2/<name>/``; *retry*: a write may be asked again. On 401 a
        new token is fetched once and the request, which had no effect, repeated.
        Unknown when no usable answer comes, hidden when the token is refused;
        UsageError for an address that is neither https nor on this machine.
        """
        url = self._url(name, path)
        send = partial(self._request, method, url, body=body, retry=retry)
        scope = (name, actions)
        used = self._authorization.get(scope)
        try:
            answer = send(headers={**(headers or {}), **_header(used)})
            if answer.status != HTTPStatus.UNAUTHORIZED:
                return answer
            asked = answer.headers.get("WWW-Authenticate", "")
            # Of many threads only the first one asks.
            with self._locks.setdefault(scope, threading.Lock()):
                if self._authorization.get(scope) in {None, used}:
                    renewed = self._authorize(scope, asked)
                    if isinstance(renewed, Unknown):
                        return renewed
                    self._authorization[scope] = renewed
                renewed = self._authorization[scope]
            return send(headers={**(headers or {}), **_header(renewed)})
        except ServiceError as error:
            return Unknown(reason=error.problem)

    def read_blob(self, name: str, digest: str) -> Answer | Unknown:
        """Follow a blob's GET to its storage, without credentials: it is another's."""
        path = f"blobs/{digest}"
        answer = self.ask("GET", name, path)
        for _ in range(_HOPS):
            if isinstance(answer, Unknown) or answer.status not in REDIRECTS:
                return answer
            location = joined(self._url(name, path), answer.headers.get("Location", ""))
            try:
                answer = self._request("GET", location)
            except MonokeelError as error:
                return Unknown(reason=error.problem)
        return Unknown(reason=f"{self.host} redirects a blob more than {_HOPS} times")

    def unclear(self, answer: Answer, name: str) -> Unknown:
        """Return that *answer*, to a question about *name*, leaves it open."""
        words = f"{answer.status} {error_text(answer)}"
        reason = f"{self.host} answered {words} for {name}"
        return Unknown(reason=reason, hidden=answer.status in DENIALS)

    def cancel(self, name: str, path: str, location: str) -> None:
        """Take an upload back, and do not mind the answer (GHCR: 405)."""
        place = joined(self._url(name, path), location)
        if parts_of(place)[:2] == parts_of(self.address)[:2]:
            headers = _header(self._authorization.get((name, PUSH)))
            with suppress(ServiceError):
                self._request("DELETE", place, headers=headers)

    def _url(self, name: str, path: str) -> str:
        return f"{self.address}/v2/{name}/{path}"

    def _authorize(self, scope: tuple[str, str], asked: str) -> str | Unknown:
        basic, bearer = self._login.basic, read_bearer(asked)
        if bearer is None:
            if basic is not None and re.search(r"\bbasic\b", asked, re.IGNORECASE):
                return basic
            scheme = asked.partition(" ")[0] or "nothing known"
            return Unknown(reason=f"{self.host} answered 401 and asks for {scheme}")
        realm = bearer.get("realm", "")
        problem = realm_problem(self.address, realm, self._login.realm)
        if problem and (self.has_credentials or not parts_of(realm).netloc):
            return Unknown(reason=problem)
        # Its name for itself; the address may be one before it.
        service = bearer.get("service", "")
        self.is_ghcr = service == "ghcr.io"
        query = {"service": service, "scope": "repository:{}:{}".format(*scope)}
        url = f"{realm}{'&' if parts_of(realm).query else '?'}{urlencode(query)}"
        token = self._token(scope[0], url, basic)
        may_do_without = self._login.borrowed and scope[1] == PULL
        if isinstance(token, str) or not (token.hidden and may_do_without):
            return token
        public = self._token(scope[0], url, None)
        if isinstance(public, str):
            return public
        return Unknown(reason=f"{token.reason}; {_BORROWED}", hidden=True)

    def _token(self, name: str, url: str, basic: str | None) -> str | Unknown:
        try:
            answer = self._request("GET", url, headers=_header(basic))
            body = answer.json() if answer.status == HTTPStatus.OK else None
        except MonokeelError as error:
            return Unknown(reason=f"the token of {self.host}: {error.problem}")
        if answer.status != HTTPStatus.OK:
            who = "nobody in particular" if basic is None else "these credentials"
            reason = f"{self.host} gives {who} no token for {name}"
            reason += f" ({answer.status} {error_text(answer)})"
            return Unknown(reason=reason, hidden=answer.status in DENIALS)
        fields = body if isinstance(body, dict) else {}
        token = fields.get("token") or fields.get("access_token")
        if not isinstance(token, str) or not token:
            return Unknown(reason=f"the token answer of {self.host} holds no token")
        return f"Bearer {token}"


def read_bearer(header: str) -> dict[str, str] | None:
    """Return what a ``WWW-Authenticate`` header says of Bearer, such as ``realm``."""
    bearer = re.search(r"\bbearer\s+(.*)", header, re.IGNORECASE | re.DOTALL)
    if bearer is None:
        return None
    value = r'"((?:[^"\\]|\\.)*)"|([^\s,"]+)'
    found = re.findall(rf"(\w+)\s*=\s*(?:{value})", bearer[1])
    # Another scheme may come behind it, with a realm of its own: the first counts.
    return {key.lower(): quoted or bare for key, quoted, bare in reversed(found)}


def realm_problem(address: str, realm: str, allowed: str = "") -> str:
    """Say why *realm* may not have the credentials of the registry at *address*, if so.

    It may on the registry's host, one above or below it (registry.gitlab.com asks
    gitlab.com), Docker Hub's, or *allowed*; by https, or on this machine.
    """
    registry, named = parts_of(address).hostname or "", parts_of(realm).hostname or ""
    try:
        check_address(realm)
    except UsageError as error:
        return f"{registry} names a token realm that is no use: {error.problem}"
    near = f".{registry}".endswith(f".{named}") or named.endswith(f".{registry}")
    known = (registry, named) == _HUB_REALM or allowed == parts_of(realm).netloc.lower()
    if named and (near or known):
        return ""
    return (
        f"{registry} names a token realm on another host, {named or realm!r};"
        " the credentials were not sent there. If that is its token service, set"
        f' [registry] token_realm = "{parts_of(realm).netloc}"'
    )


def error_codes(answer: Answer) -> list[str]:
    """Return the codes of an OCI error: capitals and underscores, unlike a proxy's."""
    return [code for code, _ in _errors(answer) if re.fullmatch("[A-Z_]+", code)]


def error_text(answer: Answer) -> str:
    """Return an error body's own words on one line, or "no error body"."""
    words = [f"{code}: {message}" for code, message in _errors(answer)]
    return "; ".join(words) or "no error body"


def _errors(answer: Answer) -> list[tuple[str, str]]:
    try:
        body: Json = answer.json()
    except ServiceError:
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    listed = errors if isinstance(errors, list) else []
    found = (each for each in listed if isinstance(each, dict))
    return [(str(x.get("code", "")), str(x.get("message", ""))) for x in found]


def _header(authorization: str | None) -> dict[str, str]:
    return {} if authorization is None else {"Authorization": authorization}
