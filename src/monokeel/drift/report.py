"""The report of a drift run, in words and as JSON."""

from monokeel.drift.reading import DriftReading
from monokeel.ground.answers import Json
from monokeel.ground.report import Report, Section, Table
from monokeel.policy.origin import Origin
from monokeel.policy.remedies import remedies
from monokeel.policy.verdict import OUTCOMES, unverified_lines
from monokeel.policy.wording import comparison_json, sections_of

_WORDS = {
    "in_sync": "in sync",
    "in_sync_as_seen": "in sync as far as seen",
    "drift": "drift",
    "unverifiable": "not verified",
}


def drift_report(found: DriftReading, *more: str) -> Report:
    """Return the report of *found*; *more* are lines to add at its end."""
    allowed = found.wanted.allowed
    verdicts = {name: found.verdict_of(name) for name in found.facts}
    rows = tuple((name, _WORDS[verdict]) for name, verdict in verdicts.items())
    table = Table(("section", "verdict"), rows) if found.verdict != "in_sync" else None
    to_do = remedies(found.rulesets.comparisons, found.origins, found.wanted.repository)
    return Report(
        headline=f"{found.wanted.repository}: {_headline(found)}",
        sections=(
            Section("Sections", table=table),
            *sections_of(found.rulesets.comparisons, found.origins),
            *_lists(found),
            Section("To do", to_do),
            Section("Issue", more),
        ),
        data={
            "repository": found.wanted.repository,
            "verdict": found.verdict,
            "sections": dict(verdicts),
            "rulesets": [
                comparison_json(each, found.origins.get(each.name, Origin()))
                for each in found.rulesets.comparisons
            ],
            "unverified": [each.as_json(allowed) for each in found.unverified],
            "settings": _drift(found, "settings"),
            "pointers": _entries(found, "pointers"),
            "releases": _entries(found, "releases"),
            "notes": [x for facts in found.facts.values() for x in facts.notes],
            "inherited": list(found.rulesets.inherited),
        },
        problems=_problems(found),
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


def _lists(found: DriftReading) -> list[Section]:
    unverified = unverified_lines(found.unverified, found.wanted.allowed)
    notes = tuple(x for facts in found.facts.values() for x in facts.notes)
    return [
        *(
            Section(f"Drift in {name}", facts.drift)
            for name, facts in found.facts.items()
            if name != "rulesets"
        ),
        Section("Not verified", unverified),
        Section("To know", notes),
        Section("Inherited, not compared", found.rulesets.inherited),
    ]


def _problems(found: DriftReading) -> tuple[str, ...]:
    """Return the annotations: every drift, and what nobody accepted unverified."""
    drift = [x for facts in found.facts.values() for x in facts.drift]
    allowed = found.wanted.allowed
    unclear = [each for each in found.unverified if not each.accepted(allowed)]
    lines = unverified_lines(unclear, allowed)
    return (*drift, *(f"not verified: {line}" for line in lines))


def _drift(found: DriftReading, section: str) -> list[Json]:
    return list(found.facts[section].drift) if section in found.facts else []


def _entries(found: DriftReading, section: str) -> list[Json]:
    return list(found.facts[section].entries) if section in found.facts else []
