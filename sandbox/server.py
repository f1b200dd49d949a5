"""The sandbox as a value: start it, point clients at it, look at what happened."""

import functools
import shlex
import shutil
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox import hook
from sandbox.actors import ACTIONS_APP, ACTORS, NOBODY, OWN_APP, TOKENS
from sandbox.client_environment import environment
from sandbox.exchange import Exchange, Incoming, Outgoing
from sandbox.front import Front, Judge
from sandbox.gitrepo import BareRepository
from sandbox.listener import Handler, Server, UnixHandler, UnixServer
from sandbox.records import App
from sandbox.registry import Registry
from sandbox.state import Identity, State
from sandbox.switches import Switches


class Sandbox:
    """A local GitHub with one repository, on 127.0.0.1 only.

    *registry_url* names another registry than the built-in one. Use it as a context
    manager, or call ``start`` and ``stop``.
    """

    def __init__(
        self,
        *,
        owner: str = "acme",
        name: str = "shop",
        port: int = 0,
        registry_url: str = "",
    ) -> None:
        self._server = Server(("127.0.0.1", port), self._handler(Handler))
        self._root = Path(tempfile.mkdtemp(prefix="sandbox-"))
        self._clean = weakref.finalize(self, shutil.rmtree, self._root, True)  # noqa: FBT003  # ignore_errors
        base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.state = State(
            identity=Identity(owner=owner, name=name, base=base),
            git=BareRepository.create(self._root / "git" / f"{name}.git", "main"),
        )
        _install_hooks(self.state.git.path)
        self.images = Registry(self._image_level)
        self.state.image_is_public = self.images.switches.public.__contains__
        self.state.images = self._image_tags
        self.front = Front(state=self.state, judge=_contract(), images=self.images)
        self._external_registry = registry_url
        self._tokens = dict(TOKENS)
        self._socket = self._root / "gh.sock"
        self._unix = UnixServer(str(self._socket), self._handler(UnixHandler))
        self._write_gh_config()

    def __enter__(self) -> Self:
        """Start serving."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving and remove every file."""
        self.stop()

    def start(self) -> None:
        """Serve in threads of their own."""
        for server in (self._server, self._unix):
            threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
            ).start()

    def stop(self) -> None:
        """Close the sockets and remove every file."""
        servers = (self._server, self._unix)
        ends = [threading.Thread(target=server.shutdown) for server in servers]
        for end in ends:
            end.start()
        for end, server in zip(ends, servers, strict=True):
            end.join()
            server.server_close()
        self._clean()

    @property
    def url(self) -> str:
        """Return the address of the API, also the start of every clone address."""
        return self.state.identity.base

    @property
    def registry_url(self) -> str:
        """Return the address of the registry."""
        return self._external_registry or self.url

    @property
    def clone_url(self) -> str:
        """Return the address to clone over HTTP."""
        return f"{self.state.identity.html}.git"

    @property
    def ssh_url(self) -> str:
        """Return the address to clone with a deploy key."""
        return f"git@github.com:{self.repository}.git"

    @property
    def repository(self) -> str:
        """Return ``owner/name``."""
        return self.state.identity.full_name

    @property
    def bare(self) -> Path:
        """Return the bare repository; a push to this path passes no rules."""
        return self.state.git.path

    @property
    def switches(self) -> Switches:
        """Return what makes the sandbox misbehave."""
        return self.state.switches

    @property
    def tokens(self) -> dict[str, str]:
        """Return the token of each caller by name; ``none`` is the empty one."""
        return {**self._tokens, "none": ""}

    @property
    def exchanges(self) -> list[Exchange]:
        """Return every exchange so far, oldest first."""
        return self.front.exchanges

    @property
    def writes(self) -> int:
        """Return how many effects there were: REST, pushes, registry."""
        return self.front.writes

    @property
    def on_write(self) -> Callable[[int, str, str], None] | None:
        """Return what is called after each effect, before its answer goes out."""
        return self.front.on_write

    @on_write.setter
    def on_write(self, call: Callable[[int, str, str], None] | None) -> None:
        self.front.on_write = call

    def allow_deploy_keys(self) -> None:
        """Do what an owner does at …/organizations/OWNER/settings/deploy_keys."""
        self.switches.organization_deploy_keys = True

    def delete_token(self, name: str) -> None:
        """Delete the token of the caller *name*; what hangs on it goes with it."""
        with self.state.lock:
            self.state.delete_token(self.tokens[name])

    def regenerate_token(self, name: str) -> str:
        """Give the caller *name* a new token and return it; its deploy keys stay."""
        people, old = self.state.people, self.tokens[name]
        new = f"{old}-{len(self.exchanges)}"
        with self.state.lock:
            people[new] = people.pop(old)
            self._tokens[name] = new
        return new

    def register_app(self, public_key: str, *rights: str) -> App:
        """Install an App that has exactly *rights*; *public_key* is ``ssh-rsa …``."""
        known = next(actor for actor in ACTORS if actor.name == "app")
        actor = replace(known, rights=frozenset(rights))
        app = App(
            id=OWN_APP, client_id="Iv23sandbox", public_key=public_key, actor=actor
        )
        self.state.app = app
        return app

    def limit(self, token: str, *rights: str) -> None:
        """Give the caller *token* exactly *rights* (``contents:read``).

        As ``permissions:`` of a job does for ``actions``.
        """
        people = self.state.people
        secret = self.tokens[token]
        people[secret] = replace(people[secret], rights=frozenset(rights))

    def kill_after(self, number: int, kill: Callable[[], object]) -> None:
        """Call *kill* once, after the *number*-th write from now on."""
        start = self.writes

        def count(write: int, _: str, __: str) -> None:
            if write == start + number:
                kill()

        self.on_write = count

    @property
    def checks_contract(self) -> bool:
        """Say whether exchanges are checked; it needs jsonschema."""
        return self.front.judge is not None

    def violations(self) -> list[str]:
        """Return what the contract has against the exchanges so far."""
        return [line for exchange in self.exchanges for line in exchange.findings]

    def environ(self, token: str = "admin") -> dict[str, str]:  # noqa: S107  # a name
        """Return the variables that point git, gh and the tasks at this sandbox.

        *token* is a name of ``tokens``; ``none`` leaves the tokens out.
        """
        return environment(
            self.state.identity,
            self.tokens[token],
            registry=self.registry_url,
            gh_config=self._root / "gh",
        )

    def _handler(self, base: type[Handler]) -> type:
        """Return *base* with this sandbox behind it."""

        def front(incoming: Incoming) -> Outgoing | None:
            return self.front.answer(incoming)

        def clock() -> float:
            return self.state.seconds()

        ways = {"front": staticmethod(front), "clock": staticmethod(clock)}
        return type("Bound", (base,), ways)

    def _image_level(self, _: str, password: str) -> str | None:
        """Say what the holder of a token may do with images."""
        actor = self.state.person(password) or NOBODY
        own_app = actor.is_app and actor.app_id != ACTIONS_APP
        if self.images.switches.images_need_classic_token and (
            own_app or actor.kind == "fine"
        ):
            return "denied"
        for right, level in (("packages:write", "write"), ("packages:read", "read")):
            if actor.may(right):
                return level
        return None

    def _image_tags(self) -> dict[str, dict[str, list[str]]]:
        """Return image name to digest to tags."""
        found = {}
        for name, image in self.images.repositories.items():
            digests: dict[str, list[str]] = {digest: [] for digest in image.manifests}
            for tag, digest in image.tags.items():
                digests.setdefault(digest, []).append(tag)
            found[name] = digests
        return found

    def _write_gh_config(self) -> None:
        folder = self._root / "gh"
        folder.mkdir()
        text = f'version: "1"\nhttp_unix_socket: {self._socket}\nprompt: disabled\n'
        (folder / "config.yml").write_text(text, encoding="utf-8")


def _install_hooks(bare: Path) -> None:
    for name in ("proc-receive", "post-receive"):
        path = bare / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        command = shlex.join([sys.executable, "-I", "-S", hook.__file__, name])
        path.write_text(f"#!/bin/sh\nexec {command}\n", encoding="utf-8")
        path.chmod(0o755)


@functools.cache
def _contract() -> Judge | None:
    """Return the checker, ``None`` where jsonschema is missing."""
    try:
        from sandbox.contract import Contract  # noqa: PLC0415
    except ModuleNotFoundError:
        return None
    return Contract()
