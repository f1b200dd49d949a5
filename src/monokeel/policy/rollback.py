"""Take one ruleset back to an earlier version of its history on GitHub."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from monokeel.ground.errors import UsageError
from monokeel.policy.comparison import compare, compare_policies
from monokeel.policy.plan import Plan, writes_of
from monokeel.policy.ports import Rulesets
from monokeel.policy.reading import read_rulesets
from monokeel.policy.rulesets import Ruleset, from_state


def plan_rollback(
    name: str, version: int | None, rulesets: Rulesets, file: Sequence[Ruleset]
) -> Plan:
    """Return the plan that takes ruleset *name* back to *version* of its history.

    A note says so when *file*, the policy, would take it back again. Without
    *version* it is the one before the newest. Raises UsageError for a name
    or version that is not there, and ServiceError when the history is hidden.
    """
    reading = read_rulesets((), rulesets)
    live = _named(name, reading.own)
    versions = [each.id for each in rulesets.history(live.id)]
    wanted = _choose(name, version, versions)
    state = rulesets.state_at(live.id, wanted)
    desired = from_state({**state, "name": name})
    reading = replace(reading, comparisons=compare_policies([desired], [live]))
    return Plan(
        reading=reading,
        writes=writes_of(reading),
        notes=(
            f"version {wanted} of {', '.join(map(str, versions))} (newest first)",
            *_then(desired, file),
        ),
        side=f"version {wanted}",
    )


def _then(desired: Ruleset, file: Sequence[Ruleset]) -> Iterator[str]:
    """Say what the next apply would do to the version that is gone back to."""
    entry = next((each for each in file if each.name == desired.name), None)
    if entry is None:
        yield "infra/rulesets.json does not name it: drift stays"
    elif any(each.counts for each in compare(entry, desired)):
        yield (
            "infra/rulesets.json says otherwise: drift stays, and the next"
            " ./inv policy.apply takes this back. Bring it into the file by a pull"
            " request (./inv policy.export prints it)"
        )


def history_version(text: str) -> int | None:
    """Return the version number that *text* names, ``None`` for ``""``."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # noqa: PLR2004 - int64
        raise UsageError(
            f"{text!r} is not a version of a ruleset",
            fix="Write the number of a version in the ruleset's history.",
        )
    return int(text)


def _named(name: str, own: Sequence[Ruleset]) -> Ruleset:
    live = [each for each in own if each.name == name]
    if len(live) == 1:
        return live[0]
    problem = f"GitHub has no ruleset {name!r}" if name else "no ruleset given"
    names = ", ".join(dict.fromkeys(each.name for each in own)) or "none is there"
    fix = (
        f"Choose one with --ruleset: {names}. One that was deleted has no history:"
        " ./inv policy.apply makes it again."
    )
    if live:
        problem = f"GitHub has {len(live)} rulesets {name!r}"
        fix = "Delete the surplus ones by hand."
    raise UsageError(problem, fix=fix)


def _choose(name: str, version: int | None, versions: Sequence[int]) -> int:
    earlier = versions[1:]
    if version is None and earlier:
        return earlier[0]
    if version is not None and version in versions:
        return version
    if earlier:
        shown = ", ".join(map(str, earlier))
        raise UsageError(
            f"ruleset {name!r} has no version {version}",
            fix=f"Choose one with --to: {shown} (newest first).",
        )
    only = f": {versions[0]} is the only one" if versions else ""
    raise UsageError(
        f"ruleset {name!r} has no earlier version{only}",
        fix="Correct infra/rulesets.json, then ./inv policy.apply.",
    )
