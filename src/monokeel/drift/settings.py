"""What the rules rest on: every row of the table of expectations, seen again."""

from functools import cache, partial

from monokeel.drift.ports import Outside
from monokeel.drift.sections import Deviation, Facts, Wanted, audit_log
from monokeel.ground.answers import Unknown
from monokeel.policy.reading import Unverified
from monokeel.setup.expectations import expectations
from monokeel.setup.ports import Outside as Setup
from monokeel.setup.rows import AsWanted, Declared, Otherwise, answer_to


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
    who = cache(partial(audit_log, wanted, outside))
    declared = Declared(settings=wanted.settings, policy=wanted.policy)
    seen = Setup(repository=outside.repository, rulesets=outside.rulesets)
    for row in expectations(declared, seen):
        match None if row.watched == "elsewhere" else answer_to(row):
            case Otherwise(detail=detail, remedy=remedy) if row.watched == "note":
                notes.append(f"{row.name}: {detail}. {remedy}")
            case Otherwise() as found:
                log = f"the audit log, which the owner can open, says who: {who()}"
                steps = (found.remedy, f"if somebody changed it: {log}")
                line = f"{row.name}: {found.detail}; {row.lost}"
                severe = int(found.severe)
                drift += [
                    Deviation(line, row.name, steps, item=row.item, severe=severe)
                ]
            case Unknown(reason=reason) if row.item == "writer_app":
                notes.append(f"{row.name}: {reason}")
            case Unknown(reason=reason, hidden=hidden):
                said = f"{reason} ({row.permission})"
                unseen = Unverified(row.item, row.name, reason=said, hidden=hidden)
                unverified.append(unseen)
            case AsWanted() | None:
                pass
    return Facts(drift=drift, unverified=unverified, notes=notes)
