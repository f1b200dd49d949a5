"""Releases: what only a server can show, on the sandbox."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monokeel.adapters.github import GitHub
from monokeel.adapters.releases import Releases
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.release.record import parse_release, record_text
from sandbox.server import Sandbox
from sandbox.switches import Fault
from tests.adapters.release_places import (
    Place,
    box_of,
    empty,
    place_on,
    push_first_commit,
)
from tests.fakes.http import Reply, serving

ASSET: Json = {"id": 1, "name": "release.json", "state": "uploaded"}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        push_first_commit(sandbox, tmp_path_factory.mktemp("clone"))
        yield sandbox
        assert sandbox.violations() == []


@pytest.fixture
def real(box: Sandbox) -> Place:
    empty(box)
    return place_on(box)


def test_every_page_of_the_list_is_read(real: Place) -> None:
    sandbox = box_of(real)
    sandbox.switches.page_size = 2
    drafts = [real.draft(f"1.{minor}.0") for minor in range(5)]

    listed = real.releases.listed()

    sandbox.switches.page_size = 0
    assert {each.id for each in listed} == {draft.id for draft in drafts}


def test_an_asset_elsewhere_is_fetched_without_the_token(real: Place) -> None:
    sandbox = box_of(real)
    draft = real.draft()
    real.releases.attach(draft, record_text(real.record()).encode())
    sandbox.switches.asset_redirect = True
    [listed] = real.releases.listed()

    record = real.releases.file_of(listed)

    # The sandbox answers 400 where a token arrives that does not belong there.
    sandbox.switches.asset_redirect = False
    assert record == record_text(real.record())


def test_an_upload_cut_short_is_no_record(tmp_path: Path) -> None:
    # A sandbox of its own: the description's schema does not know this state.
    with Sandbox() as sandbox:
        push_first_commit(sandbox, tmp_path)
        place = place_on(sandbox)
        sandbox.switches.starter_asset = True
        draft = place.draft()
        with pytest.raises(ServiceError, match="502"):
            place.releases.attach(draft, record_text(place.record()).encode())
        [cut] = place.releases.listed()
        assert place.releases.file_of(cut) is None
        assert cut.assets == {"release.json": None}


def test_an_immutable_release_is_said_to_be_one(real: Place) -> None:
    sandbox = box_of(real)
    github = GitHub(
        Session(tries=1),
        api=sandbox.url,
        repository=sandbox.repository,
        token=sandbox.tokens["admin"],
    )
    github.request("PUT", "/immutable-releases", expect=(204,))

    real.publish("3.0.0")

    found = real.releases.published("v3.0.0")
    github.request("DELETE", "/immutable-releases", expect=(204,))
    assert found is not None
    assert found.immutable is True


def test_a_name_burned_by_an_immutable_release_is_refused(real: Place) -> None:
    sandbox = box_of(real)
    sandbox.state.burned.add("v1.4.0")
    try:
        with pytest.raises(RefusedError, match="was used by an immutable release"):
            real.publish()
    finally:
        sandbox.state.burned.discard("v1.4.0")


@pytest.mark.parametrize("status", [403, 404])
def test_a_token_that_may_not_release_this_commit_is_told_why(
    real: Place, status: int
) -> None:
    body = {"message": "Resource not accessible by integration"}
    fault = Fault(method="POST", path="/releases", status=status, body=dict(body))
    box_of(real).switches.faults.append(fault)

    with pytest.raises(ServiceError, match=str(status)) as failure:
        real.draft()

    assert "workflows: write" in failure.value.fix


def test_a_hidden_repository_has_not_no_release() -> None:
    hidden: Reply = (404, {}, b'{"message": "Not Found"}')
    with serving(hidden, hidden) as server:
        api, name = server.url, "acme/other"
        github = GitHub(Session(tries=1), api=api, repository=name, token="weak")

        with pytest.raises(ServiceError, match="answered 404 to GET /repos/acme/other"):
            Releases(github).published("v1.4.0")


def test_an_upload_address_on_another_host_gets_no_token(real: Place) -> None:
    draft = real.draft()
    upload_url = "https://evil.example/assets{?name,label}"
    elsewhere = replace(draft, upload_url=upload_url)

    with pytest.raises(ServiceError, match=r"evil\.example"):
        real.releases.attach(elsewhere, b"{}")


@pytest.mark.parametrize(
    "address",
    [
        "https://uploads.evil.example/x",
        "https://uploads.github.com.evil.example/x",
        "https://evilgithub.com/x",
        "https://github.com/x",
        *("http://uploads.github.com/x", "file:///etc/passwd", "", "{x}"),
    ],
)
def test_the_token_goes_to_no_other_upload_host(address: str) -> None:
    github = GitHub(
        Session(tries=1, timeout_s=1),
        api="https://api.github.com",
        repository="acme/shop",
        token="t0ken",
    )
    release = parse_release(
        {"id": 1, "tag_name": "v1.0.0", "assets": [], "upload_url": address}
    )

    with pytest.raises(ServiceError, match="leads"):
        Releases(github).attach(release, b"{}")


@pytest.mark.parametrize(
    "address",
    [
        *("http://evil.example/x", "file:///etc/passwd", "//[::1", "ftp://h/x"),
        *("https://u:hunter2@h/x", "//u:hunter2@evil.example"),
    ],
)
def test_a_file_that_is_said_to_be_nowhere_is_no_wrong_use(address: str) -> None:
    release = parse_release({"id": 1, "tag_name": "v1.0.0", "assets": [ASSET]})
    with serving((302, {"Location": address}, b"")) as server:
        github = GitHub(
            Session(tries=1), api=server.url, repository="acme/shop", token="t0ken"
        )

        with pytest.raises(ServiceError) as caught:
            Releases(github).file_of(release)

    assert len(server.seen) == 1
    assert "hunter2" not in caught.value.problem


def test_a_file_that_is_moved_for_ever_is_no_file() -> None:
    release = parse_release({"id": 1, "tag_name": "v1.0.0", "assets": [ASSET]})
    with serving((302, {"Location": "/again"}, b"")) as server:
        github = GitHub(
            Session(tries=1), api=server.url, repository="acme/shop", token="t0ken"
        )

        with pytest.raises(ServiceError, match="answered 302"):
            Releases(github).file_of(release)

    assert [headers.get("authorization") for _, _, headers in server.seen] == [
        "Bearer t0ken",
        None,
    ]


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "in storage"])
def test_a_record_of_two_mebibytes_is_none(elsewhere: bool) -> None:
    """S22, R23: who may write decides how much a file holds."""
    release = parse_release({"id": 1, "tag_name": "v1.0.0", "assets": [ASSET]})
    replies: list[Reply] = [(302, {"Location": "/x"}, b"")] if elsewhere else []
    with serving(*replies, (200, {}, b" " * (2 << 20))) as server:
        github = GitHub(
            Session(tries=1), api=server.url, repository="acme/shop", token="t0ken"
        )

        with pytest.raises(ServiceError, match="more than 1 MiB"):
            Releases(github).file_of(release)
