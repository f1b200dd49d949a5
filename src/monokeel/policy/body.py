"""The bodies that are sent to GitHub, and the policy file's text: nothing gets lost."""

import json
from collections.abc import Mapping, Sequence
from functools import partial

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.policy import rule_types
from monokeel.policy.ports import Rulesets
from monokeel.policy.reading import Reading
from monokeel.policy.rule_types import CONDITIONS, ID_LESS_ACTORS, Shape, item_label
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
        *(_rule(x, held) for x in rules_of(given) if x.get("type") not in without),
        *(held[kind] for kind in held if kind not in known),
    ]
    return body


def _rule(
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
    item = shape.item
    if item is None or not isinstance(file, list):
        return file
    label, items = partial(item_label, identity=shape.identity), list[Json]()
    if shape.is_set and item.kind == "object" and isinstance(live, list):
        items = live
    by_label = {label(each): each for each in items}
    return [_sent(each, by_label.get(label(each)), item) for each in file]
