"""Rulesets that are not as the policy file says, and what made them so."""

from collections.abc import Iterator, Sequence

from monokeel.drift.ports import Outside
from monokeel.drift.sections import Facts, Wanted
from monokeel.policy.comparison import Comparison
from monokeel.policy.origin import MOST_VERSIONS, find_origins
from monokeel.policy.reading import read_rulesets, with_names
from monokeel.policy.rulesets import BYPASS
from monokeel.policy.wording import problem_lines


def check_rulesets(wanted: Wanted, outside: Outside) -> Facts:
    """Return where GitHub's rulesets are not as the file says, and why.

    Histories, of GitHub and of the file, are asked for only where something drifts.
    """
    policy = wanted.settings.policy
    reading = read_rulesets(wanted.policy, outside.rulesets, policy)
    if any(each.drifts for each in reading.comparisons):
        file = outside.history.versions_of("infra/rulesets.json", MOST_VERSIONS)
        reading = find_origins(reading, outside.rulesets, file)
        reading = with_names(reading, outside.rulesets)
    drift = {
        line: BYPASS if _passes(each) else "rulesets"
        for each in reading.comparisons
        for line in problem_lines([each])
    }
    parents = _parents(reading.inherited, policy.parents)
    drift |= dict.fromkeys(parents, "rulesets")
    return Facts(drift=drift, unverified=reading.unverified, rulesets=reading)


def _passes(comparison: Comparison) -> bool:
    differences = comparison.differences
    return any(each.path.startswith(BYPASS) and each.counts for each in differences)


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
