"""An answer has a limit in size and in time, whoever sends it."""

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Callable

import pytest

from monokeel.adapters.session import Session
from monokeel.ground.errors import ServiceError
from tests.fakes.http import serving, speaking

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MIB = 1 << 20
BOMB = {"Content-Encoding": "gzip", "Location": "/elsewhere"}


def drip(client: socket.socket) -> None:
    client.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    while True:
        client.sendall(b" ")
        threading.Event().wait(0.05)


def drip_headers(client: socket.socket) -> None:
    client.sendall(HEAD)
    while True:
        client.sendall(b"x")
        threading.Event().wait(0.05)


def flood(client: socket.socket) -> None:
    client.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        client.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def claim(client: socket.socket) -> None:
    client.sendall(HEAD + b"Content-Length: 4000000000\r\n\r\n" + b" " * 1000)
    threading.Event().wait(0.1)


@pytest.mark.parametrize("say", [drip, drip_headers], ids=["body", "headers"])
def test_a_byte_now_and_then_is_not_waited_for(
    say: Callable[[socket.socket], None],
) -> None:
    """S21."""
    with (
        speaking(say) as url,
        pytest.raises(ServiceError, match=r"did not answer GET /x within 0\.2 s"),
    ):
        Session().request("GET", f"{url}/x", timeout_s=0.2)


def test_a_flood_ends_at_the_limit() -> None:
    """S20, and S22: who writes a release's record does not decide what we load."""
    with (
        speaking(flood) as url,
        pytest.raises(ServiceError, match="answered GET /x with more than 1 MiB"),
    ):
        Session().request("GET", f"{url}/x", largest=MIB)


@pytest.mark.parametrize("status", [200, 302, 404])
def test_a_packed_bomb_fills_no_memory(status: int) -> None:
    """S19; requests reads a redirect whole, were it asked where that leads."""
    bomb = gzip.compress(b"\0" * (300 * MIB))
    tracemalloc.start()
    try:
        with (
            serving((status, BOMB, bomb)) as server,
            pytest.raises(ServiceError, match="more than 50 MiB"),
        ):
            Session().request("GET", server.url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 200 * MIB


def test_an_answer_that_is_cut_short_is_none() -> None:
    with speaking(claim) as url, pytest.raises(ServiceError, match="did not answer"):
        Session(tries=1).request("GET", f"{url}/x", largest=MIB)


def test_what_is_within_the_limit_comes_whole() -> None:
    body = b"x" * MIB
    packed = gzip.compress(body)
    with serving((200, {"Content-Encoding": "gzip"}, packed)) as server:
        answer = Session().request("GET", server.url, largest=MIB)

    assert answer.body == body
