"""HTTP against a real server on loopback: retries, waits, and what never happens."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monokeel.adapters.addresses import check_address
from monokeel.adapters.session import (
    Answer,
    Session,
    map_concurrently,
    wait_before_retry,
)
from monokeel.ground.errors import ServiceError, UsageError
from tests.fakes.http import serving


def test_a_read_is_tried_again_after_a_server_error() -> None:
    with serving((502, {"Retry-After": "0"}, b"oops"), (200, {}, b"{}")) as server:
        answer = Session().request("GET", server.url)

        assert answer.status == 200
        assert len(server.seen) == 2


def test_a_write_is_never_repeated() -> None:
    with serving((502, {"Retry-After": "0"}, b"oops"), (200, {}, b"{}")) as server:
        answer = Session().request("POST", server.url, body=b"{}")

        assert answer.status == 502
        assert len(server.seen) == 1


def test_a_write_whose_answer_is_lost_is_an_error_and_not_repeated() -> None:
    with serving((0, {}, b"")) as server:
        with pytest.raises(ServiceError, match="did not answer POST"):
            Session().request("POST", server.url, body=b"{}")

        assert len(server.seen) == 1


def test_a_read_gives_up_in_the_end_and_shows_the_last_answer() -> None:
    with serving((503, {"Retry-After": "0"}, b"down")) as server:
        answer = Session(tries=3).request("GET", server.url)

        assert answer.status == 503
        assert len(server.seen) == 3


def test_a_host_that_never_answered_is_not_waited_for_again() -> None:
    session = Session(tries=2)
    with serving((0, {}, b"")) as server:
        for _ in range(3):
            with pytest.raises(ServiceError, match="did not answer GET"):
                session.request("GET", server.url)

        assert len(server.seen) == 2


def test_a_host_that_has_answered_once_is_asked_again() -> None:
    session = Session(tries=2)
    with serving((200, {}, b"{}"), (0, {}, b"")) as server:
        session.request("GET", server.url)
        for _ in range(2):
            with pytest.raises(ServiceError, match="did not answer GET"):
                session.request("GET", server.url)

        assert len(server.seen) == 1 + 2 * 2


def test_a_long_wait_is_not_waited_out() -> None:
    with serving((429, {"Retry-After": "3600"}, b"slow down")) as server:
        answer = Session().request("GET", server.url)

        assert answer.status == 429
        assert len(server.seen) == 1


def test_a_netrc_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))

    with serving((200, {}, b"")) as server:
        Session().request("GET", server.url, headers={"Authorization": "Bearer t"})
        Session().request("GET", server.url)

        assert server.seen[0][2]["authorization"] == "Bearer t"
        assert "authorization" not in server.seen[1][2]


def test_a_redirect_is_an_answer_unless_asked_for() -> None:
    with serving((302, {"Location": "/there"}, b""), (200, {}, b"x")) as server:
        assert Session().request("GET", server.url).status == 302
        assert len(server.seen) == 1


def test_an_answer_that_is_not_json_says_so() -> None:
    answer = Answer(status=200, headers={}, body=b"<html>")

    with pytest.raises(ServiceError, match="not JSON: '<html>'"):
        answer.json()


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://example.com", id="plain http"),
        pytest.param("ftp://127.0.0.1", id="ftp"),
        pytest.param("https://ann:s3cret@example.com", id="credentials"),
        pytest.param("example.com", id="no scheme"),
        pytest.param("https://ann:s3cret\uff20example.com", id="a wide @"),
        pytest.param("https://ann:s3cret%40example.com", id="an escaped @"),
        pytest.param("https:\\\\ann:s3cret@example.com", id="backslashes"),
        pytest.param("ann:s3cret/@example.com", id="a slash in it"),
    ],
)
def test_an_unsafe_address_is_refused_without_showing_a_secret(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_address(url)

    assert "s3cret" not in caught.value.problem + caught.value.fix


@pytest.mark.parametrize(
    "url", ["https://ghcr.io", "http://127.0.0.1:1", "http://[::1]:5"]
)
def test_https_and_loopback_are_accepted(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    ("status", "headers", "body", "wait_s"),
    [
        pytest.param(200, {}, b"", None, id="fine"),
        pytest.param(404, {}, b"", None, id="a final no"),
        pytest.param(403, {}, b"no rights", None, id="forbidden"),
        pytest.param(429, {"Retry-After": "7"}, b"", 7.0, id="seconds"),
        pytest.param(
            503,
            {"Retry-After": "Thu, 01 Jan 1998 00:00:09 GMT"},
            b"",
            883612809.0 - 1000,
            id="a date",
        ),
        pytest.param(
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1010"},
            b"API rate limit exceeded",
            11.0,
            id="primary limit",
        ),
        pytest.param(429, {}, b"retry-after: 1.5ms", 0.0015, id="ghcr"),
    ],
)
def test_the_wait_follows_the_answer(
    status: int, headers: dict[str, str], body: bytes, wait_s: float | None
) -> None:
    answer = Answer(status=status, headers=headers, body=body)

    assert wait_before_retry(answer, 1, now=1000.0) == wait_s


def test_a_secondary_limit_without_a_time_is_waited_out_briefly() -> None:
    answer = Answer(status=403, headers={}, body=b"secondary rate limit")

    wait_s = wait_before_retry(answer, 1, now=0.0)

    assert wait_s is not None
    assert 0 < wait_s <= 1


def test_concurrent_results_keep_the_order() -> None:
    double: Callable[[int], int] = lambda n: n * 2  # noqa: E731 - a one-line function

    assert map_concurrently(double, range(40)) == [n * 2 for n in range(40)]
