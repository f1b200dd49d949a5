"""Who is asked with which credentials, and what a refusal means."""

from collections.abc import Iterator

import pytest

from monokeel.adapters.registry_access import (
    Login,
    RegistryAccess,
    read_bearer,
    realm_problem,
)
from monokeel.adapters.session import Session
from monokeel.ground.answers import Absent, Found, Unknown
from sandbox.registry_server import RegistryServer
from tests.fakes.http import serving
from tests.fakes.served import (
    API,
    BUILT,
    COMMIT,
    adapter,
    push,
    registry_server,
)


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with registry_server() as started:
        yield started


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_unknown_whether_the_image_exists_or_not(
    server: RegistryServer, status: int
) -> None:
    push(server, "1.4.0")
    server.registry.switches.refusal_status = status

    answers = adapter(server, None).look_up_all([(API, "1.4.0"), (API, "1.5.0")])

    assert [type(answer) for answer in answers] == [Unknown, Unknown]


def test_a_public_image_needs_no_credentials(server: RegistryServer) -> None:
    digest = push(server, "1.4.0")
    server.registry.switches.public.add(API)

    answer = adapter(server, None).look_up(API, "1.4.0")

    assert answer == Found(digest=digest, revision=COMMIT)


def test_a_package_that_ghcr_hides_is_free_when_we_may_push_it(
    server: RegistryServer,
) -> None:
    server.registry.switches.missing_denied = True

    assert adapter(server).look_up(API, "1.4.0") == Absent()
    assert server.registry.repositories == {}


def test_a_borrowed_token_that_is_refused_leaves_what_is_public(
    server: RegistryServer,
) -> None:
    digest = push(server, "1.4.0")
    server.registry.switches.public.add(API)
    login = Login(user="token", password="fine-grained", borrowed=True)
    registry = adapter(server, login=login)

    assert registry.look_up(API, "1.4.0") == Found(digest=digest, revision=COMMIT)
    assert registry.look_up(API, "1.5.0") == Absent()


def test_nobody_is_asked_for_a_push_without_credentials(
    server: RegistryServer,
) -> None:
    """G14: what is tried without a token is a read, whoever lets strangers push."""
    server.registry.switches.public.add(API)
    login = Login(user="token", password="fine-grained", borrowed=True)

    answers = adapter(server, login=login).may_push_all([API])

    asked = [each for each in server.exchanges if each.target.startswith("/token")]
    assert answers != [True]
    assert [each.authorization is None for each in asked] == [False]


def test_a_borrowed_token_that_is_refused_says_which_one_to_set(
    server: RegistryServer,
) -> None:
    push(server, "1.4.0")
    login = Login(user="token", password="fine-grained", borrowed=True)

    answer = adapter(server, login=login).look_up(API, "1.4.0")

    assert isinstance(answer, Unknown)
    assert "MONOKEEL_REGISTRY_PASSWORD" in answer.reason
    assert "read:packages" in answer.reason


def test_a_token_of_its_own_that_is_refused_is_not_tried_without(
    server: RegistryServer,
) -> None:
    push(server, "1.4.0")
    server.registry.switches.public.add(API)

    answer = adapter(server, "wrong").look_up(API, "1.4.0")

    assert isinstance(answer, Unknown)


@pytest.mark.parametrize(
    ("realm", "allowed", "problem"),
    [
        ("https://gitlab.example.org/jwt/auth", "gitlab.example.org", False),
        ("https://GitLab.Example.org/jwt/auth", "gitlab.example.org", False),
        ("https://gitlab.example.org/jwt/auth", "", True),
        ("https://evil.example.org/jwt/auth", "gitlab.example.org", True),
        ("https://gitlab.example.org.evil.com/x", "gitlab.example.org", True),
        ("https://gitlab.example.org:8443/x", "gitlab.example.org", True),
        ("http://gitlab.example.org/jwt/auth", "gitlab.example.org", True),
    ],
)
def test_a_token_realm_elsewhere_must_be_named(
    realm: str, allowed: str, *, problem: bool
) -> None:
    found = realm_problem("https://registry.example.com", realm, allowed)

    assert bool(found) is problem
    if problem and realm.startswith("https"):
        assert "[registry] token_realm" in found


def test_the_realm_of_bearer_is_not_that_of_another_scheme() -> None:
    bearer, basic = (
        'Bearer realm="https://a/token",service="a"',
        'Basic realm="Registry"',
    )
    wanted = {"realm": "https://a/token", "service": "a"}

    assert read_bearer(f"{basic}, {bearer}") == wanted
    assert read_bearer(f"{bearer}, {basic}") == wanted


@pytest.mark.parametrize(
    "header",
    [
        'Bearer service=a, realm="https://a/token"',
        "bearer realm=https://a/token,service=a",
        r'Bearer error="say \"realm=\"x\"", realm="https://a/token", service="a"',
    ],
)
def test_a_challenge_is_read_as_http_writes_it(header: str) -> None:
    """RFC 9110, 11.2: a value is a token or a quoted string, with escapes."""
    found = read_bearer(header) or {}

    assert (found.get("realm"), found.get("service")) == ("https://a/token", "a")


@pytest.mark.parametrize("realm", ["https://evilghcr.io/token", "https://hcr.io/token"])
def test_a_realm_that_only_looks_like_ghcr_gets_nothing(realm: str) -> None:
    assert realm_problem("https://ghcr.io", realm) != ""


@pytest.mark.parametrize("password", ["reader", "wrong", None])
def test_a_package_that_ghcr_hides_is_unknown_when_we_may_not(
    server: RegistryServer, password: str | None
) -> None:
    server.registry.switches.missing_denied = True

    assert isinstance(adapter(server, password).look_up(API, "1.4.0"), Unknown)


def test_another_registry_that_denies_is_never_taken_for_empty(
    server: RegistryServer,
) -> None:
    server.registry.switches.missing_denied = True
    server.registry.switches.service = "registry.example"

    assert isinstance(adapter(server).look_up(API, "1.4.0"), Unknown)


@pytest.mark.parametrize("scheme", ["bearer", "basic", "none"])
def test_every_way_to_sign_in_finds_the_image(
    server: RegistryServer, scheme: str
) -> None:
    digest = push(server, "1.4.0")
    server.registry.switches.scheme = scheme

    answer = adapter(server).look_up(API, "1.4.0")

    assert answer == Found(digest=digest, revision=COMMIT)


def test_basic_without_credentials_is_unknown(server: RegistryServer) -> None:
    server.registry.switches.scheme = "basic"

    assert isinstance(adapter(server, None).look_up(API, "1.4.0"), Unknown)


def test_a_token_may_be_called_access_token(server: RegistryServer) -> None:
    digest = push(server, "1.4.0")
    server.registry.switches.token_key = "access_token"

    answer = adapter(server).look_up(API, "1.4.0")

    assert answer == Found(digest=digest, revision=COMMIT)


def test_a_token_that_expires_is_fetched_again(server: RegistryServer) -> None:
    digest = push(server, BUILT)
    server.registry.switches.token_uses = 1
    registry = adapter(server)

    registry.give_tag(API, digest, "1.4.0")

    assert registry.look_up(API, "1.4.0") == Found(digest=digest, revision=COMMIT)


def test_one_token_serves_all_questions_about_an_image(server: RegistryServer) -> None:
    push(server, "1.4.0")
    server.exchanges.clear()

    adapter(server).look_up_all([(API, f"1.{minor}.0") for minor in range(8)])

    assert [e.target for e in server.exchanges if e.target.startswith("/token")] == [
        f"/token?service=ghcr.io&scope=repository%3A{API.replace('/', '%2F')}%3Apull"
    ]


def test_a_realm_on_a_foreign_host_gets_no_credentials(server: RegistryServer) -> None:
    with registry_server() as foreign:
        realm = foreign.url.replace("127.0.0.1", "localhost")
        server.registry.switches.realm = f"{realm}/token"

        answer = adapter(server).look_up(API, "1.4.0")

        assert foreign.exchanges == []
    assert isinstance(answer, Unknown)
    assert "localhost" in answer.reason


@pytest.mark.parametrize(
    ("realm", "fits"),
    [
        pytest.param("https://registry.example.com/token", True, id="same host"),
        pytest.param("https://example.com/jwt/auth", True, id="the host above"),
        pytest.param("https://auth.registry.example.com/", True, id="a host below"),
        pytest.param("https://evil.example/token", False, id="another host"),
        pytest.param("https://notexample.com/token", False, id="a similar name"),
        pytest.param("https://other.example.com/token", False, id="a neighbour"),
        pytest.param("http://registry.example.com/token", False, id="plain http"),
        pytest.param("http://127.0.0.1/token", False, id="this machine"),
        pytest.param("https://u:p@registry.example.com/", False, id="with a user"),
        pytest.param("", False, id="none"),
    ],
)
def test_credentials_go_only_to_the_realm_of_the_registry(
    realm: str, fits: bool
) -> None:
    problem = realm_problem("https://registry.example.com", realm)

    assert (problem == "") is fits


def test_docker_hub_has_its_realm_beside_it() -> None:
    realm = "https://auth.docker.io/token"
    hub = RegistryAccess(
        Session(), "https://docker.io", login=Login(), timeout_s=1
    ).address

    assert hub == "https://registry-1.docker.io"
    assert realm_problem(hub, realm) == ""


def test_a_storage_host_gets_no_credentials(server: RegistryServer) -> None:
    digest = push(server, "1.4.0")
    blobs = server.registry.repositories[API].blobs
    (config,) = blobs.values()
    with serving((200, {}, config)) as storage:
        server.registry.switches.blob_redirect = storage.url

        answer = adapter(server).look_up(API, "1.4.0")

        assert [headers.get("authorization") for _, _, headers in storage.seen] == [
            None
        ]
    assert answer == Found(digest=digest, revision=COMMIT)


def test_a_wrong_password_is_unknown_and_never_shown(server: RegistryServer) -> None:
    push(server, "1.4.0")

    answer = adapter(server, "s3cr3t").look_up(API, "1.4.0")

    assert isinstance(answer, Unknown)
    assert "s3cr3t" not in answer.reason


@pytest.mark.parametrize("cancel_status", [204, 405, 500])
def test_a_probe_is_taken_back_whatever_the_registry_says(
    server: RegistryServer, cancel_status: int
) -> None:
    server.registry.switches.cancel_status = cancel_status

    assert adapter(server).may_push_all([API]) == [True]
    assert server.exchanges[-1].method == "DELETE"
    assert server.registry.repositories == {}


def test_a_reader_may_not_push(server: RegistryServer) -> None:
    assert adapter(server, "reader").may_push_all([API]) == [False]


def test_a_package_of_another_repository_may_not_be_pushed(
    server: RegistryServer,
) -> None:
    server.registry.switches.push_denied = True

    assert adapter(server).may_push_all([API]) == [False]


def test_without_credentials_nobody_can_tell_who_may_push(
    server: RegistryServer,
) -> None:
    assert isinstance(adapter(server, None).may_push_all([API])[0], Unknown)
