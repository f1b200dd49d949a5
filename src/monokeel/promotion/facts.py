"""What is known of a version in an environment, and of those that it may go back to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

from monokeel.ground.answers import Absent, Unknown, ask
from monokeel.ground.clone import Clone
from monokeel.ground.errors import RefusedError
from monokeel.ground.settings import Settings
from monokeel.ground.version import is_newer, is_prerelease
from monokeel.ground.words import span
from monokeel.promotion import records
from monokeel.promotion.pointers import Pointers, back_command
from monokeel.promotion.ports import Outside, Protection
from monokeel.promotion.reading import ACTIONS, Place, Reading, read_on
from monokeel.release import artifact
from monokeel.release.record import ReleaseRecord

Direction = Literal["first", "same", "forward", "back"]
Release = artifact.Artifact | Absent | Unknown
_MOST_ASKED = 5  # candidates whose images are asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFacts:
    """What is known about moving *place* to *version*, at *now* (GitHub's clock).

    *commit* is what the tag peels to. *direction* is from what the move leaves,
    *on_line* about the default branch and the lines: ``None`` where the clone cannot
    tell. *before* is about *previous* (``""``: this is the first), *unchecked* why
    nobody could judge records there, *here* about the place. *in_the_way* is a branch
    that git cannot have beside the environment's. *frozen* are end and reason of each
    open freeze. *release* and *protection* are ``None`` where nobody asked.
    """

    settings: Settings
    place: Place
    version: str
    commit: str
    now: datetime
    on_line: bool | None
    direction: Direction | None
    here: records.TrackRecord
    before: records.TrackRecord
    previous: str = ""
    unchecked: str = ""
    release: Release | None = None
    protection: Protection | None = None
    frozen: tuple[tuple[datetime, str], ...] = ()
    hold: str | Unknown = ""
    push_refusal: str = ""
    in_the_way: str = ""
    rollback: bool = False

    @property
    def tag(self) -> str:
        """The git tag of the version."""
        return self.settings.tag(self.version)


def facts_of(reading: Reading, clone: Clone, version: str, name: str) -> MoveFacts:
    """Return the facts that *reading* and *clone* hold; the rest was not asked for."""
    settings, pointers = reading.settings, reading.pointers
    commit, ledger = pointers.releases[version], reading.ledger
    place, previous = reading.place(name), reading.previous(name)
    before = previous.name if previous else ""
    heads = [pointers.main, *(pointers.heads.get(line) for line in settings.lines)]
    on_line = {_descends(clone, commit, head) for head in heads if head}
    return MoveFacts(
        settings=settings,
        place=place,
        version=version,
        commit=commit,
        now=reading.ledger.now,
        on_line=True if True in on_line else None if None in on_line else False,
        direction=_direction(clone, place, commit, version),
        here=ledger.track_record(name, commit),
        previous=before,
        before=ledger.track_record(before, commit),
        unchecked=reading.ledger.unchecked.get(before, ""),
        in_the_way=pointers.in_the_way(place.branch),
        frozen=tuple(
            (end, freeze.reason)
            for end, freeze in reading.freezes
            if name in freeze.environments
        ),
    )


def _descends(clone: Clone, ancestor: str, commit: str) -> bool | None:
    found = ask(lambda: clone.is_ancestor(ancestor, commit))
    return None if isinstance(found, Unknown) else found  # this clone cannot tell


def _direction(clone: Clone, at: Place, commit: str, version: str) -> Direction | None:
    left, there = at.left, at.left_version
    if left is None or left == commit:
        return "first" if left is None else "same"
    forward, back = _descends(clone, left, commit), _descends(clone, commit, left)
    if forward is None or back is None:
        return None
    # Two lines of releases that left each other: the higher version is the newer one.
    newer = forward if forward or back else there and is_newer(version, there)
    return "forward" if newer else "back"


def read_release(outside: Outside, pointers: Pointers, version: str) -> Release:
    """Return the record of *version* beside the registry, or why there is none."""
    settings, at = pointers.settings, pointers.tags.get(version)
    record = artifact.read_record(outside.clone, settings.tag(version), at)
    if not isinstance(record, ReleaseRecord):
        return record
    return artifact.read_artifact(record, settings, outside.images, version=version)


def push_outlook(
    reading: Reading, outside: Outside, place: Place, version: str
) -> tuple[str, tuple[str, ...]]:
    """Return why a push with a token is refused for sure, and what may stop it."""
    branch, warnings = place.branch, tuple[str, ...]()
    rules = outside.records.push_refusals(branch, exists=place.commit is not None)
    if isinstance(rules, Unknown):
        warnings = (f"the rules of {branch} could not be read: {rules.reason}",)
    elif rules:
        return f"the rules of {branch} refuse this token: {', '.join(rules)}", ()
    pointers, known = reading.pointers, outside.clone.commit_of
    tree = partial(outside.clone.tree_of, path=".github/workflows")
    # Equality with the default branch is enough; reports say, with any branch
    # (spinframework/spin#1226). So a refusal is certain where no branch is equal.
    wanted, heads = tree(pointers.releases[version]), pointers.heads.values()
    if tree(pointers.main) == wanted:
        return "", warnings
    # A branch that is not in this clone may be equal.
    elsewhere = any(known(x) is None or tree(x) == wanted for x in dict.fromkeys(heads))
    said = (
        f"{version} has other workflow files than"
        f" {reading.settings.default_branch}{'' if elsewhere else ' and every branch'}:"
        ' without the right to workflows GitHub is "refusing to allow a GitHub App to'
        ' create or update workflow"'
    )
    if not elsewhere and reading.listed.viewer == ACTIONS:
        return said, ()
    return "", (*warnings, f"{said}; set MONOKEEL_DEPLOY_KEY")


def told(record: records.Record, reading: Reading) -> str:
    """Return what *record* did and when, as a clause: ``was rolled back from …``."""
    ago = f"by {record.by} {span(reading.ledger.now - record.created_at)} ago"
    if record.task != records.ROLLBACK:
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
    version, tags = found[0].version, reading.pointers.tags
    if version not in tags:
        others = [each.version for each in found if each.version in tags]
        fix = f"Go on to {back_command(env, [*others, 'X'][0])}"
        problem = f"the last good version here was {version}: its tag is gone"
        raise RefusedError(problem, fix=fix)
    return version, reading


def good_before(reading: Reading, environment: str) -> Iterator[records.Record]:
    """Yield the records of *environment* that a rollback may lead to, newest first.

    The newest confirmed record of a commit decides on it. Left out are what is there
    now, what is blocked, and a pre-release where none is taken.
    """
    place = reading.place(environment)
    there, seen = place.left_version, {place.left}
    for record in reading.ledger.confirmed(environment):
        version, first = record.version, record.sha not in seen
        seen.add(record.sha)
        blocked = version in reading.settings.blocked
        newer = there and is_newer(version, there)
        taken = place.environment.prerelease or not is_prerelease(version)
        if first and record.end is None and taken and not newer and not blocked:
            yield record


def ways_back(reading: Reading, outside: Outside, at: Place) -> list[tuple[str, str]]:
    """Return version → what is wrong with it, down to the first that is ready (``""``).

    The newest good version first. Asks the registry for the images of at most five.
    """
    ways = list[tuple[str, str]]()
    found, reading = _candidates(reading, outside, at.name)
    for record in found[:_MOST_ASKED]:
        if not ways or ways[-1][1]:
            ways.append((record.version, _why_not(record, reading, outside)))
    return ways


def _candidates(
    reading: Reading, outside: Outside, environment: str
) -> tuple[list[records.Record], Reading]:
    found = [*good_before(reading, environment)]
    if not found:  # the newest records may be all of failed tries, or of other tools
        reading = read_on(reading, outside, environment)
    return found or [*good_before(reading, environment)], reading


def _why_not(record: records.Record, reading: Reading, outside: Outside) -> str:
    if record.version not in reading.pointers.tags:
        return "tag gone"
    known = reading.ledger.track_record(record.environment, record.sha)
    if known.outcome == "unchecked":
        return known.why
    match read_release(outside, reading.pointers, record.version):
        case Absent():
            return "no release"
        case Unknown():
            return "release unknown"
        case found if found.wrong:
            return "images gone"
        case found:
            return "images unknown" if found.unclear else ""
