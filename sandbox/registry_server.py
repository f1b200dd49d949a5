"""The registry alone, on a loopback address.

``python -m sandbox.registry_server`` starts it and prints its address; user and
password are those of ``MONOKEEL_REGISTRY_USER`` and ``MONOKEEL_REGISTRY_PASSWORD``,
and without them everybody may do everything.
"""

import os
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from sandbox.registry import Registry
from sandbox.registry_access import Reply
from sandbox.switches import Fault


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked, and with which Authorization header; the answer's status."""

    method: str
    target: str
    authorization: str | None
    status: int


@dataclass(slots=True)
class RegistryServer:
    """A registry over HTTP; use it in a ``with`` statement.

    *faults* hit whole requests: ``status``, ``lost`` (done, but no answer), ``reset``
    (not done, no answer), ``slow``. *url* is the address once it is started, such as
    ``http://127.0.0.1:40001``.
    """

    registry: Registry
    faults: list[Fault] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    delay_s: float = 0.0
    url: str = ""
    _server: ThreadingHTTPServer | None = None

    def start(self, port: int = 0) -> Self:
        """Listen on 127.0.0.1; port 0 takes a free one."""
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening and free the port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        """Start on a free port."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, whatever happened."""
        self.stop()

    def fault_for(self, method: str, target: str) -> Fault | None:
        """Return the fault that hits this request, if any."""
        return next((f for f in self.faults if f.takes(method, target)), None)


class _Server(ThreadingHTTPServer):
    # Clients ask for twenty images at once; with the usual queue of 5 some of their
    # connections are dropped and come again after a second.
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Be silent about clients that did not wait; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as declared there


class _Handler(BaseHTTPRequestHandler):
    owner: RegistryServer
    protocol_version = "HTTP/1.1"
    server_version = "monokeel-sandbox"
    # One packet an answer: unbuffered writes meet Nagle and delayed ACKs, 44 ms each.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self._body()
        fault = self.owner.fault_for(self.command, self.path)
        kind = None if fault is None else fault.kind
        time.sleep(self.owner.delay_s + (0.0 if fault is None else fault.delay_s))
        if kind == "reset":
            self._drop()
            return
        reply: Reply
        if fault is not None and kind == "status":
            text = "" if fault.body is None else str(fault.body)
            reply = fault.status, dict(fault.headers), text.encode()
        else:
            reply = self.owner.registry.serve(
                self.command, self.path, self.headers, body, self.owner.url
            )
        authorization = self.headers.get("Authorization")
        self.owner.exchanges.append(
            Exchange(self.command, self.path, authorization, reply[0])
        )
        if kind == "lost":
            self._drop()
            return
        self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _send(self, reply: Reply) -> None:
        status, headers, body = reply
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.command != "HEAD" and status not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def main() -> None:
    """Serve until interrupted."""
    user = os.environ.get("MONOKEEL_REGISTRY_USER", "")
    password = os.environ.get("MONOKEEL_REGISTRY_PASSWORD", "")

    def authenticate(given_user: str, given_password: str) -> str | None:
        return "write" if (given_user, given_password) == (user, password) else None

    registry = Registry(authenticate)
    registry.switches.scheme = "bearer" if password else "none"
    with RegistryServer(registry) as server:
        sys.stdout.write(f"MONOKEEL_REGISTRY={server.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
