"""GitHub's rulesets against those of the file: read once, judged, and explained."""

import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cache
from itertools import takewhile
from typing import Literal

from monokeel.ground import errors
from monokeel.ground.answers import FileVersion, Json
from monokeel.ground.report import Outcome
from monokeel.ground.settings import PolicySettings, Settings
from monokeel.policy import comparison as compared
from monokeel.policy import rulesets as bodies
from monokeel.policy.checks import WorkflowJob
from monokeel.policy.comparison import Comparison
from monokeel.policy.ports import Rulesets, Version
from monokeel.policy.rule_types import repeated
from monokeel.policy.rulesets import BYPASS, Ruleset

_NO_KEYS = PolicySettings()
# In a path: a bypass actor, a reviewer, or the App of a check.
_ACTOR = re.compile(r"(?:(?P<kind>User|Team|Integration)|\bapp) (?P<number>\d+)(?=\])")

MOST_VERSIONS = 20  # of a ruleset's history, and of the file's
_States = list[tuple[Version, Ruleset]]  # of a ruleset, the newest first

_HIDDEN = "GitHub hides it from this token: administration: write shows it"
# in_sync_as_seen: nothing was found, and what was not seen was accepted by name.
Verdict = Literal["in_sync", "in_sync_as_seen", "drift", "unverifiable"]
OUTCOMES: dict[Verdict, Outcome] = {"drift": "difference", "unverifiable": "unknown"}


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
    drift: Sequence[object], unverified: Sequence[Unverified], allowed: Sequence[str]
) -> Verdict:
    """Return the verdict: drift beats what is unclear, and that beats in sync."""
    if drift or not unverified:
        return "drift" if drift else "in_sync"
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
        drift = [each for each in self.comparisons if each.drifts]
        return judge(drift, self.unverified, allowed)


def read_rulesets(
    desired: Sequence[Ruleset], rulesets: Rulesets, keys: PolicySettings = _NO_KEYS
) -> Reading:
    """Return GitHub's rulesets against *desired*: a request a page and a ruleset."""
    own, inherited = rulesets.read_all()
    found = compared.compare_policies(desired, own, keys.optional_rules, keys.unmanaged)
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
        raise errors.ServiceError(problem, fix=fix)
    if twice := repeated([each.name for each in own]):
        problem = f"GitHub has more than one ruleset called {', '.join(twice)}"
        fix = "Rename or delete the surplus ones on GitHub, then export again."
        raise errors.RefusedError(problem, fix=fix)
    entries = [bodies.exported(each) for each in own]
    for actor in (x for each in entries for x in bodies.objects_in(each[BYPASS])):
        kind, number = actor.get("actor_type"), actor.get("actor_id")
        if kind in ("User", "Team", "Integration") and isinstance(number, int):
            name = rulesets.name_of(str(kind), number)
            actor.update({"_name": name} if name else {})
    return bodies.policy_text(entries)


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


def find_origins(
    reading: Reading, rulesets: Rulesets, file: Sequence[FileVersion]
) -> Reading:
    """Return *reading* with the origin of each ruleset that drifts.

    *file* has the versions of the policy file, newest first. Asks for the history of
    what drifts alone; a token that does not see the bypass list may not read it.
    """
    drifting = [each for each in reading.comparisons if each.drifts]
    missing = {x.name: x.desired for x in drifting if x.desired and not x.live}
    name_of = cache(rulesets.name_of)

    def change(version: Version) -> compared.Change:
        kind, number = version.actor_type, version.actor_id
        name = name_of(kind, number) if kind == "User" else ""  # it has no login
        return compared.Change(by=name or f"{kind} {number}", at=version.updated_at)

    def explained(each: Comparison) -> Comparison:
        states, whole = _past_of(each, rulesets)
        names = [state.name for _, state in states if each.desired is None]
        if renamed := next((name for name in names if name in missing), ""):
            each = replace(
                each, differences=compared.compare(missing[renamed], each.live[0])
            )
        versions = _changes(each, states, missing.get(renamed), whole=whole)
        changes = {path: change(versions[path]) for path in versions}
        ahead = _ahead(each, file) if whole else None
        return replace(each, changes=changes, ahead=ahead, renamed=renamed)

    found = (explained(each) if each.drifts else each for each in reading.comparisons)
    return replace(reading, comparisons=tuple(found))


def _past_of(comparison: Comparison, rulesets: Rulesets) -> tuple[_States, bool]:
    """Return the states back to the last as in the file; and if none is older."""
    states, whole = _States(), False
    if len(comparison.live) != 1 or comparison.hides_bypass:
        return states, whole
    number = comparison.live[0].id
    try:
        versions = rulesets.history(number)
        for version in versions[:MOST_VERSIONS]:
            state = bodies.from_state(rulesets.state_at(number, version.id))
            states.append((version, state))
            if comparison.desired and not compared.differs(comparison.desired, state):
                return states, whole
        whole = len(states) == len(versions)
    except errors.NO_ANSWER:  # administration: write, which not every token has
        pass
    return states, whole


def _changes(
    comparison: Comparison, states: _States, entry: Ruleset | None, *, whole: bool
) -> dict[str, Version]:
    """Return the path of each difference ("": a rename) → the oldest that has it."""
    desired = comparison.desired or entry
    if not states:
        return {}
    if desired is None:
        return {"": states[0][0]}
    found = dict[str, Version]()
    if entry is not None:
        named = takewhile(lambda x: x[1].name == comparison.name, states)
        found[""] = [version for version, _ in named][-1]
    still = {each.path: each.live for each in comparison.differences if each.counts}
    for version, state in states:
        there = {x.path: x.live for x in compared.compare(desired, state)}
        still = {x: still[x] for x in still if x in there and there[x] == still[x]}
        found |= dict.fromkeys(still, version)
    # What was there in the oldest that we saw may be older.
    return {path: found[path] for path in found if whole or path not in still}


def _ahead(comparison: Comparison, file: Sequence[FileVersion]) -> FileVersion | None:
    """Return the oldest version of the file that GitHub never had, if it is that.

    GitHub is then as the version before had it, and never was as the newest says.
    """
    newer: FileVersion | None = None
    for version in file if comparison.desired else ():
        try:
            entries = bodies.parse_policy(version.text)
        except errors.UsageError:  # a version that was wrong was never applied
            entries = ()
        ours = (each for each in entries if each.name == comparison.name)
        if not all(compared.differs(each, comparison.live[0]) for each in ours):
            return newer
        newer = version
    return None
