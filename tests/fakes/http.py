"""A server on loopback that says what a test tells it to, and remembers."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = tuple[int, dict[str, str], bytes]


class Server:
    """Answers with *replies* in order (the last one for ever) and keeps requests."""

    def __init__(self, replies: list[Reply]) -> None:
        self.replies = replies
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []  # of the requests that had one
        self.url = ""

    def reply(self, method: str, path: str, headers: dict[str, str]) -> Reply:
        self.seen.append((method, path, headers))
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def serving(*replies: Reply) -> Iterator[Server]:
    server = Server(list(replies))

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            if size := int(headers.get("content-length", 0)):
                server.bodies.append(self.rfile.read(size))
            status, extra, body = server.reply(self.command, self.path, headers)
            if status == 0:  # the answer is lost
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - names of http.server

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    server.url = f"http://127.0.0.1:{httpd.server_port}"
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()


@contextmanager
def speaking(say: Callable[[socket.socket], object]) -> Iterator[str]:
    """Answer every request with whatever *say* sends, HTTP or not; yield the URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    client.recv(1 << 16)
                    with suppress(OSError):  # who asked has gone
                        say(client)
                        client.shutdown(socket.SHUT_WR)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
