"""The cut of the description, its tables, and its schemas as JSON Schema."""

import json

import pytest

from sandbox.cut_openapi import FOLDER, SHA256, CutError, cut, prune, read_operations
from sandbox.differences import ERRORS, EXTRA_PROPERTIES, MEDIA_TYPES, PAGE_LIMITS
from sandbox.schemas import extra_properties, to_json_schema
from sandbox.wire import Json


def test_the_cut_is_of_the_listed_operations_and_the_pinned_source() -> None:
    document = json.loads((FOLDER / "github.json").read_text("utf-8"))
    listed = read_operations((FOLDER / "operations.txt").read_text("utf-8"))

    assert list(document["x-documentation"]) == sorted(listed)
    assert document["x-source"]["sha256"] == SHA256


def test_every_line_of_the_tables_is_about_an_operation_of_the_cut() -> None:
    listed = read_operations((FOLDER / "operations.txt").read_text("utf-8"))
    named = {name for name, _ in ERRORS} | {*EXTRA_PROPERTIES, *MEDIA_TYPES}

    assert sorted((named | set(PAGE_LIMITS)) - set(listed)) == []


def test_prose_goes_and_properties_stay() -> None:
    node: Json = {
        "description": "prose",
        "x-github": {},
        "x-multi-segment": True,
        "properties": {"description": {"type": "string", "title": "prose"}},
        "default": {"description": "data"},
    }

    assert prune(node) == {
        "x-multi-segment": True,
        "properties": {"description": {"type": "string"}},
        "default": {"description": "data"},
    }


def test_an_operation_that_is_not_described_is_named() -> None:
    source: dict[str, Json] = {"openapi": "3.0.3", "paths": {}, "components": {}}

    with pytest.raises(CutError, match="repos/no-such-thing"):
        cut(source, ["repos/no-such-thing"])


@pytest.mark.parametrize(
    ("node", "schema"),
    [
        (
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"$ref": "#/components/schemas/a", "nullable": True},
            {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]},
        ),
        ({"minimum": 0, "exclusiveMinimum": False}, {"minimum": 0}),
        ({"exclusiveMinimum": 0}, {"exclusiveMinimum": 0}),
    ],
)
def test_the_dialect_of_openapi_becomes_json_schema(node: Json, schema: Json) -> None:
    assert to_json_schema(node) == schema


@pytest.mark.parametrize(
    ("schema", "extra"),
    [
        ({"type": "object", "properties": {"a": {}}}, ["b"]),
        ({"type": "object"}, []),
        ({"properties": {"a": {}}, "additionalProperties": True}, []),
        ({"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}, []),
        ({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, []),
        ({"anyOf": [{"properties": {"a": {}}}, {"required": ["b"]}]}, ["b"]),
    ],
)
def test_extra_properties_are_those_that_no_branch_names(
    schema: Json, extra: list[str]
) -> None:
    assert list(extra_properties({"a": 1, "b": 2}, [schema], {})) == extra
