"""The bodies that are sent to GitHub: nothing unknown gets lost on the way."""

from collections.abc import Mapping, Sequence

from monokeel.ground.answers import Json
from monokeel.policy.rule_types import (
    ACTOR,
    CONDITIONS,
    READ_ONLY,
    RULE_TYPES,
)
from monokeel.policy.rulesets import BYPASS, Ruleset, rules_of
from monokeel.policy.shape import ID_LESS_ACTORS, Shape, Unset, item_label


def new_body(desired: Ruleset, without: Sequence[str] = ()) -> dict[str, Json]:
    """Return the body that creates *desired*, leaving rule types *without* out.

    Both lists of refs and ``bypass_actors`` are always sent, and so is a member that
    nobody here knows: GitHub decides.
    """
    body = {key: value for key, value in desired.body.items() if key not in READ_ONLY}
    body["target"] = body.get("target") or "branch"
    body[BYPASS] = [_actor(each) for each in objects_in(body.get(BYPASS))]
    if body["target"] != "push":
        body["conditions"] = _conditions(body.get("conditions"))
    elif body.get("conditions") is None:
        body.pop("conditions", None)
    rules: list[Json] = [
        _rule(each)
        for each in rules_of(desired.body)
        if each.get("type") not in without
    ]
    body["rules"] = rules
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
    rules: list[Json] = [
        _overlaid_rule(rule, there[str(rule["type"])])
        if rule["type"] in there
        else rule
        for rule in objects_in(body["rules"])
    ]
    wanted = {rule["type"] for rule in rules_of(desired.body)}
    rules += [
        rule
        for kind, rule in there.items()
        if kind not in RULE_TYPES and kind not in wanted
    ]
    body["rules"] = rules
    if "conditions" in body:
        body["conditions"] = overlaid(
            body["conditions"], live.body.get("conditions"), CONDITIONS
        )
    body[BYPASS] = overlaid(
        body[BYPASS],
        live.body.get(BYPASS),
        Shape(kind="array", item=ACTOR, identity=("actor_type", "actor_id")),
    )
    return body


def overlaid(file: Json, live: Json, shape: Shape) -> Json:
    """Return *file*'s value with what *live* holds beyond the table of rules."""
    if shape.kind == "object" and isinstance(file, dict) and isinstance(live, dict):
        return _overlaid_members(file, live, shape.members)
    if shape.kind == "array" and isinstance(file, list) and isinstance(live, list):
        if shape.ordered or shape.item is None or shape.item.kind != "object":
            return file
        there = {item_label(each, shape.identity): each for each in live}
        return [
            overlaid(each, there.get(item_label(each, shape.identity)), shape.item)
            for each in file
        ]
    return file


def _overlaid_members(
    file: Mapping[str, Json], live: Mapping[str, Json], shapes: Mapping[str, Shape]
) -> dict[str, Json]:
    merged: dict[str, Json] = dict(file)
    for key, value in live.items():
        shape = shapes.get(key)
        if key in file:
            if shape is not None:
                merged[key] = overlaid(file[key], value, shape)
        elif shape is None:
            merged[key] = value
        elif value is not None and not isinstance(shape.default, Unset):
            merged[key] = overlaid(shape.default, value, shape)
    return merged


def _overlaid_rule(
    file: Mapping[str, Json], live: Mapping[str, Json]
) -> dict[str, Json]:
    kind = RULE_TYPES.get(str(file["type"]))
    merged = {**live, **file}
    there = live.get("parameters")
    if kind is None or not isinstance(there, dict):
        return merged
    wanted = file.get("parameters")
    parameters = wanted if isinstance(wanted, dict) else {}
    merged["parameters"] = _overlaid_members(parameters, there, kind.parameters)
    return merged


def _conditions(conditions: Json) -> Json:
    whole = dict(conditions) if isinstance(conditions, dict) else {}
    refs = whole.get("ref_name")
    lists: dict[str, Json] = {"include": [], "exclude": []}
    if isinstance(refs, dict):
        lists |= {key: value for key, value in refs.items() if value is not None}
    whole["ref_name"] = lists
    return whole


def _actor(actor: Mapping[str, Json]) -> dict[str, Json]:
    """Return *actor* as GitHub reads it back: null for the types that have no id."""
    sent = {"bypass_mode": "always", **actor}
    if actor.get("actor_type") in ID_LESS_ACTORS:
        sent["actor_id"] = None
    return sent


def _rule(rule: Mapping[str, Json]) -> dict[str, Json]:
    kind = RULE_TYPES.get(str(rule.get("type")))
    parameters = rule.get("parameters")
    if kind is None or not isinstance(parameters, dict):
        return dict(rule)
    if not parameters and not kind.parameters:
        return {key: value for key, value in rule.items() if key != "parameters"}
    return {**rule, "parameters": _without_nulls(parameters, kind.parameters)}


def _without_nulls(
    value: Mapping[str, Json], shapes: Mapping[str, Shape]
) -> dict[str, Json]:
    """Leave out the nulls of known members: GitHub answers 422 to them."""
    kept: dict[str, Json] = {}
    for key, member in value.items():
        shape = shapes.get(key)
        if shape is None:
            kept[key] = member
        elif member is not None:
            kept[key] = _clean(member, shape)
    return kept


def _clean(value: Json, shape: Shape) -> Json:
    if shape.kind == "object" and isinstance(value, dict):
        return _without_nulls(value, shape.members)
    if shape.kind == "array" and isinstance(value, list) and shape.item is not None:
        return [_clean(each, shape.item) for each in value]
    return value


def objects_in(value: Json) -> list[dict[str, Json]]:
    """Return the objects among the items of *value*, none if it is no list."""
    if not isinstance(value, list):
        return []
    return [each for each in value if isinstance(each, dict)]
