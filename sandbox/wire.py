"""The words between the server and its families: calls, replies and refusals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote

from sandbox.actors import Actor

# The sandbox runs with the standard library alone, so it has its own name for this.
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
JsonObject = dict[str, Json]

DOCS = "https://docs.github.com/rest"


class ApiError(Exception):
    """A call is refused, with GitHub's status and words."""

    def __init__(  # noqa: PLR0913  # each is one part of the answer
        self,
        status: HTTPStatus,
        message: str,
        *,
        errors: list[Json] | None = None,
        docs: str | None = None,
        raw: JsonObject | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.docs = docs
        self.raw = raw
        self.headers = dict(headers or {})

    def body(self, docs: str) -> JsonObject:
        """Return the JSON of this refusal; *docs* is the page of the operation."""
        if self.raw is not None:
            return self.raw
        body: JsonObject = {"message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        body["documentation_url"] = self.docs or docs
        body["status"] = str(int(self.status))
        return body


def not_found() -> ApiError:
    """Return the 404 of a thing that is missing or hidden (hub4j, 2024)."""
    return ApiError(HTTPStatus.NOT_FOUND, "Not Found")


def unprocessable(message: str) -> ApiError:
    """Return a 422 with one *message*."""
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, message)


def invalid(*errors: Json) -> ApiError:
    """Return the 422 ``Validation Failed`` with its list of *errors*."""
    return ApiError(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors=list(errors)
    )


def rule_text(reasons: list[str]) -> str:
    """Return the text in which GitHub lists the *reasons* of rulesets."""
    listed = "".join(f"{reason}\n\n" for reason in reasons)
    return f"Repository rule violations found\n\n{listed}"


def rules_broken(reasons: list[str]) -> ApiError:
    """Return the 422 of a change that rulesets refuse for *reasons*."""
    return unprocessable(rule_text(reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, its caller known and its path taken apart."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    actor: Actor
    args: Mapping[str, str] = field(default_factory=dict)
    is_enterprise: bool = False  # asked below /api/v3

    def json(self) -> JsonObject:
        """Return the JSON object of the body, an empty one if there is no body.

        Raises ApiError 400 when it is none (PyGithub, 2022).
        """
        if not self.body.strip():
            return {}
        try:
            value: Json = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise ApiError(HTTPStatus.BAD_REQUEST, "Problems parsing JSON")
        return value

    def number(self, name: str) -> int:
        """Return the path's part *name* as a number; 404 if it is none."""
        value = self.args[name]
        if not value.isdecimal():
            raise not_found()
        return int(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: JSON, or bytes as they are."""

    status: HTTPStatus = HTTPStatus.OK
    json: Json = None
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """Return the bytes of the body."""
        if self.raw is not None:
            return self.raw
        if self.status == HTTPStatus.NO_CONTENT:
            return b""
        return json.dumps(self.json).encode()


def created(value: JsonObject, *, located: bool = False) -> Reply:
    """Return a 201 for *value*; *located* adds ``Location`` (documented: hub4j)."""
    headers = {"Location": str(value["url"])} if located else {}
    return Reply(status=HTTPStatus.CREATED, json=value, headers=headers)


def no_content() -> Reply:
    """Return a 204."""
    return Reply(status=HTTPStatus.NO_CONTENT)


def text_of(source: JsonObject, name: str, default: str = "") -> str:
    """Return the text *name* of *source*, *default* if it is absent or null."""
    value = source.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise unprocessable(f"Invalid request.\n\nFor '{name}', {value} is not text.")
    return value


def flag_of(source: JsonObject, name: str, *, default: bool = False) -> bool:
    """Return the flag *name* of *source*, *default* if it is absent or null."""
    value = source.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise unprocessable(
            f"Invalid request.\n\nFor '{name}', {json.dumps(value)} is not a boolean."
        )
    return value


def number_of(source: JsonObject, name: str, default: int = 0) -> int:
    """Return the number *name* of *source*, *default* if it is absent or null."""
    value = source.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise unprocessable(
            f"Invalid request.\n\nFor '{name}', {json.dumps(value)} is not an integer."
        )
    return value


def require_length(
    value: str | None, longest: int, resource: str, field: str = "body"
) -> None:
    """Raise 422 for a *field* whose *value* has more than *longest* characters.

    Source: ncipollo/release-action#493 (releases), release-please#1034 (issues),
    opencode#3723 (titles, of pull requests as well).
    """
    if value and len(value) > longest:
        error: JsonObject = {"resource": resource, "code": "custom", "field": field}
        text = f"{field} is too long (maximum is {longest} characters)"
        raise invalid({**error, "message": text})


def list_of(source: JsonObject, name: str) -> list[Json]:
    """Return the list *name* of *source*, empty if it is absent or null."""
    value = source.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise unprocessable(f"Invalid request.\n\nFor '{name}', this is not an array.")
    return value


def object_of(source: JsonObject, name: str) -> JsonObject:
    """Return the object *name* of *source*, empty if it is absent or null."""
    value = source.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unprocessable(f"Invalid request.\n\nFor '{name}', this is not an object.")
    return value


def objects(values: list[Json]) -> list[JsonObject]:
    """Return the members of *values* that are objects."""
    return [value for value in values if isinstance(value, dict)]


def texts(values: list[Json]) -> list[str]:
    """Return the members of *values* that are texts."""
    return [value for value in values if isinstance(value, str)]


def plain(segment: str) -> str:
    """Return a path's *segment* without percent signs."""
    return unquote(segment)
