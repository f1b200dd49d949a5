"""The sockets: HTTP on 127.0.0.1, and the same over a unix socket for ``gh``."""

import socket
import socketserver
import sys
import traceback
from collections.abc import Callable
from email.message import Message
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import ClassVar

from sandbox.exchange import Headers, Incoming, Outgoing

Front = Callable[[Incoming], Outgoing | None]
_EMPTY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Handler(BaseHTTPRequestHandler):
    """Hands each request to *front*; nobody may take us for GitHub."""

    protocol_version = "HTTP/1.1"
    # Headers and body in one packet and no Nagle: 0.6 ms a request, not 44 (observed).
    wbufsize = -1
    disable_nagle_algorithm = True
    front: ClassVar[Front]
    clock: ClassVar[Callable[[], float]]

    def version_string(self) -> str:
        """Return the ``Server`` header."""
        return "monokeel-sandbox"

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the ``Date`` header, by the sandbox's clock."""
        return formatdate(
            type(self).clock() if timestamp is None else timestamp, usegmt=True
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the base class names it
        """Stay silent; the record of exchanges says it all."""

    def _serve(self) -> None:
        incoming = Incoming(
            method=self.command,
            target=_relative(self.path),
            headers=_joined(self.headers),
            body=self._read_body(),
        )
        done = type(self).front(incoming)
        if done is None:
            self.close_connection = True
            return
        self._send(done)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(iter(lambda: _chunk(self.rfile), b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, done: Outgoing) -> None:
        self.send_response(done.status)
        for name, value in done.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        if done.status not in _EMPTY:
            size = len(done.body)
            if self.command == "HEAD":
                size = int(done.headers.get("Content-Length", size))
            self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command != "HEAD" and done.status not in _EMPTY:
            self.wfile.write(done.body if done.sent is None else done.body[: done.sent])
        if done.sent is not None:
            self.close_connection = True
        self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815


class _Calm:
    """A server that keeps quiet when a client goes away in the middle."""

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Report what is wrong with us, not that somebody was killed."""
        if not isinstance(sys.exception(), ConnectionError):
            traceback.print_exc()


class Server(_Calm, ThreadingHTTPServer):
    """The TCP server; threads end with the process."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class UnixServer(_Calm, socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """The same on a unix socket, which ``gh`` takes for api.github.com."""

    daemon_threads = True
    block_on_close = False

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Return the connection with an address in the form of TCP's."""
        connection, _ = super().get_request()
        return connection, ("local", 0)


class UnixHandler(Handler):
    """A handler without the TCP option."""

    disable_nagle_algorithm = False


def _chunk(stream: BufferedIOBase) -> bytes:
    size = int(stream.readline().partition(b";")[0] or b"0", 16)
    chunk = stream.read(size)
    stream.readline()
    return chunk


def _relative(target: str) -> str:
    """Return *target* without a host; some clients send an absolute one."""
    if target.startswith("http"):
        return "/" + target.partition("//")[2].partition("/")[2]
    return target


def _joined(headers: Message) -> Headers:
    """Return *headers* with the values of a repeated name in one line."""
    return Headers(
        {
            name: ", ".join(str(value) for value in headers.get_all(name, []))
            for name in dict.fromkeys(name.lower() for name in headers)
        }
    )
