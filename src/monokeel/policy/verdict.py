"""A verdict, and what it rests on: what differs, and what nobody could verify."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from monokeel.ground.answers import Json
from monokeel.ground.report import Outcome
from monokeel.policy.rulesets import BYPASS

Verdict = Literal["in_sync", "drift", "unverifiable"]
OUTCOMES: Mapping[Verdict, Outcome] = {
    "in_sync": "done",
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

    def line(self, allowed: Sequence[str] = ()) -> str:
        """Return the entry of a report's section "Not verified"."""
        what = f"{self.item} of {self.subject}" if self.subject else self.item
        accepted = " (accepted)" if self.accepted(allowed) else ""
        return f"{what}: {self.reason}{accepted}"

    def as_json(self, allowed: Sequence[str] = ()) -> dict[str, Json]:
        """Return the entry of a report's ``unverified``."""
        return {
            "item": self.item,
            "of": self.subject or "all",
            "reason": self.reason,
            "accepted": self.accepted(allowed),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One section of a drift report: what differs, what is unclear, what to know."""

    drift: tuple[str, ...] = ()
    unverified: tuple[Unverified, ...] = ()
    notes: tuple[str, ...] = ()
    entries: tuple[dict[str, Json], ...] = field(default=())


def judge(
    *, drifts: bool, unverified: Sequence[Unverified], allowed: Sequence[str]
) -> Verdict:
    """Return the verdict: drift beats what is unclear, and that beats in sync."""
    if drifts:
        return "drift"
    if all(each.accepted(allowed) for each in unverified):
        return "in_sync"
    return "unverifiable"
