"""Rulesets and their differences, in words and as JSON: the same for plan and drift."""

import json
import re
from collections.abc import Collection, Mapping, Sequence

from monokeel.ground.answers import Json
from monokeel.ground.report import Section, Table
from monokeel.ground.words import when
from monokeel.policy.comparison import Comparison, Difference
from monokeel.policy.reading import Change

_RULE = re.compile(r"rules\.\w+\Z")
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
