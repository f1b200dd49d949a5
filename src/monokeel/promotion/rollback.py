"""Where a rollback leads, and whether it has been done already."""

from monokeel.ground.answers import Absent
from monokeel.ground.errors import RefusedError
from monokeel.ground.version import is_newer, is_prerelease, parse_wanted
from monokeel.ground.words import span
from monokeel.promotion.facts import read_release
from monokeel.promotion.pointers import back_command
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Place, Reading, read_on
from monokeel.promotion.records import ROLLBACK, Record
from monokeel.promotion.request import Request

_MOST_ASKED = 5  # candidates whose images are asked for


def is_done(request: Request, reading: Reading, wanted: str) -> bool:
    """Say whether the rollback that is asked for, to *wanted* or ``""``, has been made.

    That is so where this very workflow run made it, where it was cut short and what is
    owed completes it, or where the version to leave was left already. Raises
    RefusedError where that version is not there, or where nobody said what to leave and
    the newest move was a rollback: nobody goes back twice by accident.
    """
    place, left = reading.place(request.environment), request.left.strip()
    if left:
        left = parse_wanted(left, prefix=reading.settings.tag_prefix)
    current = place.current
    last = current if current is not None and current.task == ROLLBACK else None
    if _was_made(request.run_url, reading, place):
        return True
    if wanted and (not left or wanted == place.version):
        return False  # whoever names where to go says enough, or it is there already
    if left and place.version == left:
        return False
    if left and last is not None and last.note.from_version == left:
        return True
    version = next((x.version for x in good_before(reading, place.name)), "X")
    further = f"To go further back: {back_command(place.name, version)}"
    if left:
        there = f"{place.name} is at {place.version or 'no release'}, not at {left}"
        how = f": it {told(last, reading)}" if last is not None else ""
        raise RefusedError(there + how, fix=f"Nothing was moved. {further}")
    if last is None or any(x.record.id == last.id or x.is_mark for x in place.owed):
        return last is not None
    raise RefusedError(f"{place.name} {told(last, reading)}", fix=further)


def _was_made(run_url: str, reading: Reading, place: Place) -> bool:
    # A workflow that is run again has the address of its first attempt.
    for made in reading.ledger.confirmed(place.name) if run_url else ():
        if (made.task, made.note.run_url) == (ROLLBACK, run_url):
            if made == place.current:
                return True
            raise RefusedError(
                f"this run has made its rollback: {place.name} {told(made, reading)},"
                f" and is at {place.version or 'no release'} by now",
                fix="Nothing was moved. Start a new run for another rollback.",
            )
    return False


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

    Raises RefusedError if no earlier version was good there, or if the tag of the last
    one is gone.
    """
    found, reading = _candidates(reading, outside, env)
    if not found:
        raise RefusedError(
            f"no earlier version was good in {env}",
            fix="Name the version: --rollback --version X.",
        )
    version = found[0].version
    if version not in reading.pointers.releases:
        others = [each.version for each in found[1:] if _has_tag(each, reading)]
        raise RefusedError(
            f"the last good version here was {version}: its tag is gone",
            fix=f"Go on to {back_command(env, [*others, 'X'][0])}",
        )
    return version, reading


def good_before(reading: Reading, environment: str) -> tuple[Record, ...]:
    """Return the records of *environment* that a rollback may lead to, newest first.

    The newest confirmed record of a commit decides on it: an older success does not
    make up for a rollback. What is there now is left out, what is blocked, and a
    pre-release where none is taken.
    """
    place = reading.place(environment)
    there = place.left_version
    judged, found = {place.left}, []
    for record in reading.ledger.confirmed(environment):
        if record.sha in judged:
            continue
        judged.add(record.sha)
        version = record.version
        newer = there and is_newer(version, there)
        taken = place.environment.prerelease or not is_prerelease(version)
        blocked = version in reading.settings.blocked
        if record.end is None and taken and not newer and not blocked:
            found.append(record)
    return tuple(found)


def ways_back(
    reading: Reading, outside: Outside, place: Place
) -> list[tuple[str, str]]:
    """Return version → what is wrong with it, down to the first that is ready.

    The newest good version first; a ready one has ``""``. Asks the registry for the
    images of each, at most of five.
    """
    ways = []
    found, reading = _candidates(reading, outside, place.name)
    for record in found[:_MOST_ASKED]:
        why = _why_not(record, reading, outside)
        ways.append((record.version, why))
        if not why:
            break
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
    settings, pointers = reading.settings, reading.pointers
    release, artifact = read_release(outside, settings, pointers, record.version)
    if artifact is None:
        return "no release" if isinstance(release, Absent) else "release unknown"
    if artifact.wrong:
        return "images gone"
    return "images unknown" if artifact.unclear else ""


def _has_tag(record: Record, reading: Reading) -> bool:
    return reading.pointers.releases.get(record.version) == record.sha
