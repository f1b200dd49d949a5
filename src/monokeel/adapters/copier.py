"""Copier and the template's repository: versions, pristine renders, the update.

The repository is mirrored once, by our own git with its credentials, and Copier works
from that mirror: no network, no token and no cache of the user's in its reach.
"""

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from copier import run_copy, run_update
from copier.errors import CopierError, UnsafeTemplateError
from jinja2 import TemplateError
from plumbum import ProcessExecutionError, local

from monokeel.adapters.addresses import check_address, parts_of
from monokeel.adapters.credentials import Credentials, token_environment
from monokeel.adapters.process import clean_environment, last_line, run
from monokeel.adapters.worktree import list_files, read_files
from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.parsers import parse_yaml
from monokeel.updates.edits import ANSWERS_FILE, Recorded, Render

_TIMEOUT_S = 300.0
_TAG = re.compile(r"refs/tags/(v(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2})\Z")
_SHORT = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+\Z")


class Template:
    """The template of the repository at *root*; *work* is an empty directory for it.

    *source* overrides the recorded one: ``owner/repo`` on GitHub, or an address.
    """

    def __init__(
        self, root: Path, *, work: Path, source: str = "", credentials: Credentials
    ) -> None:
        self._root = root
        self._work = work
        self._source = source
        self._credentials = credentials

    def recorded(self) -> Recorded:
        """Return what the answers file says: source, version, answers.

        Raises UsageError when there is none, or when it is not one of Copier's.
        """
        path = self._root / ANSWERS_FILE
        if not path.is_file():
            raise UsageError(
                f"there is no {ANSWERS_FILE} here",
                fix="Run this in a repository made from the template. A lost answers"
                " file comes back as docs/OPERATIONS.md says.",
            )
        text = path.read_bytes().decode("utf-8", errors="replace")
        stored = _mapping(text, ANSWERS_FILE)
        source, commit = stored.get("_src_path"), stored.get("_commit")
        if not isinstance(source, str) or not isinstance(commit, str):
            raise UsageError(
                f"{ANSWERS_FILE} names no _src_path and no _commit",
                fix=f"Restore it: git checkout HEAD -- {ANSWERS_FILE}",
            )
        answers = {k: v for k, v in stored.items() if not k.startswith("_")}
        return Recorded(source=source, commit=commit, answers=answers)

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
                f"{source!r} is not the address of a template",
                fix="Write OWNER/REPO, an https or ssh address, or an absolute path.",
            )
        return source

    def versions(self) -> tuple[str, ...]:
        """Return the tags ``vX.Y.Z`` of the template; other tags are no versions."""
        address = self.address()
        listed = run(
            ["git", "ls-remote", "--tags", "--refs", "--", address],
            cwd=self._root,
            env=token_environment(self._credentials, address),
            ok=range(256),
            timeout_s=_TIMEOUT_S,
        )
        if listed.code != 0:
            raise _unreadable(address, last_line(listed.stderr))
        names = (line.partition("\t")[2] for line in listed.stdout.splitlines())
        return tuple(match[1] for name in names if (match := _TAG.match(name)))

    def questions(self, version: str) -> frozenset[str]:
        """Return the names of the questions that tag *version* asks."""
        shown = run(["git", "show", f"{version}:copier.yml"], cwd=self._mirror())
        entries = _mapping(shown.stdout, f"copier.yml of {version}").items()
        return frozenset(
            name
            for name, question in entries
            if not name.startswith("_")
            and not (isinstance(question, dict) and question.get("when") is False)
        )

    def render(self, version: str, answers: Mapping[str, Json]) -> Render:
        """Return what a new repository gets from tag *version* for *answers*.

        Raises UsageError for an answer that this version refuses.
        """
        target = self._work / f"render-{len(list(self._work.glob('render-*')))}"
        with self._copier(version):
            run_copy(
                self.recorded().source,
                target,
                data=self._asked(version, answers),
                defaults=True,
                quiet=True,
                vcs_ref=version,
            )
        stored = _mapping((target / ANSWERS_FILE).read_text("utf-8"), ANSWERS_FILE)
        files = read_files(target, list_files(target))
        files.pop(ANSWERS_FILE)
        return Render(folder=str(target), files=files, answers=stored)

    def apply(self, version: str, answers: Mapping[str, Json]) -> None:
        """Let Copier update the working tree to tag *version*, conflicts inline."""
        with self._copier(version):
            run_update(
                self._root,
                data=self._asked(version, answers),
                defaults=True,
                overwrite=True,
                quiet=True,
                vcs_ref=version,
            )

    def merge(self, team: bytes, old: bytes, new: bytes) -> bytes | None:
        """Return the three-way merge, ``None`` on a conflict or for binary files."""
        paths = []
        for name, content in (("team", team), ("old", old), ("new", new)):
            path = self._work / f"merge-{name}"
            path.write_bytes(content)
            paths.append(path)
        args = ["git", "merge-file", "--quiet", *map(str, paths)]
        code = run(args, cwd=self._work, ok=range(256)).code
        return None if code else paths[0].read_bytes()

    def renamed(self, old: Render, new: Render) -> dict[str, str]:
        """Return old path → new path of the files that the template renamed."""
        args = ["git", "diff", "--no-index", "--no-ext-diff", "-M", "-z"]
        args += ["--name-status", "--diff-filter=R", "--", old.folder, new.folder]
        said = run(args, cwd=self._work, ok=(0, 1)).stdout.split("\0")
        prefix = (len(old.folder) + 1, len(new.folder) + 1)
        triples = zip(said[0::3], said[1::3], said[2::3], strict=False)
        return {before[prefix[0] :]: after[prefix[1] :] for _, before, after in triples}

    def _host(self) -> str:
        recorded = re.match(r"https://([^/@]+)/", self.recorded().source)
        return recorded[1] if recorded else "github.com"

    def _mirror(self) -> Path:
        """Return the mirror of the template's repository, made on the first call."""
        mirror, address = self._work / "template.git", self.address()
        if not mirror.exists():
            made = run(
                ["git", "clone", "--quiet", "--mirror", "--", address, str(mirror)],
                cwd=self._root,
                env=token_environment(self._credentials, address),
                ok=range(256),
                timeout_s=_TIMEOUT_S,
            )
            if made.code != 0:
                raise _unreadable(address, last_line(made.stderr))
        return mirror

    def _asked(self, version: str, answers: Mapping[str, Json]) -> dict[str, Json]:
        """Return those of *answers* that *version* asks for.

        What is handed to Copier beats even a value that it computes itself.
        """
        asked = self.questions(version)
        return {name: value for name, value in answers.items() if name in asked}

    @contextmanager
    def _copier(self, version: str) -> Iterator[None]:
        """Give Copier its own settings and cache, and the mirror; translate errors."""
        env = clean_environment(self._settings())
        before = dict(os.environ)
        try:
            with warnings.catch_warnings(), local.env():
                warnings.simplefilter("ignore")
                for name in list(local.env.keys()):
                    del local.env[name]
                local.env.update(env)
                os.environ.clear()
                os.environ.update(env)
                yield
        except UnsafeTemplateError as error:
            raise RefusedError(
                f"template {version} runs programs of its own, which is never allowed"
            ) from error
        except ProcessExecutionError as error:
            raise ServiceError(
                f"git failed inside Copier: {last_line(str(error.stderr))}"
            ) from error
        except (CopierError, TemplateError, ValueError, TypeError) as error:
            raise UsageError(
                f"template {version} cannot be rendered: {last_line(str(error))}",
                fix="If an answer is wrong now, give it anew: --answer NAME=VALUE",
            ) from error
        finally:
            os.environ.clear()
            os.environ.update(before)

    def _settings(self) -> dict[str, str]:
        (self._work / "settings.yml").write_text("{}\n", encoding="utf-8")
        pairs = {
            f"url.{self._mirror().as_uri()}.insteadOf": _as_copier_asks(
                self.recorded().source
            ),
            "core.hooksPath": os.devnull,
            "merge.conflictStyle": "diff3",
        }
        count = int(os.environ.get("GIT_CONFIG_COUNT") or "0")
        settings = {
            "COPIER_CACHE_DIR": str(self._work / "cache"),
            "COPIER_SETTINGS_PATH": str(self._work / "settings.yml"),
            "GIT_CONFIG_COUNT": str(count + len(pairs)),
        }
        for number, (key, value) in enumerate(pairs.items(), count):
            settings[f"GIT_CONFIG_KEY_{number}"] = key
            settings[f"GIT_CONFIG_VALUE_{number}"] = value
        return settings


def parse_answer(text: str) -> Json:
    """Return the answer that *text* means as YAML; UsageError if it is none."""
    try:
        return parse_yaml(text)
    except ValueError as error:
        raise UsageError(f"--answer {text[:80]!r} is not YAML: {error}") from error


def _as_copier_asks(source: str) -> str:
    """Return the address that Copier makes of *source* (its ``get_repo``)."""
    address = re.sub(r"\Agh:/?", "https://github.com/", source)
    if address.startswith("https://") and not address.endswith(".git"):
        return f"{address}.git"
    return address


def _mapping(text: str, where: str) -> dict[str, Json]:
    try:
        value = parse_yaml(text)
    except ValueError as error:
        raise UsageError(f"{where} is not YAML: {error}") from error
    if not isinstance(value, dict):
        raise UsageError(f"{where} is not a YAML mapping")
    return value


def _unreadable(address: str, said: str) -> ServiceError:
    return ServiceError(
        f"the template at {address} cannot be read: {said}",
        fix="Check --source or TEMPLATE_SOURCE, the network, and the token's rights.",
    )
