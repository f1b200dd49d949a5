"""A version tag is written once, and what is there afterwards decides."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from monokeel.ground.answers import Absent, Found
from monokeel.ground.errors import RefusedError, ServiceError
from sandbox.registry_server import RegistryServer
from sandbox.switches import Fault
from tests.fakes.oci import Pusher, image
from tests.fakes.served import (
    API,
    BUILT,
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


@pytest.mark.parametrize("kind", ["lost", "reset", "status"])
def test_a_write_without_an_answer_is_judged_by_the_tag(
    server: RegistryServer, kind: str
) -> None:
    digest = push(server, BUILT)
    # The first PUT has no token yet: it is the second that would write.
    server.faults.append(Fault(kind=kind, method="PUT", path=MANIFESTS, skip=1))
    registry = adapter(server)

    if kind == "lost":
        registry.give_tag(API, digest, "1.4.0")
    else:
        with pytest.raises(ServiceError, match="was not written"):
            registry.give_tag(API, digest, "1.4.0")

    wanted = digest if kind == "lost" else None
    assert server.registry.repositories[API].tags.get("1.4.0") == wanted


def test_a_write_that_answers_201_and_does_nothing_is_noticed(
    server: RegistryServer,
) -> None:
    digest = push(server, BUILT)
    server.registry.switches.put_without_effect = True

    waited: list[float] = []

    with pytest.raises(ServiceError, match="accepted it and does not show it yet"):
        adapter(server, sleep=waited.append).give_tag(API, digest, "1.4.0")

    assert waited == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_nothing_is_written_while_the_tag_cannot_be_read(
    server: RegistryServer,
) -> None:
    digest = push(server, BUILT)
    server.faults.append(Fault(method="GET", path=MANIFESTS, status=503))

    with pytest.raises(ServiceError, match="503"):
        adapter(server).give_tag(API, digest, "1.4.0")

    assert "1.4.0" not in server.registry.repositories[API].tags


def test_a_tag_taken_meanwhile_is_named_where_tags_are_immutable(
    server: RegistryServer,
) -> None:
    digest, other = push(server, BUILT), push(server, "other", "b" * 40)
    switches = server.registry.switches
    switches.immutable_tags = True
    tags = server.registry.repositories[API].tags
    switches.before_put = lambda _name, tag: tags.update({tag: other})

    with pytest.raises(RefusedError, match=f"{other}.*{digest}"):
        adapter(server).give_tag(API, digest, "1.4.0")

    assert tags["1.4.0"] == other


def test_a_manifest_is_put_as_it_was_byte_for_byte(server: RegistryServer) -> None:
    odd = image(COMMIT)
    spaced = replace(odd, manifest=odd.manifest.replace(b", ", b" ,\n  "))
    digest = Pusher(server.url, PASSWORD).push(API, BUILT, spaced)

    adapter(server).give_tag(API, digest, "1.4.0")

    repository = server.registry.repositories[API]
    assert repository.manifests[repository.tags["1.4.0"]].body == spaced.manifest


@pytest.mark.parametrize("stale", [1, 2, 3])
def test_a_version_is_free_only_after_some_more_looks(
    server: RegistryServer, stale: int
) -> None:
    """G27: the first "no" about a tag just written may be wrong."""
    server.registry.switches.images_stale_reads = stale
    push(server, "1.4.0")
    waited: list[float] = []

    [answer] = adapter(server, sleep=waited.append).settled_all([(API, "1.4.0")])

    assert isinstance(answer, Found)
    assert waited == [0.5, 1.0, 2.0][:stale]


def test_a_version_that_is_free_is_asked_for_four_times(server: RegistryServer) -> None:
    push(server, "1.3.0")
    waited: list[float] = []

    answers = adapter(server, sleep=waited.append).settled_all([(API, "1.4.0")])

    assert answers == [Absent()]
    assert waited == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("stale", [1, 2, 5])
def test_what_was_written_is_read_until_it_is_shown(
    server: RegistryServer, stale: int
) -> None:
    """G25 and G26: neither the build nor the version is called "not there"."""
    server.registry.switches.images_stale_reads = stale
    digest = push(server, BUILT)
    registry = adapter(server)

    assert registry.digest_at(API, BUILT) == digest
    registry.give_tag(API, digest, "1.4.0")

    assert registry.digest_at(API, "1.4.0") == digest


def test_a_package_of_another_repository_says_where_it_is_linked(
    server: RegistryServer,
) -> None:
    """G29: no right of the token helps; the package's own settings do."""
    digest = push(server, BUILT)
    server.faults.append(
        Fault(
            method="PUT",
            path=MANIFESTS,
            status=403,
            body=errors("DENIED", "permission_denied: write_package"),
            times=9,
        )
    )

    with pytest.raises(ServiceError, match="write_package") as caught:
        adapter(server).give_tag(API, digest, "1.4.0")

    assert "another repository" in caught.value.fix
    assert "Manage Actions access" in caught.value.fix
    assert "1.4.0" not in server.registry.repositories[API].tags
