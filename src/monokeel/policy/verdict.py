"""A verdict, and what it rests on: what differs, and what nobody could verify."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from monokeel.ground.answers import Json
from monokeel.ground.report import Outcome
from monokeel.policy.rulesets import BYPASS

# in_sync_as_seen: nothing was found, and what was not seen was accepted by name.
Verdict = Literal["in_sync", "in_sync_as_seen", "drift", "unverifiable"]
OUTCOMES: Mapping[Verdict, Outcome] = {
    "in_sync": "done",
    "in_sync_as_seen": "done",
    "drift": "difference",
    "unverifiable": "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """Something that nobody could check: *item* of *subject*, and the *reason*.

    Without a *subject* it is all of a section.

    *hidden* means that the token lacks a right; otherwise nobody answered. What is
    hidden may be accepted by its item's name, or all of it as ``bypass_actors``: one
    missing right, administration, hides bypass lists and settings alike.
    """

    item: str
    subject: str
    reason: str
    hidden: bool = True

    def accepted(self, allowed: Sequence[str]) -> bool:
        """Say whether *allowed* (``--allow-unverified``) lets this pass."""
        return self.hidden and (self.item in allowed or BYPASS in allowed)

    def as_json(self, allowed: Sequence[str] = ()) -> dict[str, Json]:
        """Return the entry of a report's ``unverified``."""
        return {
            "item": self.item,
            "of": self.subject or "all",
            "reason": self.reason,
            "accepted": self.accepted(allowed),
        }


def unverified_lines(
    unverified: Sequence[Unverified], allowed: Sequence[str]
) -> tuple[str, ...]:
    """Return the section "Not verified": one line for each item and reason."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for each in unverified:
        accepted = " (accepted)" if each.accepted(allowed) else ""
        key = (each.item, f"{each.reason}{accepted}")
        subjects.setdefault(key, []).append(each.subject)
    return tuple(
        f"{item} of {', '.join(found)}: {reason}" if any(found) else f"{item}: {reason}"
        for (item, reason), found in subjects.items()
    )


def judge(
    *, drifts: bool, unverified: Sequence[Unverified], allowed: Sequence[str]
) -> Verdict:
    """Return the verdict: drift beats what is unclear, and that beats in sync."""
    if drifts:
        return "drift"
    if not unverified:
        return "in_sync"
    if all(each.accepted(allowed) for each in unverified):
        return "in_sync_as_seen"
    return "unverifiable"
