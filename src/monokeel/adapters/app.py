"""A GitHub App as the writer: a token for one push, minted right before it.

Sources: GitHub docs, "Generating a JSON Web Token (JWT) for a GitHub App" and "REST:
apps". openssl signs: Python has no RSA of its own.
"""

import base64
import json
import os
import time
from http import HTTPStatus

from monokeel.adapters.github import GitHub, words_of
from monokeel.adapters.process import run
from monokeel.ground.answers import Json, as_number, as_object, as_text
from monokeel.ground.errors import RefusedError, ServiceError

# A commit whose workflows differ from main's needs the second (docs; Audible#882).
_RIGHTS = {"contents": "write", "workflows": "write"}
_EARLIER_S, _LIFE_S = 60, 600  # clocks differ; ten minutes is the most


def mint_token(github: GitHub, *, number: int, pem: str) -> str:
    """Return a token of an hour that may push to *github*'s repository alone.

    The private key *pem* proves the App *number*. Raises RefusedError when the App is
    not installed here or has not the rights, and ServiceError when GitHub does not
    answer or does not know the key.
    """
    name, proof = github.repository, _proof(number, pem)
    app = GitHub(github.session, api=github.api, repository=name, token=proof)
    known = (HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED)
    found = app.request("GET", "/installation", expect=known)
    if found.status == HTTPStatus.UNAUTHORIZED:
        raise ServiceError(
            f"GitHub does not know the key of App {number}: {words_of(found)}",
            fix="Make a new private key on the App's page and set it again.",
        )
    if found.status == HTTPStatus.NOT_FOUND:
        raise RefusedError(
            f"the App {number} is not installed on {name}",
            fix="Install it there, with Contents: write and Workflows: write.",
        )
    installation = as_number(as_object(found.json()).get("id"))
    path = f"//app/installations/{installation}/access_tokens"
    alone: Json = {"repositories": [name.partition("/")[2]], "permissions": {**_RIGHTS}}
    answer = app.write("POST", path, alone, expect=(HTTPStatus.CREATED,))
    return as_text(as_object(answer.json()).get("token"))


def _proof(number: int, pem: str) -> str:
    start = int(time.time()) - _EARLIER_S
    claims = {"iat": start, "exp": start + _LIFE_S, "iss": str(number)}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_encoded(_signature(text, pem))}"


def _signature(text: str, pem: str) -> bytes:
    """Return the RS256 signature of *text*; openssl reads the key from a pipe."""
    read, write = os.pipe()
    try:
        os.write(write, pem.encode())
    finally:
        os.close(write)
    try:
        args = ["openssl", "dgst", "-sha256", "-hex", "-sign", f"/dev/fd/{read}"]
        done = run(args, stdin=text, pass_fds=(read,))
    finally:
        os.close(read)
    return bytes.fromhex(done.stdout.rpartition("= ")[2].strip())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
