"""The template's repository, mirrored once by our own git: releases and their files."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from monokeel.adapters import objects, process, wheel
from monokeel.adapters.addresses import (
    check_address,
    may_hold_login,
    parts_of,
    shown_address,
)
from monokeel.adapters.credentials import Credentials, https_address, push_environment
from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.parsers import parse_yaml
from monokeel.updates import records, verify
from monokeel.updates.merge import Render
from monokeel.updates.records import ANSWERS_FILE, Recorded

_TIMEOUT_S = 300.0
_SHORT = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+\Z")
_SECTION = re.compile(r"(?m)^## v?(\d+\.\d+\.\d+)\b.*$")
_MOVED = re.compile(r"(?m)^warning: redirecting to (\S+?)/?$")
_BELOW = "template/"  # copier.yml's _subdirectory
_RESTORE = (
    "What is committed counts. The last one that was right: git log --patch --"
    f" {ANSWERS_FILE}. Or delete it and have it written again: ./inv template.update"
    " --adopt VERSION --source OWNER/REPO"
)
_COMMITS_SHOWN = "-30"


class TemplateRepository:
    """The template of the repository at *root*; *work* is an empty directory for it.

    *source* overrides the recorded one; *adopted* stands in for a lost answers file.
    """

    def __init__(
        self,
        root: Path,
        *,
        work: Path,
        source: str = "",
        credentials: Credentials,
        adopted: Recorded | None = None,
    ) -> None:
        self._root, self.work = root, work
        self._source, self._credentials = source, credentials
        self._adopted = adopted
        self.moved = ""  # where the server said that the template is now

    def recorded_at(self, base: str) -> Recorded | None:
        """Return what *base* of the clone records; ``None`` where it has no file."""
        text = objects.text_of(base, ANSWERS_FILE, self._root)
        return None if text is None else _recorded_in(text)

    def recorded(self) -> Recorded:
        """Read the committed file, or before the first commit the disk's."""
        text, path = self._committed(ANSWERS_FILE), self._root / ANSWERS_FILE
        if text is None and path.is_file():
            text = path.read_bytes().decode("utf-8", errors="replace")
        if text is not None and self._adopted is not None:
            raise UsageError(f"{ANSWERS_FILE} is here: there is nothing to adopt")
        if self._adopted is not None:
            return self._adopted
        if text is None:
            fix = "Run this in a repository made from the template. A lost answers"
            fix += " file comes back: ./inv template.update --adopt VERSION"
            raise UsageError(f"there is no {ANSWERS_FILE} here", fix=fix)
        return _recorded_in(text)

    def leftovers(self) -> records.Leftovers:
        """Read what is committed."""
        text = self._committed(records.OPEN_FILE)
        return records.parse_leftovers(None if text is None else text.encode())

    def _committed(self, path: str) -> str | None:
        """Return the text of *path* in HEAD; ``None`` if that, or it, is not there."""
        head = objects.named("HEAD", self._root)
        return objects.text_of(head, path, self._root) if head else None

    def address(self) -> str:
        """Give what git is told; UsageError for credentials, http, a relative path."""
        recorded = self.recorded().source
        host = re.match(r"https://([^/@]+)/", recorded)
        return address_of(self._source or recorded, host[1] if host else "github.com")

    def versions(self) -> tuple[str, ...]:
        """Return the tags ``vX.Y.Z``, or the recorded commit and the newest one."""
        listed = self._ask("ls-remote", "--tags", "--refs", "--")
        lines = listed.split("\n")
        releases = _releases(x.partition("\trefs/tags/")[2] for x in lines)
        here = records.version_of(self.recorded().commit) or ""
        if releases and records.as_ref(here) != here:
            return releases
        commits = self._git("rev-list", "HEAD").stdout.split()
        known = (here,) if any(each.startswith(here) for each in commits) else ()
        if here and known:
            tags = self._git("tag", "--no-column", "--contains", here).stdout
            releases = _releases(tags.split("\n"))
        tip = commits[0][:12]
        last = () if here and tip.startswith(here) else (tip,)
        return (*known, *(releases or last))

    def questions(self, version: str) -> frozenset[str]:
        """Return the names of the questions that *version*, a ref, asks."""
        asked = self.copier_file(version).items()
        named = ((name, each) for name, each in asked if not name.startswith("_"))
        return frozenset(
            name
            for name, question in named
            if not (isinstance(question, dict) and question.get("when") is False)
        )

    def copier_file(self, version: str) -> dict[str, Json]:
        """Return the ``copier.yml`` of *version*, a ref."""
        text = self._git("show", f"{self._commit(version)}:copier.yml").stdout
        return yaml_mapping(text, f"copier.yml of {version}")

    def mirror(self) -> Path:
        """Return the mirror of the template's repository, made on the first call."""
        mirror = self.work / "template.git"
        if not mirror.exists():
            self._ask("clone", "--mirror", "--", after=(str(mirror),))
        return mirror

    def _ask(self, *args: str, after: tuple[str, ...] = ()) -> str:
        """Return what git prints; RefusedError where another host answers."""
        address, credentials = self.address(), self._credentials
        if parts_of(https_address(address)).netloc != credentials.server:
            credentials = replace(credentials, host_keys=tuple)  # they are the server's
        with push_environment(credentials, address) as (asked, env):
            command, ends = ["git", *args, asked, *after], range(256)
            done = process.run(
                command, cwd=self._root, env=env, ok=ends, timeout_s=_TIMEOUT_S
            )
        if done.returncode != 0:
            problem = f"the template at {shown_address(address)} cannot be read:"
            problem += f" {process.reason_in(done.stderr)}"
            fix = "Check --source or TEMPLATE_SOURCE, and the network. A private one"
            fix += " is read with MONOKEEL_TEMPLATE_TOKEN or MONOKEEL_TEMPLATE_KEY:"
            fix += " a job's token ends at its own repository."
            raise ServiceError(problem, fix=fix)
        if moved := _MOVED.search(done.stderr):
            self.moved = moved[1]
            if parts_of(moved[1]).netloc != parts_of(asked).netloc:
                problem = f"the template at {shown_address(address)} is answered from"
                problem += f" another host, {shown_address(moved[1])}"
                fix = "If that is right, name it: --source or TEMPLATE_SOURCE."
                raise RefusedError(problem, fix=fix)
        return done.stdout

    def _git(self, *args: str) -> process.Completed:
        return process.run(["git", *args], cwd=self.mirror())

    def name(self) -> str:
        """Return the recorded release and where it is read: ``v1.4.0 of https://…``."""
        return f"{self.recorded().commit} of {shown_address(self.address())}"

    def delivered(self, version: str = "") -> dict[str, str]:
        """Read the tree of *version* or of what is recorded, never of what is here."""
        commit = self._commit(version)
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", commit, "--", _BELOW)
        found = objects.listed_blobs(listed.stdout)
        blobs = {path.removeprefix(_BELOW): entry for path, entry in found.items()}
        manifest = objects.text_of(commit, f"{_BELOW}{verify.MANIFEST}", self.mirror())
        if manifest is None:
            version = version or self.recorded().commit
            shown = shown_address(self.address())
            raise ServiceError(f"{version} of {shown} has no {verify.MANIFEST}")
        names = {verify.MANIFEST, *verify.parse_manifest(manifest.encode())}
        return {path: blobs[path] for path in sorted(names & blobs.keys())}

    def contents(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the content of *paths* in the recorded release."""
        at, mirror = f"{self._commit()}:{_BELOW}", self.mirror()
        return {path: objects.blob_content(f"{at}{path}", mirror) for path in paths}

    def rebuilt(self) -> dict[str, str]:
        """Build the package's wheel from its sources; ServiceError when that fails."""
        folder, commit = self.work / "sources", self._commit()
        plain = ("-c", "core.autocrlf=false", "-c", "core.hooksPath=/dev/null")
        clone = ("clone", "--quiet", "--shared", "--no-checkout")
        self._git(*plain, *clone, str(self.mirror()), str(folder))
        checkout = ("checkout", "--quiet", "--detach", commit)
        process.run(["git", *plain, *checkout], cwd=folder)
        made = wheel.build_wheel(folder, self.work / "built")
        content = wheel.repack(made.read_bytes())
        return {f"ops/{made.name}": f"100644 {objects.blob_of(content)}"}

    def renamed(self, old: Render, new: Render) -> dict[str, str]:
        """Return old path → new path of the files that the template renamed."""
        said = self._compare(old, new, "-z", "--name-status", "--diff-filter=R")
        paths = [each.partition("/")[2] for each in said.split("\0")]
        return dict(zip(paths[1::3], paths[2::3], strict=False))

    def stat(self, old: Render, new: Render) -> str:
        """Return what changes between two renders: a line a file, and the sum."""
        a, b = Path(old.folder).name, Path(new.folder).name
        said = self._compare(old, new, "--stat=100", "--no-color")
        for part in (f"{{{a} => {b}}}/", f"{a}/", f"{b}/"):
            said = said.replace(part, "")
        return said

    def _compare(self, old: Render, new: Render, *args: str) -> str:
        diff = ("git", "diff", "--no-index", "--no-ext-diff", "-M", *args, "--")
        a, b = Path(old.folder), Path(new.folder)
        return process.run([*diff, a.name, b.name], cwd=a.parent, ok=(0, 1)).stdout

    def notes(self, current: str, version: str) -> str:
        """Return the sections ``## 1.5.0`` of its changelog, or its commits."""
        refs = [records.as_ref(each) for each in (current, version)]
        changelog = objects.text_of(refs[1], "CHANGELOG.md", self.mirror()) or ""
        parts = _SECTION.split(changelog)
        sections = "\n\n".join(
            f"## {name}\n\n{text.strip()}"
            for name, text in zip(parts[1::2], parts[2::2], strict=False)
            if not records.precedes(version, name) and records.precedes(current, name)
        )
        if sections and refs[1] != version:
            return sections
        shown = ("--no-merges", "--no-show-signature", "--format=- %s")
        asked = ("log", _COMMITS_SHOWN, *shown, "..".join(refs), "--", "copier.yml")
        return self._git(*asked, _BELOW).stdout.strip()

    def _commit(self, version: str = "") -> str:
        """Return the commit of *version*, or of the recorded release."""
        named = version or self.recorded().commit
        asked = records.as_ref(records.version_of(named) or named)
        found = objects.named(f"{asked}^{{commit}}", self.mirror(), ok=objects.OR_NONE)
        if found is None:
            problem = f"the template at {shown_address(self.address())} has no {named}"
            fix = "Ask its owners for it, or correct what names it:"
            fix += f" {ANSWERS_FILE}, {records.OPEN_FILE} or the command."
            raise ServiceError(problem, fix=fix)
        return found


def address_of(source: str, host: str = "github.com") -> str:
    """Return the address of *source*; UsageError for credentials, or for none."""
    source = re.sub(r"\Agh:/?", "", source)
    # git looks for a helper of the scheme's name, and knows none in capitals.
    source = re.sub(r"\A\w+(?=://)", lambda scheme: scheme[0].lower(), source)
    if _SHORT.match(source):
        return f"https://{host}/{source.removesuffix('.git')}.git"
    parts = parts_of(source)
    bare = re.match(r"[^/@:]+:(?!//)[^@]*@", source)  # USER:SECRET@HOST
    named = source.startswith(("http:", "https:")) and may_hold_login(source)
    if bare or parts.password or named:
        host = parts.hostname or shown_address(source)
        problem = f"the template's address holds credentials for {host}"
        fix = "Write it without them; a private template is read with"
        fix += " MONOKEEL_TEMPLATE_TOKEN, MONOKEEL_TEMPLATE_KEY or GITHUB_TOKEN."
        raise UsageError(problem, fix=fix)
    if parts.scheme == "http":
        check_address(source)
    if source.startswith("-") or not (":" in source or source.startswith("/")):
        problem = f"{shown_address(source)!r} is not the address of a template"
        fix = "Write OWNER/REPO, an https or ssh address, or an absolute path."
        raise UsageError(problem, fix=fix)
    return source


def _releases(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the versions of those of *tags* that are ``vX.Y.Z``."""
    named = (records.version_of(tag) for tag in tags if tag.startswith("v"))
    return tuple(filter(None, named))


def yaml_mapping(text: str, where: str, *, fix: str = "") -> dict[str, Json]:
    """Return the mapping that *text* is as YAML; UsageError, naming *where*, if not."""
    try:
        value = parse_yaml(text)
    except ValueError as error:
        raise UsageError(f"{where} is not YAML: {error}", fix=fix) from error
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise UsageError(f"{where} is not a YAML mapping of names", fix=fix)
    return value


def _recorded_in(text: str) -> Recorded:
    stored = yaml_mapping(text, ANSWERS_FILE, fix=_RESTORE)
    source, commit = stored.get("_src_path"), stored.get("_commit")
    if not isinstance(source, str) or not isinstance(commit, str):
        problem = f"{ANSWERS_FILE} does not name both _src_path and _commit, as text"
        raise UsageError(problem, fix=_RESTORE)
    if source.startswith("."):
        problem = f"{ANSWERS_FILE} names a relative path as its template: {source!r}"
        fix = "Write the address there, https://github.com/OWNER/monokeel.git."
        raise UsageError(problem, fix=fix)
    answers = {k: v for k, v in stored.items() if not k.startswith("_")}
    return Recorded(source=source, commit=commit, answers=answers)
