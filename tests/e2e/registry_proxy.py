"""A real docker-registry, and a proxy before it that sees every write."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from email.message import Message
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PROGRAM = "docker-registry"
Reply = tuple[int, dict[str, str], bytes]
_HOP = {"transfer-encoding", "connection", "keep-alive"}
_WRITTEN = 201


class Registry:
    """docker-registry from Debian, on a free port of 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.port = _free_port()
        config = {
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
            "http": {"addr": f"127.0.0.1:{self.port}", "secret": "tests"},
        }
        path = folder / "registry.yml"
        path.write_text(json.dumps(config), encoding="utf-8")
        program = shutil.which(PROGRAM)
        if program is None:
            raise FileNotFoundError(PROGRAM)
        self._process = subprocess.Popen(
            [program, "serve", str(path)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def _wait(self) -> None:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError(PROGRAM)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Stay silent: the clients of these tests get killed."""


class Proxy:
    """Passes everything on; *on_write* hears of each stored blob and manifest.

    It is called after the effect and before the answer. If it returns true, the
    answer is lost. *tags* is the digest of each tag, *moved* each that ever changed.
    *front* may answer a request itself, before anything is passed on.
    """

    def __init__(self, upstream: int) -> None:
        self.on_write: Callable[[str, str], bool] = lambda _method, _target: False
        self.front: Callable[[str, str, Message], Reply | None] = lambda *_: None
        self.tags: dict[str, str] = {}
        self.moved: list[str] = []
        self.order = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self, upstream))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def note(self, path: str, digest: str) -> None:
        """Record the digest that a tag has from now on."""
        if "/manifests/" in path and "sha256:" not in path:
            if self.tags.get(path, digest) != digest:
                self.moved.append(path)
            self.tags[path] = digest


def _handler(proxy: Proxy, upstream: int) -> type[BaseHTTPRequestHandler]:
    """Return what passes requests on to *upstream* and tells *proxy*."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            said = proxy.front(self.command, self.path, self.headers)
            if said is not None:
                _send(self, *said)
                return
            path = self.path.partition("?")[0]
            # Two writes of one tag are noted in the order in which they took effect.
            with proxy.order if self.command == "PUT" else nullcontext():
                with closing(HTTPConnection("127.0.0.1", upstream)) as behind:
                    behind.request(self.command, self.path, body, dict(self.headers))
                    answer = behind.getresponse()
                    content = answer.read()
                if answer.status == _WRITTEN:
                    proxy.note(path, answer.headers.get("Docker-Content-Digest", ""))
            if answer.status == _WRITTEN and proxy.on_write(self.command, path):
                self.close_connection = True
                return
            _send(self, answer.status, dict(answer.headers.items()), content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815

    return Handler


def _send(
    to: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], content: bytes
) -> None:
    to.send_response_only(status)
    size = str(len(content))
    for name, value in headers.items():
        if name.lower() == "content-length":
            size = value if to.command == "HEAD" else size
        elif name.lower() not in _HOP:
            to.send_header(name, value)
    to.send_header("Content-Length", size)
    to.end_headers()
    if to.command != "HEAD":
        to.wfile.write(content)
    to.wfile.flush()


@contextmanager
def registry_or_skip(folder: Path) -> Iterator[Registry]:
    """Run a registry; skip the test, with the reason, where there is none."""
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"{PROGRAM} is not installed (Debian package {PROGRAM})")
    server = Registry(folder)
    try:
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
