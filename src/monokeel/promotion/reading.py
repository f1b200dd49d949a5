"""What is there, read once and completely: policy, branches, records of every place.

Promote, rollback, status, history and drift all take this value. What a cut-short run
still owes is counted as written, in every environment, whoever reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monokeel.ground.freezes import Freeze
from monokeel.ground.settings import Environment, Settings
from monokeel.ground.version import newest_first
from monokeel.promotion.evidence import ledger_of
from monokeel.promotion.pointers import (
    Pointers,
    names_on_github,
    pointer_drift,
    read_remote,
)
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import Ledger, Listed, Record
from monokeel.promotion.track_record import (
    Repair,
    TrackRecord,
    repaired,
    repairs,
    time_is_hidden,
    time_live,
    track_record_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One environment as it is now; *last* is its newest confirmed record.

    *commit* is that of its branch, ``None`` without one. *drift* names what is wrong
    with the branch, *owed* what a cut-short run did not write.
    """

    environment: Environment
    commit: str | None
    version: str
    last: Record | None
    drift: tuple[str, ...]
    owed: tuple[Repair, ...]

    @property
    def left(self) -> str | None:
        """The commit that a move leaves: the branch's, else that of the last record."""
        if self.commit is None and self.last is not None:
            return self.last.sha
        return self.commit

    @property
    def name(self) -> str:
        """The name of the environment."""
        return self.environment.name

    @property
    def current(self) -> Record | None:
        """The record that put the branch where it is, ``None`` if there is none."""
        here = self.last is not None and self.last.sha == self.commit
        return self.last if here else None

    @property
    def since(self) -> datetime | None:
        """Since when it is there, ``None`` where no record says so."""
        return self.current.live_from if self.current is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The remote and the records at one moment, *now* (GitHub's clock).

    *settings* is the policy on the default branch; *places* stand in order of
    promotion. *ledger* already counts what the places owe as written. *unchecked* is
    environment → which records there nobody could judge, and why. *strays* are
    ``env/*`` branches of no environment, one line each; *freezes* are the open ones,
    each with its end. *own* is the record that was left out, as GitHub has it.
    """

    settings: Settings
    pointers: Pointers
    listed: Listed
    ledger: Ledger
    places: tuple[Place, ...]
    unchecked: Mapping[str, str]
    strays: tuple[str, ...]
    freezes: tuple[tuple[datetime, Freeze], ...]
    now: datetime
    own: Record | None = None

    def frozen(self, environment: str) -> tuple[tuple[datetime, str], ...]:
        """Return end and reason of each freeze of *environment* that is open."""
        return tuple(
            (end, freeze.reason)
            for end, freeze in self.freezes
            if environment in freeze.environments
        )

    def place(self, environment: str) -> Place:
        """Return the place *environment*; raise UsageError if there is none."""
        self.settings.environment(environment)
        return next(each for each in self.places if each.name == environment)

    def previous(self, environment: str) -> Place | None:
        """Return the place before *environment*, ``None`` for the first."""
        index = self.places.index(self.place(environment))
        return self.places[index - 1] if index else None

    def track_record(self, version: str, environment: str) -> TrackRecord:
        """Return how *version*, a release, did in *environment*."""
        commit = self.pointers.releases[version]
        return track_record_of(
            self.ledger,
            environment,
            commit,
            live=self.pointers.branches.get(environment) == commit,
            now=self.now,
        )

    def time_live(self, record: Record) -> timedelta:
        """Return how long *record*, once confirmed, was where its environment is."""
        live = record.sha == self.pointers.branches.get(record.environment)
        return time_live(self.ledger, record, live=live, now=self.now)


def read(
    outside: Outside, local: Settings, *, environment: str = "", version: str = ""
) -> Reading:
    """Read the remote, the policy and the records; write nothing.

    *local* names the default branch and the tag prefix; all else is taken from the
    default branch of the remote, never from the tag or the working tree. Raises
    UsageError if there is no *environment*, RefusedError if there is no *version*,
    before GitHub is asked for anything, and ServiceError when something is silent.
    """
    settings, pointers = read_remote(outside.clone, local)
    if environment:
        settings.environment(environment)
    if version:
        pointers.require_release(version, settings)
    return read_records(outside, (settings, pointers), version=version)


def read_records(
    outside: Outside,
    remote: tuple[Settings, Pointers],
    *,
    version: str = "",
    own: int = 0,
    stray: str = "",
) -> Reading:
    """Return what the records say beside *remote*, as ``read_remote`` gave it.

    *own* is the id of a record that whoever asks has just made: the ledger leaves it
    out. *stray* is one more ``env/*`` branch to read the records of.
    """
    settings, pointers = remote
    asked = [version, *newest_first(pointers.releases)[:1]]
    commits = [pointers.releases[each] for each in asked if each]
    commits += pointers.branches.values()
    if any(outside.clone.commit_of(each) is None for each in commits):
        outside.clone.fetch()
    names = names_on_github(settings)
    if stray:
        names.setdefault(stray, stray)
    listed = outside.records.newest(names, tuple(dict.fromkeys(commits)))
    now = outside.records.now()
    mine = [each for each in listed.records if each.id == own]
    others = tuple(each for each in listed.records if each.id != own)
    listed = replace(listed, records=others)
    reading = _assemble(outside, settings, pointers, listed, now)
    return replace(reading, own=mine[0] if mine else None)


def read_on(reading: Reading, outside: Outside, environment: str) -> Reading:
    """Return *reading* with every record of *environment*, however old."""
    if not reading.listed.floors.get(environment):
        return reading
    names = names_on_github(reading.settings) | {environment: environment}
    older = outside.records.history(
        {name: ours for name, ours in names.items() if ours == environment}
    )
    listed = reading.listed.completed(environment, older)
    return _assemble(outside, reading.settings, reading.pointers, listed, reading.now)


def knowing_time(
    reading: Reading, outside: Outside, version: str, place: Place
) -> Reading:
    """Return *reading* with how long *version* was live before *place*.

    Only where that counts: *place* has a soak, and an environment before it.
    """
    previous = reading.previous(place.name)
    if previous is None or not place.environment.soak:
        return reading
    commit, there = reading.pointers.releases[version], previous.commit or ""
    if time_is_hidden(reading.ledger, previous.name, commit, there):
        return read_on(reading, outside, previous.name)
    return reading


def _assemble(
    outside: Outside,
    settings: Settings,
    pointers: Pointers,
    listed: Listed,
    now: datetime,
) -> Reading:
    ledger, unchecked = ledger_of(outside, listed, pointers)
    at = pointers.branches
    owed = {
        each.name: repairs(ledger, each.name, at.get(each.name), now)
        for each in settings.environments
    }
    whole = repaired(ledger, [each for some in owed.values() for each in some], now)
    return Reading(
        settings=settings,
        pointers=pointers,
        listed=listed,
        ledger=whole,
        places=tuple(
            Place(
                environment=each,
                commit=at.get(each.name),
                version=pointers.version_at(at.get(each.name)),
                last=whole.last(each.name),
                drift=pointer_drift(pointers, ledger, each.name, now),
                owed=owed[each.name],
            )
            for each in settings.environments
        ),
        unchecked=unchecked,
        strays=pointers.strays(settings),
        freezes=tuple(
            (end, freeze)
            for freeze in settings.freezes
            if (end := freeze.open_until(now, outside.zones)) is not None
        ),
        now=now,
    )
