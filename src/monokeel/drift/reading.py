"""Read every section, and judge: in sync, drift, or not to be verified."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from monokeel.drift.pointers import check_pointers
from monokeel.drift.ports import Outside
from monokeel.drift.releases import check_releases
from monokeel.drift.rulesets import check_rulesets
from monokeel.drift.sections import Deviation, Facts, Wanted
from monokeel.drift.settings import check_settings
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.policy.reading import Unverified, Verdict, judge
from monokeel.promotion.pointers import Pointers, read_remote
from monokeel.promotion.reading import read_records


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReading:
    """What was found for *wanted*: the *facts* of each section, by its name."""

    wanted: Wanted
    facts: Mapping[str, Facts]

    @property
    def unverified(self) -> tuple[Unverified, ...]:
        """Everything that could not be verified, in all sections."""
        return tuple(x for facts in self.facts.values() for x in facts.unverified)

    @property
    def drift(self) -> tuple[Deviation, ...]:
        """Everything that is not as the files say, in all sections."""
        return tuple(x for facts in self.facts.values() for x in facts.drift)

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to know, in all sections."""
        return tuple(x for facts in self.facts.values() for x in facts.notes)

    def section(self, name: str) -> Facts:
        """Return what was found in one section, nothing if it was not asked for."""
        return self.facts.get(name, Facts())

    def verdict_of(self, *sections: str) -> Verdict:
        """Return the verdict over *sections*; drift beats the unclear in another."""
        asked = [self.facts[each] for each in sections]
        return judge(
            drifts=any(facts.drift for facts in asked),
            unverified=[x for facts in asked for x in facts.unverified],
            allowed=self.wanted.allowed,
        )

    @property
    def verdict(self) -> Verdict:
        """The verdict over all sections."""
        return self.verdict_of(*self.facts)


def read_drift(wanted: Wanted, outside: Outside) -> DriftReading:
    """Read the sections of *wanted*; a section that cannot be read is unverified."""
    promotion = outside.promotion

    @cache
    def remote() -> tuple[Settings, Pointers]:
        return read_remote(promotion.clone, wanted.settings)

    checks = {
        "rulesets": lambda: check_rulesets(wanted, outside),
        "settings": lambda: check_settings(wanted, outside),
        "pointers": lambda: check_pointers(
            read_records(promotion, remote()), promotion.records
        ),
        "releases": lambda: check_releases(*remote(), promotion, outside.copy_of),
    }
    facts = {}
    for name in wanted.sections:
        try:
            facts[name] = checks[name]()
        except NO_ANSWER as error:
            unread = Unverified(name, "", reason=error.reason, hidden=False)
            facts[name] = Facts(unverified=(unread,))  # no answer is never "none"
    return DriftReading(wanted=wanted, facts=facts)
