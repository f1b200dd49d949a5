"""The report of a drift run, in words and as JSON."""

from collections.abc import Collection, Iterator, Sequence

from monokeel.drift.reading import DriftReading
from monokeel.drift.sections import Deviation
from monokeel.ground.answers import Json
from monokeel.ground.report import Report, Section, Table
from monokeel.policy.reading import OUTCOMES, unverified_lines
from monokeel.policy.wording import comparison_json, sections_of, to_do

_WORDS = {
    "in_sync": "in sync",
    "in_sync_as_seen": "in sync as far as seen",
    "drift": "drift",
    "unverifiable": "not verified",
}


def drift_report(found: DriftReading) -> Report:
    """Return the report of *found*."""
    allowed, reading = found.wanted.allowed, found.section("rulesets").rulesets
    facts, whole = found.facts.items(), found.whole
    rows = [(name, _WORDS[each.verdict(allowed)]) for name, each in facts]
    odd = () if found.verdict == "in_sync" else tuple(rows)
    drift, shown = whole.drift, {"rulesets": [x.name for x in reading.comparisons]}
    steps = to_do((each.subject, step) for each in drift for step in each.steps)
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
            *sections_of(reading.comparisons),
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
        outcome=OUTCOMES[found.verdict],
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
        "rulesets": [comparison_json(each) for each in reading.comparisons],
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
