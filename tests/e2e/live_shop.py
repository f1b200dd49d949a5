"""A repository on the sandbox with published releases, made without our tasks."""

import itertools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from monokeel.adapters.credentials import Credentials
from monokeel.adapters.deployments import Deployments
from monokeel.adapters.git import Git
from monokeel.adapters.github import GitHub
from monokeel.adapters.machine import time_zone
from monokeel.adapters.registry import Registry
from monokeel.adapters.registry_access import Login
from monokeel.adapters.releases import Releases
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from monokeel.ground.settings import Settings, parse_settings
from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import Plan, Request, plan_promotion
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import Note
from monokeel.release.record import ReleasedImage, ReleaseRecord, record_text
from sandbox.packer import Target, pack
from sandbox.server import Sandbox
from tests import warm

ROOT = Path(__file__).parents[2]
SERVICES = ("api", "worker")
POLICY = """\
[repository]
owner = "acme"
name = "shop"

[[environments]]
name = "dev"
prerelease = true

[[environments]]
name = "staging"

[[environments]]
name = "prod"
reviewers = true
"""
_PREVIEW: dict[str, Json] = {"environment": "preview", "payload": {}}
ENV_RULES: dict[str, Json] = {
    "name": "env-pointers",
    "target": "branch",
    "enforcement": "active",
    "bypass_actors": [
        {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}
    ],
    "conditions": {"ref_name": {"include": ["refs/heads/env/*"], "exclude": []}},
    "rules": [
        {"type": "creation"},
        {"type": "update", "parameters": {"update_allows_fetch_and_merge": False}},
        {"type": "deletion"},
    ],
}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class LiveShop:
    """A clone at *folder* with the tasks in it, and everything on *box*."""

    def __init__(
        self, box: Sandbox, folder: Path, services: tuple[str, ...] = SERVICES
    ) -> None:
        self.box = box
        self.services = services
        box.allow_deploy_keys()  # as an owner did
        self.folder = folder
        self.github = GitHub(
            Session(),
            api=box.url,
            repository=box.repository,
            token=box.tokens["admin"],
        )
        self.environment = {**os.environ, **box.environ("admin")}
        source = ROOT / "template"
        (folder / "infra").mkdir(parents=True)
        shutil.copy(source / "tasks.py", folder / "tasks.py")
        (folder / "infra/platform.toml").write_text(
            POLICY
            + "".join(
                f'\n[[services]]\nname = "{each}"\nkind = "api"\n' for each in services
            ),
            encoding="utf-8",
        )
        (folder / "infra/rulesets.json").write_text("[]", encoding="utf-8")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", "https://github.com/acme/shop.git")
        self.git("config", f"url.{box.url}/.insteadOf", "https://github.com/")
        self.save("chore: start")
        # platform.toml asks for an approval in prod: so does GitHub.
        self.github.request(
            "PUT",
            "/environments/prod",
            json={"reviewers": [{"type": "User", "id": 1001}]},
        )

    def outside(self, token: str = "admin") -> Outside:
        """All that promotion asks, in this process: *token* is a name of the box."""
        github = GitHub(
            Session(),
            api=self.box.url,
            repository=self.box.repository,
            token=self.box.tokens[token],
        )
        here = Credentials(
            token=self.box.tokens[token], server=self.box.url.removeprefix("http://")
        )
        login = Login(user="ann", password=self.box.tokens["admin"])
        return Outside(
            clone=Git(self.folder, credentials=here),
            records=Deployments(github),
            images=Registry(Session(), address=self.box.registry_url, login=login),
            zones=time_zone,
        )

    def promote(self, request: Request, *, token: str = "admin") -> Plan:
        """Do what *request* says in this process, with everything as it is."""
        outside = self.outside(token)
        plan = plan_promotion(request, outside, self.settings)
        return move_environment(plan, outside)

    def place(self, version: str, *environments: str) -> None:
        """Promote *version* to each of *environments*."""
        for name in environments:
            self.promote(Request(environment=name, version=version))

    @property
    def settings(self) -> Settings:
        text = (self.folder / "infra/platform.toml").read_text(encoding="utf-8")
        return parse_settings(text)

    def git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def save(self, message: str) -> str:
        """Commit everything and bring it to main."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        self.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
        return self.git("rev-parse", "HEAD")

    def release(self, version: str) -> str:
        """Release *version* at a new commit: images, tag, published release.json."""
        (self.folder / "VERSION").write_text(version, encoding="utf-8")
        commit = self.save(f"feat: {version}")
        images = tuple(self._publish(each, version, commit) for each in self.services)
        record = ReleaseRecord(version=version, commit=commit, images=images)
        text = record_text(record)
        self.git("tag", "--annotate", "--message", text, f"v{version}", commit)
        self.git("push", "--quiet", "origin", f"refs/tags/v{version}")
        releases = Releases(self.github)
        draft = releases.create_draft(f"v{version}", title=version, body="")
        releases.attach(draft, record_text(record).encode())
        releases.publish(draft, title=version, body="", latest=True)
        self.box.images.settle()  # it was released a while ago
        return commit

    def inv(self, *args: str, **variables: str) -> Done:
        """Run a task as a user does."""
        done = subprocess.run(
            [warm.program(), "-P", "-m", "invoke", *args],
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a task and do not wait for it."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "invoke", *args],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def at(self, environment: str) -> str:
        """The commit of the branch of *environment* on the server."""
        return self.box.state.git.ref(f"refs/heads/env/{environment}") or ""

    def version_at(self, environment: str) -> str:
        """The version of the branch of *environment* on the server."""
        git = self.box.state.git
        at, tags = self.at(environment), (git.ask("tag", "--list") or "").split()
        found = [tag for tag in tags if git.commit_of(f"refs/tags/{tag}") == at]
        return found[-1].removeprefix("v") if found else ""

    def multiply_records(self, count: int, *, foreign: int) -> None:
        """Put older copies of what is recorded there, and previews of another tool."""
        state = self.box.state
        kept = [*state.deployments]
        copies = [replace(kept[at % len(kept)]) for at in range(count)]
        for at, copy in enumerate(copies):
            copy.id = at + 1
        start = len(copies) + 1
        previews = [
            replace(kept[0], id=start + at, body={**kept[0].body, **_PREVIEW})
            for at in range(foreign)
        ]
        for at, record in enumerate(kept):
            record.id = start + foreign + at
        state.deployments[:] = [*copies, *previews, *kept]
        state.ids = itertools.count(start + foreign + len(kept))

    def forge_record(
        self, environment: str, version: str, commit: str, *, token: str
    ) -> None:
        """Write a record such as ours, with the token of somebody else."""
        note = Note(version=version, sha=commit, actor="ana", approvers=("ana",))
        github = GitHub(
            Session(),
            api=self.box.url,
            repository=self.box.repository,
            token=self.box.tokens[token],
        )
        records = Deployments(github)
        how = {"tag": f"v{version}", "task": "promote"}
        record, _ = records.create(environment, note, **how, production=False)
        records.settle(record, "success", "")

    def rest_calls(self) -> int:
        """How many REST requests there were so far."""
        return sum(exchange.family == "rest" for exchange in self.box.exchanges)

    def _publish(self, service: str, version: str, commit: str) -> ReleasedImage:
        context = self.folder / "services" / service
        context.mkdir(parents=True, exist_ok=True)
        (context / "Dockerfile").write_text("FROM scratch\nCOPY . /app/\n")
        (context / "version.txt").write_text(version)
        host = self.box.registry_url.removeprefix("http://")
        path = f"acme/shop/{service}"
        label = {"org.opencontainers.image.revision": commit}
        image = pack(context, label, created=datetime.fromtimestamp(0, UTC))
        password = self.box.tokens["admin"]
        Target(f"{host}/{path}:sha-{commit}", "ann", password).push(image)
        registry = Registry(
            Session(),
            address=self.box.registry_url,
            login=Login(user="ann", password=password),
        )
        registry.give_tag(path, image.digest, version)
        return ReleasedImage(
            service=service, image=f"ghcr.io/{path}", digest=image.digest
        )
