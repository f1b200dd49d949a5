"""What is there, read once; what a cut-short run owes is counted as written.

Whoever may write can put down anything. A record counts if its creator is our writer or
whoever asks, or if GitHub saw its move. Its tag, version and commit agree.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monokeel.ground.errors import NO_ANSWER, RefusedError
from monokeel.ground.freezes import Freeze
from monokeel.ground.settings import Environment, Settings
from monokeel.ground.version import newest_first, read_version
from monokeel.ground.words import brief
from monokeel.promotion import records
from monokeel.promotion.pointers import Pointers, back_command, branch_of, read_remote
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import LONGEST_DESCRIPTION, Ledger, Record, Status

ACTIONS = "github-actions[bot]"
STALE = timedelta(minutes=15)
"""How long a pending record may belong to a run that is still at work."""

Repair = tuple[Record, str, str]
"""A record, and the state and the description that a run cut short still owes it."""
_LAG = timedelta(minutes=1)  # between a record and the push that it announces


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
    *listed* is all that was read. *freezes* are the open ones with their ends, *own* is
    the record that was left out.
    """

    pointers: Pointers
    listed: Ledger
    ledger: Ledger
    places: tuple[Place, ...]
    freezes: tuple[tuple[datetime, Freeze], ...]
    own: Record | None = None

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
    outside: Outside, pointers: Pointers, version: str = "", own: int = 0, env: str = ""
) -> Reading:
    """Return what the records say beside *pointers*; *env* is one more branch.

    *own* is the id of a record to leave out: whoever asks has just made it.
    """
    asked = [version, *newest_first(pointers.releases)[:1]]
    commits = [pointers.releases[each] for each in asked if each]
    commits += pointers.branches.values()
    if any(outside.clone.commit_of(each) is None for each in commits):
        outside.clone.fetch()
    names = ({env: env} if env else {}) | pointers.names
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
    every = [*listed.records, *outside.records.history(asked)]
    floors = {**listed.floors, environment: 0}
    listed = replace(listed, records=records.records_in_order(every), floors=floors)
    return _assemble(outside, reading.pointers, listed)


def knowing_time(reading: Reading, outside: Outside, sha: str, place: Place) -> Reading:
    """Return *reading* with how long *sha* was live before *place*.

    Only where *place* has a soak and that time ended before the records that were read.
    """
    previous = reading.previous(place.name)
    if previous is None or not place.environment.soak or previous.commit == sha:
        return reading
    reached = reading.ledger.confirmed(previous.name, sha)
    late = reached and reached[0].id < reading.ledger.floors.get(previous.name, 0)
    return read_on(reading, outside, previous.name) if late else reading


def _assemble(outside: Outside, pointers: Pointers, listed: Ledger) -> Reading:
    settings = pointers.settings
    ledger = ledger_that_counts(outside, listed, pointers)
    places = tuple(_place(each, pointers, ledger) for each in settings.environments)
    ends = [(x.open_until(listed.now, outside.zones), x) for x in settings.freezes]
    return Reading(
        pointers=pointers,
        listed=listed,
        ledger=repaired(ledger, (x for each in places for x in each.owed)),
        places=places,
        freezes=tuple((end, freeze) for end, freeze in ends if end is not None),
    )


def _place(environment: Environment, pointers: Pointers, ledger: Ledger) -> Place:
    name, commit = environment.name, pointers.branches.get(environment.name)
    owed = repairs(ledger, name)
    place = Place(
        environment=environment,
        commit=commit,
        version=pointers.version_at(commit),
        last=[*repaired(ledger, owed).confirmed(name), None][0],
        owed=owed,
    )
    drift = _drift(place, ledger) if commit else _gone(place, pointers)
    return replace(place, drift=tuple(drift))


def _gone(place: Place, pointers: Pointers) -> Iterator[str]:
    # Before the first promotion there is nothing to be wrong; a branch that vanished
    # after one is.
    was = place.environment.was
    if last := place.last:
        moved = f"is not there yet, its name was {branch_of(was)}"
        how = moved if was in pointers.branches else "is gone"
        again = f"./inv promote --env {place.name} --version {last.version}"
        yield f"{place.branch} {how}; the last record is of {last.version}: {again}"


def _drift(place: Place, ledger: Ledger) -> Iterator[str]:
    version, last, branch = place.version, place.last, place.branch
    here, there = (place.name, place.commit), version or (place.commit or "")[:12]
    late, waiting = ledger.now - STALE, ledger.unfinished(place.name)
    waiting = [x for x in waiting if x.created_at < late or x.sha == place.commit]
    again = f": ./inv promote --env {place.name} --version {version}"
    settle, keep = f"; to settle it{again}", f"; to keep it{again}"
    if place.current is not None and not version:
        said = f"{branch} is at {place.current.version}, whose tag is gone"
        yield f"{said}; push the tag again, or go back: {back_command(place.name)}"
    elif not version:
        back = last and f"; to put it back: {back_command(place.name, last.version)}"
        yield f"{branch} is at {there}, which is no release{back or ''}"
    known = place.commit in {x.sha for x in waiting} or ledger.is_unsure(*here)
    if place.current is None and not known:
        odd = [why for x, why in ledger.odd if (x.environment, x.sha) == here]
        if odd:
            said = f"{branch} is at {there}, whose record does not count: {odd[-1]}"
            yield said + keep * bool(version)
        elif version:
            yield f"{branch} moved to {there} without a record{keep}"
    left = [(each, "is unfinished") for each in waiting]
    marks = ((x, mark) for x, _, mark in place.owed if x.state == "success")
    left += [(x, f"is not marked {mark!r} yet") for x, mark in marks]
    for record, how in left:
        said = f"record {record.id} in {place.name} ({record.version}) {how}"
        yield said + settle * bool(version)


def ledger_that_counts(outside: Outside, listed: Ledger, pointers: Pointers) -> Ledger:
    """Return *listed* with those that count, and what is known of the rest."""
    ours, told = {listed.viewer, ACTIONS}, list[Record]()
    for x in listed.records:  # what others say about a record says nothing
        mine = tuple(each for each in x.statuses if each.by in {x.creator, *ours})
        told.append(replace(x, statuses=mine))
    odd, unchecked, proven = dict[int, str](), dict[str, str](), set[int]()
    unsure = list[Record]()
    for name in dict.fromkeys(x.environment for x in told if x.creator not in ours):
        seen = moves_of(name, outside, pointers)
        if isinstance(seen, str):
            who = f"records in {name} by others than {listed.viewer or 'us'}"
            unchecked[name] = f"{who} could not be checked: {seen}"
        else:
            of = [each for each in told if each.environment == name]
            proven |= _proven(of, seen, ours)
    for x in told:
        if why := _disagreement(x, pointers):
            odd[x.id] = why
        elif x.creator not in ours and x.id not in proven:
            why = "no move was seen"
            if x.environment in unchecked:
                why, unsure = "its move could not be looked for", [*unsure, x]
            odd[x.id] = f"written by {x.creator or 'nobody'}, and {why}"
    return replace(
        listed,
        records=tuple(each for each in told if each.id not in odd),
        odd=tuple((each, odd[each.id]) for each in told if each.id in odd),
        unsure=tuple(unsure),
        unchecked=unchecked,
    )


def moves_of(
    environment: str, outside: Outside, pointers: Pointers
) -> tuple[records.BranchMove, ...] | str:
    """Return what GitHub saw of its branch, newest first, or why nobody can tell."""
    moves, names = list[records.BranchMove](), pointers.names
    for name in {environment, *(x for x in names if names[x] == environment)}:
        try:
            moves += outside.records.branch_moves(branch_of(name))
        except NO_ANSWER as error:  # reading it needs push rights; 422 without a branch
            if not isinstance(error, RefusedError) or name in pointers.branches:
                return error.problem
    return tuple(sorted(moves, key=lambda move: move.at, reverse=True))


def _proven(
    listed: Iterable[Record], moves: tuple[records.BranchMove, ...], ours: set[str]
) -> set[int]:
    # The record of each move. It was made before the move, or after a move by hand and
    # before the next one. Ours goes first, but for the one of whoever pushed.
    left = [each for each in listed if each.live_from or each.state == "pending"]
    found = set[int]()
    for number, move in reversed([*enumerate(moves)]):
        last = moves[number - 1].at + _LAG if number else None
        by, at = move.actor, move.at
        mine = {
            (x.creator != by, x.creator not in ours, abs(x.created_at - at)): x
            for x in reversed(left)  # of equal ones the first in the list stays
            if x.sha == move.after and (last is None or x.created_at <= last)
        }
        if mine:
            best = mine[min(mine)]
            left.remove(best)
            found.add(best.id)
    return found


def _disagreement(record: Record, pointers: Pointers) -> str:
    tagged = pointers.releases.get(record.version, record.sha)
    if record.task not in records.TASKS:
        return f"its task is {record.task!r}"
    if record.note.sha != record.sha:
        said = record.note.sha[:12] or "nothing"
        return f"it is of {record.sha[:12]}, and says {said}"
    if read_version(record.version) is None:
        return f"{record.version!r} is not a version"
    if tagged != record.sha:
        return f"{record.version} is {tagged[:12]}, and it says {record.sha[:12]}"
    return ""


def repairs(ledger: Ledger, environment: str) -> tuple[Repair, ...]:
    """Return what must be written, in this order, so that the records are true again.

    Of the pending records one may be that of the move that put the branch where it is:
    it happened. One older than a move that happened has lost its lease. Any other may
    belong to a run at work, until it is 15 minutes old. What a rollback left is marked.
    """
    owed, mover = list[Repair](), _mover(ledger, environment)
    happened = [*ledger.confirmed(environment), *([mover] if mover else [])]
    for record in reversed(ledger.unfinished(environment)):
        later = {each.id: each for each in happened if each.id > record.id}
        if record is mover:
            owed.append((record, "success", "the branch is there: confirmed"))
        elif later:
            owed.append(overtaken(record, later[min(later)].version))
        elif ledger.now - record.created_at > STALE:
            owed.append((record, "error", "cut short before the branch moved"))
    for record in (x for x in ledger.of(environment) if x.task == records.ROLLBACK):
        if record is mover or record.state == "success":
            # They keep the version that it left from going further, until it is
            # promoted there again.
            left = ledger.of(environment, record.note.from_sha)
            older = [each for each in left if each.id < record.id]
            owed += rolled_back(older, record.note.reason)
    return tuple({each[0].id: each for each in owed}.values())


def rolled_back(left: Iterable[Record], reason: str) -> list[Repair]:
    """Return the marks that keep the version of the records *left* from going on."""
    said = f"{records.ROLLED_BACK}{reason or records.NO_REASON}"
    mark = "failure", brief(said, LONGEST_DESCRIPTION)
    return [(each, *mark) for each in left if each.state == "success"]


def overtaken(record: Record, version: str) -> Repair:
    """Return the end of an unfinished *record* that lost to the move to *version*."""
    return record, "failure", brief(f"overtaken by {version}", LONGEST_DESCRIPTION)


def repaired(ledger: Ledger, owed: Iterable[Repair]) -> Ledger:
    """Return *ledger* as it is once *owed* has been written."""
    more = {x.id: Status(state, ledger.now, said) for x, state, said in owed}
    mended = [
        replace(x, statuses=(*x.statuses, more[x.id])) if x.id in more else x
        for x in ledger.records
    ]
    return replace(ledger, records=tuple(mended))


def _mover(ledger: Ledger, environment: str) -> Record | None:
    # The pending record of the move that put the branch where it is: newer than every
    # confirmed one, from there on, and the first of several that wanted the same.
    here = ledger.branches.get(environment)
    waiting = [x for x in ledger.unfinished(environment) if x.sha == here]
    for last in ledger.confirmed(environment)[:1]:
        mine = (x for x in waiting if x.id > last.id and x.note.from_sha == last.sha)
        waiting = [] if last.sha == here else [*mine]
    return waiting[-1] if waiting else None
