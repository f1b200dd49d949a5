"""GitHub's OpenAPI description, cut to our operations: routing and schemas.

``openapi/github.json`` is made by ``python -m sandbox.cut_openapi``. It is loaded and
converted when it is first needed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sandbox.schemas import Schema, as_list, as_object, to_json_schema
from sandbox.wire import Json

_DESCRIPTION: Final = Path(__file__).parent / "openapi" / "github.json"
_JSON: Final = "application/json"
# Path parameters that take raw slashes; the description marks only some of them.
_MULTI_SEGMENT: Final = frozenset({"ref", "branch", "path", "basehead", "tag"})
# What the sandbox serves below another prefix: GitHub Enterprise's, and the address
# of a repository by number, which GitHub uses in ``Link`` headers.
_PREFIX: Final = re.compile(r"^/api/(v3|uploads)(?=/|$)")
_BY_NUMBER: Final = re.compile(r"^/repositories/\d+(?=/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the description; *node* is its OpenAPI object."""

    name: str
    method: str
    pattern: re.Pattern[str]
    node: Schema
    parameters: tuple[Schema, ...]


class Description:
    """The operations of the cut, in the order in which a request is routed."""

    def __init__(self, path: Path = _DESCRIPTION) -> None:
        self._path = path
        self._bodies: dict[tuple[str, str], Schema | None] = {}

    def operation(self, method: str, url: str) -> Operation | None:
        """Return the operation of a request, or ``None``; HEAD counts as GET.

        More literal segments win, then literals further left, so that
        ``releases/latest`` comes before ``releases/{release_id}``.
        """
        wanted = "GET" if method == "HEAD" else method
        path = _PREFIX.sub("", urlsplit(url).path) or "/"
        path = _BY_NUMBER.sub("/repos/owner/name", path)
        for operation in self._operations:
            if operation.method == wanted and operation.pattern.fullmatch(path):
                return operation
        return None

    def documentation_url(self, operation: str) -> str:
        """Return the page of *operation*: the ``documentation_url`` of its errors."""
        return str(as_object(self._document["x-documentation"])[operation])

    def schema(self, operation: str, part: str = "request") -> Schema:
        """Return a self-contained JSON Schema 2020-12 of one body of *operation*.

        *part* is ``request`` or a status such as ``200``. Raises KeyError when
        *operation* is not in the cut, or has no such JSON body.
        """
        found = next((o for o in self._operations if o.name == operation), None)
        described = None if found is None else self.body_schema(found, part)
        if described is None:
            raise KeyError(f"{operation} {part}")
        return {"$defs": self.definitions, **described}

    @cached_property
    def _document(self) -> Schema:
        return as_object(json.loads(self._path.read_text("utf-8")))

    @cached_property
    def definitions(self) -> Schema:
        """Every schema of the cut by name, as JSON Schema 2020-12."""
        schemas = as_object(self._document["components"])["schemas"]
        return as_object(to_json_schema(schemas, names=True))

    @cached_property
    def _operations(self) -> list[Operation]:
        found = []
        for path, item in as_object(self._document["paths"]).items():
            for method, node in as_object(item).items():
                found.append((path, self._operation(path, method, as_object(node))))
        return [operation for _, operation in sorted(found, key=lambda f: _order(f[0]))]

    def _operation(self, path: str, method: str, node: Schema) -> Operation:
        parameters = tuple(
            self.resolved(p) for p in as_list(node.get("parameters", []))
        )
        return Operation(
            name=str(node["operationId"]),
            method=method.upper(),
            pattern=_pattern(path, parameters),
            node=node,
            parameters=parameters,
        )

    def resolved(self, node: Json) -> Schema:
        """Return *node*, or the component it refers to."""
        target = as_object(node).get("$ref")
        if not isinstance(target, str):
            return as_object(node)
        kind, name = target.removeprefix("#/components/").split("/")
        family = as_object(as_object(self._document["components"])[kind])
        return as_object(family[name])

    def body_schema(self, operation: Operation, part: str) -> Schema | None:
        """Return the schema of one JSON body, or ``None`` if none is described.

        *part* is ``request`` or a status. References lead to ``definitions``.
        """
        key = (operation.name, part)
        if key not in self._bodies:
            described = self.content(operation, part).get(_JSON)
            self._bodies[key] = (
                None
                if described is None
                else as_object(to_json_schema(as_object(described)["schema"]))
            )
        return self._bodies[key]

    def content(self, operation: Operation, part: str) -> Schema:
        """Return what is described of one body, by media type."""
        if part == "request":
            body = operation.node.get("requestBody")
        else:
            body = as_object(operation.node["responses"]).get(part)
        return as_object(self.resolved(body).get("content", {})) if body else {}


def _order(path: str) -> tuple[int, tuple[bool, ...]]:
    variable = tuple(segment.startswith("{") for segment in path.split("/"))
    return variable.count(True) - len(variable), variable


def _pattern(path: str, parameters: tuple[Schema, ...]) -> re.Pattern[str]:
    kinds = {str(p["name"]): p for p in parameters if p["in"] == "path"}
    parts = re.split(r"\{(.+?)\}", path)
    for index, name in enumerate(parts):
        if index % 2:
            parts[index] = _parameter_pattern(name, kinds[name])
        else:
            parts[index] = re.escape(name)
    return re.compile("".join(parts))


def _parameter_pattern(name: str, parameter: Schema) -> str:
    if as_object(parameter["schema"]).get("type") == "integer":
        return r"\d+"
    if name == "path":
        return ".*"
    return ".+" if name in _MULTI_SEGMENT or "x-multi-segment" in parameter else "[^/]+"
