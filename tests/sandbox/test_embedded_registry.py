"""The registry hurts where GHCR does; each behaviour has its source in the code."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest

from sandbox.images import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from sandbox.registry_server import RegistryServer
from tests.fakes.oci import image, index
from tests.fakes.served import API, PASSWORD, push, registry_server

BASIC = {"Authorization": "Basic " + base64.b64encode(b"u:p4ssw0rd").decode()}
TAG = f"/v2/{API}/manifests/1.4.0"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["errors"][0]["code"])

    @property
    def message(self) -> str:
        return str(json.loads(self.body)["errors"][0]["message"])


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with registry_server() as started:
        yield started


@pytest.fixture
def open_server(server: RegistryServer) -> RegistryServer:
    server.registry.switches.scheme = "none"
    return server


def call(
    server: RegistryServer,
    method: str,
    target: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Reply:
    connection = HTTPConnection(urlsplit(server.url).netloc)
    try:
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        return Reply(answer.status, dict(answer.headers.items()), answer.read())
    finally:
        connection.close()


def token(server: RegistryServer, actions: str = "pull", **headers: str) -> Reply:
    scope = quote(f"repository:{API}:{actions}")
    target = f"/token?service=ghcr.io&scope={scope}"
    return call(server, "GET", target, headers=headers)


@pytest.mark.parametrize("accept", ["", "*/*", DOCKER_MANIFEST, OCI_INDEX])
def test_an_image_is_hidden_from_who_does_not_accept_its_type(
    open_server: RegistryServer, accept: str
) -> None:
    push(open_server, "1.4.0")

    reply = call(open_server, "GET", TAG, headers={"Accept": accept})

    assert reply.status == 404
    assert reply.code == "MANIFEST_UNKNOWN"
    assert reply.message == (
        "OCI manifest found, but accept header does not support OCI manifests"
    )


def test_a_head_of_a_hidden_image_has_the_status_and_no_body(
    open_server: RegistryServer,
) -> None:
    push(open_server, "1.4.0")

    reply = call(open_server, "HEAD", TAG)

    assert (reply.status, reply.body) == (404, b"")


def test_a_tag_moves_whatever_the_writer_expected(open_server: RegistryServer) -> None:
    push(open_server, "1.4.0")
    push(open_server, "1.5.0")
    repository = open_server.registry.repositories[API]
    moved = repository.manifests[repository.tags["1.5.0"]]
    headers = {"Content-Type": OCI_MANIFEST, "If-None-Match": "*"}

    reply = call(open_server, "PUT", TAG, headers=headers, body=moved.body)

    assert reply.status == 201
    assert repository.tags["1.4.0"] == moved.digest


def test_tags_in_the_query_of_a_put_are_not_set(open_server: RegistryServer) -> None:
    push(open_server, "1.4.0")
    repository = open_server.registry.repositories[API]
    (manifest,) = repository.manifests.values()
    target = f"/v2/{API}/manifests/{manifest.digest}?tag=2.0.0"
    headers = {"Content-Type": OCI_MANIFEST}

    reply = call(open_server, "PUT", target, headers=headers, body=manifest.body)

    assert reply.status == 201
    assert "OCI-Tag" not in reply.headers
    assert list(repository.tags) == ["1.4.0"]


def test_there_is_no_untag(open_server: RegistryServer) -> None:
    push(open_server, "1.4.0")

    reply = call(open_server, "DELETE", TAG)

    assert (reply.status, reply.code) == (400, "DIGEST_INVALID")


def test_deleting_a_manifest_takes_all_its_tags(open_server: RegistryServer) -> None:
    digest = push(open_server, "1.4.0")
    repository = open_server.registry.repositories[API]
    repository.tags["sha-1"] = digest

    call(open_server, "DELETE", f"/v2/{API}/manifests/{digest}")

    assert repository.tags == {}


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        pytest.param({}, b"{}", 400, "MANIFEST_INVALID", id="no content type"),
        pytest.param(
            {"Content-Type": OCI_MANIFEST}, b"x", 400, "MANIFEST_INVALID", id="no JSON"
        ),
        pytest.param(
            {"Content-Type": OCI_INDEX},
            image(None).manifest,
            400,
            "MANIFEST_INVALID",
            id="another type",
        ),
        pytest.param(
            {"Content-Type": OCI_MANIFEST},
            image(None).manifest,
            404,
            "MANIFEST_BLOB_UNKNOWN",
            id="a blob is missing",
        ),
        pytest.param(
            {"Content-Type": OCI_INDEX},
            index(image(None)),
            404,
            "MANIFEST_BLOB_UNKNOWN",
            id="a child is missing",
        ),
    ],
)
def test_a_manifest_that_is_not_whole_is_refused(
    open_server: RegistryServer,
    headers: dict[str, str],
    body: bytes,
    status: int,
    code: str,
) -> None:
    reply = call(open_server, "PUT", TAG, headers=headers, body=body)

    assert (reply.status, reply.code) == (status, code)


def test_a_tag_with_a_plus_has_no_page(open_server: RegistryServer) -> None:
    reply = call(open_server, "GET", f"/v2/{API}/manifests/1.0.0+7")

    assert (reply.status, reply.body) == (404, b"404 page not found\n")


def test_a_listing_is_paged(open_server: RegistryServer) -> None:
    for tag in ("1.0.0", "1.1.0", "1.2.0"):
        push(open_server, tag)

    first = call(open_server, "GET", f"/v2/{API}/tags/list?n=2")
    target = first.headers["Link"].partition(">")[0].removeprefix("<")
    second = call(open_server, "GET", target)

    assert json.loads(first.body)["tags"] == ["1.0.0", "1.1.0"]
    assert json.loads(second.body)["tags"] == ["1.2.0"]
    assert "Link" not in second.headers


def test_a_listing_of_nothing_is_an_unknown_name(open_server: RegistryServer) -> None:
    reply = call(open_server, "GET", f"/v2/{API}/tags/list")

    assert (reply.status, reply.code) == (404, "NAME_UNKNOWN")


def test_there_are_no_referrers_unless_switched_on(
    open_server: RegistryServer,
) -> None:
    digest = push(open_server, "1.4.0")
    target = f"/v2/{API}/referrers/{digest}"

    absent = call(open_server, "GET", target)
    open_server.registry.switches.referrers = True
    present = call(open_server, "GET", target)

    assert absent.status == 404
    assert json.loads(present.body)["manifests"] == []


def test_without_a_token_the_answer_says_where_to_get_one(
    server: RegistryServer,
) -> None:
    reply = call(server, "GET", TAG)

    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == (
        f'Bearer realm="{server.url}/token",service="ghcr.io",'
        f'scope="repository:{API}:pull"'
    )


def test_a_password_alone_is_denied_without_a_word_on_how(
    server: RegistryServer,
) -> None:
    reply = call(server, "GET", TAG, headers=BASIC)

    assert (reply.status, reply.message) == (403, "invalid token")
    assert "WWW-Authenticate" not in reply.headers


def test_a_password_in_base64_is_taken_as_a_bearer_token(
    server: RegistryServer,
) -> None:
    push(server, "1.4.0")
    bearer = base64.b64encode(PASSWORD.encode()).decode()
    headers = {"Authorization": f"Bearer {bearer}", "Accept": OCI_MANIFEST}

    assert call(server, "GET", TAG, headers=headers).status == 200


def test_a_token_to_pull_does_not_push(server: RegistryServer) -> None:
    bearer = json.loads(token(server, **BASIC).body)["token"]
    headers = {"Authorization": f"Bearer {bearer}"}

    reply = call(server, "POST", f"/v2/{API}/blobs/uploads/", headers=headers)

    assert reply.status == 401
    assert f"repository:{API}:pull,push" in reply.headers["WWW-Authenticate"]


@pytest.mark.parametrize("status", [401, 403])
def test_private_and_missing_images_are_refused_alike(
    server: RegistryServer, status: int
) -> None:
    server.registry.switches.refusal_status = status
    missing = token(server)
    push(server, "1.4.0")

    private = token(server)

    assert (missing.status, private.status) == (status, status)
    assert missing.body == private.body


def test_a_package_that_may_not_be_written_says_so(server: RegistryServer) -> None:
    server.registry.switches.push_denied = True
    bearer = json.loads(token(server, "pull,push", **BASIC).body)["token"]
    headers = {"Authorization": f"Bearer {bearer}"}

    reply = call(server, "POST", f"/v2/{API}/blobs/uploads/", headers=headers)

    assert (reply.status, reply.message) == (403, "permission_denied: write_package")


def test_a_blob_is_mounted_from_another_image(open_server: RegistryServer) -> None:
    push(open_server, "1.4.0")
    (digest,) = open_server.registry.repositories[API].blobs
    target = f"/v2/acme/shop/web/blobs/uploads/?mount={digest}&from={API}"

    reply = call(open_server, "POST", target)

    assert reply.status == 201
    assert list(open_server.registry.repositories["acme/shop/web"].blobs) == [digest]
