"""The rulesets on GitHub against those that the file asks for, read once.

Plan, apply, rollback, export and drift take this value; nobody else compares.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from monokeel.ground.errors import ServiceError
from monokeel.policy.comparison import Comparison, compare_policies
from monokeel.policy.ports import Rulesets
from monokeel.policy.rulesets import BYPASS, Ruleset
from monokeel.policy.verdict import Unverified

_USER = re.compile(r"\[User (\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changed something last, and when (as GitHub wrote it)."""

    by: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What GitHub had at one moment: its *own* rulesets, and each name compared.

    *inherited* are the rulesets from above, as ``name (organization)``.
    """

    own: tuple[Ruleset, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    inherited: tuple[str, ...] = ()

    @property
    def unverified(self) -> tuple[Unverified, ...]:
        """The rulesets whose bypass list the token may not see.

        GitHub leaves the member out then (s4k10503/velvet#320); that is not "nobody".
        """
        return tuple(
            Unverified(
                item=BYPASS,
                subject=each.name,
                reason="GitHub hides it from this token: administration: write shows"
                " it",
            )
            for each in self.comparisons
            if each.hides_bypass
        )


def read_rulesets(
    desired: Sequence[Ruleset],
    rulesets: Rulesets,
    optional_rules: Sequence[str] = (),
) -> Reading:
    """Return GitHub's rulesets against *desired*.

    Takes one request a page and one a ruleset, and one for each user in whom they
    differ. Raises ServiceError when one of them cannot be read.
    """
    live = rulesets.read_all()
    comparisons = compare_policies(desired, live.own, optional_rules)
    return Reading(
        own=live.own,
        comparisons=_with_logins(comparisons, rulesets),
        inherited=live.inherited,
    )


def changes_in(reading: Reading, rulesets: Rulesets) -> dict[str, Change]:
    """Return who changed each ruleset that drifts last, where the token may know.

    A token that does not see the bypass list may not read the history either.
    """
    changes = {}
    for each in reading.comparisons:
        if each.drifts and each.live and not each.hides_bypass:
            change = _last_change(each.live[0].id, rulesets)
            if change is not None:
                changes[each.name] = change
    return changes


def _last_change(number: int, rulesets: Rulesets) -> Change | None:
    try:
        versions = rulesets.history(number)
    except ServiceError:  # administration: write, which not every token has
        return None
    if not versions:
        return None
    newest = versions[0]
    # The history has no login; GET /user/{account_id} knows it.
    by = f"{newest.actor_type} {newest.actor_id}"
    if newest.actor_type == "User":
        by = rulesets.login(newest.actor_id) or f"user {newest.actor_id}"
    return Change(by=by, at=newest.updated_at)


def _with_logins(
    comparisons: Sequence[Comparison], rulesets: Rulesets
) -> tuple[Comparison, ...]:
    """Return *comparisons* with logins beside the numbers of users in their paths.

    Only users that differ are asked for; one that nobody knows keeps the bare number.
    """
    known: dict[int, str | None] = {}

    def named(match: re.Match[str]) -> str:
        number = int(match[1])
        if number not in known:
            known[number] = rulesets.login(number)
        name = known[number]
        return f"[User {number} ({name})]" if name else match[0]

    return tuple(
        replace(
            each,
            differences=tuple(
                replace(difference, path=_USER.sub(named, difference.path))
                for difference in each.differences
            ),
        )
        for each in comparisons
    )
