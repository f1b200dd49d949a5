"""What is known about a repository's rules: read, compared, judged, put in words.

The words are the same for a plan and for drift.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from monokeel.core.lookup import Json
from monokeel.core.report import Section, Table
from monokeel.core.ruleset import BYPASS, Ruleset
from monokeel.core.ruleset_diff import Comparison, Difference
from monokeel.core.ruleset_schema import Finding

_USER = re.compile(r"\[User (\d+)\]")

Verdict = Literal["in_sync", "drift", "unverifiable"]
_STATES = {
    "same": "as the file says",
    "changed": "not as the file says",
    "missing": "not on GitHub",
    "unmanaged": "on GitHub, but in no file",
    "duplicate": "on GitHub more than once",
}
_LONGEST = 160
_KINDS = {
    "changed": "",
    "missing": "",
    "added": "",
    "unknown": "not known here, never erased: name it in the file or remove it by hand",
    "gap": "optional: GitHub's plan may refuse it",
    "note": "note",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRulesets:
    """A repository's *own* rulesets, and the names of those *inherited* from above."""

    own: tuple[Ruleset, ...]
    inherited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version in a ruleset's history; *actor_type* is ``User`` or another."""

    id: int
    updated_at: str
    actor_id: int
    actor_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changed something last, and when (as GitHub wrote it)."""

    by: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """Something that nobody could check: *item* of *subject*, and the *reason*.

    *hidden* means that the token lacks a right; otherwise nobody answered. What is
    hidden may be accepted by its item's name, or all of it as ``bypass_actors``: one
    missing right, administration, hides bypass lists and settings alike.
    """

    item: str
    subject: str
    reason: str
    hidden: bool = True

    def accepted(self, allowed: Sequence[str]) -> bool:
        """Say whether *allowed* (``--allow-unverified``) lets this pass."""
        return self.hidden and (self.item in allowed or BYPASS in allowed)

    def as_json(self, allowed: Sequence[str] = ()) -> dict[str, Json]:
        """Return the entry of a report's ``unverified``."""
        return {
            "item": self.item,
            "of": self.subject,
            "reason": self.reason,
            "accepted": self.accepted(allowed),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One section of a drift report: what differs, what is unclear, what to know."""

    drift: tuple[str, ...] = ()
    unverified: tuple[Unverified, ...] = ()
    notes: tuple[str, ...] = ()
    entries: tuple[dict[str, Json], ...] = field(default=())


def judge(
    *, drifts: bool, unverified: Sequence[Unverified], allowed: Sequence[str]
) -> Verdict:
    """Return the verdict: drift beats what is unclear, and that beats in sync."""
    if drifts:
        return "drift"
    if all(each.accepted(allowed) for each in unverified):
        return "in_sync"
    return "unverifiable"


def hidden_bypass(comparisons: Sequence[Comparison]) -> tuple[Unverified, ...]:
    """Return the rulesets whose bypass list the token may not see.

    GitHub leaves the member out then (s4k10503/velvet#320); that is not "nobody".
    """
    return tuple(
        Unverified(
            item=BYPASS,
            subject=each.name,
            reason="GitHub hides it from this token: administration: write shows it",
        )
        for each in comparisons
        if each.hides_bypass
    )


def with_logins(
    comparisons: Sequence[Comparison], login: Callable[[int], str | None]
) -> tuple[Comparison, ...]:
    """Return *comparisons* with logins beside the numbers of users in their paths.

    Only users that differ are asked for; one that nobody knows keeps the bare number.
    """
    known: dict[int, str | None] = {}

    def named(match: re.Match[str]) -> str:
        number = int(match[1])
        if number not in known:
            known[number] = login(number)
        name = known[number]
        return f"[User {number} ({name})]" if name else match[0]

    return tuple(
        replace(
            each,
            differences=tuple(
                replace(difference, path=_USER.sub(named, difference.path))
                for difference in each.differences
            ),
        )
        for each in comparisons
    )


def difference_json(difference: Difference) -> dict[str, Json]:
    """Return the entry of a report's ``differences``."""
    return {
        "path": difference.path,
        "desired": difference.desired,
        "live": difference.live,
        "kind": difference.kind,
    }


def comparison_json(
    comparison: Comparison, change: Change | None = None
) -> dict[str, Json]:
    """Return the entry of a report's ``rulesets``."""
    changed_by: Json = None if change is None else {"by": change.by, "at": change.at}
    return {
        "name": comparison.name,
        "state": comparison.state,
        "gap": comparison.is_gap,
        "differences": [difference_json(each) for each in comparison.differences],
        "changed_by": changed_by,
    }


def sections_of(
    comparisons: Sequence[Comparison], changes: Mapping[str, Change]
) -> tuple[Section, ...]:
    """Return a table of all rulesets, then the differences of each, old → new.

    *changes* says who changed a ruleset last, by its name.
    """
    rows = tuple((each.name, state_of(each)) for each in comparisons)
    return (
        Section("Rulesets", table=Table(("ruleset", "state"), rows)),
        *(
            Section(
                f"Ruleset {each.name}: GitHub → file",
                _lines(each, changes.get(each.name)),
            )
            for each in comparisons
        ),
    )


def state_of(comparison: Comparison) -> str:
    """Return the state of a ruleset in words."""
    if comparison.is_gap:
        return "not on GitHub: optional, a gap where the plan has no such rule"
    if comparison.state == "changed" and not comparison.drifts:
        return "as the file says, but for optional rules"
    return _STATES[comparison.state]


def problem_lines(
    comparisons: Sequence[Comparison], changes: Mapping[str, Change]
) -> tuple[str, ...]:
    """Return one line for each ruleset that drifts, with its paths."""
    lines = []
    for each in comparisons:
        if not each.drifts:
            continue
        paths = ", ".join(x.path for x in each.differences if x.counts)
        change = changes.get(each.name)
        by = f"; last changed by {change.by} at {change.at}" if change else ""
        detail = f": {paths}" if paths else ""
        lines.append(f"ruleset {each.name} is {_STATES[each.state]}{detail}{by}")
    return tuple(lines)


def finding_line(finding: Finding) -> str:
    """Return one line for something wrong in the policy file."""
    return f"{finding.ruleset}: {finding.path} {finding.problem}"


def shown(value: Json) -> str:
    """Return *value* as compact JSON, cut when it is very long; "nothing" for None."""
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _line(difference: Difference) -> str:
    remark = _KINDS[difference.kind]
    if difference.path.startswith("bypass_actors") and _exempts(difference.live):
        remark = "severe: exempt leaves no audit entry"
    line = f"{difference.path}: {shown(difference.live)} → {shown(difference.desired)}"
    return f"{line} ({remark})" if remark else line


def _exempts(live: Json) -> bool:
    if isinstance(live, dict):
        return live.get("bypass_mode") == "exempt"
    return live == "exempt"


def _lines(comparison: Comparison, change: Change | None) -> tuple[str, ...]:
    lines = []
    if comparison.drifts and change is not None:
        lines.append(f"last changed by {change.by} at {change.at}")
    if comparison.hides_bypass:
        lines.append("bypass_actors: hidden from this token, not verified")
    if comparison.state == "duplicate":
        ids = ", ".join(str(each.id) for each in comparison.live)
        lines.append(f"ids {ids}: delete all but one by hand, nothing is written here")
    return (*lines, *map(_line, comparison.differences))
