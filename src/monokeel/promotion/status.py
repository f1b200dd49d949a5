"""What runs where, what stops, where back, what is next and the one reason why not."""

from dataclasses import dataclass, replace
from datetime import timedelta

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.ground.version import is_newer, is_prerelease, newest_first
from monokeel.promotion.facts import MoveFacts, facts_of, read_release
from monokeel.promotion.gates import Gate, evaluate, stops_of
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Place, Reading, knowing_time, read_promotion
from monokeel.promotion.rollback import ways_back


@dataclass(frozen=True, slots=True, kw_only=True)
class NextMove:
    """Whether *version* may go to *environment*: what its gates say."""

    version: str
    environment: str
    gates: tuple[Gate, ...]

    @property
    def stops(self) -> list[Gate]:
        """The gates that say no, else those that cannot tell; none if it is ready."""
        return stops_of(self.gates)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceStatus:
    """One environment for people: *back* is version → what is wrong (``""``: ready).

    *next_move* is the next step there, with its release and images asked, ``None``
    where nothing newer waits. *behind* counts the newer releases, *lacking* is how long
    the first of them has been there, *elsewhere* says that this version
    is blocked, or where it was taken back.
    """

    place: Place
    back: tuple[tuple[str, str], ...]
    next_move: NextMove | None
    behind: int
    lacking: timedelta | None
    elsewhere: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All environments at one moment.

    *next_moves* are those of each version that is live, and of the newest, to every
    environment that is behind it, release and images not asked.
    """

    reading: Reading
    places: tuple[PlaceStatus, ...]
    next_moves: tuple[NextMove, ...]
    hold: str | Unknown


def overview_of(outside: Outside, local: Settings, *, hold: str | None) -> Overview:
    """Return what runs where and what may go next; write nothing.

    *local* names the default branch; the rules come from there. *hold*: ``None`` means
    that GitHub is asked. Raises ServiceError when the remote or GitHub cannot be read.
    """
    reading = read_promotion(outside, local)
    held = outside.records.hold() if hold is None else hold
    # What is live somewhere, and the newest release: what could be promoted at all.
    live = {place.version for place in reading.places if place.version}
    versions = newest_first({*newest_first(reading.pointers.releases)[:1], *live})
    return Overview(
        reading=reading,
        places=tuple(_status(each, reading, outside, held) for each in reading.places),
        next_moves=tuple(
            _judged(_facts(version, place, reading, outside, held))
            for version in versions
            for place in reading.places
            if not place.version or is_newer(version, place.version)
        ),
        hold=held,
    )


def _status(
    place: Place, reading: Reading, outside: Outside, hold: str | Unknown
) -> PlaceStatus:
    newer, elsewhere = [], []
    if place.version:
        taken = _taken(place, reading)
        newer = [version for version in taken if is_newer(version, place.version)]
        others = {
            other.name: reading.track_record(place.version, other.name)
            for other in reading.places
            if other.name != place.name
        }
        why = reading.settings.blocked.get(place.version)
        elsewhere = [f"blocked: {why}"] if why else []
        elsewhere += [
            f"rolled back in {name}: {record.why}"
            for name, record in others.items()
            if record.outcome == "rolled_back"
        ]
    return PlaceStatus(
        place=place,
        back=tuple(ways_back(reading, outside, place)) if place.left else (),
        next_move=_next_step(place, reading, outside, hold),
        behind=len(newer),
        lacking=_age(newer[-1], reading, outside) if newer else None,
        elsewhere=tuple(elsewhere),
    )


def _taken(place: Place, reading: Reading) -> list[str]:
    """Return the releases that *place* takes, the newest first."""
    every = newest_first(reading.pointers.releases)
    return [x for x in every if place.environment.prerelease or not is_prerelease(x)]


def _age(version: str, reading: Reading, outside: Outside) -> timedelta | None:
    try:
        made = outside.clone.commit_time(reading.pointers.releases[version])
    except NO_ANSWER:
        return None
    return reading.now - made


def _next_step(
    place: Place, reading: Reading, outside: Outside, hold: str | Unknown
) -> NextMove | None:
    version = _waiting(place, reading)
    if not version:
        return None
    facts = _facts(version, place, reading, outside, hold)
    settings, pointers = reading.settings, reading.pointers
    release, artifact = read_release(outside, settings, pointers, version)
    return _judged(replace(facts, release=release, artifact=artifact))


def _waiting(place: Place, reading: Reading) -> str:
    """Return the version that comes next in *place*, ``""`` where nothing waits.

    That of the environment before, or for the first one the newest release it takes.
    """
    previous = reading.previous(place.name)
    newest = next(iter(_taken(place, reading)), "")
    wanted = previous.version if previous is not None else newest
    there = place.left_version
    if place.left and not there:
        return ""  # nobody knows what is there: the way back comes first
    return wanted if wanted and (not there or is_newer(wanted, there)) else ""


def _facts(
    version: str, place: Place, reading: Reading, outside: Outside, hold: str | Unknown
) -> MoveFacts:
    known = knowing_time(reading, outside, version, place)
    return facts_of(known, outside.clone, version, place.name, hold=hold)


def _judged(facts: MoveFacts) -> NextMove:
    return NextMove(
        version=facts.version, environment=facts.environment.name, gates=evaluate(facts)
    )
