"""A GitHub App as the writer: a token for one push, minted right before it.

Sources: GitHub docs, "Generating a JSON Web Token (JWT) for a GitHub App" and "REST:
apps". openssl signs: Python has no RSA of its own.
"""

import base64
import json
import os
import time
from http import HTTPStatus

from monokeel.adapters.github import GitHub
from monokeel.adapters.process import run
from monokeel.ground.answers import Unknown, as_number, as_object, as_text
from monokeel.ground.errors import RefusedError, ServiceError

# A commit whose workflows differ from main's needs the second (docs; Audible#882).
_RIGHTS = {"contents": "write", "workflows": "write"}
_EARLIER_S, _LIFE_S = 60, 540  # clocks differ; ten minutes is the most


class AppWriter:
    """The App *number*, which the private key *pem* proves, on one repository."""

    def __init__(self, github: GitHub, *, number: int, pem: str) -> None:
        self._github = github
        self._number = number
        self._pem = pem

    def token(self) -> str:
        """Return a token of an hour that may push to this repository alone.

        Raises RefusedError when the App is not installed here or has not the rights,
        and ServiceError when GitHub does not answer or does not know the key.
        """
        here = self._github
        github = GitHub(
            here.session, api=here.api, repository=here.repository, token=self._proof()
        )
        found = github.ask(
            "/installation", expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND)
        )
        if isinstance(found, Unknown):
            raise ServiceError(
                f"GitHub does not know the key of App {self._number}: {found.reason}",
                fix="Make a new private key on the App's page and set it again.",
            )
        if found.status == HTTPStatus.NOT_FOUND:
            raise RefusedError(
                f"the App {self._number} is not installed on {here.repository}",
                fix="Install it there, with Contents: write and Workflows: write.",
            )
        number = as_number(as_object(found.json()).get("id"))
        answer = github.write(
            "POST",
            f"//app/installations/{number}/access_tokens",
            {
                "repositories": [here.repository.partition("/")[2]],
                "permissions": {**_RIGHTS},
            },
            expect=(HTTPStatus.CREATED,),
        )
        return as_text(as_object(answer.json()).get("token"))

    def _proof(self) -> str:
        now = int(time.time())
        claims = {
            "iat": now - _EARLIER_S,
            "exp": now + _LIFE_S,
            "iss": str(self._number),
        }
        head = _encoded(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
        text = f"{head}.{_encoded(json.dumps(claims).encode())}"
        return f"{text}.{_encoded(_signature(text, self._pem))}"


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
