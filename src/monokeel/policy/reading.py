"""The rulesets on GitHub against those that the file asks for, read once.

Plan, apply, rollback, export and drift take this value; nobody else compares.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from monokeel.ground.settings import Settings
from monokeel.policy.checks import WorkflowJob
from monokeel.policy.comparison import Comparison, compare_policies
from monokeel.policy.ports import Rulesets
from monokeel.policy.rulesets import BYPASS, Ruleset
from monokeel.policy.verdict import Unverified, Verdict, judge

_USER = re.compile(r"\[User (\d+)\]")

_HIDDEN = "GitHub hides it from this token: administration: write shows it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is asked for: the *desired* rulesets and how to treat the rest.

    *unmanaged* are patterns of names of rulesets that others keep. *jobs* are those of
    the workflows, *settings* what platform.toml says: the lint compares the rulesets
    with both, unless they are ``None``. *refs* are those that the clone knows, in full.
    """

    desired: tuple[Ruleset, ...]
    optional_rules: tuple[str, ...] = ()
    jobs: tuple[WorkflowJob, ...] | None = None
    settings: Settings | None = None
    unmanaged: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    delete_unmanaged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What GitHub had at one moment: its *own* rulesets, and each name compared.

    *repository* is ``owner/repo``; *inherited* are the rulesets from above, as
    ``name (organization)``.
    """

    repository: str = ""
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
                reason=_HIDDEN,
            )
            for each in self.comparisons
            if each.hides_bypass
        )

    def verdict(self, allowed: Sequence[str] = ()) -> Verdict:
        """Return ``drift`` when there is something to write or to look at by hand."""
        drifts = any(each.drifts for each in self.comparisons)
        return judge(drifts=drifts, unverified=self.unverified, allowed=allowed)


def read_rulesets(
    desired: Sequence[Ruleset],
    rulesets: Rulesets,
    optional_rules: Sequence[str] = (),
    unmanaged: Sequence[str] = (),
) -> Reading:
    """Return GitHub's rulesets against *desired*; the rest as ``compare_policies``.

    Takes one request a page and one a ruleset, and one for each user in whom they
    differ. Raises ServiceError when one of them cannot be read.
    """
    live = rulesets.read_all()
    comparisons = compare_policies(desired, live.own, optional_rules, unmanaged)
    return Reading(
        repository=live.repository,
        own=live.own,
        comparisons=_with_logins(comparisons, rulesets),
        inherited=live.inherited,
    )


def _with_logins(
    comparisons: Sequence[Comparison], rulesets: Rulesets
) -> tuple[Comparison, ...]:
    """Return *comparisons* with logins beside the numbers of users in their paths.

    Only users that differ are asked for; one that nobody knows keeps the bare number.
    """
    login = cache(rulesets.login)

    def named(match: re.Match[str]) -> str:
        name = login(int(match[1]))
        return f"[User {match[1]} ({name})]" if name else match[0]

    def with_logins(each: Comparison) -> Comparison:
        found = [replace(x, path=_USER.sub(named, x.path)) for x in each.differences]
        return replace(each, differences=tuple(found))

    return tuple(map(with_logins, comparisons))
