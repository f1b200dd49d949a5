"""Rulesets: parsed, in canonical form with defaults, and as they are sent and kept.

The canonical form is JSON: sets are objects, keyed by what identifies an item, defaults
are filled in, read-only members are gone. Two rulesets are compared member by member
(``comparison``), with what the table of rules does not know as it came.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError, UsageError
from monokeel.ground.parsers import once, parse_json
from monokeel.policy import rule_types
from monokeel.policy.rule_types import CONDITIONS, ID_LESS_ACTORS, TEXT, Shape

BYPASS = "bypass_actors"
_WIDTH = 100  # of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """One ruleset, from the policy file or from GitHub.

    *body* is the JSON as it came; *tree* the canonical form. *hides_bypass* is true
    when GitHub left ``bypass_actors`` out: the token may not see them, and they are
    not the same as none. *id* is 0 in a file.
    """

    name: str
    body: Mapping[str, Json]
    tree: Mapping[str, Json]
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
        patterns = _items(both.get(side) if isinstance(both, dict) else None)
        return [each for each in patterns if isinstance(each, str)]

    def rule(self, kind: str) -> Mapping[str, Json] | None:
        """Return the parameters of the rule of *kind*, ``None`` if there is no such."""
        rules = (x for x in rules_of(self.body) if x.get("type") == kind)
        found = (x.get("parameters") for x in rules)
        return next((x if isinstance(x, dict) else {} for x in found), None)

    def listed(self, kind: str, key: str) -> list[Json]:
        """Return the list *key* of the rule of *kind*, empty where it is not."""
        return _items((self.rule(kind) or {}).get(key))

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
    if twice := rule_types.repeated([each.name for each in rulesets]):
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


def canonical(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return the canonical form of a ruleset's JSON, in file or live shape."""
    known = {"rules": {}, **shaped(body), "target": body.get("target") or "branch"}
    if isinstance(actors := body.get(BYPASS), list):
        known[BYPASS] = [*map(_actor, actors)]
    return _members(known, rule_types.RULESET)


def shaped(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return *body* in the shape ``RULESET``: without what is GitHub's own."""
    beyond = (*rule_types.READ_ONLY, "name")
    given = {key: body[key] for key in body if key not in beyond}
    if "rules" in body:
        given["rules"] = _keyed(map(_rule, _items(body["rules"])))
    return given


def _actor(actor: Json) -> Json:
    if isinstance(actor, dict) and actor.get("actor_type") in ID_LESS_ACTORS:
        return {key: actor[key] for key in actor if key != "actor_id"}
    return actor


def _rule(rule: Json) -> tuple[str, Json]:
    """Return the type of *rule* and its parameters; what is no rule as it is."""
    kind = rule.get("type") if isinstance(rule, dict) else None
    if not isinstance(rule, dict) or not isinstance(kind, str):
        return json.dumps(rule, sort_keys=True), rule
    parameters = rule.get("parameters")
    given = {} if parameters is None else parameters
    if kind not in rule_types.RULE_TYPES or not isinstance(given, dict):
        return kind, parameters
    others = {f"@{x}": rule[x] for x in rule if x not in ("type", "parameters")}
    return kind, given | others


def _members(value: Mapping[str, Json], shape: Shape) -> dict[str, Json]:
    """Fill defaults in; null is the same as absent for a member that we know."""
    known = shape.members
    given = {key: each.default for key, each in known.items()}
    given |= {key: value[key] for key in known if value.get(key) is not None}
    tree = {key: _grow(x, known[key]) for key, x in given.items() if x is not None}
    return tree | {key: value[key] for key in value if key not in known}


def _grow(value: Json, shape: Shape) -> Json:
    """Return *value* in canonical form; of another type than *shape*: as it is."""
    if shape.kind == "object" and isinstance(value, dict):
        return _members(value, shape)
    if not shape.is_set or not isinstance(value, list):
        # An object is never taken for a set by label.
        return [value] if shape.is_set and isinstance(value, dict) else value
    return _keyed((shape.label(x), _grow(x, shape.item or TEXT)) for x in value)


def _keyed(items: Iterable[tuple[str, Json]]) -> dict[str, Json]:
    """Return *items* by label; a label with two values keeps both."""
    tree: dict[str, Json] = {}
    for label, value in items:
        free, count = label, 1
        while free in tree and tree[free] != value:
            count += 1
            free = f"{label}#{count}"
        tree[free] = value
    return tree


def rules_of(body: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the rules of a ruleset's JSON; what is no object is left out."""
    return objects_in(body.get("rules"))


def objects_in(value: Json) -> list[dict[str, Json]]:
    """Return the objects among the items of *value*, none if it is no list."""
    return [each for each in _items(value) if isinstance(each, dict)]


def _items(value: Json) -> list[Json]:
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
    if twice := ", ".join(rule_types.repeated(kinds)):
        fix = "Join them: GitHub keeps at most one rule of a type."
        raise UsageError(f"{where} has two rules of one type: {twice}", fix=fix)
    return Ruleset(name=name, body=entry, tree=canonical(entry))


def exported(live: Ruleset) -> dict[str, Json]:
    """Return *live* as an entry of the policy file.

    Read-only members are left out; so is null where it means "not given". The order
    is fixed, so that two exports of one state are equal.
    """
    body = body_of(live)
    rules, actors = objects_in(body["rules"]), objects_in(body[BYPASS])
    rules.sort(key=lambda rule: str(rule.get("type")))
    actors.sort(key=lambda actor: json.dumps(actor, sort_keys=True))
    body |= {"rules": [*rules], BYPASS: [*actors]}
    return {key: body[key] for key in rule_types.WRITABLE if key in body}


def policy_text(entries: Sequence[Mapping[str, Json]]) -> str:
    """Return *entries* as the text of ``infra/rulesets.json``, as people write it."""
    return _laid_out([dict(each) for each in entries], "\n") + "\n"


def _laid_out(value: Json, end: str) -> str:
    """Return *value* on one line of at most 100, or a member a line; *end* indents."""
    line, pad = json.dumps(value), f"{end}  "
    if not isinstance(value, dict | list) or len(line) + len(end) <= _WIDTH:
        return line
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_laid_out(value[key], pad)}" for key in value]
    else:
        parts = [_laid_out(each, pad) for each in value]
    return f"{line[0]}{pad}{f',{pad}'.join(parts)}{end}{line[-1]}"


def body_of(
    desired: Ruleset, live: Ruleset | None = None, without: Sequence[str] = ()
) -> dict[str, Json]:
    """Return the body that makes *live* what *desired* asks for, or creates it.

    Both lists of refs and ``bypass_actors`` are always sent, a rule of a type in
    *without* never. A PUT replaces each member that it sends, ``rules`` as a whole. So
    what nobody here knows is sent as the file has it, else echoed: GitHub decides. A
    known parameter that the file leaves out is sent as its default.
    """
    given, there = desired.body, live.body if live else {}
    body = {key: given[key] for key in given if key not in rule_types.READ_ONLY}
    body["target"] = body.get("target") or "branch"
    actors = objects_in(body.get(BYPASS))
    merged = objects_in(
        _sent([*actors], there.get(BYPASS), rule_types.RULESET.members[BYPASS])
    )
    body[BYPASS] = [
        {**actor, **sent, "bypass_mode": sent.get("bypass_mode") or "always"}
        | ({"actor_id": None} if actor.get("actor_type") in ID_LESS_ACTORS else {})
        for actor, sent in zip(actors, merged, strict=True)
    ]
    conditions = body.pop("conditions", None)
    if body["target"] != "push":
        whole = conditions if isinstance(conditions, dict) else {}
        refs = whole.get("ref_name")
        sides = refs.items() if isinstance(refs, dict) else ()
        lists = {side: value for side, value in sides if value is not None}
        conditions = {**whole, "ref_name": {"include": [], "exclude": [], **lists}}
    if conditions is not None:
        body["conditions"] = _sent(conditions, there.get("conditions"), CONDITIONS)
    held = {str(rule.get("type")): rule for rule in rules_of(there)}
    known = {*rule_types.RULE_TYPES, *desired.kinds}
    body["rules"] = [
        *(_sent_rule(x, held) for x in rules_of(given) if x.get("type") not in without),
        *(held[kind] for kind in held if kind not in known),
    ]
    return body


def _sent_rule(
    rule: Mapping[str, Json], live: Mapping[str, Mapping[str, Json]]
) -> dict[str, Json]:
    name = str(rule.get("type"))
    shape, there = rule_types.RULE_TYPES.get(name), live.get(name, {})
    sent = {**there, **rule}
    if shape is not None:
        wanted = rule.get("parameters") or {}
        sent["parameters"] = _sent(wanted, there.get("parameters"), shape)
        if not sent["parameters"]:
            del sent["parameters"]
    return sent


def _sent(file: Json, live: Json, shape: Shape) -> Json:
    """Return *file*'s value with what *live* holds beyond the table of rules.

    Nulls of known members are left out: GitHub answers 422 to them.
    """
    if shape.kind == "object" and isinstance(file, dict):
        there, known = live if isinstance(live, dict) else {}, shape.members
        filled = {x: known[x].default for x in known if there.get(x) is not None}
        filled |= {x: there[x] for x in there if x not in known}
        filled |= {x: file[x] for x in file if x not in known or file[x] is not None}
        return {
            key: _sent(value, there.get(key), known[key]) if key in known else value
            for key, value in filled.items()
            if key not in known or value is not None
        }
    item, label = shape.item, shape.label
    if item is None or not isinstance(file, list):
        return file
    overlaid = shape.is_set and item.kind == "object"
    by_label = {label(each): each for each in (_items(live) if overlaid else ())}
    return [_sent(each, by_label.get(label(each)), item) for each in file]
