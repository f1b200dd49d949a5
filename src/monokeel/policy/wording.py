"""Rulesets and differences in words and as JSON, and what ends each state, for all."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from shlex import quote

from monokeel.ground.answers import FileVersion, Json
from monokeel.ground.report import Section, Table
from monokeel.ground.words import when
from monokeel.policy.comparison import Change, Comparison, Difference, differs
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
_OPTIONAL = "optional: GitHub's plan may refuse it"
_KINDS = {"unknown": "not known here, never erased", "gap": _OPTIONAL, "note": "note"}

_RUN = "run ./scripts/apply-rulesets.sh"
_AHEAD = f"{_RUN}: what was merged is not applied yet"
_BRING_BACK = (
    f"{_RUN} to bring it back; if nobody wants it any more, take it out of"
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


def comparison_json(each: Comparison) -> dict[str, Json]:
    """Return the entry of a report's ``rulesets``."""

    def made_by(path: str) -> Json:
        change = each.changes.get(path) if path else each.newest
        return asdict(change) if change else None

    return {
        "name": each.name,
        "state": each.state,
        "gap": each.is_gap,
        "severe": each.severe > 0,
        "differences": [
            asdict(x) | {"severe": x.severe, "changed_by": made_by(x.path)}
            for x in each.differences
        ],
        "changed_by": made_by(""),
        "never_applied": each.ahead.commit if each.ahead else None,
        "renamed_from": each.renamed or None,
    }


def sections_of(
    found: Sequence[Comparison], *, named: Collection[str] = (), side: str = "the file"
) -> tuple[Section, ...]:
    """Return the rulesets *found* that are not as *side* says, then how each differs.

    Nothing if all are. *named* are those whose state the report says elsewhere.
    """
    odd = [each for each in found if each.state != "same" or each.hides_bypass]
    rest, seen = len(found) - len(odd), [each for each in odd if each.live]
    others = "1 other is" if rest == 1 else f"{rest} others are"
    renamed = {each.renamed: each.name for each in odd}
    told = [each for each in odd if each.name not in named]
    rows = tuple((edged(x.name), _state(x, renamed.get(x.name, ""))) for x in told)
    return (
        Section("Rulesets", table=Table(("ruleset", "state"), rows)),
        Section("", (f"{others} as the file says",) if odd and rest else ()),
        *(Section(f"Ruleset {edged(x.name)}", (*_lines(x, side),)) for x in seen),
    )


def rules_line(each: Comparison) -> str:
    """Return the names of the rules of a ruleset that is not on GitHub."""
    paths = [each.path for each in each.differences if each.path != "rules"]
    names = ", ".join(path.removeprefix("rules.") for path in paths)
    return f"{names or 'no rule'}{f' ({_OPTIONAL})' * each.is_gap}"


def _state(each: Comparison, renamed: str) -> str:
    state, rules = each.state, rules_line(each)
    if each.is_gap:
        return f"as the file says, but without {rules}"
    if state == "missing" and renamed:
        return f"severe: renamed on GitHub, where it is called {edged(renamed)}"
    if state == "missing":
        return f"severe: the whole ruleset is not on GitHub; its rules: {rules}"
    if state == "same" and each.hides_bypass:
        return "as the file says, as far as this token sees"
    if state == "changed" and not each.drifts:
        return "as the file says, but for optional rules"
    return _STATES[state]


def edged(name: str) -> str:
    """Return *name*, in quotes where blanks at its edges would not be seen."""
    return name if name == name.strip() else repr(name)


def problem_line(each: Comparison) -> str:
    """Return a drifting ruleset in one line, with its paths."""
    line = f"ruleset {edged(each.name)} is {_STATES[each.state]}"
    if counting := [x for x in each.differences if x.counts]:
        paths = (f"{x.path} (severe)" if x.severe else x.path for x in counting)
        line += f": {', '.join(paths)}"
    if each.ahead:
        return f"{line}; {_never_applied(each.ahead)}"
    if each.renamed:
        line += f"; it is {each.renamed}, renamed"
    return f"{line}; last changed {_by(each.newest)}" if each.newest else line


def _shown(value: Json) -> str:
    """Return *value* for people: bare if that is clear, else as JSON, cut if long."""
    if value is None or (isinstance(value, str) and _PLAIN.match(value)):
        return value or "nothing"
    text = json.dumps(value, ensure_ascii=False)
    cut = text[:_LONGEST]
    return text if text == cut else f"{cut.rpartition(' ')[0] or cut} …"


def _line(those: Sequence[Difference], changes: Mapping[str, Change], side: str) -> str:
    """Return the line of one difference, or of those of one list."""
    first, live = those[0], those[0].live
    mode = live.get("bypass_mode") if isinstance(live, dict) else None
    remarks = list(dict.fromkeys(_KINDS.get(each.kind, "") for each in those))
    if first.path.startswith(BYPASS) and "exempt" in (mode, live):
        remarks.append("severe: exempt leaves no audit entry")
    elif any(each.severe for each in those):
        remarks.append("severe")
    made = (_by(changes[each.path]) for each in those if each.path in changes)
    said = "; ".join(filter(None, [*remarks, *dict.fromkeys(made)]))
    line = f"{first.path}: GitHub has {_shown(live)}, {side} {_shown(first.desired)}"
    if len(those) > 1:  # what one list has on GitHub alone, what on the other side
        path, start = first.list_path, len(first.list_path) + 1
        there = ", ".join(x.path[start:-1] for x in those if x.kind == "added")
        wanted = ", ".join(x.path[start:-1] for x in those if x.kind == "missing")
        alone = f"on GitHub, not in {side}" if there else f"in {side}, not on GitHub"
        line = f"{path}: {alone}: {there or wanted}"
        if there and wanted:
            line = f"{path}: GitHub has {there}, {side} {wanted}"
    elif first.kind in ("missing", "gap"):
        line = f"{first.path}: in {side}, not on GitHub"
    elif first.kind in ("added", "unknown") and first.desired is None:
        by = f" ({mode})" if mode else ""
        line = f"{first.path}: on GitHub{by}, not in {side}"
    return f"{line} ({said})" if said else line


def _lines(each: Comparison, side: str) -> Iterator[str]:
    changes = each.changes
    if each.ahead:
        yield _never_applied(each.ahead)
        changes = {}  # whoever made GitHub's state did not make the difference
    if each.state == "duplicate":
        ids = ", ".join(str(each.id) for each in each.live)
        yield f"ids {ids}: ./inv policy.apply writes none while there are several"
    if each.desired is None:
        ruleset = each.live[0]
        refs: Json = {side: [*ruleset.refs(side)] for side in ("include", "exclude")}
        who = ", ".join(each.passing or ruleset.passing) or "nobody"
        yield ", ".join(f"{x} {ruleset.body.get(x)}" for x in ("target", "enforcement"))
        yield f"refs: {_shown(refs)}"
        yield f"rules: {', '.join(sorted(ruleset.kinds)) or 'none'}"
        yield f"may pass: {'hidden from this token' if ruleset.hides_bypass else who}"
        if each.renamed:
            yield f"renamed on GitHub {_by(changes[''])}: it was {each.renamed}"
        elif each.newest:
            yield f"last changed {_by(each.newest)}"
    for those in sorted(each.by_line, key=lambda x: not any(y.severe for y in x)):
        yield _line(those, changes, side)


def _never_applied(ahead: FileVersion) -> str:
    commit = f"commit {ahead.commit[:12]} of infra/rulesets.json"
    return f"the file is ahead: {commit} ({ahead.subject!r}) is not applied yet"


def _by(change: Change) -> str:
    return f"by {change.by} at {when(change.at)}"


def to_do(steps: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return a line for each step of *steps* (subject, step), subjects together."""
    subjects: dict[str, dict[str, None]] = {}
    for subject, step in steps:
        subjects.setdefault(step, {})[subject] = None
    return tuple(
        f"{', '.join(map(edged, those))}: {step}" for step, those in subjects.items()
    )


def steps_of(
    each: Comparison, among: Sequence[Comparison], repository: str
) -> Iterator[str]:
    """Yield what ends the drift of *each*, one of *among*; ``owner/repo``.

    Nothing for the entry of a ruleset that was renamed: that one's step ends both.
    """
    call = f"repos/{repository}/rulesets"
    if not each.drifts or each.name in {x.renamed for x in among}:
        return
    if each.renamed:
        yield (
            "first give it back its name, which changes nothing else: gh api -X PUT"
            f" {call}/{each.live[0].id} -f name={quote(each.renamed)};"
            f" then {_RUN}, which mends the rest"
        )
    elif each.state == "unmanaged":
        unmanaged = ", ".join(edged(x.name) for x in among if x.state == "unmanaged")
        yield (
            "put it into infra/rulesets.json (./inv policy.export prints it); or delete"
            f" this one only: gh api -X DELETE {call}/{each.live[0].id}"
            " (./inv policy.apply --delete-unmanaged deletes every ruleset that is in"
            f" no file: {unmanaged}); or, if another team keeps it, add its name to"
            " [policy] unmanaged of infra/platform.toml"
        )
    elif each.state == "duplicate":
        yield _without_doubles(each, call)
    elif each.can_be_written:
        written = _APPLY if each.live else _BRING_BACK
        yield _AHEAD if each.ahead else written
    if any(x.kind == "unknown" for x in each.differences):
        yield _UNKNOWN


def _without_doubles(each: Comparison, call: str) -> str:
    """Return how to keep one of several: one that is as the file says, if any is."""
    seen = [x for x in each.live if each.desired and not x.hides_bypass]
    right = [x for x in seen if each.desired and not differs(each.desired, x)]
    kept = min(right or each.live, key=lambda x: x.id)
    others = [f"{call}/{x.id}" for x in each.live if x != kept]
    why = "is as the file says" if right else "is the oldest"
    look = ", ".join(f"gh api {x}" for x in others)
    gone = ", ".join(f"gh api -X DELETE {x}" for x in others)
    said = f"keep {kept.id}, which {why}; see what else is there, {look}, and delete it"
    return f"{said}: {gone}{'' if right else f'; then {_RUN}'}"
