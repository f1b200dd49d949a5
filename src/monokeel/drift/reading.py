"""Read every section, and judge: in sync, drift, or not to be verified."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from monokeel.drift.pointers import check_pointers
from monokeel.drift.ports import Outside
from monokeel.drift.releases import check_releases
from monokeel.drift.rulesets import check_rulesets
from monokeel.drift.sections import Facts, Wanted
from monokeel.drift.settings import check_settings
from monokeel.ground.errors import NO_ANSWER
from monokeel.policy.reading import Unverified, Verdict
from monokeel.promotion.pointers import Pointers, read_remote
from monokeel.promotion.reading import read_records


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReading:
    """What was found for *wanted*: the *facts* of each section, by its name."""

    wanted: Wanted
    facts: Mapping[str, Facts]

    @property
    def whole(self) -> Facts:
        """What was found in all sections together."""
        each = self.facts.values()
        return Facts(
            drift=[x for facts in each for x in facts.drift],
            unverified=[x for facts in each for x in facts.unverified],
            notes=[x for facts in each for x in facts.notes],
        )

    def section(self, name: str) -> Facts:
        """Return what was found in one section, nothing if it was not asked for."""
        return self.facts.get(name, Facts())

    @property
    def verdict(self) -> Verdict:
        """The verdict over all sections; drift beats the unclear in another."""
        return self.whole.verdict(self.wanted.allowed)


def read_drift(wanted: Wanted, outside: Outside) -> DriftReading:
    """Read the sections of *wanted*; a section that cannot be read is unverified."""
    promotion = outside.promotion

    @cache
    def remote() -> Pointers:
        return read_remote(promotion.clone, wanted.settings)

    checks = {
        "rulesets": lambda: check_rulesets(wanted, outside),
        "settings": lambda: check_settings(wanted, outside),
        "pointers": lambda: check_pointers(
            read_records(promotion, remote()), promotion.records
        ),
        "releases": lambda: check_releases(remote(), promotion, outside.copy_of),
    }
    facts = {}
    for name in wanted.sections:
        try:
            facts[name] = checks[name]()
        except NO_ANSWER as error:
            unread = Unverified(name, "", reason=error.reason, hidden=False)
            facts[name] = Facts(unverified=(unread,))  # no answer is never "none"
    return DriftReading(wanted=wanted, facts=facts)
