"""Rulesets compared with what the policy file asks for, in both directions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Literal

from monokeel.ground.answers import FileVersion, Json, as_object
from monokeel.policy.rule_types import RULESET, Shape
from monokeel.policy.rulesets import BYPASS, Ruleset

# missing: only in the file. added: only on GitHub. unknown: only on GitHub, of a type
# or parameter that nobody here knows. gap: an optional rule that is not there. note:
# without effect on what is allowed.
Kind = Literal["changed", "missing", "added", "unknown", "gap", "note"]
# elsewhere: in no file, and [policy] unmanaged says that others keep it.
State = Literal["same", "changed", "missing", "unmanaged", "elsewhere", "duplicate"]
_Level = Mapping[str, Json]
# Parameters of rules of which more, or another item, lets somebody do more.
_FREEING = (
    *("allowed_merge_methods", "allowed_actors", "do_not_enforce_on_create"),
    *("max_file_path_length", "max_file_size", "update_allows_fetch_and_merge"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """What the file and GitHub do not say alike; a side without it is ``None``.

    *path* reads like ``rules.pull_request.required_approving_review_count``; an item
    of a set is named in brackets: ``bypass_actors[RepositoryRole 5 (admin)]``.
    """

    path: str
    desired: Json
    live: Json
    kind: Kind

    @property
    def list_path(self) -> str:
        """The path of the list that it is an item of, else its own."""
        return self.path.partition("[")[0]

    @property
    def severe(self) -> bool:
        """Whether somebody may do now what the file forbids to everybody."""
        desired, live = self.desired, self.live
        name = self.list_path.removeprefix("rules.")
        rule = "." not in name and self.path != name
        return {
            "target": True,
            "enforcement": desired == "active",
            "bypass_actors": live not in (None, "pull_request"),
            "conditions.ref_name.exclude": desired is None,
            "conditions.ref_name.include": live is None,
            "required_status_checks.required_status_checks": live is None,
            "pull_request.required_approving_review_count": not live,
        }.get(name, rule and self.kind == "missing")

    @property
    def loosens(self) -> bool:
        """Whether *live* may ask for less than *desired*; of two texts nobody knows."""
        if not self.counts or self.severe or not self.path.startswith("rules."):
            return self.counts and self.severe
        before, now = self.desired, self.live
        name = self.list_path.rpartition(".")[2]
        if self.kind != "changed":
            return (self.kind == "missing") is not (name in _FREEING)
        if isinstance(before, int) and isinstance(now, int) and name != "negate":
            return (before > now) is not (name in _FREEING)  # true > false, too
        return True

    @property
    def counts(self) -> bool:
        """Whether this is drift, not a note or a declared gap."""
        return self.kind not in ("gap", "note")

    @property
    def can_be_written(self) -> bool:
        """Whether a write repairs it: what nobody knows is never erased."""
        return self.counts and self.kind != "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changed something, and when (as GitHub wrote it)."""

    by: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What became of one ruleset; *desired* is None for one that no file names.

    *live* holds every ruleset of that name: two for state ``duplicate``. The rest is
    known once somebody asked: *passing*, who may pass one that is in no file, *changes*
    by path, as far as the history explains, *ahead*, the commit of the file that GitHub
    never had, *renamed*, the name in the file of one that is called otherwise now.
    """

    name: str
    state: State
    desired: Ruleset | None = None
    live: tuple[Ruleset, ...] = ()
    differences: tuple[Difference, ...] = ()
    passing: tuple[str, ...] = ()
    changes: Mapping[str, Change] = field(default_factory=dict)
    ahead: FileVersion | None = None
    renamed: str = ""

    @property
    def newest(self) -> Change | None:
        """The newest of the changes."""
        return max(self.changes.values(), key=lambda each: each.at, default=None)

    @property
    def drifts(self) -> bool:
        """Whether GitHub and the file disagree; a declared gap is no drift."""
        if self.state == "changed":
            return any(each.counts for each in self.differences)
        return self.state not in ("same", "elsewhere") and not self.is_gap

    @property
    def verb(self) -> Literal["create", "update", "delete"]:
        """What a write does to it."""
        made: Literal["create", "update"] = "update" if self.live else "create"
        return "delete" if self.desired is None else made

    @property
    def can_be_written(self) -> bool:
        """Whether a write of ours repairs some of it."""
        repairs = any(each.can_be_written for each in self.differences)
        return self.state == "missing" or (self.state == "changed" and repairs)

    @property
    def severe(self) -> int:
        """How many severe lines it has; a ruleset that is not there is one."""
        if self.state == "missing":
            return int(self.drifts)
        return sum(any(each.severe for each in x) for x in self.by_line)

    @property
    def by_line(self) -> list[list[Difference]]:
        """The differences, those of one list together; each bypass actor alone."""
        by_path: dict[str, list[Difference]] = {}
        for each in self.differences:
            alone = each.path.startswith(BYPASS) or not each.path.endswith("]")
            by_path.setdefault(each.path if alone else each.list_path, []).append(each)
        return [*by_path.values()]

    @property
    def is_gap(self) -> bool:
        """Whether all that is missing here was declared optional."""
        return self.state == "missing" and not any(x.counts for x in self.differences)

    @property
    def hides_bypass(self) -> bool:
        """Whether the token may not see who passes the rules of this ruleset."""
        return any(each.hides_bypass for each in self.live)


def compare_policies(
    desired: Sequence[Ruleset],
    live: Sequence[Ruleset],
    optional_rules: Sequence[str] = (),
    unmanaged: Sequence[str] = (),
) -> tuple[Comparison, ...]:
    """Return one comparison for each name: those of the file first, in its order.

    *live* holds the repository's own rulesets, without parents. A rule whose type is
    in *optional_rules* may be missing where the plan refuses it. A ruleset that matches
    one of *unmanaged* (``sec-*``) may stand on GitHub alone.
    """
    # A plan that lets a rule stand in one ruleset lets it stand in any.
    granted = {kind for each in live for kind in each.kinds}
    optional = [each for each in optional_rules if each not in granted]
    names = {each.name for each in desired}
    found = [
        _compare_one(each, tuple(x for x in live if x.name == each.name), optional)
        for each in desired
    ]
    for each in (x for x in live if x.name not in names):
        kept = any(x == each.name or fnmatchcase(each.name, x) for x in unmanaged)
        state: State = "elsewhere" if kept else "unmanaged"
        found.append(Comparison(name=each.name, state=state, live=(each,)))
    return tuple(found)


def compare(desired: Ruleset, live: Ruleset) -> tuple[Difference, ...]:
    """Return every difference, by path; none of a bypass list that GitHub hid."""
    found, hidden = _branches("", desired.tree, live.tree, RULESET), live.hides_bypass
    seen = (x for x in found if not (hidden and x.path.startswith(BYPASS)))
    return tuple(sorted(seen, key=lambda each: each.path))


def differs(desired: Ruleset, live: Ruleset) -> bool:
    """Say whether anything that counts is different."""
    return any(each.counts for each in compare(desired, live))


def loosened(reviewed: Sequence[Ruleset], file: Sequence[Ruleset]) -> list[str]:
    """Return what *file* loosens against the reviewed one: ``main: rules.deletion``."""
    found = list[str]()
    for each in compare_policies(reviewed, file):
        if each.state == "missing":
            found.append(f"{each.name} is not in it")
        elif each.state == "changed":
            found += [f"{each.name}: {x.path}" for x in each.differences if x.loosens]
    return found


def is_inactive(value: Json) -> bool:
    """Say whether *value* is off: false, 0, [], null, or an object not enabled."""
    if isinstance(value, dict) and value:
        return "enabled" in value and all(map(is_inactive, value.values()))
    return value in (None, False, 0, "", [], {})


def _compare_one(
    desired: Ruleset, live: tuple[Ruleset, ...], optional: Sequence[str]
) -> Comparison:
    """Return what became of *desired*, where each of *live* has its name.

    GitHub takes or refuses a ruleset as a whole, so one that is not there and holds a
    single rule that every plan has is missing, not refused. One that holds optional
    rules alone and stands on GitHub without them was not refused by the plan: somebody
    took them out. Beside other rules, a missing optional one is a gap.
    """
    made = partial(Comparison, name=desired.name, desired=desired, live=live)
    if len(live) > 1:
        return made(state="duplicate")
    all_optional = set(desired.kinds) <= set(optional)
    if not live:
        kind: Kind = "gap" if all_optional else "missing"
        rules = as_object(_plain(desired.tree["rules"], RULESET.members["rules"]))
        gone = [Difference(f"rules.{x}", rules[x], None, kind) for x in desired.kinds]
        none = Difference("rules", [], None, "missing")
        return made(state="missing", differences=tuple(gone or [none]))
    gaps = [] if all_optional else [f"rules.{each}" for each in optional]
    found = tuple(
        replace(x, kind="gap") if x.kind == "missing" and x.path in gaps else x
        for x in compare(desired, live[0])
    )
    changed = any(x.kind != "note" for x in found)
    return made(state="changed" if changed else "same", differences=found)


def _branches(
    path: str, desired: _Level, live: _Level, shape: Shape
) -> Iterator[Difference]:
    for key in sorted({*desired, *live}):
        where = f"{path}{key}" if key.startswith("[") or not path else f"{path}.{key}"
        wanted, there = desired.get(key), live.get(key)
        kind: Kind = "missing" if key in desired else "added"
        kind = "changed" if key in desired and key in live else kind
        part = shape.part(key)  # None: nobody here knows it
        parts = part and part.kind in ("object", "array")
        if part and parts and isinstance(wanted, dict) and isinstance(there, dict):
            yield from _branches(where, wanted, there, part)
            continue
        wanted, there = _plain(wanted, part), _plain(there, part)
        if kind != "changed" or _text(wanted) != _text(there):  # JSON: true is not 1
            kind = kind if part else _of_unknown(kind, path, wanted, there)
            yield Difference(where, wanted, there, kind)


def _plain(value: Json, shape: Shape | None) -> Json:
    """Return the JSON that *value*, in canonical form, stands for: sets are lists."""
    if shape is None or not isinstance(value, dict):
        return value
    parts = {x: _plain(value[x], shape.part(x)) for x in value}
    return [*parts.values()] if shape.is_set else parts


def _of_unknown(kind: Kind, path: str, wanted: Json, there: Json) -> Kind:
    """Return the kind of a difference of what nobody knows, a member of *path*.

    It is a note where it is off on both sides, or in another order; but a rule always
    counts, and of the members of the ruleset itself none that GitHub alone has.
    """
    same = is_inactive(wanted) and is_inactive(there)
    if kind == "changed":
        same = same or _unordered(wanted) == _unordered(there)
    else:
        same = (same and path != "rules") or (kind == "added" and not path)
    if same:
        return "note"
    return "unknown" if kind == "added" else kind


def _unordered(value: Json) -> str:
    return str(sorted(map(_text, value))) if isinstance(value, list) else _text(value)


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True)
