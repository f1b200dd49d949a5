"""Rulesets: parsed, and in canonical form with defaults.

The canonical form is a tree: sets are keyed by what identifies an item, defaults are
filled in, read-only members are gone. Two rulesets are compared tree by tree
(``comparison``); what this table of rules does not know stays visible as Opaque.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError, UsageError
from monokeel.ground.parsers import once, parse_json
from monokeel.policy import rule_types
from monokeel.policy.rule_types import TEXT, Shape, item_label, repeated

BYPASS = "bypass_actors"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that is compared as a whole."""

    value: Json


@dataclass(frozen=True, slots=True)
class Opaque:
    """What the table does not know: a *rule* always counts, a *field* may not."""

    value: Json
    rule: bool = False
    field: bool = False


Tree = Leaf | Opaque | dict[str, "Tree"]


class Keyed(dict[str, Tree]):
    """A set: its items by label. In JSON it is an array, even when it is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """One ruleset, from the policy file or from GitHub.

    *body* is the JSON as it came; *tree* the canonical form. *hides_bypass* is true
    when GitHub left ``bypass_actors`` out: the token may not see them, and they are
    not the same as none. *id* is 0 in a file.
    """

    name: str
    body: Mapping[str, Json]
    tree: Mapping[str, Tree]
    hides_bypass: bool = False
    id: int = 0
    updated_at: str = ""

    @property
    def is_active(self) -> bool:
        """Whether its rules bind anybody."""
        return self.body.get("enforcement") == "active"

    @property
    def kinds(self) -> list[str]:
        """The types of its rules, in their order."""
        return [str(rule.get("type")) for rule in rules_of(self.body)]

    def refs(self, side: str) -> list[str]:
        """Return the patterns of refs that it has on *side*, include or exclude."""
        conditions = self.body.get("conditions")
        both = conditions.get("ref_name") if isinstance(conditions, dict) else None
        patterns = both.get(side) if isinstance(both, dict) else None
        patterns = patterns if isinstance(patterns, list) else []
        return [each for each in patterns if isinstance(each, str)]

    @property
    def passing(self) -> tuple[str, ...]:
        """Who may pass its rules: ``RepositoryRole 5 (admin)``; not who is hidden."""
        actors = self.tree.get(BYPASS)
        return tuple(x.strip("[]") for x in actors) if isinstance(actors, dict) else ()


def parse_policy(text: str) -> tuple[Ruleset, ...]:
    """Return the rulesets of *text*, a JSON array in the shape of GitHub's REST API.

    Raises UsageError for text that is not JSON, not an array of named objects, or
    that holds a name or, within a ruleset, a rule type twice.
    """

    def members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        # A comment ("_why") is for readers of the file: never sent, never compared.
        return {x: y for x, y in once(pairs).items() if not x.startswith("_")}

    try:
        entries = parse_json(text, members=members)
    except ValueError as error:
        problem = f"infra/rulesets.json is not JSON: {error}"
        fix = "Correct it, or write it anew with ./inv policy.export."
        raise UsageError(problem, fix=fix) from error
    if not isinstance(entries, list):
        fix = "Put the rulesets into one array: [{...}, {...}]."
        raise UsageError("infra/rulesets.json is not a JSON array", fix=fix)
    rulesets = tuple(_from_file(each, i) for i, each in enumerate(entries))
    if twice := repeated([each.name for each in rulesets]):
        problem = f"infra/rulesets.json names a ruleset twice: {', '.join(twice)}"
        fix = "A ruleset is known by its name: give each its own."
        raise UsageError(problem, fix=fix)
    return rulesets


def read_live(body: Mapping[str, Json]) -> Ruleset:
    """Return the ruleset in *body*, a GET's answer; ServiceError where it lacks a part.

    Taken for none, a missing part would be drift, and gone from an export.
    """
    name, number = body.get("name"), body.get("id")
    whole = isinstance(body.get("enforcement"), str) and "rules" in body
    if not isinstance(name, str) or not isinstance(number, int) or not whole:
        problem = "unexpected answer: a ruleset without name, id, enforcement or rules"
        fix = "Check that GITHUB_API_URL is the address of GitHub's REST API."
        raise ServiceError(problem, fix=fix)
    hidden, at = body.get(BYPASS) is None, str(body.get("updated_at") or "")
    live = Ruleset(name=name, body=body, tree=canonical(body), id=number)
    return replace(live, hides_bypass=hidden, updated_at=at)


def from_state(state: Mapping[str, Json]) -> Ruleset:
    """Return the ruleset that *state* of a history version asks for.

    ServiceError where it lacks a part: a write would take it for none.
    """
    needed = ("enforcement", BYPASS, "rules")
    if lacking := ", ".join(x for x in needed if state.get(x) is None):
        fix = "Look at the ruleset's history on GitHub, or correct the policy file."
        raise ServiceError(f"unexpected answer: a version without {lacking}", fix=fix)
    body = {key: state[key] for key in rule_types.WRITABLE if key in state}
    return Ruleset(name=str(body.get("name")), body=body, tree=canonical(body))


def is_own(body: Mapping[str, Json]) -> bool:
    """Say whether the repository owns the ruleset: parents are not ours to change."""
    return body.get("source_type", "Repository") == "Repository"


def canonical(body: Mapping[str, Json]) -> dict[str, Tree]:
    """Return the canonical form of a ruleset's JSON, in file or live shape."""

    def actor(value: Json) -> Tree:
        kind = value.get("actor_type") if isinstance(value, dict) else None
        if isinstance(value, dict) and kind in rule_types.ID_LESS_ACTORS:
            value = {key: value[key] for key in value if key != "actor_id"}
        return _grow(value, rule_types.ACTOR)

    known = (*rule_types.WRITABLE, *rule_types.READ_ONLY)
    return {
        "target": Leaf(body.get("target") or "branch"),
        "enforcement": Leaf(body.get("enforcement")),
        BYPASS: _set_of(body.get(BYPASS), rule_types.actor_label, actor),
        "conditions": _grow(body.get("conditions") or {}, rule_types.CONDITIONS),
        "rules": _set_of(body.get("rules"), _rule_label, _rule),
    } | {key: Opaque(body[key], field=True) for key in body if key not in known}


def _grow(value: Json, shape: Shape) -> Tree:
    """Return *value* in canonical form; of another type than *shape*: as it is."""
    if shape.kind == "object" and isinstance(value, dict):
        return _members(value, shape.members)
    if shape.kind == "array" and isinstance(value, list) and not shape.ordered:
        label = partial(item_label, identity=shape.identity)
        return _set_of(value, label, partial(_grow, shape=shape.item or TEXT))
    return Leaf(value)


def rules_of(body: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the rules of a ruleset's JSON; what is no object is left out."""
    return objects_in(body.get("rules"))


def objects_in(value: Json) -> list[dict[str, Json]]:
    """Return the objects among the items of *value*, none if it is no list."""
    items = value if isinstance(value, list) else []
    return [each for each in items if isinstance(each, dict)]


def parameters_of(ruleset: Ruleset, kind: str) -> Mapping[str, Json] | None:
    """Return the parameters of the rule of *kind*, ``None`` if there is no such."""
    for rule in (x for x in rules_of(ruleset.body) if x.get("type") == kind):
        parameters = rule.get("parameters")
        return parameters if isinstance(parameters, dict) else {}
    return None


def listed(ruleset: Ruleset, kind: str, key: str) -> list[Json]:
    """Return the list *key* of the rule of *kind*; nothing where it is not there."""
    value = (parameters_of(ruleset, kind) or {}).get(key)
    return value if isinstance(value, list) else []


def _from_file(entry: Json, index: int) -> Ruleset:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(name, str) or not name.strip():
        fix = "Give it a name: rulesets are matched by it."
        raise UsageError(f"infra/rulesets.json: entry {index} has no name", fix=fix)
    rules, where = entry.get("rules", []), f"infra/rulesets.json: ruleset {name!r}"
    types = (each.get("type") for each in objects_in(rules))
    kinds = [each for each in types if isinstance(each, str)]
    if not isinstance(rules, list) or len(kinds) != len(rules):
        fix = 'Write "rules" as an array of objects with a "type".'
        raise UsageError(f"{where} has a rule without a type", fix=fix)
    if twice := ", ".join(repeated(kinds)):
        fix = "Join them: GitHub keeps at most one rule of a type."
        raise UsageError(f"{where} has two rules of one type: {twice}", fix=fix)
    return Ruleset(name=name, body=entry, tree=canonical(entry))


def _set_of(
    items: Json, label: Callable[[Json], str], grown: Callable[[Json], Tree]
) -> Tree:
    """Return *items* as a set by label; a label with two values keeps both."""
    if not isinstance(items, list):
        return {} if items is None else Leaf(items)
    tree = Keyed()
    for each in items:
        free, value, count = label(each), grown(each), 1
        while free in tree and tree[free] != value:
            count += 1
            free = f"{label(each)}#{count}"
        tree[free] = value
    return tree


def _rule_label(rule: Json) -> str:
    kind = rule.get("type") if isinstance(rule, dict) else None
    return kind if isinstance(kind, str) else json.dumps(rule, sort_keys=True)


def _rule(rule: Json) -> Tree:
    if not isinstance(rule, dict):
        return Opaque(rule, rule=True)
    kind = rule_types.RULE_TYPES.get(_rule_label(rule))
    parameters = rule.get("parameters")
    if kind is None:
        return Opaque(parameters, rule=True)
    if parameters is not None and not isinstance(parameters, dict):
        return {"parameters": Leaf(parameters)}
    others = {f"@{x}": Opaque(rule[x]) for x in rule if x not in ("type", "parameters")}
    return _members(parameters or {}, kind.parameters) | others


def _members(value: Mapping[str, Json], shapes: Mapping[str, Shape]) -> dict[str, Tree]:
    """Fill defaults in; null is the same as absent for a member that we know."""
    given = {key: shape.default for key, shape in shapes.items()}
    given |= {key: value[key] for key in shapes if value.get(key) is not None}
    tree = {key: _grow(x, shapes[key]) for key, x in given.items() if x is not None}
    return tree | {key: Opaque(value[key]) for key in value if key not in shapes}
