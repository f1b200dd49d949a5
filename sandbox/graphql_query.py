"""The text of a GraphQL query, taken apart (GraphQL specification, October 2021, 2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.wire import Json

_TOKEN = re.compile(
    r"[\s,\ufeff]+|#[^\n]*"
    r'|(?P<block>"""(?:[^"]|"(?!""))*""")|(?P<text>"(?:\\.|[^"\\\n])*")'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<mark>\.\.\.|[!$(){}\[\]:=@|&])"
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class QueryError(Exception):
    """A query cannot be read, or asks for what is not there."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A use of ``$name``."""

    name: str


Argument = (
    None
    | bool
    | int
    | float
    | str
    | Variable
    | list["Argument"]
    | dict[str, "Argument"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A field, or a fragment when *condition* or *spread* says so."""

    name: str = ""
    key: str = ""
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    inner: tuple["Selected", ...] = ()
    condition: str = ""  # the type of an inline fragment, `*` for any
    spread: str = ""  # the name of a fragment
    directives: Mapping[str, Mapping[str, Argument]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Document:
    """One operation with its fragments (name to type and selection)."""

    kind: str = "query"
    name: str = ""
    defaults: dict[str, Argument] = field(default_factory=dict)
    selection: tuple[Selected, ...] = ()
    fragments: dict[str, tuple[str, tuple[Selected, ...]]] = field(default_factory=dict)


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise QueryError(f"Parse error on {text[place]!r}")
        if match.lastgroup:
            found.append(match.group())
        place = match.end()
    return found


def parse(text: str) -> Document:
    """Return the operation of *text* and its fragments. Raises QueryError."""
    try:
        return _Reader(_tokens(text)).document()
    except IndexError:
        raise QueryError("Unexpected end of document") from None


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._left = tokens[::-1]

    def _next(self) -> str:
        return self._left.pop()

    def _peek(self) -> str:
        return self._left[-1] if self._left else ""

    def _take(self, mark: str) -> bool:
        taken = self._peek() == mark
        if taken:
            self._next()
        return taken

    def _expect(self, mark: str) -> None:
        found = self._next()
        if found != mark:
            raise QueryError(f"Expected {mark}, got {found}")

    def document(self) -> Document:
        document = Document()
        while self._left:
            if self._peek() == "fragment":
                self._next()
                name = self._next()
                self._expect("on")
                kind = self._next()
                self._directives()
                document.fragments[name] = (kind, self._selection())
            else:
                self._operation(document)
        return document

    def _operation(self, document: Document) -> None:
        if self._peek() != "{":
            document.kind = self._next()
            if document.kind not in ("query", "mutation"):
                raise QueryError(f"Unexpected {document.kind}")
            if self._peek() not in ("(", "{", "@"):
                document.name = self._next()
            if self._take("("):
                while not self._take(")"):
                    self._variable(document)
            self._directives()
        document.selection = self._selection()

    def _variable(self, document: Document) -> None:
        self._expect("$")
        name = self._next()
        self._expect(":")
        while self._take("["):
            pass
        self._next()
        while self._peek() in ("!", "]"):
            self._next()
        if self._take("="):
            document.defaults[name] = self._value()

    def _selection(self) -> tuple[Selected, ...]:
        self._expect("{")
        found = []
        while not self._take("}"):
            found.append(self._fragment() if self._take("...") else self._field())
        return tuple(found)

    def _fragment(self) -> Selected:
        if self._peek() in ("on", "{", "@"):
            condition = "*"
            if self._take("on"):
                condition = self._next()
            directives = self._directives()
            inner = self._selection()
            return Selected(condition=condition, inner=inner, directives=directives)
        return Selected(spread=self._next(), directives=self._directives())

    def _field(self) -> Selected:
        name = key = self._next()
        if self._take(":"):
            name = self._next()
        arguments = self._arguments()
        directives = self._directives()
        inner = self._selection() if self._peek() == "{" else ()
        return Selected(
            name=name, key=key, arguments=arguments, inner=inner, directives=directives
        )

    def _arguments(self) -> dict[str, Argument]:
        found: dict[str, Argument] = {}
        if self._take("("):
            while not self._take(")"):
                name = self._next()
                self._expect(":")
                found[name] = self._value()
        return found

    def _directives(self) -> dict[str, dict[str, Argument]]:
        found = {}
        while self._take("@"):
            name = self._next()
            found[name] = self._arguments()
        return found

    def _value(self) -> Argument:
        token = self._next()
        if token == "$":  # noqa: S105  # a mark of the language
            return Variable(self._next())
        if token == "[":  # noqa: S105
            values: list[Argument] = []
            while not self._take("]"):
                values.append(self._value())
            return values
        if token == "{":  # noqa: S105
            members: dict[str, Argument] = {}
            while not self._take("}"):
                name = self._next()
                self._expect(":")
                members[name] = self._value()
            return members
        return _scalar(token)


def _scalar(token: str) -> bool | int | float | str | None:
    """Return the value of a literal; the name of an enum is a text here."""
    if token.startswith('"""'):
        return token[3:-3].strip()
    if token.startswith('"'):
        return _ESCAPE.sub(_unescaped, token[1:-1])
    if token[0].isdigit() or token[0] == "-":
        return float(token) if re.search(r"[.eE]", token) else int(token)
    return {"true": True, "false": False, "null": None}.get(token, token)


def _unescaped(match: "re.Match[str]") -> str:
    what = match[1]
    return chr(int(what[1:], 16)) if len(what) > 1 else _ESCAPES.get(what, what)


def filled(value: Argument, variables: Mapping[str, Json]) -> Json:
    """Return *value* with every variable replaced."""
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, list):
        return [filled(each, variables) for each in value]
    if isinstance(value, dict):
        return {name: filled(each, variables) for name, each in value.items()}
    return value
