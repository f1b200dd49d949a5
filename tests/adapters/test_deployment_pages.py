import json

import pytest

from monokeel.adapters.deployments import Deployments
from monokeel.adapters.github import GitHub
from monokeel.adapters.session import Session
from monokeel.ground.answers import Unknown
from monokeel.ground.errors import ServiceError
from monokeel.promotion.records import Note, payload_of
from tests.fakes.http import serving


def answered(*, statuses: int = 0, more: bool = False, tool: str = "") -> bytes:
    note = payload_of(Note(version="1.0.0", sha="a" * 40))
    note |= {"tool": tool} if tool else {}
    node = {
        "databaseId": 7,
        "commitOid": "a" * 40,
        "environment": "dev",
        "task": "promote",
        "createdAt": "2026-05-01T12:00:00Z",
        "creator": {"__typename": "Bot", "login": "github-actions"},
        "payload": json.dumps(note),
        "statuses": {"totalCount": statuses, "nodes": []},
    }
    page = {"pageInfo": {"hasNextPage": more, "endCursor": "x"}, "nodes": [node]}
    lists = {"nameWithOwner": "acme/shop", "e0": page, "c0": None}
    found = {"viewer": {"login": "ana"}, "repository": lists}
    return json.dumps({"data": found}).encode()


def test_a_commit_that_github_does_not_have_has_no_records() -> None:
    with serving((200, {}, answered())) as server:
        github = GitHub(Session(), api=server.url, repository="acme/shop", token="t")
        listed = Deployments(github).newest({"dev": "dev"}, ["b" * 40])

    assert [record.creator for record in listed.records] == ["github-actions[bot]"]
    assert listed.viewer == "ana"


def test_a_page_full_of_other_tools_is_not_the_whole_ledger() -> None:
    with serving((200, {}, answered(more=True, tool="preview"))) as server:
        github = GitHub(Session(), api=server.url, repository="acme/shop", token="t")
        listed = Deployments(github).newest({"dev": "dev"}, [])

    assert (listed.records, listed.floors) == ((), {"dev": 7})


def test_more_deployments_than_are_read_have_a_way_out() -> None:
    page = answered(more=True, tool="preview").replace(b'"e0"', b'"all"')
    with serving(*[(200, {}, page)] * 100) as server:
        github = GitHub(Session(), api=server.url, repository="acme/shop", token="t")
        with pytest.raises(ServiceError) as caught:
            Deployments(github).history({"dev": "dev"})

    assert "dev: more than 10000 deployments of any tool" in caught.value.problem
    assert "environments of their own" in caught.value.fix
    assert "gh api -X DELETE repos/acme/shop/deployments/ID" in caught.value.fix


def test_what_another_tool_writes_stops_nothing() -> None:
    with serving((200, {}, answered(statuses=51, tool="preview"))) as server:
        github = GitHub(Session(), api=server.url, repository="acme/shop", token="t")
        listed = Deployments(github).newest({"dev": "dev"}, [])

    assert listed.records == ()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"data": null, "errors": [{"type": "FORBIDDEN", "message": "no"}]}'),
        (200, b'{"data": {"viewer": {"login": "ana"}, "repository": null}}'),
        (200, answered(statuses=51)),
        (200, answered()[:-1] + b', "errors": [{"message": "timed out"}]}'),
        (401, b'{"message": "Bad credentials"}'),
        (500, b"<html>Unicorn!</html>"),
    ],
    ids=["refused", "no repository", "more statuses", "in part", "no token", "broken"],
)
def test_an_answer_with_a_gap_is_no_answer(status: int, body: bytes) -> None:
    with serving((status, {}, body)) as server:
        github = GitHub(
            Session(tries=1), api=server.url, repository="acme/shop", token="t"
        )
        with pytest.raises(ServiceError):
            Deployments(github).newest({"dev": "dev"}, [])


def test_an_enterprise_server_is_asked_beside_its_rest_api() -> None:
    with serving((200, {}, answered())) as server:
        api = f"{server.url}/api/v3"
        github = GitHub(Session(), api=api, repository="acme/shop", token="t")
        Deployments(github).newest({"dev": "dev"}, [])

    assert server.seen[0][1] == "/api/graphql"


def test_a_hidden_environment_is_unknown() -> None:
    with serving((403, {}, b'{"message": "Resource not accessible"}')) as server:
        github = GitHub(Session(), api=server.url, repository="acme/shop", token="t")
        seen = Deployments(github).protection("prod")

    assert isinstance(seen, Unknown)


def test_only_approvals_count_as_approval() -> None:
    reviews = [
        {"state": "approved", "user": {"login": "cy"}},
        {"state": "rejected", "user": {"login": "dan"}},
        {"state": "approved", "user": {"login": "ben"}},
    ]
    with serving((200, {}, json.dumps(reviews).encode())) as server:
        github = GitHub(Session(), api=server.url, repository="acme/shop", token="t")
        approvers = Deployments(github).approvers("7")

    assert approvers == ("ben", "cy")
