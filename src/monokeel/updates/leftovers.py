"""What earlier updates did not take, kept in the repository until it is settled.

For each such file the version is recorded that was taken in full last. The next update
merges from there again, so a hunk that was left is offered once more, and one that
somebody has taken by hand is gone from the list. Deleting a line of it declines.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from monokeel.ground.answers import Json
from monokeel.ground.errors import UsageError
from monokeel.ground.parsers import parse_json
from monokeel.ground.version import read_version
from monokeel.updates.merge import Open

OPEN_FILE = "infra/template-open.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One file of which something was not taken.

    *base* is the version taken in full last, *since* the one that was not.
    """

    base: str
    since: str
    reason: str


Leftovers = Mapping[str, Leftover]


def parse_leftovers(content: bytes | None) -> Leftovers:
    """Return path → leftover; none for a file that is not there.

    Raises UsageError for a file that is broken.
    """
    if content is None:
        return {}
    try:
        value = parse_json(content)
        listed = value["open"] if isinstance(value, dict) else None
        entries = listed.items() if isinstance(listed, dict) else [("", listed)]
        return {path: _leftover(entry) for path, entry in entries}
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{OPEN_FILE} is broken: {error}",
            fix=f"Restore it (git checkout HEAD -- {OPEN_FILE}), or delete it if"
            " nothing that updates left open is of interest.",
        ) from error


def leftovers_text(leftovers: Leftovers) -> bytes | None:
    """Return the file that holds *leftovers*; ``None`` when there is nothing."""
    if not leftovers:
        return None
    listed = {
        path: {"base": each.base, "since": each.since, "reason": each.reason}
        for path, each in sorted(leftovers.items())
    }
    return (json.dumps({"schema": 1, "open": listed}, indent=1) + "\n").encode()


def still_open(
    left: tuple[Open, ...], before: Leftovers, *, current: str, version: str
) -> Leftovers:
    """Return what is open after an update from *current* to *version* left *left*."""
    found = {}
    for each in left:
        known = before.get(each.path)
        found[each.path] = Leftover(
            base=known.base if known else current,
            since=known.since if known else version,
            reason=each.reason,
        )
    return found


def _leftover(entry: Json) -> Leftover:
    if not isinstance(entry, dict):
        raise TypeError("an entry is no object")
    base, since, reason = (str(entry[key]) for key in ("base", "since", "reason"))
    if read_version(base) is None:
        raise TypeError(f"base {base!r} is no version")
    return Leftover(base=base, since=since, reason=reason)
