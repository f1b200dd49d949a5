"""What is there, read once and completely: policy, branches, records of every place.

Promote, rollback, status, history and drift all take this value. What a cut-short run
still owes is counted as written, in every environment, whoever reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monokeel.ground.errors import NO_ANSWER, RefusedError
from monokeel.ground.freezes import Freeze
from monokeel.ground.settings import Environment, Settings
from monokeel.ground.version import nearest, newest_first
from monokeel.promotion.pointers import (
    Pointers,
    branch_of,
    pointer_drift,
    read_remote,
)
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import (
    PROMOTE,
    ROLLBACK,
    BranchMove,
    Ledger,
    Listed,
    Record,
)
from monokeel.promotion.records import newest_first as by_id
from monokeel.promotion.track_record import (
    Repair,
    TrackRecord,
    repaired,
    repairs,
    time_is_hidden,
    track_record_of,
)

ACTIONS = "github-actions[bot]"
_LAG = timedelta(minutes=1)  # between a record and the push that it announces


# The moves of each branch that GitHub saw, or why nobody can tell.
Moves = Mapping[str, tuple[BranchMove, ...] | str]


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
        _require_known(version, pointers, settings)
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
    names = _names_on_github(settings)
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
    names = _names_on_github(reading.settings) | {environment: environment}
    older = outside.records.history(
        {name: ours for name, ours in names.items() if ours == environment}
    )
    listed = replace(
        reading.listed,
        records=by_id([*reading.listed.records, *older]),
        floors={**reading.listed.floors, environment: 0},
    )
    return _assemble(outside, reading.settings, reading.pointers, listed, reading.now)


def knowing_time(
    reading: Reading, outside: Outside, version: str, environment: str
) -> Reading:
    """Return *reading* with what it takes to say how long *version* was live there."""
    commit = reading.pointers.releases[version]
    there = reading.pointers.branches.get(environment) or ""
    if time_is_hidden(reading.ledger, environment, commit, there):
        return read_on(reading, outside, environment)
    return reading


def _assemble(
    outside: Outside,
    settings: Settings,
    pointers: Pointers,
    listed: Listed,
    now: datetime,
) -> Reading:
    moves = _moves_to_check(outside, listed, pointers)
    ledger = _ledger(listed, pointers, moves)
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
        unchecked=_unchecked(listed, moves),
        strays=_strays(settings, pointers),
        freezes=tuple(
            (end, freeze)
            for freeze in settings.freezes
            if (end := freeze.open_until(now, outside.zones)) is not None
        ),
        now=now,
    )


def _unchecked(listed: Listed, moves: Moves) -> dict[str, str]:
    who = listed.viewer or "us"
    return {
        name: f"records in {name} by others than {who} could not be checked: {seen}"
        for name, seen in moves.items()
        if isinstance(seen, str)
    }


def _names_on_github(settings: Settings) -> dict[str, str]:
    """Return name on GitHub → name of ours; GitHub cannot rename an Environment."""
    former = {each.was: each.name for each in settings.environments if each.was}
    return former | {each.name: each.name for each in settings.environments}


def _strays(settings: Settings, pointers: Pointers) -> tuple[str, ...]:
    known = _names_on_github(settings)
    return tuple(
        f"{branch_of(name)} belongs to no environment: name it in infra/platform.toml"
        f' (or was = "{name}"), or delete it: git push origin --delete'
        f" {branch_of(name)}"
        for name in sorted(pointers.branches)
        if name not in known
    )


def _moves_to_check(outside: Outside, listed: Listed, pointers: Pointers) -> Moves:
    others = [each for each in listed.records if not _is_ours(each, listed.viewer)]
    names = dict.fromkeys(each.environment for each in others)
    return {name: _moves_of(name, outside, pointers) for name in names}


def _moves_of(
    environment: str, outside: Outside, pointers: Pointers
) -> tuple[BranchMove, ...] | str:
    try:
        return outside.records.branch_moves(branch_of(environment))
    except RefusedError as error:  # 422 without the branch: then it did not move
        return error.problem if environment in pointers.branches else ()
    except NO_ANSWER as error:  # reading it needs push rights
        return error.problem


def _is_ours(record: Record, viewer: str) -> bool:
    return record.creator in {viewer, ACTIONS}


def _ledger(
    listed: Listed,
    pointers: Pointers,
    moves: Moves,
) -> Ledger:
    # Whoever may write can write a record: it counts if it is our writer's, or if
    # GitHub saw the branch move as it says.
    counted, odd = [], []
    for record in listed.records:
        why = _disagreement(record, pointers)
        if not why and not _is_ours(record, listed.viewer):
            seen = moves.get(record.environment, ())
            if isinstance(seen, str) or not _was_seen(record, seen):
                why = f"written by {record.creator or 'nobody'}, and no move was seen"
        if why:
            odd.append((record, why))
            continue
        known = {record.creator, listed.viewer, ACTIONS}
        told = tuple(each for each in record.statuses if each.by in known)
        counted.append(replace(record, statuses=told))
    return Ledger(records=tuple(counted), floors=listed.floors, odd=tuple(odd))


def _disagreement(record: Record, pointers: Pointers) -> str:
    tagged = pointers.releases.get(record.version, record.sha)
    if record.task not in {PROMOTE, ROLLBACK}:
        return f"its task is {record.task!r}"
    if record.note.sha != record.sha:
        return f"it is of {record.sha[:12]}, and says {record.note.sha[:12]}"
    if tagged != record.sha:
        return f"{record.version} is {tagged[:12]}, and it says {record.sha[:12]}"
    return ""


def _was_seen(record: Record, moves: tuple[BranchMove, ...]) -> bool:
    # The record comes first, the move second; a move by hand got its record after it.
    before = [each for each in moves if each.at < record.created_at]
    there = before[0].after if before else ""
    later = [each.after for each in moves if each.at >= record.created_at - _LAG]
    return record.sha in {there, *later}


def _require_known(version: str, pointers: Pointers, settings: Settings) -> None:
    if version in pointers.releases:
        return
    close = [settings.tag(each) for each in nearest(version, pointers.releases)]
    tag = settings.tag(version)
    if close:
        raise RefusedError(
            f"{tag} does not exist; nearest: {', '.join(close)}",
            fix="Promote one of these, or release the version first.",
        )
    raise RefusedError(
        f"{tag} does not exist; nothing was released yet",
        fix="Release it first: ./inv release",
    )
