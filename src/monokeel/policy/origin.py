"""Where a difference comes from: a hand on GitHub, or a file that nobody applied."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import takewhile

from monokeel.ground.answers import FileVersion
from monokeel.ground.errors import NO_ANSWER, UsageError
from monokeel.policy.comparison import Change, Comparison, Origin, compare, differs
from monokeel.policy.ports import Rulesets, Version
from monokeel.policy.reading import Reading
from monokeel.policy.rulesets import Ruleset, from_state, parse_policy

MOST_VERSIONS = 20  # of a ruleset's history, and of the file's


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """The *states* of a ruleset, newest first; *whole* if none is older."""

    states: tuple[tuple[Version, Ruleset], ...] = ()
    whole: bool = False


def find_origins(
    reading: Reading, rulesets: Rulesets, file: Sequence[FileVersion]
) -> Reading:
    """Return *reading* with the origin of each ruleset that drifts.

    *file* has the versions of the policy file, newest first. Asks GitHub for the
    history of what drifts alone; a token that does not see the bypass list may not
    read it.
    """
    drifting = [each for each in reading.comparisons if each.drifts]
    missing = {x.name: x.desired for x in drifting if x.desired and not x.live}
    name_of = cache(rulesets.name_of)

    def change(version: Version) -> Change:
        """Return who made *version*; the history itself has no login."""
        kind, number = version.actor_type, version.actor_id
        name = name_of(kind, number) if kind == "User" else ""
        return Change(by=name or f"{kind} {number}", at=version.updated_at)

    def explained(each: Comparison) -> Comparison:
        past = _past_of(each, rulesets)
        names = [state.name for _, state in past.states if each.desired is None]
        renamed = next((name for name in names if name in missing), "")
        if renamed:
            each = replace(each, differences=compare(missing[renamed], each.live[0]))
        versions = _changes(each, past, missing.get(renamed))
        origin = Origin(
            changes={path: change(versions[path]) for path in versions},
            ahead=_ahead(each, past, file),
            renamed=renamed,
        )
        return replace(each, origin=origin)

    found = (explained(each) if each.drifts else each for each in reading.comparisons)
    return replace(reading, comparisons=tuple(found))


def _past_of(comparison: Comparison, rulesets: Rulesets) -> _Past:
    """Return the states back to the last that was as the file says.

    They are not *whole* then: the file was applied once, and GitHub changed after.
    """
    if len(comparison.live) != 1 or comparison.hides_bypass:
        return _Past()
    live, states, older = comparison.live[0], list[tuple[Version, Ruleset]](), True
    try:
        versions = rulesets.history(live.id)
        for version in versions[:MOST_VERSIONS]:
            state = from_state(rulesets.state_at(live.id, version.id))
            states.append((version, state))
            if comparison.desired and not differs(comparison.desired, state):
                break
        else:
            older = len(states) < len(versions)
    except NO_ANSWER:  # administration: write, which not every token has
        pass
    return _Past(states=tuple(states), whole=not older)


def _changes(
    comparison: Comparison, past: _Past, entry: Ruleset | None
) -> dict[str, Version]:
    """Return the path of each difference ("": a rename) → the oldest that has it."""
    desired = comparison.desired or entry
    if not past.states:
        return {}
    if desired is None:
        return {"": past.states[0][0]}
    found = dict[str, Version]()
    if entry is not None:
        named = takewhile(lambda x: x[1].name == comparison.name, past.states)
        found[""] = [version for version, _ in named][-1]
    still = {each.path: each.live for each in comparison.differences if each.counts}
    for version, state in past.states:
        there = {x.path: x.live for x in compare(desired, state)}
        still = {x: still[x] for x in still if x in there and there[x] == still[x]}
        found |= dict.fromkeys(still, version)
    if past.whole:
        return found
    # What was there in the oldest that we saw may be older.
    return {path: found[path] for path in found if path not in still}


def _ahead(
    comparison: Comparison, past: _Past, file: Sequence[FileVersion]
) -> FileVersion | None:
    """Return the oldest version of the file that GitHub never had, if it is that.

    GitHub is then as the version before had it, and never was as the newest says.
    """
    desired = comparison.desired
    if desired is None or len(comparison.live) != 1 or not past.whole:
        return None
    newer: FileVersion | None = None
    for version in file:
        entry = _entry(version, comparison.name)
        if entry is not None and not differs(entry, comparison.live[0]):
            return newer
        newer = version
    return None


def _entry(version: FileVersion, name: str) -> Ruleset | None:
    try:
        entries = parse_policy(version.text)
    except UsageError:  # a version that was wrong was never applied
        return None
    return next((each for each in entries if each.name == name), None)
