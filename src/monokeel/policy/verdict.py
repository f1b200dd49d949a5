"""What is known about a repository's rules: read, compared, judged, put in words.

The words are the same for a plan and for drift.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from monokeel.ground.answers import Json
from monokeel.ground.report import Outcome, Section, Table
from monokeel.ground.words import when
from monokeel.policy.comparison import Comparison, Difference
from monokeel.policy.rulesets import BYPASS, Ruleset
from monokeel.policy.shape import Finding

_RULE = re.compile(r"rules\.\w+\Z")
_USER = re.compile(r"\[User (\d+)\]")

Verdict = Literal["in_sync", "drift", "unverifiable"]
OUTCOMES: Mapping[Verdict, Outcome] = {
    "in_sync": "done",
    "drift": "difference",
    "unverifiable": "unknown",
}
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

    Without a *subject* it is all of a section.

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

    def line(self, allowed: Sequence[str] = ()) -> str:
        """Return the entry of a report's section "Not verified"."""
        what = f"{self.item} of {self.subject}" if self.subject else self.item
        accepted = " (accepted)" if self.accepted(allowed) else ""
        return f"{what}: {self.reason}{accepted}"

    def as_json(self, allowed: Sequence[str] = ()) -> dict[str, Json]:
        """Return the entry of a report's ``unverified``."""
        return {
            "item": self.item,
            "of": self.subject or "all",
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
    return {
        "name": comparison.name,
        "state": comparison.state,
        "gap": comparison.is_gap,
        "differences": [difference_json(each) for each in comparison.differences],
        "changed_by": {"by": change.by, "at": change.at} if change else None,
    }


def sections_of(
    comparisons: Sequence[Comparison],
    changes: Mapping[str, Change],
    *,
    named: Collection[str] = (),
) -> tuple[Section, ...]:
    """Return the rulesets that are not as the file says, then how each differs.

    Nothing if all are. *changes* says who changed a ruleset last, by its name; *named*
    are those whose state the report says elsewhere.
    """
    odd = [each for each in comparisons if each.state != "same" or each.hides_bypass]
    rest = len(comparisons) - len(odd)
    others = "1 other is" if rest == 1 else f"{rest} others are"
    rows = tuple((each.name, state_of(each)) for each in odd if each.name not in named)
    return (
        Section("Rulesets", table=Table(("ruleset", "state"), rows)),
        Section("", (f"{others} as the file says",) if odd and rest else ()),
        *(
            Section(f"Ruleset {each.name}: GitHub → file", _lines(each, changes))
            for each in odd
            if each.live
        ),
    )


def rules_line(comparison: Comparison) -> str:
    """Return the names of the rules of a ruleset that is not on GitHub."""
    paths = [each.path for each in comparison.differences if each.path != "rules"]
    names = ", ".join(path.removeprefix("rules.") for path in paths)
    remark = f" ({_KINDS['gap']})" if comparison.is_gap else ""
    return (names or "no rule") + remark


def state_of(comparison: Comparison) -> str:
    """Return the state of a ruleset in words."""
    if comparison.state == "missing":
        return f"{_STATES['missing']}: {rules_line(comparison)}"
    if comparison.state == "same" and comparison.hides_bypass:
        return "as the file says, as far as this token sees"
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
        by = f"; last changed by {change.by} at {when(change.at)}" if change else ""
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
    cut = text[:_LONGEST]
    return text if text == cut else f"{cut.rpartition(' ')[0] or cut} …"


def _line(difference: Difference) -> str:
    remark = _KINDS[difference.kind]
    if difference.path.startswith("bypass_actors") and _exempts(difference.live):
        remark = "severe: exempt leaves no audit entry"
    new = shown(difference.desired)
    if difference.live is None and _RULE.match(difference.path):
        new = "as in the file"
    line = f"{difference.path}: {shown(difference.live)} → {new}"
    return f"{line} ({remark})" if remark else line


def _exempts(live: Json) -> bool:
    if isinstance(live, dict):
        return live.get("bypass_mode") == "exempt"
    return live == "exempt"


def _lines(comparison: Comparison, changes: Mapping[str, Change]) -> tuple[str, ...]:
    change, lines = changes.get(comparison.name), []
    if comparison.drifts and change is not None:
        lines.append(f"last changed by {change.by} at {when(change.at)}")
    if comparison.state == "duplicate":
        ids = ", ".join(str(each.id) for each in comparison.live)
        lines.append(f"ids {ids}: delete all but one by hand, nothing is written here")
    return (*lines, *map(_line, comparison.differences))
