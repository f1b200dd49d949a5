"""The history of rulesets: where a difference comes from, and the way back."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import takewhile

from monokeel.ground.answers import FileVersion
from monokeel.ground.errors import NO_ANSWER, RefusedError, UsageError
from monokeel.policy import comparison as compared
from monokeel.policy.comparison import Comparison, compare, differs
from monokeel.policy.plan import Plan, writes_of
from monokeel.policy.ports import Rulesets, Version
from monokeel.policy.reading import Reading, read_rulesets
from monokeel.policy.rulesets import Ruleset, from_state, parse_policy

MOST_VERSIONS = 20  # of a ruleset's history, and of the file's
_UNNAMED = "infra/rulesets.json does not name it: drift stays"
_OTHERWISE = (
    "infra/rulesets.json says otherwise: drift stays, and the next ./inv policy.apply"
    " takes this back. Bring it into the file by a pull request (./inv policy.export"
    " prints it)"
)
_States = list[tuple[Version, Ruleset]]  # of a ruleset, the newest first


def find_origins(
    reading: Reading, rulesets: Rulesets, file: Sequence[FileVersion]
) -> Reading:
    """Return *reading* with the origin of each ruleset that drifts.

    *file* has the versions of the policy file, newest first. Asks for the history of
    what drifts alone; a token that does not see the bypass list may not read it.
    """
    drifting = [each for each in reading.comparisons if each.drifts]
    missing = {x.name: x.desired for x in drifting if x.desired and not x.live}
    name_of = cache(rulesets.name_of)

    def change(version: Version) -> compared.Change:
        kind, number = version.actor_type, version.actor_id
        name = name_of(kind, number) if kind == "User" else ""  # it has no login
        return compared.Change(by=name or f"{kind} {number}", at=version.updated_at)

    def explained(each: Comparison) -> Comparison:
        states, whole = _past_of(each, rulesets)
        names = [state.name for _, state in states if each.desired is None]
        if renamed := next((name for name in names if name in missing), ""):
            each = replace(each, differences=compare(missing[renamed], each.live[0]))
        versions = _changes(each, states, missing.get(renamed), whole=whole)
        changes = {path: change(versions[path]) for path in versions}
        ahead = _ahead(each, file) if whole else None
        return replace(each, changes=changes, ahead=ahead, renamed=renamed)

    found = (explained(each) if each.drifts else each for each in reading.comparisons)
    return replace(reading, comparisons=tuple(found))


def _past_of(comparison: Comparison, rulesets: Rulesets) -> tuple[_States, bool]:
    """Return the states back to the last as in the file; and if none is older."""
    states, whole = _States(), False
    if len(comparison.live) != 1 or comparison.hides_bypass:
        return states, whole
    number = comparison.live[0].id
    try:
        versions = rulesets.history(number)
        for version in versions[:MOST_VERSIONS]:
            state = from_state(rulesets.state_at(number, version.id))
            states.append((version, state))
            if comparison.desired and not differs(comparison.desired, state):
                return states, whole
        whole = len(states) == len(versions)
    except NO_ANSWER:  # administration: write, which not every token has
        pass
    return states, whole


def _changes(
    comparison: Comparison, states: _States, entry: Ruleset | None, *, whole: bool
) -> dict[str, Version]:
    """Return the path of each difference ("": a rename) → the oldest that has it."""
    desired = comparison.desired or entry
    if not states:
        return {}
    if desired is None:
        return {"": states[0][0]}
    found = dict[str, Version]()
    if entry is not None:
        named = takewhile(lambda x: x[1].name == comparison.name, states)
        found[""] = [version for version, _ in named][-1]
    still = {each.path: each.live for each in comparison.differences if each.counts}
    for version, state in states:
        there = {x.path: x.live for x in compare(desired, state)}
        still = {x: still[x] for x in still if x in there and there[x] == still[x]}
        found |= dict.fromkeys(still, version)
    # What was there in the oldest that we saw may be older.
    return {path: found[path] for path in found if whole or path not in still}


def _ahead(comparison: Comparison, file: Sequence[FileVersion]) -> FileVersion | None:
    """Return the oldest version of the file that GitHub never had, if it is that.

    GitHub is then as the version before had it, and never was as the newest says.
    """
    newer: FileVersion | None = None
    for version in file if comparison.desired else ():
        try:
            entries = parse_policy(version.text)
        except UsageError:  # a version that was wrong was never applied
            entries = ()
        ours = (each for each in entries if each.name == comparison.name)
        if not all(differs(each, comparison.live[0]) for each in ours):
            return newer
        newer = version
    return None


def plan_rollback(
    name: str, version: int | None, rulesets: Rulesets, file: Sequence[Ruleset]
) -> Plan:
    """Return the plan that takes ruleset *name* back to *version* of its history.

    A note says so when *file*, the policy, would take it back again. Without
    *version* it is the one before the newest, but a rollback is never taken back so:
    it may be our own, whose answer was lost (RefusedError). Raises UsageError for a
    name or version that is not there, and ServiceError when the history is hidden.
    """
    reading = read_rulesets((), rulesets)
    live = _named(name, reading.own)
    versions = [each.id for each in rulesets.history(live.id)]
    wanted = _choose(name, version, versions)
    states = [
        from_state({**rulesets.state_at(live.id, each), "name": name})
        for each in (wanted, *(versions[2:3] if version is None else ()))
    ]
    desired = states[0]
    if not all(differs(each, live) for each in states[1:]):
        raise RefusedError(
            f"the newest change took ruleset {name!r} back to version {versions[2]}",
            fix=f"Nothing is left to do. To have version {wanted} again: --to {wanted}",
        )
    entry = next((each for each in file if each.name == name), None)
    shown = f"version {wanted} of {', '.join(map(str, versions))} (newest first)"
    then = [_UNNAMED]
    if entry is not None:
        then = [_OTHERWISE] if differs(entry, desired) else []
    found = compared.compare_policies([desired], [live])
    reading, side = replace(reading, comparisons=found), f"version {wanted}"
    notes = (shown, *then)
    return Plan(reading=reading, writes=writes_of(reading), notes=notes, side=side)


def history_version(text: str) -> int | None:
    """Return the version number that *text* names, ``None`` for ``""``."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # noqa: PLR2004 - int64
        fix = "Write the number of a version in the ruleset's history."
        raise UsageError(f"{text!r} is not a version of a ruleset", fix=fix)
    return int(text)


def _named(name: str, own: Sequence[Ruleset]) -> Ruleset:
    live = [each for each in own if each.name == name]
    if len(live) == 1:
        return live[0]
    if live:
        problem = f"GitHub has {len(live)} rulesets {name!r}"
        raise UsageError(problem, fix="Delete the surplus ones by hand.")
    names = ", ".join(dict.fromkeys(each.name for each in own)) or "none is there"
    raise UsageError(
        f"GitHub has no ruleset {name!r}" if name else "no ruleset given",
        fix=f"Choose one with --ruleset: {names}. One that was deleted has no history:"
        " ./inv policy.apply makes it again.",
    )


def _choose(name: str, version: int | None, versions: Sequence[int]) -> int:
    earlier = versions[1:]
    if version is None and earlier:
        return earlier[0]
    if version is not None and version in versions:
        return version
    if earlier:
        fix = f"Choose one with --to: {', '.join(map(str, earlier))} (newest first)."
        raise UsageError(f"ruleset {name!r} has no version {version}", fix=fix)
    only = f": {versions[0]} is the only one" if versions else ""
    fix = "Correct infra/rulesets.json, then ./inv policy.apply."
    raise UsageError(f"ruleset {name!r} has no earlier version{only}", fix=fix)
