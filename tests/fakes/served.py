"""The embedded registry over HTTP, and the adapter that talks to it."""

from collections.abc import Callable

from monokeel.adapters.registry import Registry
from monokeel.adapters.registry_access import Login
from monokeel.adapters.session import Session
from sandbox.registry import Registry as Embedded
from sandbox.registry_server import RegistryServer
from tests.fakes.oci import Pusher

API = "acme/shop/api"
COMMIT = "a" * 40
PASSWORD = "p4ssw0rd"
BUILT = f"sha-{COMMIT}"
MANIFESTS = r"/manifests/1\.4\.0"


def may_write(_: str, password: str) -> str | None:
    return {PASSWORD: "write", "reader": "read"}.get(password)


def registry_server() -> RegistryServer:
    registry = Embedded(may_write)
    registry.switches.images_stale_reads = 0  # any registry; GHCR's lag is tried apart
    return RegistryServer(registry)


def adapter(
    server: RegistryServer,
    password: str | None = PASSWORD,
    *,
    timeout_s: float = 10,
    login: Login | None = None,
    sleep: Callable[[float], None] = lambda _: None,
) -> Registry:
    return Registry(
        Session(tries=1),
        address=server.url,
        login=login or Login(user="robot", password=password),
        timeout_s=timeout_s,
        sleep=sleep,
    )


def push(server: RegistryServer, tag: str, revision: str | None = COMMIT) -> str:
    return Pusher(server.url, PASSWORD).push_new(API, tag, revision)


def errors(code: str, message: str = "no") -> str:
    return f'{{"errors":[{{"code":"{code}","message":"{message}"}}]}}'
