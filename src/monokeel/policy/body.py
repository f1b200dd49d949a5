"""The bodies that are sent to GitHub, and the policy file's text: nothing gets lost."""

import json
from collections.abc import Mapping, Sequence
from functools import partial

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.policy import rule_types
from monokeel.policy.ports import Rulesets
from monokeel.policy.reading import Reading
from monokeel.policy.rule_types import ID_LESS_ACTORS, Shape, item_label, record
from monokeel.policy.rulesets import BYPASS, Ruleset, objects_in, rules_of

_WIDTH = 100


def export(reading: Reading, rulesets: Rulesets) -> str:
    """Return the text of a policy file that says what GitHub has, with names.

    Raises ServiceError when a bypass list is hidden: a file without it would clear it.
    Raises RefusedError when two rulesets share a name.
    """
    own = reading.own
    if hidden := [each.name for each in own if each.hides_bypass]:
        problem = f"bypass_actors is hidden from this token in {', '.join(hidden)}"
        fix = "Export with a token that has administration: write."
        raise ServiceError(problem, fix=fix)
    if twice := rule_types.repeated([each.name for each in own]):
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


def exported(live: Ruleset) -> dict[str, Json]:
    """Return *live* as an entry of the policy file.

    Read-only members are left out; so is null where it means "not given". The order
    is fixed, so that two exports of one state are equal.
    """
    body = new_body(live)
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


def new_body(desired: Ruleset, without: Sequence[str] = ()) -> dict[str, Json]:
    """Return the body that creates *desired*, leaving rule types *without* out.

    Both lists of refs and ``bypass_actors`` are always sent, and so is a member that
    nobody here knows: GitHub decides.
    """
    given = desired.body
    body = {key: given[key] for key in given if key not in rule_types.READ_ONLY}
    body["target"] = body.get("target") or "branch"
    body[BYPASS] = [
        {**actor, "bypass_mode": actor.get("bypass_mode") or "always"}
        | ({"actor_id": None} if actor.get("actor_type") in ID_LESS_ACTORS else {})
        for actor in objects_in(body.get(BYPASS))
    ]
    conditions = body.pop("conditions", None)
    if body["target"] != "push":
        whole = conditions if isinstance(conditions, dict) else {}
        refs = whole.get("ref_name")
        sides = refs.items() if isinstance(refs, dict) else ()
        lists = {side: value for side, value in sides if value is not None}
        conditions = {**whole, "ref_name": {"include": [], "exclude": [], **lists}}
    if conditions is not None:
        body["conditions"] = conditions
    body["rules"] = [_rule(x) for x in rules_of(given) if x.get("type") not in without]
    return body


def merged_body(
    desired: Ruleset, live: Ruleset, without: Sequence[str] = ()
) -> dict[str, Json]:
    """Return the body of the PUT that makes *live* what *desired* asks for.

    A PUT replaces each member that it sends, ``rules`` as a whole. So what nobody
    here knows is echoed: unknown parameters, rules of an unknown type. A known
    parameter that the file leaves out is sent as its default.
    """
    body = new_body(desired, without)
    there = {str(rule.get("type")): rule for rule in rules_of(live.body)}
    known = {*rule_types.RULE_TYPES, *desired.kinds}
    rules = (_overlaid_rule(x, there) for x in objects_in(body["rules"]))
    body["rules"] = [*rules, *(there[kind] for kind in there if kind not in known)]
    shapes = {"conditions": rule_types.CONDITIONS, BYPASS: rule_types.ACTORS}
    for key in shapes.keys() & body.keys():
        body[key] = _overlaid(body[key], live.body.get(key), shapes[key])
    return body


def _overlaid(file: Json, live: Json, shape: Shape) -> Json:
    """Return *file*'s value with what *live* holds beyond the table of rules."""
    if shape.kind == "object" and isinstance(file, dict) and isinstance(live, dict):
        merged = dict(file)
        for key, value in live.items():
            known = shape.members.get(key)
            if known is None:
                merged.setdefault(key, value)
            elif key in file:
                merged[key] = _overlaid(file[key], value, known)
            elif value is not None and known.default is not None:
                merged[key] = _overlaid(known.default, value, known)
        return merged
    item, label = shape.item, partial(item_label, identity=shape.identity)
    if shape.ordered or item is None or item.kind != "object":
        return file
    if not isinstance(file, list) or not isinstance(live, list):
        return file
    there = {label(each): each for each in live}
    return [_overlaid(each, there.get(label(each)), item) for each in file]


def _overlaid_rule(
    file: Mapping[str, Json], live: Mapping[str, Mapping[str, Json]]
) -> dict[str, Json]:
    name = str(file["type"])
    kind, there = rule_types.RULE_TYPES.get(name), live.get(name, {})
    merged, parameters = {**there, **file}, there.get("parameters")
    if kind is not None and isinstance(parameters, dict):
        wanted = file.get("parameters") or {}
        merged["parameters"] = _overlaid(wanted, parameters, record(**kind.parameters))
    return merged


def _rule(rule: Mapping[str, Json]) -> dict[str, Json]:
    kind = rule_types.RULE_TYPES.get(str(rule.get("type")))
    sent, parameters = dict(rule), rule.get("parameters")
    if kind is not None and isinstance(parameters, dict):
        sent["parameters"] = _without_nulls(parameters, record(**kind.parameters))
    if kind is not None and not parameters:
        sent.pop("parameters", None)
    return sent


def _without_nulls(value: Json, shape: Shape) -> Json:
    """Leave out the nulls of known members: GitHub answers 422 to them."""
    if shape.kind == "array" and isinstance(value, list) and shape.item is not None:
        return [_without_nulls(each, shape.item) for each in value]
    if shape.kind != "object" or not isinstance(value, dict):
        return value
    known = shape.members
    return {
        key: _without_nulls(member, known[key]) if key in known else member
        for key, member in value.items()
        if member is not None or key not in known
    }
