"""What runs where, since when and by whom, what may go next and why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monokeel.commands.status.needs import Clone, Records, policy_at, read_on
from monokeel.core.deployments import Ledger, Record
from monokeel.core.gates import evaluate, verdict_of
from monokeel.core.nearest import is_newer, newest_first
from monokeel.core.pointers import (
    Pointers,
    main_of,
    newest_live,
    pointer_drift,
    pointers_of,
    unread_for_newest,
)
from monokeel.core.settings import Environment, Settings
from monokeel.core.snapshot import Gate, Snapshot
from monokeel.core.trial import Trial, trial_of, unread_for_trial
from monokeel.errors import ServiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One environment as it is now; *last* is its newest confirmed record.

    *commit* is ``None`` before the first promotion. *drift* names what is wrong with
    the branch, one line each.
    """

    environment: Environment
    commit: str | None
    version: str
    last: Record | None
    since: datetime | None
    drift: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """Whether *version* may go to *environment*; release and images are not asked."""

    version: str
    environment: str
    gates: tuple[Gate, ...]

    @property
    def eligible(self) -> bool:
        """Whether no gate says no or cannot tell."""
        return verdict_of(self.gates) == "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All environments at one moment; *versions* are the rows, the newest first."""

    settings: Settings
    places: tuple[Place, ...]
    versions: tuple[str, ...]
    following: tuple[Next, ...]
    hold: str
    now: datetime


def look_around(
    clone: Clone, records: Records, local: Settings, *, hold: str
) -> Overview:
    """Return what runs where and what may go next; write nothing.

    *local* names the default branch; the rules come from there. Raises ServiceError
    when the remote or GitHub cannot be read.
    """
    refs = clone.remote_refs()
    main = main_of(refs, local.default_branch)
    if clone.commit_of(main) is None:
        clone.fetch()
    settings = policy_at(clone, main)
    pointers = pointers_of(refs, main=main, prefix=settings.tag_prefix)
    newest = [pointers.releases[each] for each in _newest(pointers)]
    if any(clone.commit_of(c) is None for c in (*newest, *pointers.branches.values())):
        clone.fetch()
    ledger, now = _read(records, settings)
    places = tuple(
        _place(each, pointers, ledger, now) for each in settings.environments
    )
    versions = _rows(places, pointers)
    judge = _Judge(
        clone=clone,
        records=records,
        settings=settings,
        pointers=pointers,
        hold=hold,
        now=now,
    )
    return Overview(
        settings=settings,
        places=places,
        versions=versions,
        following=judge.following(places, versions, ledger),
        hold=hold,
        now=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    clone: Clone
    records: Records
    settings: Settings
    pointers: Pointers
    hold: str
    now: datetime

    def following(
        self, places: Sequence[Place], versions: Sequence[str], ledger: Ledger
    ) -> tuple[Next, ...]:
        answers = []
        for version in versions:
            for index, place in enumerate(places):
                if place.version and not is_newer(version, place.version):
                    continue
                previous = places[index - 1] if index else None
                trial, ledger = self._trial(version, previous, place, ledger)
                gates = evaluate(self._snapshot(version, place, previous, trial))
                answers.append(
                    Next(
                        version=version,
                        environment=place.environment.name,
                        gates=gates,
                    )
                )
        return tuple(answers)

    def _trial(
        self, version: str, previous: Place | None, place: Place, ledger: Ledger
    ) -> tuple[Trial | None, Ledger]:
        if previous is None:
            return None, ledger
        name, commit = previous.environment.name, self.pointers.releases[version]
        timed = bool(place.environment.soak)
        ledger = read_on(
            ledger,
            self.records,
            lambda known: unread_for_trial(known, name, commit, timed=timed),
        )
        live = previous.commit == commit
        return trial_of(ledger, name, commit, live=live, now=self.now), ledger

    def _snapshot(
        self, version: str, place: Place, previous: Place | None, trial: Trial | None
    ) -> Snapshot:
        commit = self.pointers.releases[version]
        return Snapshot(
            version=version,
            tag=self.settings.tag(version),
            commit=commit,
            main=self.settings.default_branch,
            environment=place.environment,
            now=self.now,
            pointer=place.commit,
            current=place.version,
            on_main=self._descends(commit, self.pointers.main),
            descends=self._descends(place.commit, commit),
            previous=previous.environment if previous is not None else None,
            trial=trial,
            freezes=self.settings.freezes,
            hold=self.hold,
        )

    def _descends(self, ancestor: str | None, commit: str) -> bool | None:
        if ancestor is None:
            return None
        try:
            return self.clone.is_ancestor(ancestor, commit)
        except ServiceError:
            return None


def _read(records: Records, settings: Settings) -> tuple[Ledger, datetime]:
    names = [each.name for each in settings.environments]
    ledger = Ledger(records=records.newest(names).records)
    now = records.now()

    def ask(known: Ledger) -> tuple[int, ...]:
        # Down to the newest confirmed move of each: one request per environment.
        return tuple(n for name in names for n in unread_for_newest(known, name))

    return read_on(ledger, records, ask), now


def _place(
    environment: Environment, pointers: Pointers, ledger: Ledger, now: datetime
) -> Place:
    commit = pointers.branches.get(environment.name)
    last = newest_live(ledger, environment.name)
    here = last is not None and last.sha == commit
    return Place(
        environment=environment,
        commit=commit,
        version=pointers.version_at(commit),
        last=last if here else None,
        since=ledger.live_from(last) if last is not None and here else None,
        drift=pointer_drift(pointers, ledger, environment.name, now),
    )


def _rows(places: Sequence[Place], pointers: Pointers) -> tuple[str, ...]:
    # What is live somewhere, and the newest release: what could be promoted at all.
    live = {place.version for place in places if place.version}
    return newest_first({*live, *_newest(pointers)})


def _newest(pointers: Pointers) -> tuple[str, ...]:
    return newest_first(pointers.releases)[:1]
