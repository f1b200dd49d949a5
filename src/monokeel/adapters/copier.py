"""Copier: what a version of the template makes of answers.

It works from our mirror: no network, no token, no cache of the user's in its reach.
"""

import os
import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import copier.errors
import plumbum
import yaml
from jinja2 import TemplateError
from pathspec import GitIgnoreSpec

from monokeel.adapters import process
from monokeel.adapters.credentials import git_setting
from monokeel.adapters.objects import files_below
from monokeel.adapters.template import TemplateRepository, yaml_mapping
from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.parsers import parse_yaml
from monokeel.updates.merge import Render
from monokeel.updates.records import ANSWERS_FILE, as_ref

_WIDE = 9_999  # an address is never folded
_BAD_ANSWERS = (TemplateError, ValueError, TypeError, ArithmeticError)


class Template(TemplateRepository):
    """The template of a repository, with what Copier makes of it."""

    def render(self, version: str, answers: Mapping[str, Json]) -> Render:
        """Return what *version*, a ref, makes; UsageError for an answer it refuses."""
        target = self.work / f"render-{len(list(self.work.glob('render-*')))}"
        asked, kinds = self.questions(version), self.copier_file(version)
        # What is handed to Copier beats even a value that it computes itself.
        data = {x: _read(x, answers[x], kinds[x]) for x in answers if x in asked}
        with self._copier(version):
            mirror = self.mirror().as_uri()  # which is no folder for Copier
            copier.run_copy(
                mirror, target, data, vcs_ref=version, defaults=True, quiet=True
            )
        source = yaml.safe_dump({"_src_path": self.recorded().source}, width=_WIDE)
        text = (target / ANSWERS_FILE).read_text("utf-8")
        text = re.sub(r"(?m)^_src_path: .*\n", lambda _: source, text)
        if version.startswith("v"):  # of two tags on one commit, Copier records another
            text = re.sub(r"(?m)^_commit: .*", f"_commit: {version}", text)
        (target / ANSWERS_FILE).write_text(text, "utf-8")
        stored = yaml_mapping(text, ANSWERS_FILE)
        files = files_below(target)
        return Render(ref=version, folder=str(target), files=files, answers=stored)

    def compared(self, current: str, version: str) -> str:
        """Compare pristine renders of both for the recorded answers."""
        answers = self.recorded().answers
        old, new = (self.render(as_ref(x), answers) for x in (current, version))
        return self.stat(old, new)

    def seeds(self, version: str, paths: Collection[str]) -> frozenset[str]:
        """Return those of *paths* that ``_skip_if_exists`` of that version names."""
        listed = self.copier_file(version).get("_skip_if_exists")
        lines = [str(each) for each in listed] if isinstance(listed, list) else []
        return frozenset(GitIgnoreSpec.from_lines(lines).match_files(paths))

    @contextmanager
    def _copier(self, version: str) -> Iterator[None]:
        """Give Copier its own settings and cache, and the mirror; translate errors."""
        env, before = process.clean_environment(self._settings()), dict(os.environ)
        try:
            with warnings.catch_warnings(), plumbum.local.env():
                warnings.simplefilter("ignore")
                for name in list(plumbum.local.env.keys()):
                    del plumbum.local.env[name]
                plumbum.local.env.update(env)
                os.environ.clear()
                os.environ.update(env)
                yield
        except copier.errors.UnsafeTemplateError as error:
            never = "runs programs of its own, which is never allowed"
            raise RefusedError(f"template {version} {never}") from error
        except plumbum.ProcessExecutionError as error:
            said = process.reason_in(str(error.stderr))
            raise ServiceError(f"git failed inside Copier: {said}") from error
        except (copier.errors.CopierError, *_BAD_ANSWERS) as error:
            fix = "If an answer is wrong now, give it anew: --answer NAME=VALUE"
            said = f"cannot be rendered: {process.reason_in(str(error))}"
            raise UsageError(f"template {version} {said}", fix=fix) from error
        finally:
            os.environ.clear()
            os.environ.update(before)

    def _settings(self) -> dict[str, str]:
        (self.work / "settings.yml").write_text("{}\n", encoding="utf-8")
        return {
            "COPIER_CACHE_DIR": str(self.work / "cache"),
            "COPIER_SETTINGS_PATH": str(self.work / "settings.yml"),
            **git_setting("core.hooksPath", os.devnull),
        }


def _read(name: str, given: Json, question: Json) -> Json:
    """Return the answer that *given* is: text, or the YAML that *question* asks for."""
    as_yaml = isinstance(question, dict) and question.get("type") == "yaml"
    try:
        return parse_yaml(given) if as_yaml and isinstance(given, str) else given
    except ValueError as error:
        shown = f"{name}={given}"[:80]
        raise UsageError(f"--answer {shown!r} is not YAML: {error}") from error
