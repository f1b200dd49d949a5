"""Rulesets that are not as the policy file says, and what made them so."""

from collections.abc import Iterator, Mapping, Sequence

from monokeel.drift.ports import Outside
from monokeel.policy.origin import MOST_VERSIONS, Origin, origins_of
from monokeel.policy.reading import Reading
from monokeel.policy.rulesets import BYPASS
from monokeel.policy.verdict import Facts
from monokeel.policy.wording import problem_lines


def check_rulesets(
    reading: Reading, origins: Mapping[str, Origin], parents: Sequence[str]
) -> Facts:
    """Return where *reading* drifts; *parents* are those meant to stand above."""
    drifting = [each for each in reading.comparisons if each.drifts]
    lines = problem_lines(drifting, origins)
    passes = [
        any(x.path.startswith(BYPASS) and x.counts for x in each.differences)
        for each in drifting
    ]
    items = {
        line: BYPASS if of_bypass else "rulesets"
        for line, of_bypass in zip(lines, passes, strict=True)
    }
    items |= dict.fromkeys(_parents(reading.inherited, parents), "rulesets")
    return Facts(drift=tuple(items), items=items, unverified=reading.unverified)


def _parents(inherited: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    """Yield what differs from ``[policy] parents``, where it names any."""
    there = {each.rpartition(" (")[0]: each for each in inherited}
    for name in wanted:
        if name not in there:
            yield (
                f"ruleset {name} of the organization is not there (an owner knows why),"
                " or no longer meant: [policy] parents of infra/platform.toml"
            )
    for name, shown in there.items() if wanted else ():
        if name not in wanted:
            yield f"ruleset {shown} appeared above: name it in [policy] parents"


def find_origins(reading: Reading, outside: Outside) -> dict[str, Origin]:
    """Return where each drifting ruleset comes from; asks nothing if none drifts."""
    if not any(each.drifts for each in reading.comparisons):
        return {}
    file = outside.history.versions_of("infra/rulesets.json", MOST_VERSIONS)
    return origins_of(reading, outside.rulesets, file)
