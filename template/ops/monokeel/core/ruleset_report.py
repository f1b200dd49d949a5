"""Differences between rulesets, in words: the same for a plan and for drift."""

import json
from collections.abc import Mapping, Sequence

from monokeel.core.lookup import Json
from monokeel.core.policy import Change
from monokeel.core.report import Section, Table
from monokeel.core.ruleset_diff import Comparison, Difference
from monokeel.core.ruleset_schema import Finding

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


def sections_of(
    comparisons: Sequence[Comparison], changes: Mapping[str, Change]
) -> tuple[Section, ...]:
    """Return a table of all rulesets, then the differences of each, old → new.

    *changes* says who changed a ruleset last, by its name.
    """
    rows = tuple((each.name, state_of(each)) for each in comparisons)
    sections = [Section("Rulesets", table=Table(("ruleset", "state"), rows))]
    for each in comparisons:
        lines = _lines(each, changes.get(each.name))
        if lines:
            sections.append(Section(f"Ruleset {each.name}: GitHub → file", lines))
    return tuple(sections)


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
