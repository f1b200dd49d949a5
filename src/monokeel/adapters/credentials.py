"""How git proves who it is: a token in a header, or a deploy key over SSH.

Neither ever stands in an argument or an address, and each goes only where it belongs:
the token to the host of the configured GitHub, the key to the remote.
"""

import base64
import fcntl
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult

from monokeel.adapters.addresses import is_private, parts_of
from monokeel.ground.answers import Json, as_object
from monokeel.ground.errors import ServiceError
from monokeel.ground.parsers import parse_json, parse_number

_PREFIX = "monokeel-private-"
# Whoever uses a private folder locks this file in it, until its process ends.
_HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What git may use. *token* goes to *server* (``host[:port]``) alone.

    *deploy_key* is the text of a private SSH key. *host_keys* is asked once, before
    the first connection by key, for the server's public keys (``ssh-ed25519 AAAA…``;
    GitHub: ``GET /meta``, ``ssh_keys``); none means that known_hosts decides. *mint*,
    where a GitHub App is the writer, gives the token of one push.
    """

    token: str | None = field(default=None, repr=False)
    server: str = "github.com"
    deploy_key: str | None = field(default=None, repr=False)
    host_keys: Callable[[], tuple[str, ...]] = tuple
    mint: Callable[[], str] | None = field(default=None, repr=False)

    @property
    def writer(self) -> str:
        """Who pushes what the rules protect, in words; "" for the token of a person."""
        if self.mint is not None:
            return "GitHub App"
        return "deploy key" if self.deploy_key is not None else ""


def token_environment(credentials: Credentials, address: str) -> dict[str, str]:
    """Return the variables that make git send the token to *address*, if it may."""
    parts = parts_of(address)
    ours = parts.netloc.rpartition("@")[2] == credentials.server
    if not credentials.token or not is_private(address) or not ours:
        return {}
    pair = base64.b64encode(f"x-access-token:{credentials.token}".encode()).decode()
    base = f"{parts.scheme}://{credentials.server}/"
    return git_setting(f"http.{base}.extraheader", f"Authorization: Basic {pair}")


def git_setting(key: str, value: str) -> dict[str, str]:
    """Return the variables that give git one setting more than the caller's."""
    number = parse_number(os.environ.get("GIT_CONFIG_COUNT", "")) or 0
    more = {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {"GIT_CONFIG_COUNT": str(number + 1), **more}


def _place_of(address: str) -> SplitResult:
    """Return the parts of *address*; scp's way, ``git@host:path``, is ssh."""
    user, at, rest = address.partition("@")
    if at and ":" in rest and "/" not in user and not parts_of(address).scheme:
        host, _, path = rest.partition(":")
        return parts_of(f"ssh://{user}@{host}/{path.lstrip('/')}")
    return parts_of(address)


def ssh_address(address: str) -> str:
    """Return *address* for a push by key: https becomes ``ssh://git@HOST/…``."""
    parts = parts_of(address)
    web = parts.scheme in {"http", "https"} and parts.hostname
    return f"ssh://git@{parts.hostname}{parts.path}" if web else address


def https_address(address: str) -> str:
    """Return *address* for a push by token: ssh becomes https, the rest stays."""
    parts = _place_of(address)
    keyed = parts.scheme == "ssh" and parts.hostname
    return f"https://{parts.hostname}{parts.path}" if keyed else address


@contextmanager
def push_environment(
    credentials: Credentials, address: str
) -> Iterator[tuple[str, dict[str, str]]]:
    """Give the address and the variables for one push by the writer."""
    if credentials.mint is not None:
        address = https_address(address)
        minted = replace(credentials, token=credentials.mint())
        yield address, token_environment(minted, address)
    elif credentials.deploy_key is not None:
        address = ssh_address(address)
        with key_environment(credentials, address) as env:
            yield address, env
    else:
        yield address, token_environment(credentials, address)


@contextmanager
def key_environment(credentials: Credentials, address: str) -> Iterator[dict[str, str]]:
    """Give the variables that make git use the deploy key, by the user's own ssh."""
    with private_folder() as folder:
        key = folder / "key"
        key.touch(mode=0o600)
        key.write_text((credentials.deploy_key or "").strip() + "\n", encoding="utf-8")
        program = os.environ.get("GIT_SSH_COMMAND") or "ssh"
        options = ["-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        if host_keys := credentials.host_keys():
            known, server = folder / "known_hosts", _place_of(address)
            host, port = server.hostname, server.port
            host = f"[{host}]:{port}" if port else host
            lines = [f"{host} {line}\n" for line in host_keys]
            known.write_text("".join(lines), encoding="utf-8")
            options += ["-o", f"UserKnownHostsFile={known}"]
            options += ["-o", "StrictHostKeyChecking=yes"]
        yield {"GIT_SSH_COMMAND": f"{program} {shlex.join(options)}"}


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give an empty folder of this user's; it and those of killed runs are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Gone meanwhile, another user's, or held by a run that lives.
        with suppress(OSError):
            if left.stat().st_uid == os.getuid():
                with (left / _HELD).open("rb") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    # Locked before it has the name that others look for.
    with (folder / "new").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / "new").rename(folder / _HELD)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def own_logins(host: str) -> dict[str, dict[str, Json]]:
    """Return the user's logins to others than *host*: buildah reads one file."""
    env, home = os.environ, Path.home()
    run = env.get("XDG_RUNTIME_DIR")
    own = f"{run}/containers" if run else f"/run/containers/{os.getuid()}"
    places = [
        Path(env.get("DOCKER_CONFIG") or home / ".docker", "config.json"),
        Path(env.get("XDG_CONFIG_HOME") or home / ".config", "containers/auth.json"),
        Path(own, "auth.json"),
    ]
    if named := env.get("REGISTRY_AUTH_FILE"):
        places = [Path(named)]
    found: dict[str, dict[str, Json]] = {"auths": {}, "credHelpers": {}}
    for place in places:  # the last one counts most
        with suppress(OSError, ValueError, ServiceError):
            fields = as_object(parse_json(place.read_bytes()))
            for key, known in found.items():
                said = as_object(fields.get(key) or {}).items()
                known.update((n, x) for n, x in said if n.partition("/")[0] != host)
    return found
