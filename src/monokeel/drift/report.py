"""Read every section, judge it, and say what was found, in words and as JSON."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from monokeel.drift import environments, github
from monokeel.drift.ports import Outside
from monokeel.drift.sections import Deviation, Facts, Wanted
from monokeel.ground.answers import Json
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.report import Report, Section, Table
from monokeel.policy import wording
from monokeel.policy.reading import OUTCOMES, Unverified, Verdict, unverified_lines
from monokeel.promotion.pointers import Pointers, read_remote
from monokeel.promotion.reading import read_records

_WORDS = {
    "in_sync": "in sync",
    "in_sync_as_seen": "in sync as far as seen",
    "drift": "drift",
    "unverifiable": "not verified",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReading:
    """What was found for *wanted*: the *facts* of each section, by its name."""

    wanted: Wanted
    facts: Mapping[str, Facts]

    @property
    def whole(self) -> Facts:
        """What was found in all sections together."""
        return Facts(
            drift=[x for each in self.facts.values() for x in each.drift],
            unverified=[x for each in self.facts.values() for x in each.unverified],
            notes=[x for each in self.facts.values() for x in each.notes],
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
        "rulesets": lambda: github.check_rulesets(wanted, outside),
        "settings": lambda: github.check_settings(wanted, outside),
        "pointers": lambda: environments.check_pointers(
            read_records(promotion, remote()), promotion.records
        ),
        "releases": lambda: environments.check_releases(
            remote(), promotion, outside.copy_of
        ),
    }
    facts = {}
    for name in wanted.sections:
        try:
            facts[name] = checks[name]()
        except NO_ANSWER as error:
            unread = Unverified(name, "", reason=error.reason, hidden=False)
            facts[name] = Facts(unverified=(unread,))  # no answer is never "none"
    return DriftReading(wanted=wanted, facts=facts)


def drift_report(found: DriftReading) -> Report:
    """Return the report of *found*."""
    allowed, reading = found.wanted.allowed, found.section("rulesets").rulesets
    facts, whole = found.facts.items(), found.whole
    rows = [(name, _WORDS[each.verdict(allowed)]) for name, each in facts]
    odd = () if found.verdict == "in_sync" else tuple(rows)
    drift, shown = whole.drift, {"rulesets": [x.name for x in reading.comparisons]}
    steps = wording.to_do((each.subject, step) for each in drift for step in each.steps)
    unclear = [each for each in whole.unverified if not each.accepted(allowed)]
    counts = (len(drift), "to repair"), (len(whole.unverified), "not verified")
    last = ", ".join(f"{count} {what}" for count, what in counts if count)
    parts = (
        Section(f"Drift in {name}", tuple(_lines(each.drift, shown.get(name, ()))))
        for name, each in facts
    )
    return Report(
        headline=f"{found.wanted.repository}: {_headline(found)}",
        sections=(
            Section("Sections", table=Table(("section", "verdict"), odd)),
            *wording.sections_of(reading.comparisons),
            *parts,
            Section("Not verified", unverified_lines(whole.unverified, allowed)),
            Section("To know", tuple(whole.notes)),
            Section("Inherited, not compared", reading.inherited),
            Section("To do", steps),
            Section("", (last,) if found.verdict != "in_sync" else ()),
        ),
        data={**_as_json(found), "to_do": list(steps)},
        problems=(  # annotations: every drift, and what nobody accepted unverified
            *_lines(drift),
            *(f"not verified: {line}" for line in unverified_lines(unclear, allowed)),
        ),
        outcome=OUTCOMES.get(found.verdict, "done"),
    )


def _lines(drift: Sequence[Deviation], but: Collection[str] = ()) -> Iterator[str]:
    """Yield the line of each, but for the subjects that are shown value by value."""
    for each in drift:
        unmarked = each.severe and "(severe)" not in each.line
        if each.subject not in but:
            yield f"{each.line}{' (severe)' if unmarked else ''}"


def _as_json(found: DriftReading) -> dict[str, Json]:
    allowed, reading = found.wanted.allowed, found.section("rulesets").rulesets
    return {
        "repository": found.wanted.repository,
        "verdict": found.verdict,
        "sections": {x: each.verdict(allowed) for x, each in found.facts.items()},
        "rulesets": [wording.comparison_json(each) for each in reading.comparisons],
        "unverified": [each.as_json(allowed) for each in found.whole.unverified],
        "settings": [*_lines(found.section("settings").drift)],
        "pointers": list(found.section("pointers").entries),
        "releases": list(found.section("releases").entries),
        "notes": list(found.whole.notes),
        "inherited": list(reading.inherited),
    }


def _headline(found: DriftReading) -> str:
    asked, blind = ", ".join(found.facts), len(found.whole.unverified)
    severe = sum(each.severe for each in found.whole.drift)
    return {
        "in_sync": f"in sync: {asked}",
        "in_sync_as_seen": f"in sync as far as seen: {asked}; {blind} not verified",
        "drift": f"GitHub is not as the files say{f': {severe} severe' * (severe > 0)}",
        "unverifiable": "not everything could be verified",
    }[found.verdict]
