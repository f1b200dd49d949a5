"""The report of a drift run, in words and as JSON."""

from monokeel.drift.reading import DriftReading
from monokeel.ground.answers import Json
from monokeel.ground.report import Report, Section, Table
from monokeel.policy.reading import OUTCOMES, unverified_lines
from monokeel.policy.wording import comparison_json, remedies, sections_of

_WORDS = {
    "in_sync": "in sync",
    "in_sync_as_seen": "in sync as far as seen",
    "drift": "drift",
    "unverifiable": "not verified",
}
_TO_DO = {  # where the lines of a section do not say it themselves
    "settings": "settings: who changed a setting stands in the audit log alone:"
    " https://github.com/organizations/{owner}/settings/audit-log",
    "pointers": "pointers: ./inv history --env NAME says which version should be there;"
    " ./inv promote --env NAME --version VERSION goes back to it (--rollback to an"
    " older one), or records the version that is there",
    "releases": "releases: who moved a tag stands in the registry's own log alone;"
    " ./inv status says which environments run the version; nothing published is"
    " overwritten: release a new one, ./inv promote --env NAME --version VERSION",
}


def drift_report(found: DriftReading) -> Report:
    """Return the report of *found*."""
    allowed, reading = found.wanted.allowed, found.section("rulesets").rulesets
    verdicts = tuple((name, _WORDS[found.verdict_of(name)]) for name in found.facts)
    table = Table(("section", "verdict"), verdicts)
    repository = found.wanted.repository
    owner = repository.partition("/")[0]
    drifting = [name for name, each in found.facts.items() if each.drift]
    others = [_TO_DO[x].format(owner=owner) for x in drifting if x in _TO_DO]
    unclear = [each for each in found.unverified if not each.accepted(allowed)]
    count = sum(len(each.drift) for each in found.facts.values())
    last = f"{count} to repair, {len(found.unverified)} not verified"
    return Report(
        headline=f"{repository}: {_headline(found)}",
        sections=(
            Section("Sections", table=table if found.verdict != "in_sync" else None),
            *sections_of(reading.comparisons),
            *(
                Section(f"Drift in {name}", tuple(each.drift))
                for name, each in found.facts.items()
                if name != "rulesets"
            ),
            Section("Not verified", unverified_lines(found.unverified, allowed)),
            Section("To know", found.notes),
            Section("Inherited, not compared", reading.inherited),
            Section("To do", (*remedies(reading.comparisons, repository), *others)),
            Section("", (last,) if found.verdict != "in_sync" else ()),
        ),
        data=_as_json(found),
        problems=(  # annotations: every drift, and what nobody accepted unverified
            *(line for each in found.facts.values() for line in each.drift),
            *(f"not verified: {line}" for line in unverified_lines(unclear, allowed)),
        ),
        outcome=OUTCOMES[found.verdict],
    )


def _as_json(found: DriftReading) -> dict[str, Json]:
    allowed, reading = found.wanted.allowed, found.section("rulesets").rulesets
    return {
        "repository": found.wanted.repository,
        "verdict": found.verdict,
        "sections": {name: found.verdict_of(name) for name in found.facts},
        "rulesets": [comparison_json(each) for each in reading.comparisons],
        "unverified": [each.as_json(allowed) for each in found.unverified],
        "settings": list(found.section("settings").drift),
        "pointers": list(found.section("pointers").entries),
        "releases": list(found.section("releases").entries),
        "notes": list(found.notes),
        "inherited": list(reading.inherited),
    }


def _headline(found: DriftReading) -> str:
    asked, blind = ", ".join(found.facts), len(found.unverified)
    match found.verdict:
        case "in_sync":
            return f"in sync: {asked}"
        case "in_sync_as_seen":
            return f"in sync as far as seen: {asked}; {blind} not verified"
        case "drift":
            compared = found.section("rulesets").rulesets.comparisons
            severe = sum(each.severe for each in compared)
            return "GitHub is not as the files say" + f": {severe} severe" * (
                severe > 0
            )
        case "unverifiable":
            return "not everything could be verified"
