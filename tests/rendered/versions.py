"""Three throw-away versions of the template, and a repository made from an older one.

All are this working tree; the files added to them change in every way that hurts.
"""

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from copier import run_copy

from monokeel.adapters.copier import Template
from monokeel.adapters.credentials import Credentials
from monokeel.adapters.objects import Objects, files_below
from monokeel.ground.answers import Json
from monokeel.updates.merge import Render
from monokeel.updates.update import UpdateChoice, UpdatePlan, commit_update, plan_update
from tests.rendered.renders import ROOT, copy_source, git

FIRST, OLD, NEW = "v9997.0.0", "v9998.0.0", "v9999.0.0"
SECURITY = b"# SECURITY LINE of the middle version"
GUIDE = "".join(f"Line {number} of the guide.\n" for number in range(1, 31))
PAGE = "".join(f"Page {number} that will go away.\n" for number in range(1, 31))
CI = ".github/workflows/ci.yml"
IDENTITY = ("-c", "user.name=Ann Example", "-c", "user.email=ann@example.com")

_FIRST: Mapping[str, bytes] = {
    "docs/guide.md": GUIDE.replace("Line 25 of", "Line 25 once of").encode(),
    "docs/early.md": PAGE.encode(),
    "docs/leaving.md": PAGE.replace("Page 9 ", "Page nine ").encode(),
    "docs/moving.md": PAGE.replace("Page", "Leaf").encode(),
}
_BEFORE: Mapping[str, bytes | None] = {
    "docs/early.md": None,
    "docs/guide.md": GUIDE.encode(),
    "docs/leaving.md": PAGE.encode(),
    "docs/moving.md": PAGE.replace("Page", "Leaf").encode(),
    "docs/steady.md": GUIDE.replace("guide", "steady guide").encode(),
    "docs/picture.bin": bytes(range(256)) * 4,
    "docs/byte.bin": bytes(range(256)),
}
_AFTER: Mapping[str, bytes | None] = {
    "docs/guide.md": GUIDE.replace("Line 15 of", "Line fifteen of").encode(),
    "docs/leaving.md": None,
    "docs/moving.md": None,
    "docs/moved.md": PAGE.replace("Page", "Leaf").encode(),
    "docs/picture.bin": bytes(reversed(range(256))) * 4,
    "docs/added.md": b"A new page.\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The template's repository, and the pristine renders of its three versions."""

    source: Path
    first: Path
    old: Path
    new: Path


def make_versions(base: Path) -> Versions:
    """Make the template with its three versions under *base*, and their renders."""
    source = copy_source(base / "monokeel")
    git(source, "tag", "-d", NEW)
    _change(source, "9997.0.0", _FIRST)
    ci = (source / "template" / CI).read_bytes()
    fixed = ci.replace(b"permissions: {}\n", b"permissions: {}\n" + SECURITY + b"\n", 1)
    _change(source, "9998.0.0", {**_BEFORE, CI: fixed})
    _change(source, "9999.0.0", {**_AFTER, **_package_and_pins(source / "template")})
    for version, folder in ((FIRST, "first"), (OLD, "old"), (NEW, "new")):
        run_copy(str(source), base / folder, defaults=True, quiet=True, vcs_ref=version)
    return Versions(
        source=source, first=base / "first", old=base / "old", new=base / "new"
    )


def _package_and_pins(template: Path) -> Mapping[str, bytes]:
    """Return what most new versions change: the wheel, its hashes, pins of actions."""
    [wheel] = (template / "ops").glob("*.whl")
    changed = {f"ops/{wheel.name}": wheel.read_bytes().replace(b"never", b"ne\0er")}
    for name in ("ops/requirements.txt", "ops/requirements-template.txt"):
        text = (template / name).read_bytes()
        changed[name] = re.sub(
            rb"\A(.*sha256:)[0-9a-f]{64}", rb"\g<1>" + b"0" * 64, text
        )
    for path in (template / ".github/workflows").glob("*.yml"):
        text = path.read_bytes()
        name = path.relative_to(template).as_posix()
        changed[name] = re.sub(
            rb"(checkout@)\w+ # v\S+", rb"\1%b # v99.0.0" % (b"d" * 40), text
        )
    return changed


def _repacked(path: Path, content: Mapping[str, bytes]) -> None:
    """Write the wheel at *path* anew, and its hash into the locks beside it."""
    with zipfile.ZipFile(path, "w") as wheel:
        for name, data in content.items():
            wheel.writestr(name, data)
    line = (
        f"./{path.name} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    )
    for name in ("requirements.txt", "requirements-template.txt"):
        lock = path.parent / name
        lock.write_text(re.sub(r"\A.*", line, lock.read_text()))


def rename_modules(template: Path) -> list[str]:
    """Give every module in the wheel of *template* a new name; return the old ones."""
    [path] = (template / "ops").glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        content = {name: wheel.read(name) for name in wheel.namelist()}
    files = {
        name.removesuffix(".py").replace("/", "."): name
        for name in content
        if name.endswith(".py") and not name.endswith(("__init__.py", "__main__.py"))
    }

    def named(match: re.Match[str]) -> str:
        return f"{match[0]}_renewed" if match[0] in files else match[0]

    def imported(match: re.Match[str]) -> str:
        names = re.sub(r"(\w+)(?: as (\w+))?", alias(match[1]), match[2])
        return f"from {match[1]} import {names}"

    def alias(package: str) -> Callable[[re.Match[str]], str]:
        return lambda name: (
            f"{name[1]}_renewed as {name[2] or name[1]}"
            if f"{package}.{name[1]}" in files
            else name[0]
        )

    for name in [*content]:
        if name.endswith(".py"):
            text = re.sub(
                r"from (monokeel[\w.]*) import (\([^)]*\)|.*)",
                imported,
                content.pop(name).decode(),
            )
            text = re.sub(r"\bmonokeel(?:\.\w+)+", named, text)
            new = f"{name[:-3]}_renewed.py" if name in files.values() else name
            content[new] = text.encode()
    _repacked(path, content)
    return sorted(files)


def add_working_tree(source: Path) -> None:
    """Commit this working tree on top of *source*, a clone, as version v9999.0.0."""
    git(source, "rm", "-q", "-r", "-f", "--ignore-unmatch", ".")
    for name in git(ROOT, "ls-files", "-co", "--exclude-standard", "-z").split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    (source / "TEMPLATE_VERSION").write_text("9999.0.0\n")
    git(source, "add", "-A", "-f")
    git(source, *IDENTITY, "commit", "-q", "--allow-empty", "-m", "tree")
    git(source, "tag", NEW)


def start_repository(rendered: Path, target: Path) -> Path:
    """Make *target* a repository with one commit: a copy of *rendered*."""
    shutil.copytree(rendered, target, symlinks=True)
    git(target, "init", "-q", "-b", "main")
    save(target, "chore: start")
    return target


def save(repository: Path, message: str) -> None:
    """Commit everything in *repository*."""
    git(repository, "add", "-A")
    git(repository, *IDENTITY, "commit", "-q", "--allow-empty", "-m", message)


def put(repository: Path, content: Mapping[str, bytes | None]) -> None:
    """Write the files of *content*; ``None`` deletes one."""
    for name, data in content.items():
        path = repository / name
        if data is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


class SharedTemplate(Template):
    """A template whose renders are made once for a whole session, as they are equal."""

    renders: ClassVar[dict[str, Render]] = {}

    def render(self, version: str, answers: Mapping[str, Json]) -> Render:
        named = [self.address(), self.recorded().source, self._commit(version)]
        key = json.dumps([*named, version, dict(answers)])
        if key not in self.renders:
            self.renders[key] = super().render(version, answers)
        return self.renders[key]


def update(
    repository: Path,
    work: Path,
    *,
    source: str = "",
    choice: UpdateChoice | None = None,
    kind: type[Template] = SharedTemplate,
) -> UpdatePlan:
    """Update *repository* and check the branch out; AssertionError if it is current.

    The newest version unless *choice* says another.
    """
    work.mkdir()
    template = kind(repository, work=work, source=source, credentials=Credentials())
    objects = Objects(repository, work=work)
    plan = plan_update(objects, template, choice or UpdateChoice())
    assert plan is not None
    commit = commit_update(plan, objects)
    if commit is not None:
        objects.point(plan.branch, commit, old=plan.before)
        git(repository, "checkout", "-q", "--force", plan.branch)
    return plan


def tree_of(folder: Path) -> dict[str, bytes]:
    """Return path → content of what stands in *folder*, git's own files aside."""
    found = files_below(folder).items()
    return {path: x.content for path, x in found if not path.startswith(".git/")}


def _change(source: Path, version: str, files: Mapping[str, bytes | None]) -> None:
    put(source / "template", files)
    (source / "TEMPLATE_VERSION").write_text(f"{version}\n")
    save(source, f"chore: version {version}")
    git(source, "tag", f"v{version}")
