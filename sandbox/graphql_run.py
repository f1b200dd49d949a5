"""Answer a GraphQL query from objects that know their fields."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sandbox.graphql_query import Document, QueryError, Selected, filled
from sandbox.wire import Json, JsonObject

PAGE = "docs/reference/sandbox.md"
Arguments = Mapping[str, Json]
# What a field is: a value, an object, or a function of the field's arguments.
Value: TypeAlias = (
    "bool | int | float | str | JsonObject | Node | Sequence[Value]"
    " | Callable[[Arguments], Value] | None"
)


@dataclass(frozen=True, slots=True)
class Node:
    """An object of *type*; *kinds* are the interfaces it also is."""

    type: str
    fields: Mapping[str, "Value"]
    kinds: tuple[str, ...] = ()

    def fits(self, condition: str) -> bool:
        """Say whether a fragment on *condition* speaks about this object."""
        return condition in ("*", "Node", self.type, *self.kinds)


def connection(
    kind: str, every: Sequence[Node], **more: Value
) -> Callable[[Arguments], Node]:
    """Return a field that pages *every* by ``first``, ``last`` and ``after``."""

    def paged(arguments: Arguments) -> Node:
        start = _cursor(arguments.get("after"))
        stop = len(every)
        first, last = arguments.get("first"), arguments.get("last")
        if isinstance(first, int):
            stop = min(stop, start + first)
        if isinstance(last, int):
            start = max(start, stop - last)
        page: list[Value] = list(every[start:stop])
        info = {
            "hasNextPage": stop < len(every),
            "hasPreviousPage": start > 0,
            "startCursor": str(start) if page else None,
            "endCursor": str(stop) if page else None,
        }
        edges: list[Value] = [
            Node(f"{kind}Edge", {"node": each, "cursor": str(start + at + 1)})
            for at, each in enumerate(page)
        ]
        fields: dict[str, Value] = {
            "nodes": page,
            "edges": edges,
            "totalCount": len(every),
            "pageInfo": Node("PageInfo", info),
        }
        return Node(f"{kind}Connection", fields | more)

    return paged


def _cursor(value: Json) -> int:
    return int(value) if isinstance(value, str) and value.isdecimal() else 0


def run(document: Document, variables: Arguments, root: Node) -> JsonObject:
    """Return the data that *document* asks of *root*.

    Raises QueryError for a field that the object does not have.
    """
    given = {
        name: filled(value, {}) for name, value in document.defaults.items()
    } | dict(variables)
    return _Runner(document, given).selected(root, document.selection)


@dataclass(frozen=True, slots=True)
class _Runner:
    document: Document
    variables: Arguments

    def selected(self, node: Node, selection: Sequence[Selected]) -> JsonObject:
        found: JsonObject = {}
        for each in self._fields(node, selection):
            value = self._field(node, each)
            known = found.get(each.key)
            if isinstance(known, dict) and isinstance(value, dict):
                value = known | value  # one field, asked for by two fragments
            found[each.key] = value
        return found

    def _fields(self, node: Node, selection: Sequence[Selected]) -> Iterator[Selected]:
        for each in selection:
            if not self._is_wanted(each):
                continue
            if each.name:
                yield each
                continue
            condition, inner = each.condition, each.inner
            if each.spread:
                if each.spread not in self.document.fragments:
                    raise QueryError(f"Fragment {each.spread} was used, not defined")
                condition, inner = self.document.fragments[each.spread]
            if node.fits(condition):
                yield from self._fields(node, inner)

    def _is_wanted(self, each: Selected) -> bool:
        skip, include = (
            filled(each.directives.get(name, {}).get("if"), self.variables)
            for name in ("skip", "include")
        )
        return skip is not True and include is not False

    def _field(self, node: Node, each: Selected) -> Json:
        if each.name == "__typename":
            return node.type
        if each.name not in node.fields:
            raise QueryError(
                f"Field '{each.name}' doesn't exist on type '{node.type}' of the "
                f"sandbox; {PAGE} says what it answers"
            )
        value = node.fields[each.name]
        if callable(value):
            arguments = {
                name: filled(argument, self.variables)
                for name, argument in each.arguments.items()
            }
            value = value(arguments)
        return self._shown(value, each)

    def _shown(self, value: Value, each: Selected) -> Json:
        if isinstance(value, Node):
            if not each.inner:
                raise QueryError(f"Field '{each.name}' must have selections")
            return self.selected(value, each.inner)
        if isinstance(value, str) or value is None or isinstance(value, int | float):
            return value
        if isinstance(value, dict):
            return value
        if isinstance(value, Sequence):
            return [self._shown(member, each) for member in value]
        raise TypeError(value)
