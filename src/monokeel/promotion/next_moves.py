"""Which version may go where next: the gates of promote, asked without the artifact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monokeel.ground.settings import Environment, Settings
from monokeel.ground.version import is_newer
from monokeel.promotion.facts import Snapshot
from monokeel.promotion.gates import Gate, evaluate, verdict_of
from monokeel.promotion.history import Records
from monokeel.promotion.pointers import Pointers, Remote, descends
from monokeel.promotion.records import Ledger, Record
from monokeel.promotion.track_record import (
    Trial,
    read_on,
    setback,
    trial_of,
    unread_for_trial,
)


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
    """Whether *version* may go to *environment*; release and images are not asked.

    *setback* says when and why it was rolled back there, ``""`` if it was not.
    """

    version: str
    environment: str
    gates: tuple[Gate, ...]
    setback: str = ""

    @property
    def eligible(self) -> bool:
        """Whether no gate says no or cannot tell."""
        return verdict_of(self.gates) == "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What is known once and asked for every version and environment."""

    clone: Remote
    records: Records
    settings: Settings
    pointers: Pointers
    hold: str
    now: datetime

    def following(
        self, places: Sequence[Place], versions: Sequence[str], ledger: Ledger
    ) -> tuple[Next, ...]:
        """Return an answer for each of *versions* and each place that is behind it."""
        answers = []
        for version in versions:
            for index, place in enumerate(places):
                if place.version and not is_newer(version, place.version):
                    continue
                previous = places[index - 1] if index else None
                trial = None
                if previous is not None:
                    timed = bool(place.environment.soak)
                    trial, ledger = self._trial(version, previous, ledger, timed=timed)
                here, ledger = self._trial(version, place, ledger, timed=False)
                answers.append(
                    Next(
                        version=version,
                        environment=place.environment.name,
                        gates=evaluate(self._snapshot(version, place, previous, trial)),
                        setback=setback(here, self.now),
                    )
                )
        return tuple(answers)

    def _trial(
        self, version: str, place: Place, ledger: Ledger, *, timed: bool
    ) -> tuple[Trial, Ledger]:
        name, commit = place.environment.name, self.pointers.releases[version]
        ledger = read_on(
            ledger,
            self.records.statuses,
            lambda known: unread_for_trial(known, name, commit, timed=timed),
        )
        live = place.commit == commit
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
            on_main=descends(self.clone.is_ancestor, commit, self.pointers.main),
            descends=descends(self.clone.is_ancestor, place.commit, commit),
            previous=previous.environment if previous is not None else None,
            trial=trial,
            freezes=self.settings.freezes,
            hold=self.hold,
        )
