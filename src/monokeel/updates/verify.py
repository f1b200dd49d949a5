"""Are the managed files those that the template delivered."""

import hashlib
import json
from collections.abc import Iterable
from typing import Protocol

from monokeel.ground.answers import Json
from monokeel.ground.errors import UsageError
from monokeel.ground.report import Report, Section

MANIFEST = "ops/manifest.json"


class Files(Protocol):
    """The files of the repository."""

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the content of those of *paths* that exist."""


def verify(files: Files) -> Report:
    """Return which managed files are edited or missing, by ``ops/manifest.json``.

    ``verdict`` is ``same`` or ``edited``. Raises UsageError for a manifest that is
    missing or broken.
    """
    wanted = _manifest(files.read([MANIFEST]).get(MANIFEST))
    here = files.read(wanted)
    edited = sorted(p for p, c in here.items() if _digest(c) != wanted[p])
    missing = sorted(set(wanted) - set(here))
    headline = f"All {len(wanted)} managed files are as the template made them"
    advice: tuple[str, ...] = ()
    if edited or missing:
        headline = f"managed files: {len(edited)} edited, {len(missing)} missing"
        advice = ("An edit survives updates as a merge; better: propose it upstream.",)
    return Report(
        headline=headline,
        sections=(
            Section("Edited", tuple(edited)),
            Section("Missing", tuple(missing)),
            Section("", advice),
        ),
        data={
            "verdict": "edited" if edited or missing else "same",
            "files": len(wanted),
            "edited": [*edited],
            "missing": [*missing],
        },
        problems=tuple(f"managed file differs: {p}" for p in (*edited, *missing)),
        outcome="difference" if edited or missing else "done",
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _manifest(content: bytes | None) -> dict[str, str]:
    if content is None:
        raise UsageError(
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


def _broken(why: str) -> UsageError:
    return UsageError(
        f"{MANIFEST} is broken: {why}", fix=f"git checkout HEAD -- {MANIFEST}"
    )
