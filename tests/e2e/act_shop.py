"""A repository as the template renders it, connected to a sandbox of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.demo.template import ADDRESS, READ, release_template
from sandbox.people import land
from sandbox.records import Issue, Release
from sandbox.server import Sandbox
from tests import warm
from tests.e2e import shop
from tests.e2e.act_rights import admit_app, admit_jobs, give_tokens
from tests.e2e.act_runs import Run, Runner, Trigger

ROOT = Path(__file__).parents[2]
PACKER = f"{shop.PACKER} {{context}} {{image}} {{commit}}"
# Live GitHub adds it on reading, and a write echoes it (wurk#488): the description
# does not know it.
_ECHOED = "require_extra_approval_for_unattributed_changes"


@dataclass(frozen=True, kw_only=True)
class Template:
    """A repository of the template with one release, and what it rendered."""

    source: Path
    rendered: Path

    @property
    def redirect(self) -> dict[str, str]:
        """The git setting that finds the template's address here."""
        return {f"url.file://{self.source}.insteadOf": ADDRESS}


def make_template(base: Path) -> Template:
    """Release this working tree as a template and render it with the defaults."""
    made = Template(source=base / "template", rendered=base / "rendered")
    tag = release_template(made.source, *READ)
    copy = ("copier", "copy", "--quiet", "--defaults", "-r", tag, ADDRESS)
    _run(
        [warm.program(), "-P", "-m", *copy, str(made.rendered)],
        base,
        with_settings({}, made.redirect),
    )
    return made


class ActShop:
    """The repository *box* serves; each run of a workflow has a checkout of its own."""

    def __init__(self, box: Sandbox, base: Path, template: Template) -> None:
        self.box = box
        box.allow_deploy_keys()  # as an owner did
        self.base = base
        self.folder = base / "shop"
        self._runs = 0
        self._settings = template.redirect
        shutil.copytree(template.rendered, self.folder, symlinks=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=chore: start from the template")
        self.git("remote", "add", "origin", "https://github.com/acme/shop.git")
        self.git("push", "--quiet", "origin", "main")
        key = ("--key-file", str(base / "key"), "--register-key", "--yes")
        self.do("./inv", "init", *key)

    def do(self, *command: str) -> str:
        """Run *command* as an administrator does; it must succeed."""
        return _run(list(command), self.folder, self._environment("admin"))

    def git(self, *arguments: str) -> str:
        return self.do("git", *arguments)

    def land(self, title: str, files: Mapping[str, str]) -> str:
        """Bring *files* to main by a pull request; return the commit."""
        return land(self.box, title, files)

    def run(self, workflow: str, trigger: Trigger) -> Run:
        """Run a workflow of main; each job and App has what it asks for."""
        self._runs += 1
        work = self.base / f"run-{self._runs}"
        work.mkdir()
        checkout = work / "checkout"
        _run(["git", "clone", "--quiet", str(self.box.bare), str(checkout)], work, {})
        address = "https://github.com/acme/shop.git"
        _run(["git", "remote", "set-url", "origin", address], checkout, {})
        text = (checkout / ".github/workflows" / workflow).read_text(encoding="utf-8")
        if trigger.app:
            trigger = replace(trigger, app=admit_app(self.box, text))
        runner = Runner(
            work=work,
            environment=self._environment("none"),
            secrets={
                "MONOKEEL_DEPLOY_KEY": (self.base / "key").read_text(),
                **({"MONOKEEL_APP_PRIVATE_KEY": "a-key"} if trigger.app else {}),
                **admit_jobs(self.box, text),
            },
        )
        return runner.run(checkout, give_tokens(text), trigger)

    # What is there

    def ref(self, name: str) -> str:
        """The commit of a ref such as ``refs/tags/v1.0.0``, empty without one."""
        return self.box.state.git.named_commit(name) or ""

    def refs(self, prefix: str) -> list[str]:
        """The refs that begin with *prefix*."""
        listed = _run(
            ["git", "for-each-ref", "--format=%(refname)", prefix], self.box.bare, {}
        )
        return listed.split()

    def digests(self, tag: str) -> dict[str, str]:
        """The digest at *tag* of each image that has it, by the image's name."""
        return {
            name: image.tags[tag]
            for name, image in self.box.images.repositories.items()
            if tag in image.tags
        }

    def releases(self, tag: str) -> list[Release]:
        """The releases of *tag*, drafts too."""
        return [each for each in self.box.state.releases if each.tag == tag]

    def open_issues(self, marker: str) -> list[Issue]:
        """The open issues of one check, such as ``policy-drift``."""
        hidden = f"<!-- monokeel: {marker} -->"
        return [
            each
            for each in self.box.state.issues
            if each.state == "open" and hidden in str(each.body)
        ]

    def _environment(self, token: str) -> dict[str, str]:
        own = {
            "MONOKEEL_BUILD": PACKER,
            "NO_COLOR": "1",
            "TERM": "dumb",
            "GIT_PAGER": "cat",
        }
        return with_settings({**self.box.environ(token), **own}, self._settings)


@contextmanager
def act_shop(base: Path, template: Template) -> Iterator[ActShop]:
    """Give a connected shop with a feature on main; the contract holds at the end."""
    base.mkdir()
    with Sandbox() as box:
        shop = ActShop(box, base, template)
        box.state.private = True  # else much may be read without any right
        shop.land("feat(api): greet by name", {"services/api/NAMES.md": "Ann\n"})
        yield shop
        assert [line for line in box.violations() if _ECHOED not in line] == []


def with_settings(
    environment: Mapping[str, str], settings: Mapping[str, str]
) -> dict[str, str]:
    """Return *environment* with git *settings* added to those it has."""
    count = int(environment.get("GIT_CONFIG_COUNT", "0"))
    added = {"GIT_CONFIG_COUNT": str(count + len(settings))}
    for number, (key, value) in enumerate(settings.items(), count):
        added[f"GIT_CONFIG_KEY_{number}"] = key
        added[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**environment, **added}


def _run(command: list[str], where: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=where,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()
