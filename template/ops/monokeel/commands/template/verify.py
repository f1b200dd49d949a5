"""Compare the managed files with what the template made."""

import hashlib
import json
from collections.abc import Iterable
from typing import Protocol

from monokeel.core.lookup import Json
from monokeel.core.report import Report, Section
from monokeel.errors import CommandError

MANIFEST = "ops/manifest.json"


class Files(Protocol):
    """The files of the repository."""

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the content of those of *paths* that exist."""


def verify(files: Files) -> Report:
    """Return which managed files are edited or missing, by ``ops/manifest.json``.

    ``verdict`` is ``same`` or ``edited``. Raises CommandError for a manifest that is
    missing or broken.
    """
    wanted = _manifest(files.read([MANIFEST]).get(MANIFEST))
    here = files.read(wanted)
    edited = sorted(p for p, c in here.items() if _digest(c) != wanted[p])
    missing = sorted(set(wanted) - set(here))
    sections = []
    for heading, paths in (("Edited", edited), ("Missing", missing)):
        if paths:
            sections.append(Section(heading=heading, lines=tuple(paths)))
    if not sections:
        headline = f"All {len(wanted)} managed files are as the template made them"
    else:
        headline = f"{len(edited)} managed file(s) edited, {len(missing)} missing"
        advice = "An edit survives updates as a merge; better: propose it upstream."
        sections.append(Section(heading="", lines=(advice,)))
    return Report(
        headline=headline,
        sections=tuple(sections),
        data={
            "verdict": "edited" if edited or missing else "same",
            "files": len(wanted),
            "edited": [*edited],
            "missing": [*missing],
        },
        problems=tuple(f"managed file differs: {p}" for p in (*edited, *missing)),
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _manifest(content: bytes | None) -> dict[str, str]:
    if content is None:
        raise CommandError(
            f"there is no {MANIFEST} here",
            fix="Run this in a repository made from the template, or restore the file:"
            f" git checkout HEAD -- {MANIFEST}",
        )
    try:
        value: Json = json.loads(content)
    except ValueError as error:
        raise _broken(str(error)) from error
    listed = value.get("files") if isinstance(value, dict) else None
    if not isinstance(listed, dict):
        raise _broken('it holds no object "files"')
    return {path: str(digest) for path, digest in listed.items()}


def _broken(why: str) -> CommandError:
    return CommandError(
        f"{MANIFEST} is broken: {why}", fix=f"git checkout HEAD -- {MANIFEST}"
    )
