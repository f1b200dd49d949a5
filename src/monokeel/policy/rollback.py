"""Take one ruleset back to an earlier version of its history on GitHub."""

from collections.abc import Sequence

from monokeel.ground.errors import UsageError
from monokeel.policy.comparison import compare_policies
from monokeel.policy.plan import Plan, actions_of
from monokeel.policy.ports import Rulesets
from monokeel.policy.reading import Reading, read_rulesets
from monokeel.policy.rulesets import Ruleset, from_state


def plan_rollback(name: str, version: int | None, rulesets: Rulesets) -> Plan:
    """Return the plan that takes ruleset *name* back to *version* of its history.

    Without *version* it is the one before the newest. Raises UsageError for a name
    or version that is not there, and ServiceError when the history is hidden.
    """
    own = read_rulesets((), rulesets).own
    live = _named(name, own)
    versions = [each.id for each in rulesets.history(live.id)]
    wanted = _choose(name, version, versions)
    desired = from_state(rulesets.state_at(live.id, wanted), name)
    comparisons = compare_policies([desired], [live])
    return Plan(
        reading=Reading(own=own, comparisons=comparisons),
        actions=actions_of(comparisons, delete_unmanaged=False),
        notes=(f"version {wanted} of {', '.join(map(str, versions))} (newest first)",),
    )


def parse_version(text: str) -> int | None:
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
    names = ", ".join(dict.fromkeys(each.name for each in own)) or "none is there"
    if live:
        raise UsageError(
            f"GitHub has {len(live)} rulesets {name!r}",
            fix="Delete the surplus ones by hand.",
        )
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
    if not earlier:
        only = f": {versions[0]} is the only one" if versions else ""
        raise UsageError(
            f"ruleset {name!r} has no earlier version{only}",
            fix="Correct infra/rulesets.json, then ./inv policy.apply.",
        )
    raise UsageError(
        f"ruleset {name!r} has no version {version}",
        fix=f"Choose one with --to: {', '.join(map(str, earlier))} (newest first).",
    )
