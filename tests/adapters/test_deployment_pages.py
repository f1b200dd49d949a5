import json

from monokeel.adapters.deployments import Deployments
from monokeel.adapters.github import GitHub
from monokeel.adapters.session import Session
from monokeel.ground.answers import Unknown
from monokeel.promotion.records import Note, payload_of
from tests.fakes.http import serving


def page(*numbers: int, environment: str = "dev") -> bytes:
    note = payload_of(Note(version="1.0.0", sha="a" * 40))
    items = [
        {
            "id": number,
            "sha": "a" * 40,
            "environment": environment,
            "task": "promote",
            "created_at": "2026-05-01T12:00:00Z",
            "creator": {"login": "ana"},
            "payload": note,
        }
        for number in numbers
    ]
    return json.dumps(items).encode()


MORE = {"Link": '<http://127.0.0.1/next>; rel="next"'}


def test_an_ordered_page_with_every_environment_is_enough() -> None:
    with serving((200, MORE, page(9, 8, 7))) as server:
        github = GitHub(Session(), api=server.url, repository="acme/shop", token="t")
        listed = Deployments(github).newest(["dev"])

    assert ([r.id for r in listed.records], listed.complete) == ([9, 8, 7], False)
    assert len(server.seen) == 1


def test_an_environment_that_is_not_on_the_page_is_asked_for() -> None:
    replies = [(200, MORE, page(9, 8)), (200, {}, page(3, environment="prod"))]
    with serving(*replies) as server:
        github = GitHub(Session(), api=server.url, repository="acme/shop", token="t")
        listed = Deployments(github).newest(["dev", "prod"])

    assert [record.id for record in listed.records] == [9, 8, 3]
    assert "environment=prod" in server.seen[1][1]


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
