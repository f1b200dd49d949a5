"""GitHub's rulesets against those of the file, read once and judged, for everybody."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cache
from typing import Literal

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.report import Outcome
from monokeel.ground.settings import PolicySettings, Settings
from monokeel.policy.checks import WorkflowJob
from monokeel.policy.comparison import Comparison, compare_policies
from monokeel.policy.ports import Rulesets
from monokeel.policy.rule_types import repeated
from monokeel.policy.rulesets import (
    BYPASS,
    Ruleset,
    exported,
    objects_in,
    policy_text,
)

_NO_KEYS = PolicySettings()
# In a path: a bypass actor, a reviewer, or the App of a check.
_ACTOR = re.compile(r"(?:(?P<kind>User|Team|Integration)|\bapp) (?P<number>\d+)(?=\])")

_HIDDEN = "GitHub hides it from this token: administration: write shows it"
# in_sync_as_seen: nothing was found, and what was not seen was accepted by name.
Verdict = Literal["in_sync", "in_sync_as_seen", "drift", "unverifiable"]
OUTCOMES: Mapping[Verdict, Outcome] = {
    "in_sync": "done",
    "in_sync_as_seen": "done",
    "drift": "difference",
    "unverifiable": "unknown",
}


@dataclass(frozen=True, slots=True)
class Unverified:
    """Something that nobody could check: *item* of *subject*, and the *reason*.

    Without a *subject* it is all of a section. *hidden*: the token lacks a right, where
    else nobody answered. That may be accepted by the item's name, or all of it as
    ``bypass_actors``: one missing right, administration, hides lists and settings.
    """

    item: str
    subject: str
    _: KW_ONLY
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
        reason = each.reason + " (accepted)" * each.accepted(allowed)
        subjects.setdefault((each.item, reason), []).append(each.subject)
    return tuple(
        f"{item} of {', '.join(found)}: {reason}" if any(found) else f"{item}: {reason}"
        for (item, reason), found in subjects.items()
    )


def judge(
    *, drifts: bool, unverified: Sequence[Unverified], allowed: Sequence[str]
) -> Verdict:
    """Return the verdict: drift beats what is unclear, and that beats in sync."""
    if drifts or not unverified:
        return "drift" if drifts else "in_sync"
    accepted = all(each.accepted(allowed) for each in unverified)
    return "in_sync_as_seen" if accepted else "unverifiable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is asked for: the *desired* rulesets and how to treat the rest.

    *keys* are those of ``[policy]``. *jobs* are those of the workflows, *settings* what
    platform.toml says: the lint compares the rulesets with both, unless they are
    ``None``. *refs* are those that the clone knows, in full.
    """

    desired: tuple[Ruleset, ...]
    keys: PolicySettings = _NO_KEYS
    jobs: tuple[WorkflowJob, ...] | None = None
    settings: Settings | None = None
    refs: tuple[str, ...] = ()
    delete_unmanaged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What GitHub had at one moment; *inherited* are as ``name (organization)``."""

    repository: str = ""
    own: tuple[Ruleset, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    inherited: tuple[str, ...] = ()

    @property
    def unverified(self) -> tuple[Unverified, ...]:
        """The rulesets whose bypass list GitHub leaves out (s4k10503/velvet#320)."""
        hidden = (each.name for each in self.comparisons if each.hides_bypass)
        return tuple(Unverified(BYPASS, name, reason=_HIDDEN) for name in hidden)

    def verdict(self, allowed: Sequence[str] = ()) -> Verdict:
        """Return ``drift`` when there is something to write or to look at by hand."""
        drifts = any(each.drifts for each in self.comparisons)
        return judge(drifts=drifts, unverified=self.unverified, allowed=allowed)


def read_rulesets(
    desired: Sequence[Ruleset], rulesets: Rulesets, keys: PolicySettings = _NO_KEYS
) -> Reading:
    """Return GitHub's rulesets against *desired*: a request a page and a ruleset."""
    own, inherited = rulesets.read_all()
    found = compare_policies(desired, own, keys.optional_rules, keys.unmanaged)
    where = rulesets.repository
    return Reading(repository=where, own=own, comparisons=found, inherited=inherited)


def export(rulesets: Rulesets) -> str:
    """Return the text of a policy file that says what GitHub has, with names.

    Raises ServiceError when a bypass list is hidden: a file without it would clear it.
    Raises RefusedError when two rulesets share a name.
    """
    own, _ = rulesets.read_all()
    if hidden := [each.name for each in own if each.hides_bypass]:
        problem = f"bypass_actors is hidden from this token in {', '.join(hidden)}"
        fix = "Export with a token that has administration: write."
        raise ServiceError(problem, fix=fix)
    if twice := repeated([each.name for each in own]):
        problem = f"GitHub has more than one ruleset called {', '.join(twice)}"
        fix = "Rename or delete the surplus ones on GitHub, then export again."
        raise RefusedError(problem, fix=fix)
    entries = [exported(each) for each in own]
    for actor in (x for each in entries for x in objects_in(each[BYPASS])):
        kind, number = actor.get("actor_type"), actor.get("actor_id")
        if kind in ("User", "Team", "Integration") and isinstance(number, int):
            name = rulesets.name_of(str(kind), number)
            actor.update({"_name": name} if name else {})
    return policy_text(entries)


def with_names(reading: Reading, rulesets: Rulesets) -> Reading:
    """Return *reading* with names beside the numbers of actors, where one is known."""
    name_of = cache(rulesets.name_of)

    def named(match: re.Match[str]) -> str:
        name = name_of(match["kind"] or "Integration", int(match["number"]))
        said = "" if name is None else name or "not an App that is installed here"
        return f"{match[0]} ({said})" if said else match[0]

    def with_its_names(each: Comparison) -> Comparison:
        found = [replace(x, path=_ACTOR.sub(named, x.path)) for x in each.differences]
        changes = {_ACTOR.sub(named, x): y for x, y in each.changes.items()}
        who = [f"[{y}]" for x in each.live if not each.desired for y in x.passing]
        return replace(
            each,
            differences=tuple(found),
            changes=changes,
            passing=tuple(_ACTOR.sub(named, x)[1:-1] for x in who),
        )

    return replace(reading, comparisons=tuple(map(with_its_names, reading.comparisons)))
