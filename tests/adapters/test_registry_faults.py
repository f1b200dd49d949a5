"""What a registry can answer, and that only a sure answer is taken for one."""

import json
from collections.abc import Iterator

import pytest

from monokeel.adapters.registry import Registry
from monokeel.adapters.registry_access import Login
from monokeel.adapters.session import Session
from monokeel.ground.answers import Absent, Found, Unknown
from sandbox.registry_server import RegistryServer
from sandbox.switches import Fault
from tests.fakes.http import serving
from tests.fakes.served import (
    API,
    COMMIT,
    MANIFESTS,
    PASSWORD,
    adapter,
    errors,
    push,
    registry_server,
)


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with registry_server() as started:
        yield started


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_one_trouble_while_asking_for_the_right_to_push_is_passed_over(
    server: RegistryServer, status: int
) -> None:
    """R15: an upload that is begun and cancelled has no effect: it is asked again."""
    path = "/blobs/uploads/"
    server.faults.append(Fault(status=status, method="POST", path=path, skip=1))
    login = Login(user="robot", password=PASSWORD)
    registry = Registry(Session(tries=2), address=server.url, login=login)

    assert registry.may_push_all([API]) == [True]
    assert server.faults[0].times == 0


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(401, errors("UNAUTHORIZED"), id="401 after a fresh token"),
        pytest.param(403, errors("DENIED"), id="403"),
        pytest.param(404, "404 page not found", id="404 of a proxy"),
        pytest.param(404, "{}", id="404 without a code"),
        pytest.param(404, errors("NAME_INVALID"), id="404 with another code"),
        pytest.param(404, errors("7003", "no route"), id="404 of a proxy's JSON"),
        pytest.param(404, '{"errors": [{"code": 404}]}', id="404 without a word"),
        pytest.param(429, errors("TOOMANYREQUESTS", "retry-after: 1.16ms"), id="429"),
        pytest.param(500, errors("UNKNOWN"), id="500"),
        pytest.param(502, "<html>", id="502"),
        pytest.param(503, "", id="503"),
        pytest.param(307, "", id="a redirect"),
        pytest.param(200, "<html>sign in</html>", id="a page for people"),
    ],
)
def test_an_answer_that_is_not_sure_is_unknown(
    server: RegistryServer, status: int, body: str
) -> None:
    headers = {"Location": "http://127.0.0.1:9/x", "Content-Type": "text/html"}
    fault = Fault(path=MANIFESTS, times=9, status=status, body=body, headers=headers)
    server.faults.append(fault)

    assert isinstance(adapter(server).look_up(API, "1.4.0"), Unknown)


@pytest.mark.parametrize("kind", ["reset", "lost"])
def test_a_connection_that_ends_is_unknown(server: RegistryServer, kind: str) -> None:
    server.faults.append(Fault(kind=kind, path=MANIFESTS, times=9))

    assert isinstance(adapter(server).look_up(API, "1.4.0"), Unknown)


def test_a_registry_that_takes_too_long_is_unknown(server: RegistryServer) -> None:
    server.delay_s = 0.5

    answer = adapter(server, timeout_s=0.1).look_up(API, "1.4.0")

    assert isinstance(answer, Unknown)


def test_a_registry_that_is_not_there_is_unknown() -> None:
    registry = Registry(Session(tries=1), address="http://127.0.0.1:9")

    assert isinstance(registry.look_up(API, "1.4.0"), Unknown)
    assert isinstance(registry.may_push_all([API])[0], Unknown)


@pytest.mark.parametrize(
    "message",
    [
        "OCI index found, but accept header does not support OCI indexes",
        "OCI manifest found, but Accept Header does not support OCI manifests",
    ],
)
def test_a_404_that_speaks_of_accept_is_taken(message: str) -> None:
    body = errors("MANIFEST_UNKNOWN", message).encode()
    with serving((404, {"Content-Type": "application/json"}, body)) as server:
        registry = Registry(Session(tries=1), address=server.url)

        answer = registry.look_up(API, "1.4.0")

    assert answer == Found(digest="of a media type that we do not read")


@pytest.mark.parametrize("code", ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"])
def test_a_404_that_says_so_is_absent(code: str) -> None:
    with serving((404, {}, errors(code).encode())) as server:
        registry = Registry(Session(tries=1), address=server.url)

        answer = registry.look_up(API, "1.4.0")

    assert answer == Absent()


def test_a_missing_digest_header_is_computed(server: RegistryServer) -> None:
    digest = push(server, "1.4.0")
    server.registry.switches.digest_header = False

    answer = adapter(server).look_up(API, "1.4.0")

    assert answer == Found(digest=digest, revision=COMMIT)


def test_a_digest_header_that_contradicts_the_bytes_is_unknown(
    server: RegistryServer,
) -> None:
    push(server, "1.4.0")
    server.registry.switches.wrong_digest_header = True

    assert isinstance(adapter(server).look_up(API, "1.4.0"), Unknown)


def test_a_label_that_cannot_be_read_is_not_a_missing_one(
    server: RegistryServer,
) -> None:
    push(server, "1.4.0")
    server.faults.append(Fault(path="/blobs/", status=500))

    assert isinstance(adapter(server).look_up(API, "1.4.0"), Unknown)


def test_a_label_with_other_bytes_is_not_believed(server: RegistryServer) -> None:
    push(server, "1.4.0")
    server.faults.append(Fault(path="/blobs/", status=200, body="{}"))

    assert isinstance(adapter(server).look_up(API, "1.4.0"), Unknown)


@pytest.mark.parametrize("part", ["manifests", "blobs"])
def test_what_a_pusher_made_huge_is_unknown(server: RegistryServer, part: str) -> None:
    """S22: who may push decides how much a manifest or a config holds."""
    push(server, "1.4.0")
    server.faults.append(
        Fault(method="GET", path=f"/{part}/", status=200, body="x" * (5 << 20), times=9)
    )

    answer = adapter(server).look_up(API, "1.4.0")

    assert isinstance(answer, Unknown)
    assert "more than 4 MiB" in answer.reason


@pytest.mark.parametrize("odd", ["../../x", "sha512:aa", f"sha256:{'Z' * 64}", ""])
@pytest.mark.parametrize("where", ["manifests", "config"])
def test_what_is_named_by_no_digest_is_unknown(where: str, odd: str) -> None:
    """Who may push writes it: it is neither wrong use nor a path to follow."""
    kind = "index" if where == "manifests" else "manifest"
    named = [{"digest": odd}] if where == "manifests" else {"digest": odd}
    types = {"Content-Type": f"application/vnd.oci.image.{kind}.v1+json"}
    with serving((200, types, json.dumps({where: named}).encode())) as server:
        found = Registry(Session(tries=1), address=server.url).look_up(API, "1.4.0")

    assert isinstance(found, Unknown)
    assert len(server.seen) == 1
