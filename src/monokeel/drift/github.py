"""Where GitHub's rules, and the settings they rest on, are not as the files say."""

from collections.abc import Iterator, Sequence
from functools import cache, partial

from monokeel.drift.ports import Outside
from monokeel.drift.sections import Deviation, Facts, Wanted
from monokeel.ground.answers import Unknown
from monokeel.ground.errors import NO_ANSWER
from monokeel.policy import reading as seen
from monokeel.policy.reading import Reading, Unverified
from monokeel.policy.rulesets import BYPASS
from monokeel.policy.wording import problem_line, steps_of
from monokeel.setup import ports, rows
from monokeel.setup.expectations import expectations


def check_rulesets(wanted: Wanted, outside: Outside) -> Facts:
    """Return where GitHub's rulesets are not as the file says, and who made it so."""
    policy = wanted.settings.policy
    reading = seen.read_rulesets(wanted.policy, outside.rulesets, policy)
    if any(each.drifts for each in reading.comparisons):
        file = outside.versions_of("infra/rulesets.json", seen.MOST_VERSIONS)
        reading = seen.find_origins(reading, outside.rulesets, file)
        reading = seen.with_names(reading, outside.rulesets)
    drift = list[Deviation]()
    for each in (x for x in reading.comparisons if x.drifts):
        passes = any(x.path.startswith(BYPASS) and x.counts for x in each.differences)
        steps = [*steps_of(each, reading.comparisons, reading.repository)]
        # Where it was not renamed its history is gone with it.
        if each.state == "missing" and steps:
            page = _audit_log(wanted, outside, "?q=action:repository_ruleset.destroy")
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
    for name in (x for x in wanted if x not in there):
        line = f"ruleset {name} of the organization is not there"
        yield Deviation(line, name, (back + gone,), item="rulesets", severe=1)
    for name in (x for x in there if wanted and x not in wanted):
        step = f"made at {page}: name it in {kept}, or ask an owner of {owner}"
        line = f"ruleset {there[name]} appeared above"
        yield Deviation(line, name, (step,), item="rulesets")


def check_settings(wanted: Wanted, outside: Outside) -> Facts:
    """Return where GitHub is otherwise than the table expects, and what ends that."""
    step = "correct one of the two files by a pull request"
    drift = [
        Deviation(each.line, each.path, (step,), item="agreement")
        for each in wanted.disagreements
        if not each.warning
    ]
    unverified = list[Unverified]()
    notes = [each.line for each in wanted.disagreements if each.warning]
    who = cache(partial(_audit_log, wanted, outside))
    at = ports.Connection(
        settings=wanted.settings,
        policy=wanted.policy,
        repository=outside.repository,
        rulesets=outside.rulesets,
    )
    for row in expectations(at):
        match None if row.watched == "elsewhere" else rows.answer_to(row):
            case rows.Otherwise(detail=detail, remedy=remedy) if row.watched == "note":
                notes.append(f"{row.name}: {detail}. {remedy}")
            case rows.Otherwise() as found:
                log = f"the audit log, which the owner can open, says who: {who()}"
                steps = (found.remedy, f"if somebody changed it: {log}")
                line = f"{row.name}: {found.detail}; {row.lost}"
                made = partial(Deviation, item=row.item, severe=int(found.severe))
                drift.append(made(line, row.name, steps))
            case Unknown(reason=reason) if row.item == "writer_app":
                notes.append(f"{row.name}: {reason}")
            case Unknown(reason=reason, hidden=hidden):
                said = f"{reason} ({row.permission})"
                unseen = Unverified(row.item, row.name, reason=said, hidden=hidden)
                unverified.append(unseen)
            case rows.AsWanted() | None:
                pass
    return Facts(drift=drift, unverified=unverified, notes=notes)


def _audit_log(wanted: Wanted, outside: Outside, query: str = "") -> str:
    """Return the page that knows who changed what has no history on GitHub."""
    try:
        if outside.rulesets.owner_is_person():
            return "https://github.com/settings/security-log"
    except NO_ANSWER:
        pass
    owner = wanted.repository.partition("/")[0]
    return f"https://github.com/organizations/{owner}/settings/audit-log{query}"
