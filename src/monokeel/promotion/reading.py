"""What is there, read once; what a cut-short run owes is counted as written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from monokeel.ground.freezes import Freeze
from monokeel.ground.settings import Environment, Settings
from monokeel.ground.version import newest_first
from monokeel.promotion import evidence
from monokeel.promotion.evidence import Repair, ledger_that_counts
from monokeel.promotion.pointers import Pointers, back_command, branch_of, read_remote
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import Ledger, Record, records_in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One environment as it is now; *last* is its newest confirmed record.

    *commit* is that of its branch, ``None`` without one, *drift* what is wrong with it,
    *owed* what a cut-short run did not write.
    """

    environment: Environment
    commit: str | None
    version: str
    last: Record | None
    owed: tuple[Repair, ...]
    drift: tuple[str, ...] = ()

    @property
    def left(self) -> str | None:
        """The commit that a move leaves: the branch's, else that of the last record."""
        return self.last.sha if self.last and self.commit is None else self.commit

    @property
    def left_version(self) -> str:
        """The version that a move leaves, by tag or else by record; ``""``: unknown."""
        last = self.last if self.last and self.last.sha == self.left else None
        return self.version or (last.version if last else "")

    @property
    def name(self) -> str:
        """The name of the environment."""
        return self.environment.name

    @property
    def branch(self) -> str:
        """The branch of the environment, such as ``env/prod``."""
        return branch_of(self.name)

    @property
    def current(self) -> Record | None:
        """The record that put the branch where it is, ``None`` if there is none."""
        return self.last if self.last and self.last.sha == self.commit else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The remote and the records at one moment.

    *places* stand in order of promotion, *ledger* counts what they owe as written, and
    *listed* is all that was read. *unchecked* is environment → why nobody could judge
    records there. *freezes* are the open ones with their ends, *own* is the record that
    was left out.
    """

    pointers: Pointers
    listed: Ledger
    ledger: Ledger
    places: tuple[Place, ...]
    unchecked: Mapping[str, str]
    freezes: tuple[tuple[datetime, Freeze], ...]
    own: Record | None = None

    @property
    def now(self) -> datetime:
        """The time of the reading, by GitHub's clock."""
        return self.ledger.now

    @property
    def settings(self) -> Settings:
        """The policy on the default branch."""
        return self.pointers.settings

    def place(self, environment: str) -> Place:
        """Return the place *environment*; raise UsageError if there is none."""
        self.settings.environment(environment)
        return next(each for each in self.places if each.name == environment)

    def previous(self, environment: str) -> Place | None:
        """Return the place before *environment*, ``None`` for the first."""
        index = self.places.index(self.place(environment))
        return self.places[index - 1] if index else None


def read_promotion(
    outside: Outside, local: Settings, *, environment: str = "", version: str = ""
) -> Reading:
    """Read the remote, the policy and the records; write nothing.

    *local* names default branch and tag prefix; all else is read on that branch. Raises
    UsageError if there is no *environment*, RefusedError if there is no *version*,
    before GitHub is asked for anything, and ServiceError when something is silent.
    """
    pointers = read_remote(outside.clone, local)
    if environment:
        pointers.settings.environment(environment)
    if version:
        pointers.require_release(version)
    return read_records(outside, pointers, version=version)


def read_records(
    outside: Outside,
    pointers: Pointers,
    *,
    version: str = "",
    own: int = 0,
    stray: str = "",
) -> Reading:
    """Return what the records say beside *pointers*.

    *own* is the id of a record to leave out: whoever asks has just made it. *stray* is
    one more ``env/*`` branch.
    """
    asked = [version, *newest_first(pointers.releases)[:1]]
    commits = [pointers.releases[each] for each in asked if each]
    commits += pointers.branches.values()
    if any(outside.clone.commit_of(each) is None for each in commits):
        outside.clone.fetch()
    names = ({stray: stray} if stray else {}) | pointers.names
    listed = outside.records.newest(names, tuple(dict.fromkeys(commits)))
    mine = next((each for each in listed.records if each.id == own), None)
    others = tuple(each for each in listed.records if each is not mine)
    listed = replace(listed, records=others, branches=pointers.branches)
    return replace(_assemble(outside, pointers, listed), own=mine)


def read_on(reading: Reading, outside: Outside, environment: str) -> Reading:
    """Return *reading* with every record of *environment*, however old."""
    listed = reading.listed
    if not listed.floors.get(environment):
        return reading
    names = reading.pointers.names | {environment: environment}
    asked = {name: ours for name, ours in names.items() if ours == environment}
    records = records_in_order([*listed.records, *outside.records.history(asked)])
    listed = replace(listed, records=records, floors={**listed.floors, environment: 0})
    return _assemble(outside, reading.pointers, listed)


def knowing_time(
    reading: Reading, outside: Outside, version: str, place: Place
) -> Reading:
    """Return *reading* with how long *version* was live before *place*.

    Only where *place* has a soak and that time ended before the records that were read.
    """
    previous, commit = reading.previous(place.name), reading.pointers.releases[version]
    if previous is None or not place.environment.soak or previous.commit == commit:
        return reading
    reached = reading.ledger.confirmed(previous.name, commit)
    late = reached and reached[0].id < reading.ledger.floors.get(previous.name, 0)
    return read_on(reading, outside, previous.name) if late else reading


def _assemble(outside: Outside, pointers: Pointers, listed: Ledger) -> Reading:
    settings = pointers.settings
    ledger, unchecked = ledger_that_counts(outside, listed, pointers)
    places = tuple(_place(each, pointers, ledger) for each in settings.environments)
    ends = [(x.open_until(listed.now, outside.zones), x) for x in settings.freezes]
    return Reading(
        pointers=pointers,
        listed=listed,
        ledger=evidence.repaired(ledger, (x for each in places for x in each.owed)),
        places=places,
        unchecked=unchecked,
        freezes=tuple((end, freeze) for end, freeze in ends if end is not None),
    )


def _place(environment: Environment, pointers: Pointers, ledger: Ledger) -> Place:
    name, commit = environment.name, pointers.branches.get(environment.name)
    owed = evidence.repairs(ledger, name)
    place = Place(
        environment=environment,
        commit=commit,
        version=pointers.version_at(commit),
        last=evidence.repaired(ledger, owed).last(name),
        owed=owed,
    )
    drift = _drift(place, ledger) if commit else _gone(place, pointers)
    return replace(place, drift=tuple(drift))


def _gone(place: Place, pointers: Pointers) -> Iterator[str]:
    # Before the first promotion there is nothing to be wrong; a branch that vanished
    # after one is.
    last, was = place.last, place.environment.was
    if last is not None:
        moved = f"is not there yet, its name was {branch_of(was)}"
        how = moved if was in pointers.branches else "is gone"
        again = f"./inv promote --env {place.name} --version {last.version}"
        yield f"{place.branch} {how}; the last record is of {last.version}: {again}"


def _drift(place: Place, ledger: Ledger) -> Iterator[str]:
    version, last, branch = place.version, place.last, place.branch
    here, there = (place.name, place.commit), version or (place.commit or "")[:12]
    late, waiting = ledger.now - evidence.STALE, ledger.unfinished(place.name)
    waiting = [x for x in waiting if x.created_at < late or x.sha == place.commit]
    again = f": ./inv promote --env {place.name} --version {version}"
    settle, keep = f"; to settle it{again}", f"; to keep it{again}"
    if place.current is not None and not version:
        said = f"{branch} is at {place.current.version}, whose tag is gone"
        yield f"{said}; push the tag again, or go back: {back_command(place.name)}"
    elif not version:
        back = last and f"; to put it back: {back_command(place.name, last.version)}"
        yield f"{branch} is at {there}, which is no release{back or ''}"
    known = {each.sha for each in (*waiting, *ledger.unsure_at(place.name))}
    if place.current is None and place.commit not in known:
        odd = [why for x, why in ledger.odd if (x.environment, x.sha) == here]
        if odd:
            said = f"{branch} is at {there}, whose record does not count: {odd[-1]}"
            yield said + keep * bool(version)
        elif version:
            yield f"{branch} moved to {there} without a record{keep}"
    left = [(each, "is unfinished") for each in waiting]
    marks = (each for each in place.owed if each.is_mark)
    left += [(x.record, f"is not marked {x.description!r} yet") for x in marks]
    for record, how in left:
        said = f"record {record.id} in {place.name} ({record.version}) {how}"
        yield said + settle * bool(version)
