"""The adapter, the fake and two registries: one suite for what all must do."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.request import ProxyHandler, build_opener

import pytest

from monokeel.adapters.registry import Registry
from monokeel.adapters.registry_access import Login
from monokeel.adapters.session import Session
from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from sandbox.registry_server import RegistryServer
from tests.fakes.images import FakeImages
from tests.fakes.oci import Pusher, image, index
from tests.fakes.served import API, COMMIT, PASSWORD, registry_server

WEB = "acme/shop/web"
OTHER = "b" * 40


class PushableRegistry(Protocol):
    def look_up(self, image: str, tag: str) -> Found | Absent | Unknown: ...

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]: ...

    def may_push_all(self, images: Sequence[str]) -> list[bool | Unknown]: ...

    def give_tag(self, image: str, digest: str, tag: str) -> None: ...

    def push_new(self, image: str, tag: str, revision: str | None) -> str: ...


class Served(Registry):
    """The adapter, and a way to push to the registry behind it."""

    def __init__(self, url: str, *, password: str = "") -> None:
        super().__init__(
            Session(tries=1),
            address=url,
            login=Login(user="robot", password=password or None),
        )
        self.pusher = Pusher(url, password)

    def push_new(self, name: str, tag: str, revision: str | None) -> str:
        return self.pusher.push_new(name, tag, revision)


@contextmanager
def docker_registry(folder: Path) -> Iterator[str]:
    """Run Debian's docker-registry without authentication; yield its address."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "registry.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}}},"
        " delete: {enabled: true}}\n"
        f"http: {{addr: '127.0.0.1:{port}', secret: s}}\n"
    )
    with subprocess.Popen(
        [program, "serve", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/v2/", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    opener = build_opener(ProxyHandler({}))
    while server.poll() is None:
        try:
            opener.open(url, timeout=5).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"docker-registry ended with {server.returncode}")


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with registry_server() as started:
        yield started


@pytest.fixture(params=["fake", "embedded", "docker-registry"])
def registry(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[PushableRegistry]:
    if request.param == "fake":
        yield FakeImages()
    elif request.param == "embedded":
        with registry_server() as started:
            yield Served(started.url, password=PASSWORD)
    else:
        with docker_registry(tmp_path) as url:
            yield Served(url)


def test_an_image_is_found_once_it_is_pushed(registry: PushableRegistry) -> None:
    assert registry.look_up(API, "1.4.0") == Absent()

    digest = registry.push_new(API, "1.4.0", COMMIT)

    assert registry.look_up(API, "1.4.0") == Found(digest=digest, revision=COMMIT)


def test_another_tag_of_an_image_that_exists_is_absent(
    registry: PushableRegistry,
) -> None:
    registry.push_new(API, f"sha-{COMMIT}", COMMIT)

    assert registry.look_up(API, "1.4.0") == Absent()


def test_an_image_is_found_by_its_digest(registry: PushableRegistry) -> None:
    digest = registry.push_new(API, f"sha-{COMMIT}", COMMIT)

    found = registry.look_up(API, digest)

    assert found == Found(digest=digest, revision=COMMIT)


def test_a_digest_that_was_never_pushed_is_absent(registry: PushableRegistry) -> None:
    registry.push_new(API, "1.4.0", COMMIT)

    assert registry.look_up(API, f"sha256:{'0' * 64}") == Absent()


def test_an_image_without_a_label_has_no_revision(registry: PushableRegistry) -> None:
    digest = registry.push_new(API, "1.4.0", None)

    assert registry.look_up(API, "1.4.0") == Found(digest=digest, revision=None)


def test_many_answers_come_in_the_order_of_the_questions(
    registry: PushableRegistry,
) -> None:
    digest = registry.push_new(WEB, "1.4.0", COMMIT)

    answers = registry.look_up_all([(API, "1.4.0"), (WEB, "1.4.0"), (WEB, "1.5.0")])

    assert answers == [Absent(), Found(digest=digest, revision=COMMIT), Absent()]


def test_an_attestation_tag_is_not_a_version(registry: PushableRegistry) -> None:
    registry.push_new(API, f"sha256-{'0' * 64}", None)

    assert registry.look_up(API, "1.4.0") == Absent()


def test_asking_for_the_right_to_push_leaves_nothing(
    registry: PushableRegistry,
) -> None:
    assert registry.may_push_all([API]) == [True]
    assert registry.look_up(API, "1.4.0") == Absent()


def test_a_digest_keeps_its_identity_under_another_name(
    registry: PushableRegistry,
) -> None:
    digest = registry.push_new(API, f"sha-{COMMIT}", COMMIT)

    registry.give_tag(API, digest, "1.4.0")

    assert registry.look_up(API, "1.4.0") == Found(digest=digest, revision=COMMIT)


def test_naming_a_digest_twice_is_the_same_as_once(registry: PushableRegistry) -> None:
    digest = registry.push_new(API, f"sha-{COMMIT}", COMMIT)

    registry.give_tag(API, digest, "1.4.0")
    registry.give_tag(API, digest, "1.4.0")

    assert registry.look_up(API, "1.4.0") == Found(digest=digest, revision=COMMIT)


def test_a_version_that_is_taken_stays_what_it_is(registry: PushableRegistry) -> None:
    taken = registry.push_new(API, "1.4.0", OTHER)
    digest = registry.push_new(API, f"sha-{COMMIT}", COMMIT)

    with pytest.raises(RefusedError, match=taken):
        registry.give_tag(API, digest, "1.4.0")

    assert registry.look_up(API, "1.4.0") == Found(digest=taken, revision=OTHER)


def test_a_digest_that_is_not_there_gets_no_name(registry: PushableRegistry) -> None:
    registry.push_new(API, f"sha-{COMMIT}", COMMIT)

    with pytest.raises(ServiceError, match="not there"):
        registry.give_tag(API, f"sha256:{'0' * 64}", "1.4.0")

    assert registry.look_up(API, "1.4.0") == Absent()


@pytest.fixture(params=["embedded", "docker-registry"])
def open_registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    if request.param == "embedded":
        with registry_server() as started:
            started.registry.switches.scheme = "none"
            yield Served(started.url)
    else:
        with docker_registry(tmp_path) as url:
            yield Served(url)


def test_an_index_is_found_and_never_taken_for_missing(open_registry: Served) -> None:
    child = image(COMMIT)
    open_registry.pusher.push(API, "child", child)
    digest = open_registry.pusher.push_index(API, "1.4.0", index(child))

    found = open_registry.look_up(API, "1.4.0")

    assert found == Found(digest=digest, revision=COMMIT)


def test_the_revision_of_an_index_is_not_that_of_its_attestation(
    open_registry: Served,
) -> None:
    child, attestation = image(COMMIT), image(OTHER)
    open_registry.pusher.push(API, "child", child)
    open_registry.pusher.push(API, "attestation", attestation)
    document = index(child, attested=attestation)
    digest = open_registry.pusher.push_index(API, "1.4.0", document)

    found = open_registry.look_up(API, "1.4.0")

    assert found == Found(digest=digest, revision=COMMIT)


def test_an_index_keeps_its_identity_under_another_name(open_registry: Served) -> None:
    child = image(COMMIT)
    open_registry.pusher.push(API, "child", child)
    document = index(child)
    digest = open_registry.pusher.push_index(API, f"sha-{COMMIT}", document)

    open_registry.give_tag(API, digest, "1.4.0")

    assert open_registry.look_up(API, "1.4.0") == Found(digest=digest, revision=COMMIT)


@pytest.mark.parametrize("annotated", [True, False], ids=["annotated", "labelled"])
def test_an_index_says_which_of_its_manifests_are_gone(
    open_registry: Served, *, annotated: bool
) -> None:
    kept, lost = image(COMMIT), image(COMMIT)
    for child in (kept, lost):
        open_registry.pusher.push(API, "child", child)
    first = (kept, lost) if annotated else (lost, kept)
    digest = open_registry.pusher.push_index(API, "1.4.0", index(*first))
    open_registry.pusher.delete(API, lost.digest)

    found = open_registry.look_up(API, "1.4.0")

    assert isinstance(found, Found)
    assert (found.digest, found.missing) == (digest, (lost.digest,))


def test_the_annotation_of_a_manifest_names_its_revision(open_registry: Served) -> None:
    digest = open_registry.pusher.push(API, "1.4.0", image(None, annotation=COMMIT))

    found = open_registry.look_up(API, "1.4.0")

    assert found == Found(digest=digest, revision=COMMIT)


@pytest.mark.parametrize("label", ["v1.4.0", "A" * 40, "abc1234", "x" * 200])
def test_a_label_that_is_no_commit_is_quoted(open_registry: Served, label: str) -> None:
    """R54: a short or upper-case hash is not "no commit"."""
    digest = open_registry.push_new(API, "1.4.0", label)

    found = open_registry.look_up(API, "1.4.0")

    assert found == Found(digest=digest, revision=label[:100])


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        pytest.param("Acme/shop", "1.4.0", id="upper-case name"),
        pytest.param("", "1.4.0", id="no name"),
        pytest.param("../secrets", "1.4.0", id="a path"),
        pytest.param(API, "1.4.0+7", id="build metadata"),
        pytest.param(API, "-x", id="an option"),
        pytest.param(API, "a" * 129, id="too long"),
    ],
)
def test_what_no_registry_can_hold_is_wrong_use(
    server: RegistryServer, name: str, tag: str
) -> None:
    with pytest.raises(UsageError, match="cannot be the"):
        Served(server.url).look_up(name, tag)

    assert server.exchanges == []
