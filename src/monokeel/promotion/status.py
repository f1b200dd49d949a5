"""What runs where, what stops, where back, what is next and the one reason why not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.ground.version import is_newer, is_prerelease, newest_first
from monokeel.promotion.facts import MoveFacts, artifact_of, facts_of, read_release
from monokeel.promotion.gates import Gate, decision_of, evaluate
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Place, Reading, knowing_time, read_promotion
from monokeel.promotion.rollback import ways_back


@dataclass(frozen=True, slots=True, kw_only=True)
class NextMove:
    """Whether *version* may go to *environment*.

    *setback* says when and why it was rolled back there, ``""`` if it was not.
    """

    version: str
    environment: str
    gates: tuple[Gate, ...]
    setback: str = ""

    @property
    def eligible(self) -> bool:
        """Whether no gate says no or cannot tell."""
        return decision_of(self.gates) == "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceStatus:
    """One environment for people: *back* is version → what is wrong (``""``: ready).

    *next_move* is the next step there, with its release and images asked, ``None``
    where nothing newer waits. *behind* counts the newer releases, *lacking* is how long
    the first of them has been there, *elsewhere* says where this version was taken
    back.
    """

    place: Place
    back: tuple[tuple[str, str], ...]
    next_move: NextMove | None
    behind: int
    lacking: timedelta | None
    elsewhere: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All environments at one moment; *versions* are the rows, the newest first.

    *next_moves* has every version and environment, its release and images not asked.
    """

    reading: Reading
    places: tuple[PlaceStatus, ...]
    versions: tuple[str, ...]
    next_moves: tuple[NextMove, ...]
    hold: str | Unknown


def overview_of(outside: Outside, local: Settings, *, hold: str | None) -> Overview:
    """Return what runs where and what may go next; write nothing.

    *local* names the default branch; the rules come from there. *hold*: ``None`` means
    that GitHub is asked. Raises ServiceError when the remote or GitHub cannot be read.
    """
    reading = read_promotion(outside, local)
    held = outside.records.hold() if hold is None else hold
    latest = newest_first(reading.pointers.releases)[:1]
    # What is live somewhere, and the newest release: what could be promoted at all.
    live = [place.version for place in reading.places if place.version]
    versions = newest_first({*latest, *live})
    return Overview(
        reading=reading,
        places=tuple(_status(each, reading, outside, held) for each in reading.places),
        versions=versions,
        next_moves=_next_moves(reading, outside, versions, hold=held),
        hold=held,
    )


def _status(
    place: Place, reading: Reading, outside: Outside, hold: str | Unknown
) -> PlaceStatus:
    newer = [
        version
        for version in _taken(place, reading)
        if place.version and is_newer(version, place.version)
    ]
    return PlaceStatus(
        place=place,
        back=tuple(ways_back(reading, outside, place)) if place.left else (),
        next_move=_next_step(place, reading, outside, hold),
        behind=len(newer),
        lacking=_age(newer[-1], reading, outside) if newer else None,
        elsewhere=tuple(_taken_back(place, reading)),
    )


def _taken(place: Place, reading: Reading) -> Iterator[str]:
    """Yield the releases that *place* takes, the newest first."""
    for version in newest_first(reading.pointers.releases):
        if place.environment.prerelease or not is_prerelease(version):
            yield version


def _age(version: str, reading: Reading, outside: Outside) -> timedelta | None:
    try:
        made = outside.clone.commit_time(reading.pointers.releases[version])
    except NO_ANSWER:
        return None
    return reading.now - made


def _taken_back(place: Place, reading: Reading) -> list[str]:
    said = []
    for other in reading.places:
        if place.version and other.name != place.name:
            record = reading.track_record(place.version, other.name)
            if record.outcome == "rolled_back":
                said.append(f"rolled back in {other.name}: {record.why}")
    return said


def _next_step(
    place: Place, reading: Reading, outside: Outside, hold: str | Unknown
) -> NextMove | None:
    version = waiting_version(place, reading)
    if not version:
        return None
    previous = reading.previous(place.name)
    known = knowing_time(reading, outside, version, place)
    facts = facts_of(known, outside.clone, version, place.name, hold=hold)
    source = previous.current if previous is not None else None
    if source is not None and source.version == version and source.note.digests:
        # The move before it was checked against the release: no need to read it again.
        artifact = artifact_of(source, reading.settings, outside.images)
        facts = replace(facts, artifact=artifact)
    else:
        release, artifact = read_release(
            outside, reading.settings, reading.pointers, version
        )
        facts = replace(facts, release=release, artifact=artifact)
    return _judged(facts)


def waiting_version(place: Place, reading: Reading) -> str:
    """Return the version that comes next in *place*, ``""`` where nothing waits.

    That of the environment before, or for the first one the newest release it takes.
    """
    previous = reading.previous(place.name)
    if previous is not None:
        wanted = previous.version
    else:
        wanted = next(_taken(place, reading), "")
    there = reading.pointers.version_at(place.left)
    return wanted if wanted and (not there or is_newer(wanted, there)) else ""


def _next_moves(
    reading: Reading, outside: Outside, versions: Sequence[str], *, hold: str | Unknown
) -> tuple[NextMove, ...]:
    # For each of *versions* and each place that is behind it.
    answers = []
    for version in versions:
        for place in reading.places:
            if place.version and not is_newer(version, place.version):
                continue
            known = knowing_time(reading, outside, version, place)
            facts = facts_of(known, outside.clone, version, place.name, hold=hold)
            answers.append(_judged(facts))
    return tuple(answers)


def _judged(facts: MoveFacts) -> NextMove:
    return NextMove(
        version=facts.version,
        environment=facts.environment.name,
        gates=evaluate(facts),
        setback=facts.here.setback(facts.now),
    )
