"""A GitHub App: it proves who it is with a signed token, and asks for one to work with.

Sources: GitHub docs "Generating a JSON Web Token (JWT) for a GitHub App" and "REST:
apps"; the words of refusals are from the reports named beside them.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

from sandbox import shapes
from sandbox.actors import Actor
from sandbox.records import App
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    JsonObject,
    Reply,
    created,
    list_of,
    no_content,
    not_found,
    number_of,
    object_of,
    text_of,
    unprocessable,
)

_INSTALLATION = 77
_LIFE_S = 3600
_LONGEST_PROOF_S = 600
_MOMENT = "2026-01-01T00:00:00Z"
# DigestInfo of SHA-256 before the digest in a PKCS #1 v1.5 signature (RFC 8017, 9.2).
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")


def rsa_numbers(public_key: str) -> tuple[int, int]:
    """Return exponent and modulus of an OpenSSH public key, ``ssh-rsa BASE64``.

    Raises ValueError for another kind. ``ssh-keygen -y`` prints it of an App's key.
    """
    kind, _, rest = public_key.partition(" ")
    if kind != "ssh-rsa":
        raise ValueError(f"no RSA key: {kind}")
    blob, parts = base64.b64decode(rest.split()[0]), []
    while blob:
        size = int.from_bytes(blob[:4], "big")
        parts.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return int.from_bytes(parts[1], "big"), int.from_bytes(parts[2], "big")


def _is_signed(app: App, text: str, signature: bytes) -> bool:
    """Say whether *signature* is that of the App's key under *text* (RS256)."""
    exponent, modulus = rsa_numbers(app.public_key)
    size = (modulus.bit_length() + 7) // 8
    end = b"\x00" + _SHA256 + hashlib.sha256(text.encode()).digest()
    wanted = b"\x00\x01" + b"\xff" * (size - len(end) - 2) + end
    found = pow(int.from_bytes(signature, "big"), exponent, modulus)
    return found == int.from_bytes(wanted, "big")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def actor_of_proof(state: State, token: str) -> Actor:
    """Return the App behind a JSON web *token*; ApiError 401 for a wrong one."""
    try:
        head, claims, signature = token.split(".")
        algorithm = json.loads(_decoded(head)).get("alg")
        said: JsonObject = json.loads(_decoded(claims))
        proof = _decoded(signature)
    except (ValueError, AttributeError):
        raise _unreadable() from None
    app = state.app
    if app is None or str(said.get("iss")) not in (str(app.id), app.client_id):
        raise _unreadable()
    if algorithm != "RS256" or not _is_signed(app, f"{head}.{claims}", proof):
        raise _unreadable()
    _require_times(state, said)
    return Actor(name="app-proof", login=app.login, id=app.id, kind="jwt")


def _unreadable() -> ApiError:
    """Return the 401 of a token nobody signed (create-github-app-token#52)."""
    text = "A JSON web token could not be decoded"
    return ApiError(HTTPStatus.UNAUTHORIZED, text)


def _require_times(state: State, said: JsonObject) -> None:
    now, end = int(state.seconds()), number_of(said, "exp")
    if end <= now:
        text = (
            "'Expiration time' claim ('exp') must be a numeric value representing the "
            "future time at which the assertion expires"
        )
        raise ApiError(HTTPStatus.UNAUTHORIZED, text)
    if end > now + _LONGEST_PROOF_S:
        text = "'Expiration time' claim ('exp') is too far in the future"
        raise ApiError(HTTPStatus.UNAUTHORIZED, text)


def _app(state: State, call: Call) -> App:
    if call.actor.kind != "jwt" or state.app is None:
        raise _unreadable()
    return state.app


@route("GET", "/app")
def get_app(state: State, call: Call) -> Reply:
    """Return the App that asks."""
    app = _app(state, call)
    slug = app.login.removesuffix("[bot]")
    return Reply(
        json={
            "id": app.id,
            "slug": slug,
            "client_id": app.client_id,
            "node_id": shapes.node_id("App", app.id),
            "owner": shapes.owner(state),
            "name": slug,
            "description": None,
            "external_url": state.identity.base,
            "html_url": f"{state.identity.base}/apps/{slug}",
            "created_at": _MOMENT,
            "updated_at": _MOMENT,
            "permissions": _permissions(app.rights),
            "events": [],
            "installations_count": 1,
        }
    )


def _permissions(rights: frozenset[str]) -> JsonObject:
    """Return *rights* as GitHub writes them, ``{"contents": "write"}``."""
    pairs = sorted(right.split(":") for right in rights)
    return {"metadata": "read", **dict(pairs)}


@route("GET", "/R/installation")
def get_installation(state: State, call: Call) -> Reply:
    """Return where the App is installed for this repository."""
    app = _app(state, call)
    return Reply(
        json=installation_shape(state, app.id, app.client_id, app.login, app.rights)
    )


def installation_shape(
    state: State, number: int, client: str, login: str, rights: frozenset[str]
) -> JsonObject:
    """Return the installation of App *number* as ``installation``."""
    base = state.identity.base
    return {
        "id": _INSTALLATION,
        "account": shapes.owner(state),
        "repository_selection": "selected",
        "access_tokens_url": f"{base}/app/installations/{_INSTALLATION}/access_tokens",
        "repositories_url": f"{base}/installation/repositories",
        "html_url": f"{base}/settings/installations/{_INSTALLATION}",
        "app_id": number,
        "client_id": client,
        "target_id": 1,
        "target_type": state.owner_type,
        "permissions": _permissions(rights),
        "events": [],
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "app_slug": login.removesuffix("[bot]"),
        "suspended_by": None,
        "suspended_at": None,
    }


@route("POST", "/app/installations/{id}/access_tokens")
def create_token(state: State, call: Call) -> Reply:
    """Give the App a token for an hour, with all its rights or those it asks for.

    Asking for more is a 422 (promptfoo#8802, workflow-application-token-action#48).
    """
    app, body = _app(state, call), call.json()
    if call.number("id") != _INSTALLATION:
        raise not_found()
    names = _require_repositories(state, body)
    asked = object_of(body, "permissions")
    rights = frozenset(f"{area}:{text_of(asked, area)}" for area in asked)
    granted = Actor(name="", login="", id=0, kind="app", rights=app.rights)
    beyond = [r for r in rights if r != "metadata:read" and not granted.may(r)]
    if beyond and state.switches.app_token_within_rights:
        text = "The permissions requested are not granted to this installation."
        raise unprocessable(text)
    number = state.next_id()
    token = f"ghs_sandbox{number}{secrets.token_hex(8)}"
    actor = replace(
        app.actor,
        name=f"app-{number}",
        rights=rights or app.rights,
        repositories=names or None,
    )
    state.people[token] = actor
    state.expiries[token] = state.seconds() + _LIFE_S
    end = datetime.fromtimestamp(state.expiries[token], UTC)
    return created(
        {
            "token": token,
            "expires_at": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "permissions": _permissions(actor.rights),
            "repository_selection": "selected" if names else "all",
        }
    )


def _require_repositories(state: State, body: JsonObject) -> tuple[str, ...]:
    """Return the names that the token is to be limited to; 422 for another one."""
    names = tuple(map(str, list_of(body, "repositories")))
    if any(name.lower() != state.identity.name.lower() for name in names):
        text = (
            "There is at least one repository that does not exist or is not accessible"
            " to the parent installation."
        )
        raise unprocessable(text)
    return names


@route("DELETE", "/installation/token")
def delete_token(state: State, call: Call) -> Reply:
    """Give the caller's own token back, as the App's action does in the end."""
    header = call.headers["Authorization"] if call.headers else ""
    token = header.partition(" ")[2].strip()
    if token not in state.expiries:
        raise ApiError(HTTPStatus.UNAUTHORIZED, "Bad credentials")
    state.delete_token(token)
    return no_content()
