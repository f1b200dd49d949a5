"""What a repository records: what it was made from, and what updates left open.

For each open file the version is recorded that was taken in full last. The next update
merges from there again, so a hunk that was left is offered once more, and one that
somebody has taken by hand is gone from the list. Deleting a line of it declines.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from monokeel.ground.answers import Json
from monokeel.ground.errors import UsageError
from monokeel.ground.parsers import once, parse_json, parse_toml
from monokeel.ground.version import is_newer, newest_first
from monokeel.updates.merge import Open

ANSWERS_FILE = ".copier-answers.yml"
OPEN_FILE = "infra/template-open.json"
_LISTS = {
    "services": ("name", "kind", "path"),
    "environments": ("name", "soak", "prerelease", "reviewers"),
}
_TAG = re.compile(r"v((?:0|[1-9]\d{0,14})(?:\.(?:0|[1-9]\d{0,14})){2})\Z")
_TAKEN = re.compile(r"v?\d+(?:\.\d+)*(?:-\d+|\.post\d+)?\Z")
_COMMIT = re.compile(r"(?:.+-g)?([0-9a-f]{7,40})\Z")  # as git-describe(1) has it


def version_of(ref: str) -> str | None:
    """Return ``1.2.0`` for ``v1.2.0``, a commit for what names one, else ``None``."""
    match = _TAG.match(ref) or _COMMIT.match(ref)
    return match[1] if match else None


def misleading_tags(tags: Iterable[str]) -> list[str]:
    """Return those of *tags* that Copier alone takes for releases, by PEP 440."""
    return sorted(t for t in tags if _TAKEN.match(t) and not _TAG.match(t))


def as_ref(version: str) -> str:
    """Return the ref that *version* is: ``v1.2.0``, or the commit itself."""
    return version if _COMMIT.match(version) else f"v{version}"


def precedes(version: str, other: str) -> bool:
    """Say whether *other* comes after *version*; a release comes after any commit."""
    if _COMMIT.match(other):
        return not other.startswith(version)
    return bool(_COMMIT.match(version)) or is_newer(other, version)


def newest(versions: tuple[str, ...]) -> str | None:
    """Return the highest release of *versions*, where there is none the last commit."""
    releases = [version for version in versions if not _COMMIT.match(version)]
    return next(iter((*newest_first(releases), *versions[-1:])), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a repository says of its template; *commit* is a tag, or a commit."""

    source: str
    commit: str
    answers: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A file not taken in full: since *since*; *base* is the version that was."""

    base: str
    since: str
    reason: str


Leftovers = Mapping[str, Leftover]


def answers_in(platform: str) -> dict[str, Json]:
    """Return the answers that *platform* (``platform.toml``, its text) still shows."""
    tables = parse_toml(platform)
    repository, registry = tables.get("repository", {}), tables.get("registry", {})
    known = {
        "owner": repository.get("owner"),
        "repository": repository.get("name"),
        "default_branch": repository.get("default_branch"),
        "release_rules": tables.get("release", {}).get("rules"),
        "registry": registry.get("host"),
        "build": registry.get("build"),
    }
    for name, keys in _LISTS.items():
        rows = tables.get(name, [])
        known[name] = [{key: row[key] for key in keys if key in row} for row in rows]
    return {name: value for name, value in known.items() if value}


def parse_leftovers(content: bytes | None) -> Leftovers:
    """Return path → leftover, none without a file; UsageError for a broken one."""
    if content is None:
        return {}
    try:
        value = parse_json(content, members=once)
        listed = value["open"] if isinstance(value, dict) else None
        entries = listed.items() if isinstance(listed, dict) else [("", listed)]
        return {path: _leftover(entry) for path, entry in entries}
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{OPEN_FILE} is broken: {error}",
            fix="What is committed counts. The last one that was right: git log"
            f" --patch -- {OPEN_FILE}. Or delete it, if nothing that updates left open"
            " is of interest.",
        ) from error


def leftovers_text(leftovers: Leftovers) -> bytes | None:
    """Return the file that holds *leftovers*; ``None`` when there is nothing."""
    listed = {path: asdict(each) for path, each in sorted(leftovers.items())}
    text = json.dumps({"schema": 1, "open": listed}, indent=1)
    return f"{text}\n".encode() if listed else None


def still_open(
    left: tuple[Open, ...], before: Leftovers, *, current: str, version: str
) -> Leftovers:
    """Return what is open after an update from *current* to *version* left *left*."""
    new = Leftover(base=current, since=version, reason="")
    return {x.path: replace(before.get(x.path, new), reason=x.reason) for x in left}


def _leftover(entry: Json) -> Leftover:
    if not isinstance(entry, dict):
        raise TypeError("an entry is no object")
    base, since, reason = (str(entry[key]) for key in ("base", "since", "reason"))
    if version_of(as_ref(base)) is None:
        raise TypeError(f"base {base!r} is no version")
    return Leftover(base=base, since=since, reason=reason)
