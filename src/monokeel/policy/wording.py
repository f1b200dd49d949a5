"""Rulesets and their differences, in words and as JSON, and what ends each state.

The same for plan, apply and drift.
"""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from shlex import quote

from monokeel.ground.answers import Json
from monokeel.ground.report import Section, Table
from monokeel.ground.words import when
from monokeel.policy.comparison import Change, Comparison, Difference
from monokeel.policy.ports import FileVersion
from monokeel.policy.rulesets import BYPASS

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
    "unknown": "not known here, never erased",
    "gap": "optional: GitHub's plan may refuse it",
    "note": "note",
}

_RUN = "run ./inv policy.apply"
_AHEAD = f"{_RUN}: what was merged was not applied since"
_BRING_BACK = (
    f"{_RUN} to bring it back; if it is no longer meant, take it out of"
    " infra/rulesets.json by a pull request"
)
_APPLY = (
    f"{_RUN} to bring GitHub back to the file; to keep what GitHub has, bring it into"
    " infra/rulesets.json by a pull request (./inv policy.export prints it)"
)
_UNKNOWN = (
    "what is not known here is never erased: name it in infra/rulesets.json"
    " (./inv policy.export prints it), or remove it on GitHub by hand"
)


def comparison_json(comparison: Comparison) -> dict[str, Json]:
    """Return the entry of a report's ``rulesets``."""
    origin = comparison.origin
    return {
        "name": comparison.name,
        "state": comparison.state,
        "gap": comparison.is_gap,
        "severe": comparison.severe > 0,
        "differences": [
            {
                **asdict(each),
                "severe": each.severe,
                "changed_by": _as_json(origin.changes.get(each.path)),
            }
            for each in comparison.differences
        ],
        "changed_by": _as_json(origin.newest),
        "never_applied": origin.ahead.commit if origin.ahead else None,
        "renamed_from": origin.renamed or None,
    }


def sections_of(
    comparisons: Sequence[Comparison],
    *,
    named: Collection[str] = (),
    side: str = "the file",
) -> tuple[Section, ...]:
    """Return the rulesets that are not as *side* says, then how each differs.

    Nothing if all are. *named* are those whose state the report says elsewhere.
    """
    odd = [each for each in comparisons if each.state != "same" or each.hides_bypass]
    rest = len(comparisons) - len(odd)
    others = "1 other is" if rest == 1 else f"{rest} others are"
    renamed = {each.origin.renamed: each.name for each in odd}
    rows = tuple(
        (each.name, _state(each, renamed.get(each.name, "")))
        for each in odd
        if each.name not in named
    )
    return (
        Section("Rulesets", table=Table(("ruleset", "state"), rows)),
        Section("", (f"{others} as the file says",) if odd and rest else ()),
        *(Section(f"Ruleset {x.name}", tuple(_lines(x, side))) for x in odd if x.live),
    )


def rules_line(comparison: Comparison) -> str:
    """Return the names of the rules of a ruleset that is not on GitHub."""
    paths = [each.path for each in comparison.differences if each.path != "rules"]
    names = ", ".join(path.removeprefix("rules.") for path in paths)
    remark = f" ({_KINDS['gap']})" if comparison.is_gap else ""
    return (names or "no rule") + remark


def _state(comparison: Comparison, renamed: str) -> str:
    if comparison.state == "missing":
        rules = rules_line(comparison)
        if comparison.is_gap:
            return f"no difference: {_STATES['missing']}: {rules}"
        if renamed:
            return f"severe: renamed on GitHub, where it is called {renamed}"
        return f"severe: the whole ruleset is not on GitHub; its rules: {rules}"
    if comparison.state == "same" and comparison.hides_bypass:
        return "as the file says, as far as this token sees"
    if comparison.state == "changed" and not comparison.drifts:
        return "as the file says, but for optional rules"
    return _STATES[comparison.state]


def problem_lines(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """Return one line for each ruleset that drifts, with its paths."""
    return tuple(_problem(each) for each in comparisons if each.drifts)


def _problem(comparison: Comparison) -> str:
    origin, line = comparison.origin, f"ruleset {comparison.name} is "
    line += _STATES[comparison.state]
    counting = [each for each in comparison.differences if each.counts]
    if counting:
        paths = (f"{x.path} (severe)" if x.severe else x.path for x in counting)
        line += f": {', '.join(paths)}"
    if origin.ahead:
        return f"{line}; {_never_applied(origin.ahead)}"
    if origin.renamed:
        line += f"; it is {origin.renamed}, renamed"
    return f"{line}; last changed {_by(origin.newest)}" if origin.newest else line


def _summary(comparison: Comparison) -> tuple[str, ...]:
    """Return what a ruleset is that stands in no file: what it binds, and how."""
    ruleset = comparison.live[0]
    refs: Json = {side: [*ruleset.refs(side)] for side in ("include", "exclude")}
    who = ", ".join(comparison.passing or ruleset.passing) or "nobody"
    shape = [f"{key} {ruleset.body.get(key)}" for key in ("target", "enforcement")]
    return (
        ", ".join(shape),
        f"refs: {_shown(refs)}",
        f"rules: {', '.join(sorted(ruleset.kinds)) or 'none'}",
        f"may pass: {'hidden from this token' if ruleset.hides_bypass else who}",
    )


def _shown(value: Json) -> str:
    """Return *value* for people: bare if that is clear, else as JSON, cut if long."""
    if value is None:
        return "nothing"
    if isinstance(value, str) and _PLAIN.match(value):
        return value
    text = json.dumps(value, ensure_ascii=False)
    cut = text[:_LONGEST]
    return text if text == cut else f"{cut.rpartition(' ')[0] or cut} …"


def _line(difference: Difference, change: Change | None, side: str) -> str:
    remarks = [_KINDS.get(difference.kind, "")]
    if difference.path.startswith(BYPASS) and _mode(difference.live) == "exempt":
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
        mode = f" ({_mode(live)})" if isinstance(live, dict) and _mode(live) else ""
        return f"on GitHub{mode}, not in {side}"
    return f"GitHub has {_shown(live)}, {side} {_shown(desired)}"


def _mode(live: Json) -> Json:
    return live.get("bypass_mode") if isinstance(live, dict) else live


def _lines(comparison: Comparison, side: str) -> Iterator[str]:
    origin, changes = comparison.origin, comparison.origin.changes
    if origin.ahead:
        yield _never_applied(origin.ahead)
        changes = {}  # whoever made GitHub's state did not make the difference
    if comparison.state == "duplicate":
        ids = ", ".join(str(each.id) for each in comparison.live)
        yield f"ids {ids}: nothing is written here while there are several"
    if comparison.desired is None:
        yield from _summary(comparison)
        if origin.renamed:
            yield f"renamed on GitHub {_by(changes[''])}: it was {origin.renamed}"
        elif origin.newest:
            yield f"last changed {_by(origin.newest)}"
    for each in sorted(comparison.differences, key=lambda each: not each.severe):
        yield _line(each, changes.get(each.path), side)


def _never_applied(ahead: FileVersion) -> str:
    commit = f"commit {ahead.commit[:12]} of infra/rulesets.json"
    return f"the file is ahead: {commit} ({ahead.subject!r}) was not applied since"


def _by(change: Change) -> str:
    return f"by {change.by} at {when(change.at)}"


def _as_json(change: Change | None) -> Json:
    return asdict(change) if change else None


def remedies(comparisons: Sequence[Comparison], repository: str) -> tuple[str, ...]:
    """Return a line for each kind of drift: which rulesets, and what ends it.

    *repository* is ``owner/repo``.
    """
    drifting = [each for each in comparisons if each.drifts]
    kinds = {each.name: {x.kind for x in each.differences} for each in drifting}
    renamed = {each.origin.renamed for each in drifting}
    written = [x for x in drifting if x.can_be_written and x.name not in renamed]
    by_step = {
        _AHEAD: [x for x in drifting if x.origin.ahead],
        _BRING_BACK: [x for x in written if not x.live],
        _APPLY: [x for x in written if x.live and not x.origin.ahead],
        _UNKNOWN: [x for x in drifting if "unknown" in kinds[x.name]],
    }
    return (
        *(
            f"{', '.join(each.name for each in those)}: {step}"
            for step, those in by_step.items()
            if those
        ),
        *_by_hand(drifting, repository),
    )


def _by_hand(drifting: Sequence[Comparison], repository: str) -> Iterator[str]:
    calls, owner = f"repos/{repository}/rulesets", repository.partition("/")[0]
    renamed = {each.origin.renamed for each in drifting}
    unmanaged = ", ".join(x.name for x in drifting if x.state == "unmanaged")
    for each in drifting:
        if each.origin.renamed:
            yield (
                f"{each.name}: first give it back its name: gh api -X PUT"
                f" {calls}/{each.live[0].id} -f name={quote(each.origin.renamed)};"
                f" then {_RUN}, which mends the rest"
            )
        elif each.state == "unmanaged":
            yield (
                f"{each.name}: put it into infra/rulesets.json (./inv policy.export"
                " prints it); or delete it alone: gh api -X DELETE"
                f" {calls}/{each.live[0].id} (./inv policy.apply --delete-unmanaged"
                f" deletes every ruleset that is in no file: {unmanaged}); or name it"
                " in [policy] unmanaged of infra/platform.toml if others keep it"
            )
        if each.state == "duplicate":
            ids = " or ".join(str(x.id) for x in each.live)
            yield (
                f"{each.name}: keep one and delete the others:"
                f" gh api -X DELETE {calls}/ID (ID is {ids})"
            )
        if each.state == "missing" and each.name not in renamed:
            yield (
                f"{each.name}: who deleted it stands in the audit log alone:"
                f" https://github.com/organizations/{owner}/settings/audit-log"
                "?q=action:repository_ruleset.destroy"
            )
