"""A small HTTP service on the standard library: replace it with your own.

It listens on HOST:PORT (127.0.0.1:8080), answers ``/`` and ``/healthz`` with JSON,
finishes open requests on SIGTERM and then stops with exit code 0.
"""

import json
import os
import signal
import sys
import threading
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVICE = os.environ.get("SERVICE", "api")


def respond(path):
    """Return the status and the JSON value for a GET of *path*."""
    match path.partition("?")[0]:
        case "/":
            return HTTPStatus.OK, {"service": SERVICE}
        case "/healthz":
            return HTTPStatus.OK, {"status": "ok"}
        case other:
            return HTTPStatus.NOT_FOUND, {"error": f"there is nothing at {other}"}


class Handler(BaseHTTPRequestHandler):
    """Answer GET requests."""

    protocol_version = "HTTP/1.1"
    timeout = 10  # seconds that a silent client may hold a thread

    def do_GET(self):
        """Send what respond() says."""
        status, value = respond(self.path)
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """A server that does not wait for idle connections when it stops."""

    daemon_threads = True


def main():
    """Serve until SIGTERM or SIGINT."""
    address = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8080"))
    with Server(address, Handler) as server:

        def stop(*_):
            # shutdown() waits for the loop below, so it must not run inside it.
            threading.Thread(target=server.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        print(f"{SERVICE} listens on {address[0]}:{server.server_port}", flush=True)
        server.serve_forever()
    print(f"{SERVICE} stopped", flush=True)


def is_healthy():
    """Ask the running service whether it is well."""
    url = f"http://127.0.0.1:{os.environ.get('PORT', '8080')}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == HTTPStatus.OK
    except OSError:
        return False


if __name__ == "__main__":
    if sys.argv[1:] == ["--healthcheck"]:
        sys.exit(0 if is_healthy() else 1)
    main()
