"""The table of rules, held to GitHub's own description of its API."""

import json
from functools import cache
from pathlib import Path

import pytest

from monokeel.ground.answers import Json
from monokeel.policy.rule_types import (
    ACTOR,
    CONDITIONS,
    READ_ONLY,
    RULE_TYPES,
    RULESET,
    TARGETS,
    WRITABLE,
    Shape,
)

# Not in the OpenAPI description.
BEYOND_OPENAPI = (
    ("pull_request", "require_extra_approval_for_unattributed_changes"),
    ("code_quality", "severity"),
)
OPENAPI = Path(__file__).parents[2] / "sandbox" / "openapi" / "github.json"


@cache
def schemas() -> dict[str, Json]:
    document = json.loads(OPENAPI.read_text(encoding="utf-8"))
    found: dict[str, Json] = document["components"]["schemas"]
    return found


def resolved(schema: Json) -> dict[str, Json]:
    assert isinstance(schema, dict)
    name = schema.get("$ref")
    if isinstance(name, str):
        return resolved(schemas()[name.rpartition("/")[2]])
    return schema


def described(schema: Json) -> dict[str, Json]:
    """Reduce an OpenAPI schema to what the table says: types, limits, members."""
    schema = resolved(schema)
    found: dict[str, Json] = {"kind": schema["type"]}
    for key, name in (("minimum", "least"), ("maximum", "most"), ("enum", "allowed")):
        if key in schema:
            found[name] = schema[key]
    if "items" in schema:
        found["item"] = described(schema["items"])
    members = schema.get("properties")
    if isinstance(members, dict) and members:
        found["members"] = {key: described(each) for key, each in members.items()}
        required = schema.get("required", [])
        assert isinstance(required, list)
        found["required"] = [*sorted(map(str, required))]
    return found


def table(shape: Shape, *, beyond: tuple[str, ...] = ()) -> dict[str, Json]:
    found: dict[str, Json] = {"kind": shape.kind}
    if shape.limits is not None:
        found["least"], found["most"] = shape.limits
    if shape.allowed:
        found["allowed"] = list(shape.allowed)
    if shape.item is not None:
        found["item"] = table(shape.item)
    members = {key: each for key, each in shape.members.items() if key not in beyond}
    if members:
        found["members"] = {key: table(each) for key, each in members.items()}
        needed = sorted(key for key, each in members.items() if each.required)
        found["required"] = [*needed]
    return found


def rule_schemas() -> dict[str, dict[str, Json]]:
    branches = resolved(schemas()["repository-rule"])["oneOf"]
    assert isinstance(branches, list)
    found = {}
    for branch in map(resolved, branches):
        properties = branch["properties"]
        assert isinstance(properties, dict)
        kinds = resolved(properties["type"])["enum"]
        assert isinstance(kinds, list)
        found[str(kinds[0])] = properties
    return found


def test_the_table_has_the_23_rule_types_of_the_description() -> None:
    newer = {"code_quality"}  # general since 2026-07-20 (google/go-github#4520)

    assert sorted({*RULE_TYPES} - newer) == sorted(rule_schemas())
    assert len(RULE_TYPES) == 23 + len(newer)


@pytest.mark.parametrize("kind", RULE_TYPES)
def test_parameters_are_those_of_the_description(kind: str) -> None:
    beyond = tuple(name for rule, name in BEYOND_OPENAPI if rule == kind)
    ours = table(RULE_TYPES[kind], beyond=beyond)
    described_rule = rule_schemas().get(kind, {}).get("parameters")

    theirs = {"kind": "object"} if described_rule is None else described(described_rule)

    assert ours == theirs


def test_actors_are_those_of_the_description() -> None:
    assert table(ACTOR) == described(schemas()["repository-ruleset-bypass-actor"])


def test_conditions_are_those_of_the_description() -> None:
    ours, theirs = (
        table(CONDITIONS),
        described(schemas()["repository-ruleset-conditions"]),
    )

    assert ours == theirs


def test_the_members_of_a_ruleset_are_those_of_the_description() -> None:
    members = resolved(schemas()["repository-ruleset"])["properties"]
    assert isinstance(members, dict)

    assert sorted(members) == sorted({*WRITABLE, *READ_ONLY})
    assert resolved(members["target"])["enum"] == [*TARGETS, "repository"]
    assert resolved(members["enforcement"])["enum"] == list(
        RULESET.members["enforcement"].allowed
    )


@pytest.mark.parametrize("kind", RULE_TYPES)
def test_a_required_parameter_has_no_default_but_that_of_update(kind: str) -> None:
    both = [
        name
        for name, shape in RULE_TYPES[kind].members.items()
        if shape.required and shape.default is not None
    ]

    assert both == (["update_allows_fetch_and_merge"] if kind == "update" else [])


@pytest.mark.parametrize(
    ("item", "identity", "label"),
    [
        ({"actor_id": 9}, ("actor_type", "actor_id"), '[{"actor_id": 9}]'),
        (
            {"integration_id": 7},
            ("context", "integration_id"),
            '[{"integration_id": 7}]',
        ),
        ("", ("actor_type", "actor_id"), '[""]'),
        ({"type": "User", "id": 7}, ("type", "id"), "[User 7]"),
    ],
)
def test_what_lacks_its_name_is_shown_whole(
    item: Json, identity: tuple[str, ...], label: str
) -> None:
    assert Shape(kind="array", identity=identity).label(item) == label
