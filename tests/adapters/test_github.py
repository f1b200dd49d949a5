"""REST over a real connection: pages, and the translation of every refusal."""

import json
from datetime import UTC, datetime

import pytest

from monokeel.adapters.github import GitHub, words_of
from monokeel.adapters.session import Answer, Session
from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError
from sandbox.server import Sandbox
from tests.fakes.http import Reply, serving


def github(url: str, token: str | None = "s3cret") -> GitHub:
    session = Session(tries=1)
    return GitHub(session, api=url, repository="acme/shop", token=token)


def reply(status: int, value: object, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return status, named, json.dumps(value).encode()


def test_all_pages_are_read_and_other_links_are_ignored() -> None:
    with serving(reply(200, [])) as server:
        link = (
            '<https://docs.github.com>; rel="deprecation"; type="text/html", '
            f'<{server.url}/repositories/1/releases?page=2>; rel="next"'
        )
        server.replies[:] = [
            reply(200, [{"id": 1}], Link=link),
            reply(200, [{"id": 2}]),
        ]

        items = github(server.url).pages("/releases")

        assert items == [{"id": 1}, {"id": 2}]
        assert [path for _, path, _ in server.seen] == [
            "/repos/acme/shop/releases?per_page=100",
            "/repositories/1/releases?page=2",
        ]


@pytest.mark.parametrize("words", ["Only the first 1000 results are available.", "no"])
def test_a_list_that_github_ends_after_a_thousand_has_ended(words: str) -> None:
    """R20: drafts stand at its top, and a release is asked for by its tag."""
    with serving(reply(200, [])) as server:
        link = f'<{server.url}/repositories/1/releases?page=11>; rel="next"'
        last = reply(422, {"message": words})
        server.replies[:] = [reply(200, [{"id": 1}], Link=link), last]

        if words == "no":
            with pytest.raises(RefusedError, match="answered 422"):
                github(server.url).pages("/releases")
        else:
            assert github(server.url).pages("/releases") == [{"id": 1}]


def test_a_wrapped_list_is_unwrapped() -> None:
    answer = reply(200, {"total_count": 1, "variables": [{"name": "X"}]})

    with serving(answer) as server:
        variables = github(server.url).pages("/actions/variables", key="variables")

        assert variables == [{"name": "X"}]


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_only_a_404_says_that_there_is_no_such_object(status: int) -> None:
    with serving(reply(404, {}), reply(status, {"message": "no"})) as server:
        assert github(server.url).found("/immutable-releases") is None

        with pytest.raises(ServiceError):
            github(server.url).found("/immutable-releases")


def test_a_page_on_another_host_does_not_get_the_token() -> None:
    link = '<https://evil.example/repos?page=2>; rel="next"'

    with (
        serving(reply(200, [], Link=link)) as server,
        pytest.raises(ServiceError, match=r"another host: evil\.example"),
    ):
        github(server.url).pages("/releases")


def test_the_time_is_that_of_github() -> None:
    with serving(reply(200, {})) as server:
        repository = github(server.url)
        with pytest.raises(ServiceError, match="what time it is"):
            _ = repository.server_date

        repository.request("GET", "//rate_limit")  # this server sends a date

        assert repository.server_date.tzinfo is UTC
        assert isinstance(repository.server_date, datetime)


@pytest.mark.parametrize(
    ("status", "body", "headers", "error", "words"),
    [
        pytest.param(
            404, {"message": "Not Found"}, {}, ServiceError, "hidden", id="404"
        ),
        pytest.param(
            401, {"message": "Bad credentials"}, {}, ServiceError, "expired", id="401"
        ),
        pytest.param(
            403,
            {"message": "Resource not accessible by integration"},
            {"X_Accepted_GitHub_Permissions": "contents=write"},
            ServiceError,
            "The token needs: contents=write.",
            id="weak token",
        ),
        pytest.param(
            403,
            {"message": "Upgrade to GitHub Pro or make this repository public"},
            {},
            ServiceError,
            "upgrade the plan",
            id="plan",
        ),
        pytest.param(
            429,
            {"message": "API rate limit exceeded"},
            {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "3600"},
            ServiceError,
            "it ends at 01:00:00 UTC",
            id="rate limit",
        ),
        pytest.param(500, "oops", {}, ServiceError, "once GitHub answers", id="500"),
        pytest.param(
            422,
            {"message": "Validation Failed", "errors": ["Name must be unique"]},
            {},
            RefusedError,
            "Validation Failed: Name must be unique",
            id="422 with strings",
        ),
        pytest.param(
            422,
            {"message": "Validation Failed", "errors": [{"code": "already_exists"}]},
            {},
            RefusedError,
            "Validation Failed: already_exists",
            id="422 with objects",
        ),
    ],
)
def test_a_refusal_is_translated(
    status: int,
    body: object,
    headers: dict[str, str],
    error: type[MonokeelError],
    words: str,
) -> None:
    with (
        serving(reply(status, body, **headers)) as server,
        pytest.raises(MonokeelError) as caught,
    ):
        github(server.url).request("POST", "/releases", json={})

    assert type(caught.value) is error
    assert words in caught.value.problem + caught.value.fix
    assert "s3cret" not in caught.value.problem + caught.value.fix


def test_without_a_token_the_advice_is_to_set_one() -> None:
    with (
        serving(reply(404, {"message": "Not Found"})) as server,
        pytest.raises(ServiceError) as caught,
    ):
        github(server.url, token=None).request("GET", "/releases")

    assert "Set GITHUB_TOKEN" in caught.value.fix


def test_words_of_an_error_that_is_not_json() -> None:
    unicorn = Answer(status=502, headers={}, body=b"<html>\n Unicorn! </html>")

    assert words_of(unicorn) == "<html> Unicorn! </html>"


def test_a_repository_that_moved_says_where_it_is() -> None:
    """P20."""
    with Sandbox() as box:
        box.switches.renamed_from = "acme/old"
        old = GitHub(
            Session(tries=1),
            api=box.url,
            repository="acme/old",
            token=box.tokens["admin"],
        )

        with pytest.raises(RefusedError) as caught:
            old.request("GET", "/rulesets")
        with pytest.raises(RefusedError) as write:
            old.request("POST", "/labels", json={"name": "new"})

    assert "The repository is acme/shop now" in caught.value.fix
    assert "GitHub answered 307 to POST" in write.value.problem
    assert "The repository is acme/shop now" in write.value.fix


def test_a_repository_that_moves_for_ever_is_asked_for_twice() -> None:
    with serving((301, {"Location": "/repositories/1"}, b"{}")) as server:
        hub = GitHub(Session(tries=1), api=server.url, repository="a/b", token="t")
        place = f"{server.url}/repositories/1"
        server.replies[:] = [(301, {"Location": place}, b"{}")]

        with pytest.raises(RefusedError) as caught:
            hub.request("GET", "/rulesets")

    assert "The repository is elsewhere now" in caught.value.fix
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [302, 307, 308, 418, 600, 999])
def test_a_query_is_never_refused(status: int) -> None:
    with serving((status, {}, b"{}")) as server:
        hub = GitHub(Session(tries=1), api=server.url, repository="a/b", token="t")

        with pytest.raises(ServiceError, match=f"answered {status}"):
            hub.graphql("query { viewer { login } }", {})


@pytest.mark.parametrize("status", [302, 303, 308, 600, 999])
def test_what_is_no_answer_is_no_refusal(status: int) -> None:
    with serving((status, {"Location": "/x"}, b"{}")) as server:
        hub = GitHub(Session(tries=1), api=server.url, repository="a/b", token="t")

        with pytest.raises(ServiceError, match=f"answered {status}"):
            hub.request("GET", "/keys")


@pytest.mark.parametrize(
    "headers",
    [
        {"Date": "Fri, 31 Dec 9999 23:59:59 -1400"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 5000},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 11},
    ],
    ids=["no such year", "too many digits", "too late"],
)
def test_hostile_headers_end_in_one_line(headers: dict[str, str]) -> None:
    """S26, S28."""
    with serving((404, headers, b"{}")) as server:
        hub = GitHub(Session(tries=1), api=server.url, repository="a/b", token="t")

        with pytest.raises(ServiceError, match="GitHub answered 404"):
            hub.request("GET", "/keys")
