"""Who may read and write images: GHCR's token flow, and the plainer ways.

Sources: public reports, named beside each behaviour; all of it is to be tried
on the live registry.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from sandbox.defaults import GITHUB

Reply = tuple[int, dict[str, str], bytes]


class Headers(Protocol):
    """A ``dict``, or the headers of ``http.server``, which may repeat a name."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return every header line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; *headers* in lower case, *query* with every value."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    base_url: str

    @classmethod
    def read(cls, method: str, target: str, headers: Headers, body: bytes) -> "Request":
        """Take a request as the server has it; the base address is added later.

        A header that comes several times is joined: skopeo sends one ``Accept`` for
        each media type.
        """
        parts = urlsplit(target)
        joined: dict[str, str] = {}
        for name, value in headers.items():
            key = name.lower()
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
        return cls(
            method=method,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers=joined,
            body=body,
            base_url="",
        )

    def first(self, name: str) -> str:
        """Return the first value of a query parameter, or an empty string."""
        return self.query.get(name, [""])[0]


@dataclass(slots=True, kw_only=True)
class Switches:
    """How the registry behaves; the defaults are GHCR's reported behaviour."""

    scheme: str = "bearer"  # or "basic", or "none": everybody may do everything
    service: str = "ghcr.io"
    realm: str = ""  # of the token call; empty: our own /token
    refusal_status: int = (
        401  # of the token call: 401 tunnel-client#75, 403 ironclaw#583
    )
    token_key: str = "token"  # noqa: S105 - a name; other registries: access_token
    token_uses: int = 0  # a token is worn out after so many uses; 0: never
    push_denied: bool = False  # permission_denied: write_package, to everybody
    missing_denied: bool = False  # reading what does not exist: 403 (ironclaw#583)
    public: set[str] = field(default_factory=set)  # new packages are private
    accept_trap: bool = True
    digest_header: bool = True
    wrong_digest_header: bool = False
    immutable_tags: bool = False  # ECR, Harbor, GAR, Quay (kots#5940)
    referrers: bool = False  # GHCR has none (attest-build-provenance#91)
    cancel_status: int = 405  # GHCR (radius#12623); docker-registry 2.8.2: 204
    blob_redirect: str = ""  # blobs are at this address, on a storage host
    put_without_effect: bool = False
    before_put: Callable[[str, str], None] | None = None  # (name, reference)
    # What GHCR does by default; the sources stand in sandbox.defaults.
    images_need_classic_token: bool = GITHUB.images_need_classic_token
    images_stale_reads: int = GITHUB.images_stale_reads  # of a tag after its PUT
    images_start_public: bool = GITHUB.images_start_public


@dataclass(frozen=True, slots=True)
class _Grant:
    level: str
    names: frozenset[str]
    pushes: bool


class Access:
    """Lets a request pass, or says what GHCR would say.

    *authenticate* gets user and password, and returns what they may do, ``read`` or
    ``write``, ``denied`` for a kind of token that never may, or ``None`` when they are
    wrong.
    """

    def __init__(
        self, authenticate: Callable[[str, str], str | None], switches: Switches
    ) -> None:
        self._authenticate = authenticate
        self._switches = switches
        self._grants: dict[str, _Grant] = {}
        self._uses: dict[str, int] = {}

    def refusal(self, request: Request, name: str, *, write: bool) -> Reply | None:
        """Return the refusal of a request for the image *name*, or ``None``."""
        if self._switches.scheme == "none":
            return None
        level = self._level(request, name, write=write)
        if level is None:
            return self._challenge(request, name, write=write)
        if level == "denied":
            return error(403, "DENIED", "denied")
        if level == "basic":
            # argocd-image-updater#303: no WWW-Authenticate here.
            return error(403, "DENIED", "invalid token")
        if write and (level != "write" or self._switches.push_denied):
            return error(403, "DENIED", "permission_denied: write_package")
        return None

    def token(self, request: Request) -> Reply:
        """Answer the token call, ``GET /token?service=…&scope=repository:NAME:pull``.

        Without credentials only public images get one; one that is private and one
        that does not exist are refused alike.
        """
        scopes = [s.split(":") for s in request.query.get("scope", [])]
        wanted = [s for s in scopes if len(s) == 3 and s[0] == "repository"]  # noqa: PLR2004
        names = frozenset(scope[1] for scope in wanted)
        credentials = _basic(request)
        if credentials is None:
            level = "read" if names and names <= self._switches.public else None
        else:
            level = self._authenticate(*credentials)
        if level == "denied":  # docker/login-action#331, drizzle-orm#6005
            return error(403, "DENIED", "denied")
        if level is None:
            status = self._switches.refusal_status
            denied = status == HTTPStatus.FORBIDDEN
            return error(status, "DENIED" if denied else "UNAUTHORIZED", "denied")
        token = secrets.token_urlsafe(24)
        pushes = any("push" in scope[2].split(",") for scope in wanted)
        self._grants[token] = _Grant(level, names, pushes)
        body: dict[str, object] = {self._switches.token_key: token, "expires_in": 300}
        return as_json(200, body | {"issued_at": "2026-01-01T00:00:00Z"})

    def _level(self, request: Request, name: str, *, write: bool) -> str | None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            grant = self._grant(value)
            if grant is None:
                # `Bearer base64(token)` is taken as well (argocd-image-updater#303).
                return self._authenticate("", _decoded(value))
            fits = not name or name in grant.names
            return grant.level if fits and (grant.pushes or not write) else None
        credentials = _basic(request)
        if credentials is None:
            return None
        if self._switches.scheme == "basic":
            return self._authenticate(*credentials)
        return "basic"

    def _grant(self, token: str) -> _Grant | None:
        self._uses[token] = self._uses.get(token, 0) + 1
        limit = self._switches.token_uses
        return self._grants.get(token) if not 0 < limit < self._uses[token] else None

    def _challenge(self, request: Request, name: str, *, write: bool) -> Reply:
        status, headers, body = error(401, "UNAUTHORIZED", "authentication required")
        if self._switches.scheme == "basic":
            challenge = 'Basic realm="registry"'
        else:
            realm = self._switches.realm or f"{request.base_url}/token"
            scope = (
                f"repository:{name or 'user/image'}:{'pull,push' if write else 'pull'}"
            )
            challenge = (
                f'Bearer realm="{realm}",service="{self._switches.service}",'
                f'scope="{scope}"'
            )
        return status, headers | {"WWW-Authenticate": challenge}, body


def as_json(status: int, value: object) -> Reply:
    """Return *value* as the JSON answer of a registry."""
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


def error(status: int, code: str, message: str, detail: object = None) -> Reply:
    """Return an error in the shape of the distribution-spec."""
    entry = {"code": code, "message": message}
    if detail is not None:
        return as_json(status, {"errors": [entry | {"detail": detail}]})
    return as_json(status, {"errors": [entry]})


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    user, _, password = _decoded(value).partition(":")
    return user, password


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
