"""The report of a drift run, in words and as JSON."""

from monokeel.drift.reading import DriftReading
from monokeel.ground.answers import Json
from monokeel.ground.report import Report, Section, Table
from monokeel.policy.verdict import OUTCOMES
from monokeel.policy.wording import comparison_json, sections_of

_HEADLINES = {
    "in_sync": "drift: in sync",
    "drift": "drift: GitHub is not as the files say",
    "unverifiable": "drift: not everything could be verified",
}
_WORDS = {"in_sync": "in sync", "drift": "drift", "unverifiable": "not verified"}
_REPAIR = (
    "rulesets: run ./scripts/apply-rulesets.sh, or bring the change into"
    " infra/rulesets.json by a pull request"
)


def drift_report(found: DriftReading, *more: str) -> Report:
    """Return the report of *found*; *more* are lines to add at its end."""
    verdicts = {name: found.verdict_of(name) for name in found.facts}
    rows = tuple((name, _WORDS[verdict]) for name, verdict in verdicts.items())
    quiet = found.verdict == "in_sync"
    table = None if quiet else Table(("section", "verdict"), rows)
    to_do = (_REPAIR,) if verdicts.get("rulesets") == "drift" else ()
    return Report(
        headline=_HEADLINES[found.verdict] + (f": {', '.join(verdicts)}" * quiet),
        sections=(
            Section("Sections", table=table),
            *sections_of(found.rulesets.comparisons, found.changes),
            *_lists(found),
            Section("To do", to_do),
            Section("Issue", more),
        ),
        data={
            "verdict": found.verdict,
            "sections": dict(verdicts),
            "rulesets": [
                comparison_json(each, found.changes.get(each.name))
                for each in found.rulesets.comparisons
            ],
            "unverified": [each.as_json(found.allowed) for each in found.unverified],
            "settings": _drift(found, "settings"),
            "pointers": _entries(found, "pointers"),
            "releases": _entries(found, "releases"),
            "notes": [x for facts in found.facts.values() for x in facts.notes],
            "inherited": list(found.rulesets.inherited),
        },
        problems=_problems(found),
        outcome=OUTCOMES[found.verdict],
    )


def _lists(found: DriftReading) -> list[Section]:
    unverified = tuple(each.line(found.allowed) for each in found.unverified)
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
    unclear = [
        f"not verified: {each.line()}"
        for each in found.unverified
        if not each.accepted(found.allowed)
    ]
    return (*drift, *unclear)


def _drift(found: DriftReading, section: str) -> list[Json]:
    return list(found.facts[section].drift) if section in found.facts else []


def _entries(found: DriftReading, section: str) -> list[Json]:
    return list(found.facts[section].entries) if section in found.facts else []
