"""What an answer names is bounded, too: pages of a list, manifests of an index."""

import json
from collections.abc import Callable

import pytest

from monokeel.adapters.github import GitHub
from monokeel.adapters.manifests import revision_of
from monokeel.adapters.registry import Registry
from monokeel.adapters.session import Session
from monokeel.ground.answers import Unknown
from monokeel.ground.errors import ServiceError
from tests.fakes.http import serving

INDEX = "application/vnd.oci.image.index.v1+json"


def index_of(count: int) -> bytes:
    digests = [{"digest": f"sha256:{number:064x}"} for number in range(count)]
    return json.dumps({"manifests": digests}).encode()


def test_an_index_of_many_manifests_is_not_asked_for_each() -> None:
    with serving((200, {"Content-Type": INDEX}, index_of(201))) as server:
        found = Registry(Session(), address=server.url).look_up("acme/api", "1.0.0")

    assert found == Unknown(reason="acme/api:1.0.0 names 201 manifests")
    assert len(server.seen) == 1


def chain(length: int) -> tuple[bytes, Callable[[str, str], bytes]]:
    """Return an index whose first manifest is an index, and so on *length* times."""
    config = json.dumps({"config": {"digest": f"sha256:{'c' * 64}"}}).encode()
    levels = [index_of(1)] * length + [config, b'{"config": {}}']
    rest = iter(levels[1:])
    return levels[0], lambda _, __: next(rest)


@pytest.mark.parametrize(("length", "known"), [(1, True), (4, True), (5, False)])
def test_an_index_in_an_index_is_followed_a_few_times(
    length: int, *, known: bool
) -> None:
    first, read = chain(length)

    assert isinstance(revision_of(first, read), Unknown) is not known


def test_a_list_of_many_large_pages_ends() -> None:
    page = json.dumps([{"text": "x" * (45 << 20)}]).encode()
    with serving((200, {}, page)) as server:
        server.replies[0][1]["Link"] = f'<{server.url}/2>; rel="next"'
        github = GitHub(Session(), api=server.url, repository="acme/shop", token="t")

        with pytest.raises(ServiceError, match="more than 200 MiB"):
            github.pages("/releases")

    assert len(server.seen) == 5
