"""Rulesets and their differences, in words and as JSON: the same for plan and drift."""

import json
import re
from collections.abc import Collection, Mapping, Sequence

from monokeel.ground.answers import Json
from monokeel.ground.report import Section, Table
from monokeel.ground.words import when
from monokeel.policy.comparison import Comparison, Difference
from monokeel.policy.origin import Change, Origin
from monokeel.policy.ports import FileVersion
from monokeel.policy.rulesets import BYPASS, Ruleset, rules_of

_PLAIN = re.compile(r"[\w./~*-]+\Z")
_STATES = {
    "same": "as the file says",
    "changed": "not as the file says",
    "missing": "not on GitHub",
    "unmanaged": "on GitHub, but in no file",
    "elsewhere": "kept by others ([policy] unmanaged)",
    "duplicate": "on GitHub more than once",
}
_LONGEST = 160
_KINDS = {
    "changed": "",
    "missing": "",
    "added": "",
    "unknown": "not known here, never erased",
    "gap": "optional: GitHub's plan may refuse it",
    "note": "note",
}
_NOBODY = Origin()


def comparison_json(
    comparison: Comparison, origin: Origin = _NOBODY
) -> dict[str, Json]:
    """Return the entry of a report's ``rulesets``."""
    newest, ahead = origin.newest, origin.ahead
    return {
        "name": comparison.name,
        "state": comparison.state,
        "gap": comparison.is_gap,
        "severe": comparison.severe,
        "differences": [
            {
                "path": each.path,
                "desired": each.desired,
                "live": each.live,
                "kind": each.kind,
                "severe": each.severe,
                "changed_by": _change_json(origin.changes.get(each.path)),
            }
            for each in comparison.differences
        ],
        "changed_by": _change_json(newest),
        "never_applied": ahead.commit if ahead else None,
        "renamed_from": origin.renamed or None,
    }


def sections_of(
    comparisons: Sequence[Comparison],
    origins: Mapping[str, Origin],
    *,
    named: Collection[str] = (),
    side: str = "the file",
) -> tuple[Section, ...]:
    """Return the rulesets that are not as *side* says, then how each differs.

    Nothing if all are. *origins* say where a difference comes from, by ruleset; *named*
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
            Section(
                f"Ruleset {each.name}",
                _lines(each, origins.get(each.name, _NOBODY), side),
            )
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
        severe = "severe: " if comparison.severe else ""
        return f"{severe}{_STATES['missing']}: {rules_line(comparison)}"
    if comparison.state == "same" and comparison.hides_bypass:
        return "as the file says, as far as this token sees"
    if comparison.state == "changed" and not comparison.drifts:
        return "as the file says, but for optional rules"
    return _STATES[comparison.state]


def problem_lines(
    comparisons: Sequence[Comparison], origins: Mapping[str, Origin]
) -> tuple[str, ...]:
    """Return one line for each ruleset that drifts, with its paths."""
    return tuple(
        _problem_line(each, origins.get(each.name, _NOBODY))
        for each in comparisons
        if each.drifts
    )


def _problem_line(comparison: Comparison, origin: Origin) -> str:
    paths = ", ".join(
        f"{each.path} (severe)" if each.severe else each.path
        for each in comparison.differences
        if each.counts
    )
    line = f"ruleset {comparison.name} is {_STATES[comparison.state]}"
    line += f": {paths}" if paths else ""
    if origin.ahead:
        return f"{line}; {_never_applied(origin.ahead)}"
    if origin.renamed:
        line += f"; it is {origin.renamed}, renamed"
    newest = origin.newest
    return f"{line}; last changed {_by(newest)}" if newest else line


def summary_lines(ruleset: Ruleset) -> tuple[str, ...]:
    """Return what a ruleset is that stands in no file: what it binds, and how."""
    body = ruleset.body
    conditions = body.get("conditions")
    refs = conditions.get("ref_name") if isinstance(conditions, dict) else None
    kinds = ", ".join(sorted(str(each.get("type")) for each in rules_of(body)))
    passing = ruleset.tree.get(BYPASS)
    who = "hidden from this token" if ruleset.hides_bypass else "nobody"
    if isinstance(passing, dict) and passing:
        who = ", ".join(each.strip("[]") for each in passing)
    return (
        f"target {body.get('target')}, enforcement {body.get('enforcement')}",
        f"refs: {shown(refs)}",
        f"rules: {kinds or 'none'}",
        f"may pass: {who}",
    )


def shown(value: Json) -> str:
    """Return *value* for people: bare if that is clear, else as JSON, cut if long."""
    if value is None:
        return "nothing"
    if isinstance(value, str) and _PLAIN.match(value):
        return value
    text = json.dumps(value, ensure_ascii=False)
    cut = text[:_LONGEST]
    return text if text == cut else f"{cut.rpartition(' ')[0] or cut} …"


def _line(difference: Difference, change: Change | None, side: str) -> str:
    remarks = [_KINDS[difference.kind]]
    if difference.path.startswith(BYPASS) and _exempts(difference.live):
        remarks.append("severe: exempt leaves no audit entry")
    elif difference.severe:
        remarks.append("severe")
    remarks.append(_by(change) if change else "")
    said = "; ".join(filter(None, remarks))
    line = f"{difference.path}: {_fact(difference, side)}"
    return f"{line} ({said})" if said else line


def _fact(difference: Difference, side: str) -> str:
    desired, live = difference.desired, difference.live
    if difference.kind in ("missing", "gap"):
        return f"in {side}, not on GitHub"
    if difference.kind in ("added", "unknown") and desired is None:
        mode = live.get("bypass_mode") if isinstance(live, dict) else None
        return f"on GitHub{f' ({mode})' if mode else ''}, not in {side}"
    return f"GitHub has {shown(live)}, {side} {shown(desired)}"


def _exempts(live: Json) -> bool:
    if isinstance(live, dict):
        return live.get("bypass_mode") == "exempt"
    return live == "exempt"


def _lines(comparison: Comparison, origin: Origin, side: str) -> tuple[str, ...]:
    lines, changes = list[str](), origin.changes
    if origin.ahead:
        lines.append(_never_applied(origin.ahead))
        changes = {}  # whoever made GitHub's state did not make the difference
    if comparison.state == "duplicate":
        ids = ", ".join(str(each.id) for each in comparison.live)
        lines.append(f"ids {ids}: nothing is written here while there are several")
    if comparison.desired is None:
        lines += summary_lines(comparison.live[0])
        if origin.renamed:
            lines.append(f"was called {origin.renamed}, and was renamed on GitHub")
        newest = origin.newest
        lines += [f"last changed {_by(newest)}"] if newest else []
    differences = sorted(comparison.differences, key=lambda each: not each.severe)
    lines += [_line(each, changes.get(each.path), side) for each in differences]
    return tuple(lines)


def _never_applied(ahead: FileVersion) -> str:
    return f"the file is ahead: {ahead.commit[:12]} ({ahead.subject}) was never applied"


def _by(change: Change) -> str:
    return f"by {change.by} at {when(change.at)}"


def _change_json(change: Change | None) -> Json:
    return {"by": change.by, "at": change.at} if change else None
