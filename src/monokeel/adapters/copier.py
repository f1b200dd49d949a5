"""Copier: pristine renders, and its own update.

It works from the mirror of the template's repository: no network, no token and no cache
of the user's in its reach.
"""

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from copier import run_copy, run_update
from copier.errors import CopierError, UnsafeTemplateError
from jinja2 import TemplateError
from plumbum import ProcessExecutionError, local

from monokeel.adapters.process import clean_environment, last_line, run
from monokeel.adapters.template import TemplateRepository, yaml_mapping
from monokeel.adapters.worktree import list_files, read_files
from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.parsers import parse_number, parse_yaml
from monokeel.updates.edits import ANSWERS_FILE, Render


class Template(TemplateRepository):
    """The template of a repository, with what Copier makes of it."""

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
        stored = yaml_mapping((target / ANSWERS_FILE).read_text("utf-8"), ANSWERS_FILE)
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
            f"url.{self.mirror().as_uri()}.insteadOf": _as_copier_asks(
                self.recorded().source
            ),
            "core.hooksPath": os.devnull,
            "merge.conflictStyle": "diff3",
        }
        count = parse_number(os.environ.get("GIT_CONFIG_COUNT", "")) or 0
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
