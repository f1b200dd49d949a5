"""Rulesets that are not as the policy file says, and what made them so."""

from collections.abc import Iterator, Sequence

from monokeel.drift.ports import Outside
from monokeel.drift.sections import Deviation, Facts, Wanted, audit_log
from monokeel.policy.origin import MOST_VERSIONS, find_origins
from monokeel.policy.reading import Reading, read_rulesets, with_names
from monokeel.policy.rulesets import BYPASS
from monokeel.policy.wording import problem_line, steps_of


def check_rulesets(wanted: Wanted, outside: Outside) -> Facts:
    """Return where GitHub's rulesets are not as the file says, and who made it so."""
    policy = wanted.settings.policy
    reading = read_rulesets(wanted.policy, outside.rulesets, policy)
    if any(each.drifts for each in reading.comparisons):
        file = outside.versions_of("infra/rulesets.json", MOST_VERSIONS)
        reading = find_origins(reading, outside.rulesets, file)
        reading = with_names(reading, outside.rulesets)
    drift = list[Deviation]()
    for each in reading.comparisons:
        if not each.drifts:
            continue
        passes = any(x.path.startswith(BYPASS) and x.counts for x in each.differences)
        steps = [*steps_of(each, reading.comparisons, reading.repository)]
        # Where it was not renamed its history is gone with it.
        if each.state == "missing" and steps:
            page = audit_log(wanted, outside, "?q=action:repository_ruleset.destroy")
            log = "the audit log, which the owner can open"
            steps.append(f"if somebody deleted it: {log}, says who: {page}")
        item = BYPASS if passes else "rulesets"
        line, severe = problem_line(each), each.severe
        drift.append(Deviation(line, each.name, steps, item=item, severe=severe))
    drift += _parents(reading, policy.parents)
    return Facts(drift=drift, unverified=reading.unverified, rulesets=reading)


def _parents(reading: Reading, wanted: Sequence[str]) -> Iterator[Deviation]:
    """Yield what differs from ``[policy] parents``, where it names any."""
    there = {each.rpartition(" (")[0]: each for each in reading.inherited}
    owner = reading.repository.partition("/")[0]
    page = f"https://github.com/organizations/{owner}/settings/rules"
    kept = "[policy] parents of infra/platform.toml by a pull request"
    back = f"an owner of {owner} brings it back at {page}"
    gone = f"; if nobody wants it any more: take it out of {kept}"
    for name in wanted:
        if name not in there:
            line = f"ruleset {name} of the organization is not there"
            yield Deviation(line, name, (back + gone,), item="rulesets", severe=1)
    for name, shown in there.items() if wanted else ():
        if name not in wanted:
            step = f"made at {page}: name it in {kept}, or ask an owner of {owner}"
            line = f"ruleset {shown} appeared above"
            yield Deviation(line, name, (step,), item="rulesets")
