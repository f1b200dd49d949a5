"""Look at every section, and judge: in sync, drift, or not to be verified; say so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from monokeel.drift.pointers import check_pointers
from monokeel.drift.ports import Outside, Rulesets
from monokeel.drift.releases import check_releases
from monokeel.drift.settings import check_settings
from monokeel.drift.wanted import Wanted
from monokeel.ground.answers import Json
from monokeel.ground.errors import (
    NO_ANSWER,
    MonokeelError,
)
from monokeel.ground.report import Report, Section, Table
from monokeel.policy.comparison import Comparison, compare_policies
from monokeel.policy.verdict import (
    OUTCOMES,
    Change,
    Facts,
    Unverified,
    Verdict,
    comparison_json,
    hidden_bypass,
    judge,
    problem_lines,
    sections_of,
    with_logins,
)
from monokeel.promotion.pointers import Pointers, main_of, pointers_of

MARKER = "policy-drift"
# Drift only reads: a refusal there (409: an empty repository) tells nothing either.
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


class Issues(Protocol):
    """The one issue that is open while drift lasts."""

    def keep_open(self, marker: str, *, title: str, body: str) -> int:
        """Open the issue, or bring it up to date; return its number."""

    def close(self, marker: str, *, comment: str) -> int | None:
        """Close the issue; ``None`` if none is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was found: the *facts* of each section, and the rulesets in detail."""

    facts: Mapping[str, Facts]
    allowed: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    changes: Mapping[str, Change] = field(default_factory=dict)
    inherited: tuple[str, ...] = ()

    @property
    def unverified(self) -> tuple[Unverified, ...]:
        """Everything that could not be verified, in all sections."""
        return tuple(x for facts in self.facts.values() for x in facts.unverified)

    @property
    def verdict(self) -> Verdict:
        """The verdict over all sections; drift in one beats the unclear in another."""
        return judge(
            drifts=any(facts.drift for facts in self.facts.values()),
            unverified=self.unverified,
            allowed=self.allowed,
        )

    def verdict_of(self, section: str) -> Verdict:
        """Return the verdict over one section."""
        facts = self.facts[section]
        return judge(
            drifts=bool(facts.drift), unverified=facts.unverified, allowed=self.allowed
        )


def look(wanted: Wanted, outside: Outside) -> Look:
    """Look at the sections of *wanted*; a section that cannot be read is unverified.

    Changes nothing and never judges how the policy file is written.
    """
    comparisons: tuple[Comparison, ...] = ()
    changes: dict[str, Change] = {}
    inherited: tuple[str, ...] = ()
    facts: dict[str, Facts] = {}
    if "rulesets" in wanted.sections:
        try:
            live = outside.rulesets.read_all()
        except NO_ANSWER as error:
            facts["rulesets"] = _unread("rulesets", error)
        else:
            optional = wanted.settings.optional_rules
            comparisons = with_logins(
                compare_policies(wanted.policy, live.own, optional),
                outside.rulesets.login,
            )
            changes = _changes(comparisons, outside.rulesets)
            inherited = live.inherited
            facts["rulesets"] = Facts(
                drift=problem_lines(comparisons, changes),
                unverified=hidden_bypass(comparisons),
            )
    facts |= _others(wanted, outside)
    return Look(
        facts=facts,
        allowed=wanted.allowed,
        comparisons=comparisons,
        changes=changes,
        inherited=inherited,
    )


def follow_up(found: Look, body: str, issues: Issues) -> str:
    """Keep one issue open while drift lasts, close it after; return what was done.

    A look that could not verify everything changes nothing: nobody knows.
    """
    match found.verdict:
        case "drift":
            title = "Policy drift: GitHub is not as the files say"
            number = issues.keep_open(MARKER, title=title, body=body)
            return f"issue #{number} is open"
        case "in_sync":
            closed = issues.close(MARKER, comment="Everything is in sync again.")
            return f"issue #{closed} is closed" if closed else "no issue is open"
        case "unverifiable":
            return "the issue is left as it is: not everything could be verified"


def _others(wanted: Wanted, outside: Outside) -> dict[str, Facts]:
    settings = wanted.settings
    read: dict[str, Pointers] = {}

    def pointers() -> Pointers:
        if "now" not in read:
            refs = outside.refs.remote_refs()
            main = main_of(refs, settings.default_branch)
            read["now"] = pointers_of(refs, main=main, prefix=settings.tag_prefix)
        return read["now"]

    checks: dict[str, Callable[[], Facts]] = {
        "settings": lambda: check_settings(
            wanted.policy, settings.default_branch, outside.repository
        ),
        "pointers": lambda: check_pointers(settings, pointers(), outside),
        "releases": lambda: check_releases(settings, pointers(), outside),
    }
    facts = {}
    for name, check in checks.items():
        if name not in wanted.sections:
            continue
        try:
            facts[name] = check()
        except NO_ANSWER as error:
            facts[name] = _unread(name, error)
    return facts


def _unread(section: str, error: MonokeelError) -> Facts:
    """Return that nothing of *section* is known: no answer is never "none"."""
    reason = f"{error.problem}. {error.fix}" if error.fix else error.problem
    return Facts(
        unverified=(Unverified(item=section, subject="", reason=reason, hidden=False),)
    )


def _changes(
    comparisons: tuple[Comparison, ...], rulesets: Rulesets
) -> dict[str, Change]:
    """Return who changed the drifting rulesets last, where the token may know.

    A token that does not see the bypass list may not read the history either.
    """
    changes = {}
    for each in comparisons:
        if each.drifts and each.live and not each.hides_bypass:
            change = rulesets.last_change(each.live[0].id)
            if change is not None:
                changes[each.name] = change
    return changes


def drift_report(found: Look, *more: str) -> Report:
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
            *sections_of(found.comparisons, found.changes),
            *_lists(found),
            Section("To do", to_do),
            Section("Issue", more),
        ),
        data={
            "verdict": found.verdict,
            "sections": dict(verdicts),
            "rulesets": [
                comparison_json(each, found.changes.get(each.name))
                for each in found.comparisons
            ],
            "unverified": [each.as_json(found.allowed) for each in found.unverified],
            "settings": _drift(found, "settings"),
            "pointers": _entries(found, "pointers"),
            "releases": _entries(found, "releases"),
            "notes": [x for facts in found.facts.values() for x in facts.notes],
            "inherited": list(found.inherited),
        },
        problems=_problems(found),
        outcome=OUTCOMES[found.verdict],
    )


def _lists(found: Look) -> list[Section]:
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
        Section("Inherited, not compared", found.inherited),
    ]


def _problems(found: Look) -> tuple[str, ...]:
    """Return the annotations: every drift, and what nobody accepted unverified."""
    drift = [x for facts in found.facts.values() for x in facts.drift]
    unclear = [
        f"not verified: {each.line()}"
        for each in found.unverified
        if not each.accepted(found.allowed)
    ]
    return (*drift, *unclear)


def _drift(found: Look, section: str) -> list[Json]:
    return list(found.facts[section].drift) if section in found.facts else []


def _entries(found: Look, section: str) -> list[Json]:
    return list(found.facts[section].entries) if section in found.facts else []
