"""The template's repository: what is recorded of it, its releases, and their files.

It is mirrored once, by our own git with its credentials; everything else reads that.
"""

import re
from pathlib import Path

from monokeel.adapters import wheel
from monokeel.adapters.addresses import check_address, parts_of, shown_address
from monokeel.adapters.credentials import Credentials, token_environment
from monokeel.adapters.process import reason_in, run
from monokeel.adapters.worktree import blob_of, listed_blobs
from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError, UsageError
from monokeel.ground.parsers import parse_yaml
from monokeel.ground.version import is_newer
from monokeel.updates.edits import ANSWERS_FILE, Recorded, Render
from monokeel.updates.leftovers import OPEN_FILE, Leftovers, parse_leftovers
from monokeel.updates.verify import MANIFEST, parse_manifest

_TIMEOUT_S = 300.0
_TAG = re.compile(r"refs/tags/(v(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2})\Z")
_SHORT = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+\Z")
_SECTION = re.compile(r"(?m)^## v?(\d+\.\d+\.\d+)\b.*$")
_BELOW = "template/"  # copier.yml's _subdirectory


class TemplateRepository:
    """The template of the repository at *root*; *work* is an empty directory for it.

    *source* overrides the recorded one: ``owner/repo`` on GitHub, or an address.
    """

    def __init__(
        self, root: Path, *, work: Path, source: str = "", credentials: Credentials
    ) -> None:
        self._root = root
        self.work = work
        self._source = source
        self._credentials = credentials

    def recorded(self) -> Recorded:
        """Return what the committed answers file says: source, version, answers.

        A half-made change on disk does not count; before the first commit, the disk
        is all there is. Raises UsageError when there is none, or when it is not one of
        Copier's.
        """
        text = _text_of(f"HEAD:./{ANSWERS_FILE}", self._root)
        path = self._root / ANSWERS_FILE
        if text is None and path.is_file():
            text = path.read_bytes().decode("utf-8", errors="replace")
        if text is None:
            raise UsageError(
                f"there is no {ANSWERS_FILE} here",
                fix="Run this in a repository made from the template. A lost answers"
                " file comes back as docs/OPERATIONS.md says.",
            )
        stored = yaml_mapping(text, ANSWERS_FILE)
        source, commit = stored.get("_src_path"), stored.get("_commit")
        if not isinstance(source, str) or not isinstance(commit, str):
            raise UsageError(
                f"{ANSWERS_FILE} names no _src_path and no _commit",
                fix=f"Restore it: git checkout HEAD -- {ANSWERS_FILE}",
            )
        answers = {k: v for k, v in stored.items() if not k.startswith("_")}
        return Recorded(source=source, commit=commit, answers=answers)

    def leftovers(self) -> Leftovers:
        """Return what earlier updates left open, as it is committed."""
        text = _text_of(f"HEAD:./{OPEN_FILE}", self._root)
        return parse_leftovers(None if text is None else text.encode())

    def address(self) -> str:
        """Return where the template is read from, as git is told.

        Raises UsageError for an address with credentials in it, for plain http to
        another machine, and for a relative path.
        """
        source = re.sub(r"\Agh:/?", "", self._source or self.recorded().source)
        if _SHORT.match(source):
            return f"https://{self._host()}/{source.removesuffix('.git')}.git"
        parts = parts_of(source)
        if parts.password or (parts.username and parts.scheme in {"http", "https"}):
            raise UsageError(
                f"the template's address holds credentials for {parts.hostname}",
                fix="Write it without them; the token is taken from GITHUB_TOKEN.",
            )
        if parts.scheme == "http":
            check_address(source)
        if source.startswith("-") or not (":" in source or source.startswith("/")):
            raise UsageError(
                f"{shown_address(source)!r} is not the address of a template",
                fix="Write OWNER/REPO, an https or ssh address, or an absolute path.",
            )
        return source

    def versions(self) -> tuple[str, ...]:
        """Return the tags ``vX.Y.Z`` of the template; other tags are no versions."""
        address = self.address()
        listed = self._ask(address, "ls-remote", "--tags", "--refs", "--", address)
        names = (line.partition("\t")[2] for line in listed.splitlines())
        return tuple(match[1] for name in names if (match := _TAG.match(name)))

    def questions(self, version: str) -> frozenset[str]:
        """Return the names of the questions that tag *version* asks."""
        shown = run(["git", "show", f"{version}:copier.yml"], cwd=self.mirror())
        entries = yaml_mapping(shown.stdout, f"copier.yml of {version}").items()
        return frozenset(
            name
            for name, question in entries
            if not name.startswith("_")
            and not (isinstance(question, dict) and question.get("when") is False)
        )

    def _host(self) -> str:
        recorded = re.match(r"https://([^/@]+)/", self.recorded().source)
        return recorded[1] if recorded else "github.com"

    def mirror(self) -> Path:
        """Return the mirror of the template's repository, made on the first call."""
        mirror, address = self.work / "template.git", self.address()
        if not mirror.exists():
            clone = ("clone", "--quiet", "--mirror")
            self._ask(address, *clone, "--", address, str(mirror))
        return mirror

    def _ask(self, address: str, *args: str) -> str:
        """Return what git prints when *args* ask the repository at *address*."""
        done = run(
            ["git", *args],
            cwd=self._root,
            env=token_environment(self._credentials, address),
            ok=range(256),
            timeout_s=_TIMEOUT_S,
        )
        if done.code != 0:
            raise ServiceError(
                f"the template at {shown_address(address)} cannot be read:"
                f" {reason_in(done.stderr)}",
                fix="Check --source or TEMPLATE_SOURCE, the network, and the token's"
                " rights.",
            )
        return done.stdout

    def name(self) -> str:
        """Return the recorded release and where it is read: ``v1.4.0 of https://…``."""
        return f"{self.recorded().commit} of {shown_address(self.address())}"

    def delivered(self, version: str = "") -> dict[str, str]:
        """Return path → mode and blob of the managed files of a release.

        Of the recorded one unless *version*, a tag, is given. They are read from its
        tree, never from the repository at hand. Raises ServiceError when the template
        or that release cannot be read.
        """
        commit = self._commit(version)
        listed = run(
            ["git", "ls-tree", "-r", "-z", "--full-tree", commit, "--", _BELOW],
            cwd=self.mirror(),
        )
        blobs = {
            path.removeprefix(_BELOW): entry
            for path, entry in listed_blobs(listed.stdout).items()
        }
        manifest = _text_of(f"{commit}:{_BELOW}{MANIFEST}", self.mirror())
        if manifest is None:
            raise ServiceError(
                f"{version or self.recorded().commit} of {self.address()} has no"
                f" {MANIFEST}"
            )
        names = {MANIFEST, *parse_manifest(manifest.encode())}
        return {path: blobs[path] for path in sorted(names & blobs.keys())}

    def rebuilt(self) -> dict[str, str]:
        """Return path → mode and blob of the wheel, built from the release's sources.

        Raises ServiceError when they cannot be had, or the build fails.
        """
        folder = self.work / "sources"
        commit = self._commit()
        plain = ("-c", "core.autocrlf=false", "-c", "core.hooksPath=/dev/null")
        clone = ["git", *plain, "clone", "--quiet", "--shared", "--no-checkout"]
        run([*clone, str(self.mirror()), str(folder)], cwd=self.work)
        run(["git", *plain, "checkout", "--quiet", "--detach", commit], cwd=folder)
        made = wheel.build(folder, self.work / "built")
        content = wheel.repack(made.read_bytes())
        return {f"ops/{made.name}": f"100644 {blob_of(content)}"}

    def renamed(self, old: Render, new: Render) -> dict[str, str]:
        """Return old path → new path of the files that the template renamed."""
        args = ["git", "diff", "--no-index", "--no-ext-diff", "-M", "-z"]
        args += ["--name-status", "--diff-filter=R", "--", old.folder, new.folder]
        said = run(args, cwd=self.work, ok=(0, 1)).stdout.split("\0")
        prefix = (len(old.folder) + 1, len(new.folder) + 1)
        triples = zip(said[0::3], said[1::3], said[2::3], strict=False)
        return {before[prefix[0] :]: after[prefix[1] :] for _, before, after in triples}

    def notes(self, current: str, version: str) -> str:
        """Return what the template's changelog says after *current*, to *version*.

        Its sections are headed by versions, ``## 1.5.0``; the newest stands first.
        Empty if it has none.
        """
        parts = _SECTION.split(
            _text_of(f"v{version}:CHANGELOG.md", self.mirror()) or ""
        )
        sections = zip(parts[1::2], parts[2::2], strict=False)
        return "\n\n".join(
            f"## {name}\n\n{text.strip()}"
            for name, text in sections
            if not is_newer(name, version) and is_newer(name, current)
        )

    def stat(self, old: Render, new: Render) -> str:
        """Return what changes between two renders: a line a file, and the sum."""
        args = ["git", "diff", "--no-index", "--no-ext-diff", "--stat=100", "-M"]
        said = run(
            [*args, "--", old.folder, new.folder], cwd=self.work, ok=(0, 1)
        ).stdout
        inside = f"{Path(old.folder).parent}/"
        return said.replace(inside, "").replace(inside.lstrip("/"), "")

    def _commit(self, version: str = "") -> str:
        """Return the commit of *version*, or of the recorded release."""
        recorded = version or self.recorded().commit
        args = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options"]
        asked = [*args, f"{recorded}^{{commit}}"]
        found = run(asked, cwd=self.mirror(), ok=range(256))
        if found.code != 0:
            where = shown_address(self.address())
            raise ServiceError(f"the template at {where} has no {recorded}")
        return found.stdout.strip()


def parse_answer(text: str) -> Json:
    """Return the answer that *text* means as YAML; UsageError if it is none."""
    try:
        return parse_yaml(text)
    except ValueError as error:
        raise UsageError(f"--answer {text[:80]!r} is not YAML: {error}") from error


def yaml_mapping(text: str, where: str) -> dict[str, Json]:
    """Return the mapping that *text* is as YAML; UsageError, naming *where*, if not."""
    try:
        value = parse_yaml(text)
    except ValueError as error:
        raise UsageError(f"{where} is not YAML: {error}") from error
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise UsageError(f"{where} is not a YAML mapping of names")
    return value


def _text_of(name: str, folder: Path) -> str | None:
    """Return the text of *name* (``v1.4.0:FILE``), ``None`` if git shows none."""
    done = run(["git", "show", name], cwd=folder, ok=range(256))
    return done.stdout if done.code == 0 else None
