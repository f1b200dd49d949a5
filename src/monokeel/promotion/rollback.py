"""Where a rollback leads."""

from monokeel.ground.answers import Absent, Unknown
from monokeel.ground.errors import RefusedError
from monokeel.ground.version import is_newer, is_prerelease
from monokeel.ground.words import span
from monokeel.promotion.facts import read_release
from monokeel.promotion.pointers import back_command
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Place, Reading, read_on
from monokeel.promotion.records import ROLLBACK, Record

_MOST_ASKED = 5  # candidates whose images are asked for


def told(record: Record, reading: Reading) -> str:
    """Return what *record* did and when, as a clause: ``was rolled back from …``."""
    ago = f"by {record.by} {span(reading.now - record.created_at)} ago"
    if record.task != ROLLBACK:
        return f"was promoted to {record.version} {ago}"
    why = f": {record.note.reason}" if record.note.reason else ""
    left = record.note.from_version or "no release"
    return f"was rolled back from {left} to {record.version} {ago}{why}"


def choose_earlier(reading: Reading, outside: Outside, env: str) -> tuple[str, Reading]:
    """Return the version to go back to, and *reading* with what it took to know.

    Raises RefusedError if none was good there, or if the tag of the last one is gone.
    """
    found, reading = _candidates(reading, outside, env)
    if not found:
        fix = "Name the version: --rollback --version X."
        raise RefusedError(f"no earlier version was good in {env}", fix=fix)
    version = found[0].version
    if version not in reading.pointers.releases:
        others = [each.version for each in found[1:] if _has_tag(each, reading)]
        fix = f"Go on to {back_command(env, [*others, 'X'][0])}"
        problem = f"the last good version here was {version}: its tag is gone"
        raise RefusedError(problem, fix=fix)
    return version, reading


def good_before(reading: Reading, environment: str) -> tuple[Record, ...]:
    """Return the records of *environment* that a rollback may lead to, newest first.

    The newest confirmed record of a commit decides on it. Left out are what is there
    now, what is blocked, and a pre-release where none is taken.
    """
    place = reading.place(environment)
    there = place.left_version
    newest = {x.sha: x for x in reversed(reading.ledger.confirmed(environment))}
    found = []
    for record in sorted(newest.values(), key=lambda x: x.id, reverse=True):
        version = record.version
        newer = there and is_newer(version, there)
        taken = place.environment.prerelease or not is_prerelease(version)
        blocked = version in reading.settings.blocked or record.sha == place.left
        if record.end is None and taken and not newer and not blocked:
            found.append(record)
    return tuple(found)


def ways_back(
    reading: Reading, outside: Outside, place: Place
) -> list[tuple[str, str]]:
    """Return version → what is wrong with it, down to the first that is ready (``""``).

    The newest good version first. Asks the registry for the images of at most five.
    """
    ways = list[tuple[str, str]]()
    found, reading = _candidates(reading, outside, place.name)
    for record in found[:_MOST_ASKED]:
        if not ways or ways[-1][1]:
            ways.append((record.version, _why_not(record, reading, outside)))
    return ways


def _candidates(
    reading: Reading, outside: Outside, environment: str
) -> tuple[tuple[Record, ...], Reading]:
    found = good_before(reading, environment)
    if not found:  # the newest records may be all of failed tries, or of other tools
        reading = read_on(reading, outside, environment)
    return found or good_before(reading, environment), reading


def _why_not(record: Record, reading: Reading, outside: Outside) -> str:
    if not _has_tag(record, reading):
        return "tag gone"
    known = reading.ledger.track_record(record.environment, record.sha)
    if known.outcome == "unchecked":
        return known.why
    match read_release(outside, reading.pointers, record.version):
        case Absent():
            return "no release"
        case Unknown():
            return "release unknown"
        case artifact if artifact.wrong:
            return "images gone"
        case artifact:
            return "images unknown" if artifact.unclear else ""


def _has_tag(record: Record, reading: Reading) -> bool:
    return reading.pointers.releases.get(record.version) == record.sha
