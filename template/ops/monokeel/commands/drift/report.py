"""What drift found, as a report: for people, for machines, for annotations."""

from monokeel.commands.drift.look import Look
from monokeel.core.lookup import Json
from monokeel.core.policy import comparison_json
from monokeel.core.report import Report, Section, Table
from monokeel.core.ruleset_report import sections_of

_HEADLINES = {
    "in_sync": "drift: in sync",
    "drift": "drift: GitHub is not as the files say",
    "unverifiable": "drift: not everything could be verified",
}
_REPAIR = (
    "rulesets: run ./scripts/apply-rulesets.sh, or bring the change into"
    " infra/rulesets.json by a pull request"
)


def drift_report(found: Look, *more: str) -> Report:
    """Return the report of *found*; *more* are lines to add at its end."""
    verdicts = {name: found.verdict_of(name) for name in found.facts}
    rows = tuple((name, verdict) for name, verdict in verdicts.items())
    sections = [Section("Sections", table=Table(("section", "verdict"), rows))]
    if found.comparisons:
        sections += sections_of(found.comparisons, found.changes)
    sections += _lists(found)
    if verdicts.get("rulesets") == "drift":
        sections.append(Section("To do", (_REPAIR,)))
    if more:
        sections.append(Section("Issue", more))
    rulesets: list[Json] = [
        comparison_json(each, found.changes.get(each.name))
        for each in found.comparisons
    ]
    return Report(
        headline=_HEADLINES[found.verdict],
        sections=tuple(sections),
        data={
            "verdict": found.verdict,
            "sections": dict(verdicts),
            "rulesets": rulesets,
            "unverified": [each.as_json(found.allowed) for each in found.unverified],
            "settings": _drift(found, "settings"),
            "pointers": _entries(found, "pointers"),
            "releases": _entries(found, "releases"),
            "notes": [x for facts in found.facts.values() for x in facts.notes],
            "inherited": list(found.inherited),
        },
        problems=_problems(found),
    )


def _lists(found: Look) -> list[Section]:
    sections = [
        Section(f"Drift in {name}", facts.drift)
        for name, facts in found.facts.items()
        if facts.drift and name != "rulesets"
    ]
    unverified = tuple(
        f"{each.item} of {each.subject}: {each.reason}"
        + (" (accepted)" if each.accepted(found.allowed) else "")
        for each in found.unverified
    )
    notes = tuple(x for facts in found.facts.values() for x in facts.notes)
    for heading, lines in (
        ("Not verified", unverified),
        ("To know", notes),
        ("Inherited, not compared", found.inherited),
    ):
        if lines:
            sections.append(Section(heading, lines))
    return sections


def _problems(found: Look) -> tuple[str, ...]:
    """Return the annotations: every drift, and what nobody accepted unverified."""
    drift = [x for facts in found.facts.values() for x in facts.drift]
    unclear = [
        f"not verified: {each.item} of {each.subject}: {each.reason}"
        for each in found.unverified
        if not each.accepted(found.allowed)
    ]
    return (*drift, *unclear)


def _drift(found: Look, section: str) -> list[Json]:
    return list(found.facts[section].drift) if section in found.facts else []


def _entries(found: Look, section: str) -> list[Json]:
    return list(found.facts[section].entries) if section in found.facts else []
