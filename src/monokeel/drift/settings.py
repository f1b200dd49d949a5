"""What the rules rest on: every row of the table of expectations, seen again."""

from functools import cache, partial

from monokeel.drift.ports import Outside
from monokeel.drift.sections import Deviation, Facts, Wanted, audit_log
from monokeel.ground.answers import Unknown
from monokeel.policy.reading import Unverified
from monokeel.setup.expectations import expectations
from monokeel.setup.ports import Outside as Setup
from monokeel.setup.rows import AsWanted, Declared, Expectation, Otherwise, answer_to


def check_settings(wanted: Wanted, outside: Outside) -> Facts:
    """Return where GitHub is otherwise than the table expects, and what ends that."""
    drift = [
        Deviation(
            line=each.line,
            item="agreement",
            subject=each.path,
            steps=("correct one of the two files by a pull request",),
        )
        for each in wanted.disagreements
        if not each.warning
    ]
    unverified: list[Unverified] = []
    notes = [each.line for each in wanted.disagreements if each.warning]
    who = cache(partial(audit_log, wanted, outside))
    declared = Declared(settings=wanted.settings, policy=wanted.policy)
    seen = Setup(repository=outside.repository, rulesets=outside.rulesets)
    for row in expectations(declared, seen):
        match None if row.watched == "elsewhere" else answer_to(row):
            case Otherwise(detail=detail, remedy=remedy) if row.watched == "note":
                notes.append(f"{row.name}: {detail}. {remedy}")
            case Otherwise() as found:
                drift.append(_deviation(row, found, who()))
            case Unknown(reason=reason) if row.item == "writer_app":
                notes.append(f"{row.name}: {reason}")
            case Unknown(reason=reason, hidden=hidden):
                said = f"{reason} ({row.permission})"
                unverified.append(
                    Unverified(row.item, row.name, reason=said, hidden=hidden)
                )
            case AsWanted() | None:
                pass
    return Facts(drift=tuple(drift), unverified=tuple(unverified), notes=tuple(notes))


def _deviation(row: Expectation, found: Otherwise, who: str) -> Deviation:
    return Deviation(
        line=f"{row.name}: {found.detail}; {row.lost}",
        item=row.item,
        subject=row.name,
        steps=(
            found.remedy,
            f"who did it stands in the audit log, which the owner can open: {who}",
        ),
        severe=int(found.severe),
    )
