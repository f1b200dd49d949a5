"""The report of a drift run, in words and as JSON."""

from monokeel.drift.reading import DriftReading
from monokeel.drift.sections import Facts
from monokeel.ground.report import Report, Section, Table
from monokeel.policy.verdict import OUTCOMES, unverified_lines
from monokeel.policy.wording import comparison_json, remedies, sections_of

_WORDS = {
    "in_sync": "in sync",
    "in_sync_as_seen": "in sync as far as seen",
    "drift": "drift",
    "unverifiable": "not verified",
}


def drift_report(found: DriftReading) -> Report:
    """Return the report of *found*."""
    wanted, facts = found.wanted, found.facts
    verdicts = {name: found.verdict_of(name) for name in facts}
    rows = tuple((name, _WORDS[verdict]) for name, verdict in verdicts.items())
    table = Table(("section", "verdict"), rows) if found.verdict != "in_sync" else None
    settings, pointers, releases, rulesets = (
        facts.get(name, Facts())
        for name in ("settings", "pointers", "releases", "rulesets")
    )
    reading = rulesets.rulesets
    notes = tuple(x for each in facts.values() for x in each.notes)
    unclear = [x for x in found.unverified if not x.accepted(wanted.allowed)]
    return Report(
        headline=f"{wanted.repository}: {_headline(found)}",
        sections=(
            Section("Sections", table=table),
            *sections_of(reading.comparisons),
            *(
                Section(f"Drift in {name}", tuple(each.drift))
                for name, each in facts.items()
                if name != "rulesets"
            ),
            Section("Not verified", unverified_lines(found.unverified, wanted.allowed)),
            Section("To know", notes),
            Section("Inherited, not compared", reading.inherited),
            Section("To do", remedies(reading.comparisons, wanted.repository)),
        ),
        data={
            "repository": wanted.repository,
            "verdict": found.verdict,
            "sections": dict(verdicts),
            "rulesets": [comparison_json(each) for each in reading.comparisons],
            "unverified": [each.as_json(wanted.allowed) for each in found.unverified],
            "settings": list(settings.drift),
            "pointers": list(pointers.entries),
            "releases": list(releases.entries),
            "notes": list(notes),
            "inherited": list(reading.inherited),
        },
        problems=(  # annotations: every drift, and what nobody accepted unverified
            *(line for each in facts.values() for line in each.drift),
            *(f"not verified: {x}" for x in unverified_lines(unclear, wanted.allowed)),
        ),
        outcome=OUTCOMES[found.verdict],
    )


def _headline(found: DriftReading) -> str:
    asked, blind = ", ".join(found.facts), len(found.unverified)
    match found.verdict:
        case "in_sync":
            return f"in sync: {asked}"
        case "in_sync_as_seen":
            return f"in sync as far as seen: {asked}; {blind} not verified"
        case "drift":
            return "GitHub is not as the files say"
        case "unverifiable":
            return "not everything could be verified"
