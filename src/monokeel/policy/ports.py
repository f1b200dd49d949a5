"""What the rooms need of rulesets on GitHub, and what a refusal to write one means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from monokeel.ground.answers import Json
from monokeel.ground.errors import MonokeelError, RefusedError, UsageError
from monokeel.policy.rulesets import Ruleset

# The colon ends the sentence: the plan (basefoundry/base#1800) or the target has no
# such rule. With a reason behind it, the rule's parameters are wrong instead.
_NO_SUCH_RULE = re.compile(r"Invalid rule '([a-z_]+)':\s*(?:$|,|;|:)")
_NAME_TAKEN = "Name must be unique"
_ADMIN = "The token needs administration: write on this repository."
# Part of GitHub's words, and what to do: GitHub says no.
_SAID_NO = {
    "Upgrade to GitHub Pro": "GitHub's plan of this repository has no rulesets: upgrade"
    " it, or make the repository public.",
    "Resource not accessible": _ADMIN,
    "Must have admin rights": _ADMIN,
    "was archived so is read-only": "Unarchive the repository on GitHub, then run it"
    " again.",
    "Invalid integration ids": "A required check is pinned to an app that is not"
    " installed here: install it, or correct integration_id.",
    "evaluate option is not supported": 'Only Enterprise plans have "evaluate": use'
    " active or disabled.",
    _NAME_TAKEN: "Somebody made a ruleset of that name just now: run ./inv policy.plan"
    " again.",
}
# The same where our file is wrong.
_WRONG = {
    "data matches no possible input": "The body does not fit GitHub's schema (often a"
    " null): see what is named.",
    "Invalid target patterns": "Write full refs (refs/heads/…, refs/tags/…), and both"
    " include and exclude.",
    "must be part of the ruleset source": "This actor may not bypass here: GitHub"
    " Actions, an app that is not installed, or a secret team.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """GitHub would not write a ruleset: HTTP *status*, its *words* on one line."""

    status: int
    words: str

    @property
    def is_for_its_content(self) -> bool:
        """Whether GitHub read this body and refused it: the next one may pass."""
        return self.status == 422  # noqa: PLR2004 - Unprocessable Content

    @property
    def rule_without_plan(self) -> str | None:
        """The rule type that GitHub's plan or the target does not have, if any."""
        found = _NO_SUCH_RULE.search(self.words)
        return found[1] if found else None

    @property
    def is_name_taken(self) -> bool:
        """Whether a ruleset of that name exists already."""
        return _NAME_TAKEN in self.words

    def error(self, name: str) -> MonokeelError:
        """Return the error for this refusal of ruleset *name*, with what to do."""
        problem = f"GitHub refused ruleset {name!r} ({self.status}): {self.words}"
        if rule := self.rule_without_plan:
            fix = f"{rule} is not on this plan or not for this target. Name it in"
            fix += " [policy] optional_rules of infra/platform.toml, or take it out."
            return RefusedError(problem, fix=fix)
        fix = "Correct the ruleset in infra/rulesets.json: as it is, it never passes."
        if not self.is_for_its_content:
            fix = "./inv doctor says what this token may do."
        known = next((x for x in (*_SAID_NO, *_WRONG) if x in self.words), "")
        family = UsageError if known in _WRONG else RefusedError
        return family(problem, fix=(_SAID_NO | _WRONG).get(known, fix))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version in a ruleset's history; *actor_type* is ``User`` or another."""

    id: int
    updated_at: str
    actor_id: int
    actor_type: str


class Rulesets(Protocol):
    """The rulesets of *repository* (``owner/repo``) on GitHub."""

    repository: str

    def read_all(self) -> tuple[tuple[Ruleset, ...], tuple[str, ...]]:
        """Return its own rulesets, and those from above, not ours to change.

        The latter as ``name (organization)``. ServiceError if one is unreadable.
        """

    def named(self, name: str) -> tuple[int, ...]:
        """Return the ids of the rulesets called *name*."""

    def read(self, number: int) -> Ruleset:
        """Return one ruleset as it is now."""

    def write(self, body: Mapping[str, Json] | None, number: int = 0) -> int | Refusal:
        """Create a ruleset, replace the members of *number*, or delete it (``None``).

        Returns its id. ServiceError when the answer got lost.
        """

    def history(self, number: int) -> tuple[Version, ...]:
        """Return the versions of a ruleset, newest first."""

    def state_at(self, number: int, version: int) -> dict[str, Json]:
        """Return a ruleset as it was at one version."""

    def name_of(self, kind: str, number: int) -> str | None:
        """Return the name of a ``User``, ``Team`` or ``Integration``.

        ``""`` for one that is not there, ``None`` if nobody may know it.
        """

    def owner_is_person(self) -> bool:
        """Say whether the repository belongs to a person, not to an organization."""
