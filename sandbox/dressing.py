"""What every answer of GitHub wears, and what faults do to it."""

import hashlib
import json
from http import HTTPStatus

from sandbox import git_http, routing
from sandbox.actors import NOBODY, Actor
from sandbox.apps import actor_of_proof
from sandbox.exchange import Incoming, Outgoing
from sandbox.state import State
from sandbox.switches import Fault
from sandbox.wire import DOCS, ApiError

_PROOF = "eyJ"  # how every JSON web token begins: `{"` in base64


def caller_of(state: State, incoming: Incoming) -> Actor | None:
    """Return who calls: nobody without a header, ``None`` for an unknown token."""
    header = incoming.headers.get("Authorization", "")
    if not header:
        return NOBODY
    token = token_of(header)
    try:
        proof = token.startswith(_PROOF)
        return actor_of_proof(state, token) if proof else state.person(token)
    except ApiError:
        return None


def token_of(header: str) -> str:
    """Return the token of an ``Authorization`` *header*: Basic, Bearer or token."""
    basic = git_http.basic(header)
    return basic[1] if basic else header.partition(" ")[2].strip()


def require_credentials(state: State, incoming: Incoming) -> Actor:
    """Return who calls; ApiError 401 for a token that is nobody's, or a wrong proof."""
    caller = caller_of(state, incoming)
    if caller is None:
        token = token_of(incoming.headers.get("Authorization", ""))
        if token.startswith(_PROOF):
            actor_of_proof(state, token)
        raise ApiError(HTTPStatus.UNAUTHORIZED, "Bad credentials", docs=DOCS)
    return caller


def dress(state: State, incoming: Incoming, done: Outgoing) -> Outgoing:
    """Add the headers that GitHub always sends (hub4j recordings, 2024 on)."""
    number = next(state.requests)
    limit = state.switches.rate_limit
    defaults = {
        "X-GitHub-Request-Id": f"{number:04X}:SANDBOX",
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Api-Version-Selected": "2022-11-28",
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(max(limit - number % limit, 0)),
        "X-RateLimit-Used": str(number % limit),
        "X-RateLimit-Reset": str(int(state.seconds()) + 3600),
        "X-RateLimit-Resource": "core",
    }
    if done.status != HTTPStatus.NO_CONTENT:
        defaults["Content-Type"] = "application/json; charset=utf-8"
    defaults |= _rights(state, incoming)
    done.headers = defaults | done.headers
    if state.switches.deprecation_headers:
        _deprecate(done)
    if incoming.method == "GET" and done.status == HTTPStatus.OK:
        _tag(incoming, done)
    return done


def _rights(state: State, incoming: Incoming) -> dict[str, str]:
    """Return the header that names the rights which would do."""
    path = routing.public_path(incoming.path, state)
    found = routing.find(incoming.method, path)
    caller = caller_of(state, incoming)
    if found is None or caller is None or caller.kind == "none":
        return {}
    if caller.kind in ("classic", "oauth"):
        scopes = _scopes(caller)
        return {"X-OAuth-Scopes": scopes, "X-Accepted-OAuth-Scopes": "repo"}
    right = found[0].right.replace(":", "=") or "metadata=read"
    if right == "contents=write":
        right = "contents=write; contents=write,workflows=write"
    return {"X-Accepted-GitHub-Permissions": right}


def _scopes(caller: Actor) -> str:
    """Return the scopes that a classic token or gh's must have for its rights."""
    wanted = {"gist", "read:org", "repo"}
    if caller.may("workflows:write"):
        wanted.add("workflow")
    if caller.may("packages:read"):
        level = "write" if caller.may("packages:write") else "read"
        wanted.add(f"{level}:packages")
    return ", ".join(sorted(wanted))


def faulty(fault: Fault) -> Outgoing:
    """Return the answer of a *fault* of kind ``status``."""
    headers = dict(fault.headers)
    if fault.body is None and fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        headers["Content-Type"] = "text/html; charset=utf-8"
        page = "<!DOCTYPE html><title>Unicorn! &middot; GitHub</title>"
        return Outgoing(status=fault.status, body=page.encode(), headers=headers)
    body = fault.body
    if body is None:
        text = HTTPStatus(fault.status).phrase
        body = {"message": text, "documentation_url": DOCS, "status": str(fault.status)}
    return Outgoing(
        status=fault.status, body=json.dumps(body).encode(), headers=headers
    )


_IMAGE_CODES = {401: "UNAUTHORIZED", 403: "DENIED", 404: "MANIFEST_UNKNOWN"}
_IMAGE_CODES |= {429: "TOOMANYREQUESTS"}


def faulty_image(fault: Fault) -> Outgoing:
    """Return the answer of a *fault* of the registry: an error of its own shape.

    HTML for what its front says (synthorg#1741).
    """
    if fault.body is not None or fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return faulty(fault)
    code = _IMAGE_CODES.get(fault.status, "UNKNOWN")
    text = HTTPStatus(fault.status).phrase.lower()
    body = json.dumps({"errors": [{"code": code, "message": text}]}).encode()
    headers = {"Content-Type": "application/json"} | fault.headers
    return Outgoing(status=fault.status, body=body, headers=headers)


def damaged(done: Outgoing, fault: Fault) -> Outgoing | None:
    """Return what is left of the answer *done* after *fault*."""
    if fault.kind == "lost":
        return None
    if fault.kind == "broken-json":
        done.body = b'{"id": 1, "name": '
    if fault.kind == "cut":
        done.sent = len(done.body) // 2
    return done


def _tag(incoming: Incoming, done: Outgoing) -> None:
    """Give the answer an ``ETag``; the same one asked for again is a 304."""
    tag = f'W/"{hashlib.sha256(done.body).hexdigest()}"'
    done.headers["ETag"] = tag
    if incoming.headers.get("If-None-Match") == tag:
        done.status, done.body = HTTPStatus.NOT_MODIFIED, b""


def _deprecate(done: Outgoing) -> None:
    """Add what answers to version 2022-11-28 may carry (hub4j, 25 June 2026)."""
    page = "https://docs.github.com/en/rest/about-the-rest-api/api-versions"
    link = f'<{page}>; rel="deprecation"; type="text/html"'
    known = done.headers.get("Link")
    done.headers |= {
        "Deprecation": "Tue, 10 Mar 2026 00:00:00 GMT",
        "Sunset": "Fri, 10 Mar 2028 00:00:00 GMT",
        "Link": f"{known}, {link}" if known else link,
    }
