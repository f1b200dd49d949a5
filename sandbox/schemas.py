"""JSON Schema out of OpenAPI 3.0, and the properties that no schema names.

OpenAPI 3.0 has a dialect of its own (``nullable``, boolean ``exclusiveMinimum``, a
``$ref`` whose siblings do not count); here it becomes JSON Schema 2020-12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.wire import Json

Schema = dict[str, Json]

# Below these keywords the keys are names, not keywords.
NAME_MAPS = frozenset(
    {
        "callbacks",
        "content",
        "headers",
        "parameters",
        "patternProperties",
        "properties",
        "responses",
        "schemas",
    }
)
# The values of these are plain data, however much they look like schemas.
VERBATIM = frozenset({"const", "default", "enum", "required"})

_DROPPED = frozenset({"discriminator", "example", "readOnly", "writeOnly", "nullable"})
_COMBINERS = ("allOf", "anyOf", "oneOf")


def as_object(value: Json) -> dict[str, Json]:
    """Return *value*, which must be a JSON object.

    Raises TypeError when it is something else.
    """
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, got {type(value).__name__}: {value!r}")
    return value


def as_list(value: Json) -> list[Json]:
    """Return *value*, which must be a JSON array.

    Raises TypeError when it is something else.
    """
    if not isinstance(value, list):
        raise TypeError(f"expected an array, got {type(value).__name__}: {value!r}")
    return value


def to_json_schema(node: Json, *, names: bool = False) -> Json:
    """Return an OpenAPI 3.0 schema as JSON Schema 2020-12.

    With *names* the keys of *node* are names and its values schemas. References to
    ``#/components/schemas/`` become references to ``#/$defs/``.
    """
    if isinstance(node, list):
        return [to_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {name: to_json_schema(value) for name, value in node.items()}
    return _nullable(node, _keywords(node))


def _keywords(node: Schema) -> Schema:
    target = node.get("$ref")
    if isinstance(target, str):
        return {"$ref": target.replace("#/components/schemas/", "#/$defs/")}
    schema: Schema = {}
    for key, value in node.items():
        if key in VERBATIM:
            schema[key] = value
        elif key.startswith("exclusive") and isinstance(value, bool):
            continue
        elif key not in _DROPPED:
            schema[key] = to_json_schema(value, names=key in NAME_MAPS)
    return schema


def _nullable(node: Schema, schema: Schema) -> Schema:
    if node.get("nullable") is not True:
        return schema
    if "type" not in schema or any(key in schema for key in _COMBINERS):
        return {"anyOf": [schema, {"type": "null"}]}
    schema["type"] = [schema["type"], "null"]
    if "enum" in schema:
        options = as_list(schema["enum"])
        schema["enum"] = [*options, None] if None not in options else options
    return schema


def extra_properties(
    value: Json, schemas: Sequence[Json], definitions: Schema, path: str = ""
) -> Iterator[str]:
    """Yield the path of each property in *value* that no branch of *schemas* names.

    Almost nothing in GitHub's description forbids additional properties, so that a
    misspelt parameter or an invented field passes plain validation. An object without
    properties, or with open ``additionalProperties``, allows every name.
    """
    leaves = [leaf for s in schemas for leaf in _leaves(s, value, definitions)]
    if isinstance(value, list):
        items = [leaf["items"] for leaf in leaves if "items" in leaf]
        for index, item in enumerate(value if items else []):
            yield from extra_properties(item, items, definitions, f"{path}[{index}]")
    elif isinstance(value, dict) and not any(_is_open(leaf) for leaf in leaves):
        for name, member in value.items():
            where = f"{path}.{name}" if path else name
            named = list(_schemas_of(name, leaves))
            if named:
                yield from extra_properties(member, named, definitions, where)
            else:
                yield where


def _leaves(schema: Json, value: Json, definitions: Schema) -> Iterator[Schema]:
    """Yield *schema* and all that it is combined of, without references.

    A branch for another kind of object is left out: one whose ``enum`` property (such
    as the ``type`` of a rule) does not allow what *value* has there.
    """
    if not isinstance(schema, dict):
        return
    target = schema.get("$ref")
    if isinstance(target, str):
        name = target.removeprefix("#/$defs/")
        yield from _leaves(definitions[name], value, definitions)
        return
    if _is_for_another(schema, value):
        return
    yield schema
    for key in _COMBINERS:
        for branch in as_list(schema.get(key, [])):
            yield from _leaves(branch, value, definitions)


def _is_for_another(schema: Schema, value: Json) -> bool:
    properties = schema.get("properties")
    if not isinstance(value, dict) or not isinstance(properties, dict):
        return False
    return any(
        isinstance(member, dict)
        and isinstance(member.get("enum"), list)
        and name in value
        and value[name] not in as_list(member["enum"])
        for name, member in properties.items()
    )


def _is_open(leaf: Schema) -> bool:
    additional = leaf.get("additionalProperties")
    if additional is True or additional == {}:
        return True
    if "properties" in leaf or additional is not None:
        return False
    kind = leaf.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return not leaf or ("object" in kinds and not any(k in leaf for k in _COMBINERS))


def _schemas_of(name: str, leaves: Sequence[Schema]) -> Iterator[Json]:
    for leaf in leaves:
        properties = leaf.get("properties")
        if isinstance(properties, dict) and name in properties:
            yield properties[name]
        elif isinstance(leaf.get("additionalProperties"), dict):
            yield leaf["additionalProperties"]
