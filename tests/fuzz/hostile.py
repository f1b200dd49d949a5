"""A server in front of the sandbox that spoils some of its answers, by a seed."""

import gzip
import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from monokeel.ground.answers import Json

DEEP = b"[" * 100_000 + b"]" * 100_000
WORDS = (
    *("", "\x1b[31mred\x1b[0m", "::error::x", "\u202eabc", "\u00b2", "x" * 10_000),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-45"),
    *("http://[::1/", "file:///etc/passwd", "https://u:p@evil.example/", "-x", "../.."),
    *(
        "sha256:" + "0" * 64,
        "refs/heads/" + "\udcff",
        "\x00",
        "{}",
        "[" * 500,
        "\\ud800",
    ),
)
VALUES: list[Json] = [
    *WORDS,
    None,
    True,
    0,
    -1,
    10**400,
    2**63,
    1.5,
    [],
    {},
    [[]],
    [None],
    {"": None},
]
BODIES = (
    *(b"", b"{", b"null", b"[]", b"{}", b"NaN", b"<html>", b"\xff\xfe", b"1" * 5000),
    *(DEEP, b'{"a":' * 100_000, b'"\\ud800"', b'{"message": "\x1b[31m"}'),
    *(b'{"message": 1, "errors": [1, {}, null]}', b'{"errors": [{"message": []}]}'),
)
HEADERS = (
    ("Date", "Fri, 31 Dec 9999 23:59:59 -1400"),
    ("Date", "x"),
    ("Link", '<http://[::1/>; rel="next"'),
    ("Link", '<https://evil.example/>; rel="next"'),
    ("X-GitHub-Request-Id", "\x1b[31m"),
    ("X-Accepted-GitHub-Permissions", "\x1b]0;x\x07"),
    ("WWW-Authenticate", 'Bearer realm="http://[::1/",service="x"'),
    ("WWW-Authenticate", 'Bearer realm="https://evil.example/token"'),
    ("WWW-Authenticate", "Bearer"),
    ("Docker-Content-Digest", "sha256:x"),
    ("Content-Type", "text/html"),
    ("Location", "http://[::1/"),
    ("Content-Encoding", "gzip"),
)
STATUSES = (200, 201, 204, 302, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503, 999)
# Some of these are waited for; none for long.
LIMITS = (
    {"Retry-After": "0"},
    {"Retry-After": "99999"},
    {"Retry-After": "\u00b2"},
    {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "\u00b2"},
    {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 5000},
    {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"},
)
_DROPPED = {"content-length", "transfer-encoding", "connection", "content-encoding"}


Spoilt = tuple[int, dict[str, str], bytes]


class Hostile:
    """Spoils about *share* of the answers of the server at *url*, and *also* them."""

    def __init__(self, url: str, seed: int, share: float) -> None:
        self.target = urlsplit(url)
        self.random = random.Random(seed)  # noqa: S311 - a repeatable one
        self.share = share
        self.url = ""
        self.also: Callable[[str, Spoilt], Spoilt] = lambda _, answer: answer

    def spoil(self, status: int, headers: dict[str, str], body: bytes) -> Spoilt:
        pick = self.random
        if pick.random() > self.share:
            return status, headers, body
        kind = pick.randrange(6)
        if kind == 0:
            status = pick.choice(STATUSES)
            body = pick.choice((body, *BODIES))
            headers = headers | pick.choice(LIMITS)
        elif kind == 1:
            body = pick.choice(BODIES)
        elif kind in (2, 3):
            body = self._field(body)
        elif kind == 4:
            headers = headers | dict([pick.choice(HEADERS)])
        else:
            body = gzip.compress(b"\0" * (1 << 22), mtime=0)[: pick.randrange(1, 4000)]
            headers = headers | {"Content-Encoding": "gzip"}
        return status, headers, body

    def _field(self, body: bytes) -> bytes:
        """Return the JSON *body* with one of its values exchanged."""
        try:
            value: Json = json.loads(body)
        except ValueError:
            return self.random.choice(BODIES)
        places: list[tuple[Json, str | int]] = []
        stack = [value]
        while stack:
            each = stack.pop()
            if isinstance(each, dict):
                places += [(each, key) for key in each]
                stack += each.values()
            elif isinstance(each, list):
                places += [(each, index) for index in range(len(each))]
                stack += each
        if not places:
            return self.random.choice(BODIES)
        holder, key = self.random.choice(places)
        holder[key] = self.random.choice(VALUES)  # type: ignore[index]
        return json.dumps(value).encode()


def forward(
    spoiler: Hostile, request: BaseHTTPRequestHandler
) -> tuple[HTTPResponse, bytes]:
    """Ask the server behind *spoiler* what *request* asks; return answer and body."""
    length = int(request.headers.get("Content-Length") or 0)
    port = spoiler.target.port
    upstream = HTTPConnection(str(spoiler.target.hostname), port, timeout=30)
    kept = {k: v for k, v in request.headers.items() if k.lower() != "host"}
    body = request.rfile.read(length)
    upstream.request(request.command, request.path, body, kept)
    said = upstream.getresponse()
    content = said.read()
    upstream.close()
    return said, content


@contextmanager
def hostile(url: str, seed: int, share: float) -> Iterator[Hostile]:
    """Serve the server at *url*, spoilt."""
    spoiler = Hostile(url, seed, share)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            said, content = forward(spoiler, self)
            before, now = spoiler.target.geturl(), spoiler.url
            headers = {
                name: value.replace(before, now)
                for name, value in said.getheaders()
                if name.lower() not in _DROPPED
            }
            content = content.replace(before.encode(), now.encode())
            answer = spoiler.spoil(said.status, headers, content)
            status, headers, content = spoiler.also(self.path, answer)
            self.send_response_only(status, "x")
            for name, value in headers.items():
                self.send_header(
                    name, value.encode("latin-1", "replace").decode("latin-1")
                )
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    spoiler.url = f"http://127.0.0.1:{httpd.server_port}"
    try:
        yield spoiler
    finally:
        httpd.shutdown()
        httpd.server_close()
