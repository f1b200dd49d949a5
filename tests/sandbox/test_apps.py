"""A GitHub App: its signed proof, and tokens of an hour with what it has at most."""

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Answer, Api
from tests.sandbox.clones import run


@dataclass(frozen=True, slots=True)
class _AppKey:
    """The private key of an App."""

    path: Path

    @property
    def public(self) -> str:
        return run("ssh-keygen", "-y", "-f", str(self.path)).output.strip()

    def proof(
        self,
        now: float,
        *,
        issuer: str = "424242",
        life: int = 540,
        algorithm: str = "RS256",
    ) -> str:
        claims = {"iat": int(now) - 60, "exp": int(now) + life, "iss": issuer}
        head = {"alg": algorithm, "typ": "JWT"}
        text = ".".join(_part(json.dumps(each).encode()) for each in (head, claims))
        signed = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.path)],
            input=text.encode(),
            capture_output=True,
            check=True,
        )
        return f"{text}.{_part(signed.stdout)}"


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.fixture
def app_key(box: Sandbox, tmp_path: Path) -> _AppKey:
    path = tmp_path / "app.pem"
    words = ("-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", str(path))
    assert run("ssh-keygen", *words).code == 0
    key = _AppKey(path)
    box.register_app(key.public, "administration:write", "contents:read")
    return key


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _mint(api: Api, key: _AppKey, **permissions: Json) -> Answer:
    headers = _as(key.proof(api.box.state.seconds()))
    place = api("GET", "/installation", who="none", headers=headers)
    path = str(place["access_tokens_url"])
    body: Json = {"permissions": permissions} if permissions else {}
    return api("POST", path, body, who="none", headers=headers)


def test_an_app_gets_a_token_with_its_rights(api: Api, app_key: _AppKey) -> None:
    answer = _mint(api, app_key)

    headers = _as(str(answer["token"]))
    assert answer.status == 201
    assert answer["permissions"] == {
        "metadata": "read",
        "administration": "write",
        "contents": "read",
    }
    assert api("GET", "/keys", who="none", headers=headers).status == 200
    issue = api("POST", "/issues", {"title": "x"}, who="none", headers=headers)
    assert (issue.status, issue.message) == (
        403,
        "Resource not accessible by integration",
    )


def test_an_app_asks_for_less(api: Api, app_key: _AppKey) -> None:
    token = str(_mint(api, app_key, contents="read")["token"])

    assert api("GET", "/keys", who="none", headers=_as(token)).status == 403


@pytest.mark.parametrize(
    "permissions", [{"issues": "write"}, {"contents": "write"}, {"issues": "read"}]
)
def test_an_app_gets_no_token_for_more_than_it_has(
    api: Api, app_key: _AppKey, permissions: dict[str, Json]
) -> None:
    answer = _mint(api, app_key, **permissions)

    text = "The permissions requested are not granted to this installation."
    assert (answer.status, answer.message) == (422, text)
    assert api.box.state.expiries == {}


@pytest.mark.parametrize(("name", "status"), [("shop", 201), ("other", 422)])
def test_an_app_gets_tokens_for_its_repository(
    api: Api, app_key: _AppKey, name: str, status: int
) -> None:
    headers = _as(app_key.proof(api.box.state.seconds()))
    path = "//app/installations/77/access_tokens"

    answer = api("POST", path, {"repositories": [name]}, who="none", headers=headers)

    assert answer.status == status


def test_a_token_of_an_app_lives_for_an_hour(api: Api, app_key: _AppKey) -> None:
    headers = _as(str(_mint(api, app_key)["token"]))

    api.box.switches.clock_offset_s = 3599
    before = api("GET", "/keys", who="none", headers=headers).status
    api.box.switches.clock_offset_s = 3601

    assert before == 200
    assert api("GET", "/keys", who="none", headers=headers).status == 401


def test_a_token_of_an_app_can_be_given_back(api: Api, app_key: _AppKey) -> None:
    headers = _as(str(_mint(api, app_key)["token"]))

    done = api("DELETE", "//installation/token", who="none", headers=headers)

    assert done.status == 204
    assert api("GET", "/keys", who="none", headers=headers).status == 401


def test_the_token_of_a_person_cannot_be_given_back(api: Api) -> None:
    assert api("DELETE", "//installation/token").status == 401
    assert api("GET", "/keys").status == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issuer": "7"}, "could not be decoded"),
        ({"algorithm": "none"}, "could not be decoded"),
        ({"life": -1}, "must be a numeric value representing the future time"),
        ({"life": 700}, "is too far in the future"),
    ],
)
def test_a_wrong_proof_is_refused(
    api: Api, app_key: _AppKey, change: dict[str, str | int], words: str
) -> None:
    now = api.box.state.seconds()
    proof = app_key.proof(
        now,
        issuer=str(change.get("issuer", "424242")),
        life=int(change.get("life", 540)),
        algorithm=str(change.get("algorithm", "RS256")),
    )

    answer = api("GET", "//app", who="none", headers=_as(proof))

    assert answer.status == 401
    assert words in answer.message


def test_a_proof_signed_by_another_key_is_refused(
    api: Api, app_key: _AppKey, box: Sandbox, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    words = ("-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", str(other))
    run("ssh-keygen", *words)
    proofs = [key.proof(box.state.seconds()) for key in (app_key, _AppKey(other))]

    answers = [api("GET", "//app", who="none", headers=_as(one)) for one in proofs]

    assert [answer.status for answer in answers] == [200, 401]


def test_a_proof_opens_no_repository(api: Api, app_key: _AppKey, box: Sandbox) -> None:
    headers = _as(app_key.proof(box.state.seconds()))

    assert api("GET", "/keys", who="none", headers=headers).status == 403
    assert api("GET", "/installation").status == 401
