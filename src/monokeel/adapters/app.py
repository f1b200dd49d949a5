"""A GitHub App as the writer: a token for one push, minted right before it by openssl.

Sources: GitHub docs, "Generating a JSON Web Token (JWT)" and "REST: apps".
"""

import base64
import json
import os
import time
from http import HTTPStatus

from monokeel.adapters.github import OR_ABSENT, GitHub, words_of
from monokeel.adapters.process import run
from monokeel.ground.answers import Json, as_number, as_text
from monokeel.ground.errors import RefusedError, ServiceError, UsageError

# A commit whose workflows differ from main's needs the second (docs; Audible#882).
_RIGHTS = {"contents": "write", "workflows": "write"}
_EARLIER_S, _LIFE_S = 60, 600  # clocks differ; ten minutes is the most


def mint_token(github: GitHub, *, number: int, pem: str) -> str:
    """Return a token of an hour that may push to *github*'s repository alone.

    RefusedError where the App is not installed or lacks rights, else ServiceError.
    """
    name, proof = github.repository, _proof(number, pem)
    app = GitHub(github.session, api=github.api, repository=name, token=proof)
    known = (*OR_ABSENT, HTTPStatus.UNAUTHORIZED)
    found = app.request("GET", "/installation", expect=known)
    if found.status == HTTPStatus.UNAUTHORIZED:
        problem = f"GitHub does not know the key of App {number}: {words_of(found)}"
        fix = "Make a new private key on the App's page and set it again."
        raise ServiceError(problem, fix=fix)
    if found.status == HTTPStatus.NOT_FOUND:
        fix = "Install it there, with Contents: write and Workflows: write."
        raise RefusedError(f"the App {number} is not installed on {name}", fix=fix)
    installation = as_number(found.object().get("id"))
    path = f"//app/installations/{installation}/access_tokens"
    alone: Json = {"repositories": [name.partition("/")[2]], "permissions": {**_RIGHTS}}
    return as_text(app.write("POST", path, alone).object().get("token"))


def _proof(number: int, pem: str) -> str:
    """Return a JWT, signed by RS256; openssl reads the key from a pipe."""
    start = int(time.time()) - _EARLIER_S
    claims = {"iat": start, "exp": start + _LIFE_S, "iss": str(number)}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    read, write = os.pipe()
    try:
        os.write(write, pem.encode())
    finally:
        os.close(write)
    try:
        args = ["openssl", "dgst", "-sha256", "-hex", "-sign", f"/dev/fd/{read}"]
        done = run(args, stdin=text, pass_fds=(read,), ok=(0, 1))
    finally:
        os.close(read)
    if done.returncode:
        fix = "Set it again, from the PEM file that the App's page gave."
        raise UsageError("this is no private key of a GitHub App", fix=fix)
    signature = bytes.fromhex(done.stdout.rpartition("= ")[2].strip())
    return f"{text}.{_encoded(signature)}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
