"""A small repository as the template renders it, on a sandbox and a real registry."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sandbox.records import Release
from sandbox.server import Sandbox
from tests import warm
from tests.e2e.registry_proxy import Proxy, Registry

ROOT = Path(__file__).parents[2]
SERVICES = ("api", "web", "worker")
PACKER = f"env PYTHONPATH={ROOT} {warm.program()} -P -m sandbox.packer"
_NUMBERS = itertools.count(1)
_CARE_FREE = shutil.ignore_patterns("__pycache__", ".venv*")


class Shop:
    """One repository of three services, and everything around it.

    *effects* names every lasting write in order: REST calls, pushes, blobs, manifests.
    """

    def __init__(self, folder: Path, proxy: Proxy, name: str) -> None:
        self.folder = folder
        self.name = name
        self.proxy = proxy
        self.box = Sandbox(name=name, registry_url=proxy.url)
        self.box.allow_deploy_keys()  # as an owner did
        self.effects: list[str] = []
        self.kill_after = 0
        self.lose_answer = 0
        self.meeting: threading.Barrier | None = None
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self.box.on_write = self._note_from_box
        self.proxy.on_write = self._note
        self.box.start()
        self.clone = folder / "clone"
        self._make()

    def stop(self) -> None:
        self.box.stop()

    def commit(self, message: str) -> str:
        """Commit to main and push it past all rules; return the commit."""
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--allow-empty", "--message", message)
        git(self.clone, "push", "--quiet", str(self.box.bare), "HEAD:refs/heads/main")
        return git(self.clone, "rev-parse", "HEAD")

    def fresh_clone(self, name: str, commit: str = "main") -> Path:
        """Return another full clone with *commit* checked out on main."""
        path = self.folder / name
        git(self.folder, "clone", "--quiet", str(self.box.bare), str(path))
        git(path, "remote", "set-url", "origin", self.box.clone_url)
        if commit != "main":
            git(path, "reset", "--quiet", "--hard", commit)
        return path

    def start(
        self,
        *arguments: str,
        where: Path | None = None,
        build: int = 0,
        token: str = "admin",
        more: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start ``./inv`` with *arguments*, in a process group of its own.

        It can be killed at once where ``kill_after`` says so.

        Two values of *build* give two digests of one commit; *token* is a name of the
        sandbox, *more* are environment variables.
        """
        killed = {"MONOKEEL_PYTHON": sys.executable} if self.kill_after else {}
        packer = f"env SOURCE_DATE_EPOCH={build} {PACKER}"
        return subprocess.Popen(
            ["./inv", *arguments],
            cwd=where or self.clone,
            env={
                **os.environ,
                **self.box.environ(token),
                "MONOKEEL_BUILD": f"{packer} {{context}} {{image}} {{commit}}",
                **killed,
                **(more or {}),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self,
        *arguments: str,
        where: Path | None = None,
        token: str = "admin",
        more: Mapping[str, str] | None = None,
    ) -> tuple[int, str, str]:
        """Run ``./inv`` to its end, however that comes: code, stdout, stderr."""
        self._process = self.start(*arguments, where=where, token=token, more=more)
        stdout, stderr = self._process.communicate()
        return self._process.returncode, stdout, stderr

    def race(self, runners: dict[Path, int]) -> dict[Path, int]:
        """Release from each clone at the same time; return the exit codes."""
        started = {
            clone: self.start("release", where=clone, build=build)
            for clone, build in runners.items()
        }
        for process in started.values():
            said = process.communicate()[1]
            if process.returncode:
                sys.stdout.write(f"{process.returncode}: {said}\n")  # if a test fails
        return {clone: process.returncode for clone, process in started.items()}

    def wait_for_effects(self, count: int, runner: subprocess.Popen[str]) -> None:
        """Wait until *count* lasting writes have happened, as long as *runner* runs."""
        while len(self.effects) < count:
            assert runner.poll() is None, runner.communicate()[1]
            time.sleep(0.01)

    # What is there

    def refs(self) -> dict[str, str]:
        """Return the tags and claims in the bare repository: ref → commit."""
        fields = "%(refname) %(objectname) %(*objectname)"
        listed = git(self.box.bare, "for-each-ref", f"--format={fields}", "refs/tags")
        words = (line.split() for line in listed.splitlines())
        return {ref: commits[-1] for ref, *commits in words}

    def record(self, ref: str) -> dict[str, object]:
        """Return the record that the annotated tag *ref* carries."""
        text = git(self.box.bare, "cat-file", "tag", ref).partition("\n\n")[2]
        record: dict[str, object] = json.loads(text)
        return record

    def releases(self) -> list[Release]:
        return list(self.box.state.releases)

    def image_tags(self, version: str) -> dict[str, str]:
        """Return the digest of each service's *version*, as the registry has it."""
        place = f"/v2/acme/{self.name}/"
        return {
            service: self.proxy.tags[f"{place}{service}/manifests/{version}"]
            for service in SERVICES
            if f"{place}{service}/manifests/{version}" in self.proxy.tags
        }

    def check(self) -> None:
        """Assert the invariants: at no point is anything half there, or moved."""
        refs, releases = self.refs(), self.releases()
        for ref, commit in refs.items():
            version = ref.removeprefix("refs/tags/v")
            if version == ref:
                continue
            record = self.record(ref)
            assert (record["version"], record["commit"]) == (version, commit)
            assert digests(record) == self.image_tags(version), ref
        for release in releases:
            if not release.draft:
                assert recorded(release) == self.record(f"refs/tags/{release.tag}")
        assert [each for each in self.proxy.moved if "/sha-" not in each] == []

    def assert_complete(self, commit: str, version: str = "1.0.0") -> None:
        """Assert that *version* of *commit* is out, and that nothing is left over."""
        self.check()
        assert self.refs() == {f"refs/tags/v{version}": commit}
        version_tags = self.image_tags(version)
        assert self.image_tags(f"sha-{commit}") == version_tags
        assert [(each.tag, each.draft) for each in self.releases()] == [
            (f"v{version}", False)
        ]
        assert self.box.violations() == []

    def _note_from_box(self, _: int, method: str, target: str) -> None:
        self._note(method, target)

    def _note(self, method: str, target: str) -> bool:
        if self.meeting is not None and _is_last_build(target):
            self.meeting.wait(timeout=60)
        with self._lock:
            self.effects.append(f"{method} {target}")
            number = len(self.effects)
        if number == self.kill_after and self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
        return number == self.lose_answer

    def _make(self) -> None:
        self.clone.mkdir(parents=True)
        for name in ("inv", "tasks.py"):
            shutil.copy2(ROOT / "template" / name, self.clone / name)
        shutil.copytree(ROOT / "template/ops", self.clone / "ops", ignore=_CARE_FREE)
        tables = [
            f'[repository]\nowner = "acme"\nname = "{self.name}"\n',
            "[release]\n",
        ]
        for service in SERVICES:
            path = self.clone / "services" / service
            path.mkdir(parents=True)
            (path / "Dockerfile").write_text("FROM scratch\nCOPY . /app\n")
            (path / "main.txt").write_text(f"the {service} of {self.name}\n")
            tables.append(f'[[services]]\nname = "{service}"\nkind = "api"\n')
        (self.clone / "infra").mkdir()
        (self.clone / "infra/platform.toml").write_text("\n".join(tables))
        (self.clone / ".gitignore").write_text("__pycache__/\n")
        git(self.clone, "init", "--quiet")
        git(self.clone, "remote", "add", "origin", self.box.clone_url)


@contextmanager
def shop_on(registry: Registry, folder: Path) -> Iterator[Shop]:
    """Make a shop whose images have names of their own in *registry*."""
    proxy = Proxy(registry.port)
    shop = Shop(folder, proxy, f"shop-{next(_NUMBERS)}")
    try:
        yield shop
    finally:
        shop.stop()
        proxy.stop()


def _is_last_build(target: str) -> bool:
    return f"/{SERVICES[-1]}/manifests/sha-" in target


def recorded(release: Release) -> dict[str, object] | None:
    """Return the ``release.json`` of *release*, ``None`` while it has none."""
    for asset in release.assets:
        if asset.name == "release.json" and asset.content:
            content: dict[str, object] = json.loads(asset.content)
            return content
    return None


def digests(record: dict[str, object]) -> dict[str, str]:
    services = record["services"]
    assert isinstance(services, dict)
    return {name: image.partition("@")[2] for name, image in services.items()}


def git(where: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=where, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
