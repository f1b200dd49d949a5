"""The checker: is this exchange what GitHub's OpenAPI description says.

Both sides are judged: the client's path, query and body, and the server's status and
body. A finding is one line that begins with its kind: ``no-operation``, ``query``,
``request``, ``request-extra``, ``status``, ``response`` or ``response-extra``. The
"extra" kinds name properties that no branch of a schema knows. What GitHub does
although the description does not say so is in ``sandbox.differences``.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from sandbox.description import Description, Operation
from sandbox.differences import (
    ERROR_SHAPE,
    ERRORS,
    EVERYWHERE,
    EXTRA_PROPERTIES,
    HTML_FAILURES,
    MEDIA_TYPES,
    PAGE_LIMIT,
    PAGE_LIMITS,
    REDIRECTS,
)
from sandbox.schemas import Schema, as_object, extra_properties, to_json_schema
from sandbox.wire import Json

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON: Final = "application/json"
# A server that refuses a request as malformed has judged it already.
_MALFORMED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_EMPTY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_FORMATS: Final = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    """Say whether *value* is a date and time with a zone, in RFC 3339."""
    return not isinstance(value, str) or (
        datetime.fromisoformat(value).tzinfo is not None
    )


class Contract:
    """GitHub's description, loaded and converted when it is first needed."""

    def __init__(self) -> None:
        self._description = Description()
        self._validators: dict[str, Draft202012Validator] = {}
        self._good: set[bytes] = set()  # digests of what had no finding

    def check(  # noqa: PLR0913, PLR0917 - the six parts of an exchange
        self,
        method: str,
        url: str,
        request: Json | bytes,
        status: int,
        response: Json | bytes,
        content_type: str | None,
    ) -> list[str]:
        """Return the findings about one exchange, none when it is as described.

        *url* is an address or a path, with its query; *request* and *response* are
        parsed JSON, or raw bytes, or ``None`` for no body.
        """
        operation = self._description.operation(method, url)
        if operation is None:
            return [f"no-operation: {method} {url}"]
        findings: list[str] = []
        if status not in _MALFORMED:
            findings += _query_findings(operation, url)
            findings += self._request_findings(operation, request)
        if method != "HEAD":
            media_type = (content_type or "").partition(";")[0].strip().lower()
            answer = _Answer(status, response, media_type)
            findings += self._response_findings(operation, answer)
        where = f"{method} {url} -> {status}, {operation.name}"
        return [f"{finding} ({where})" for finding in findings]

    def operation(self, method: str, url: str) -> str | None:
        """Return the operation id of a request, or ``None``; HEAD counts as GET."""
        operation = self._description.operation(method, url)
        return None if operation is None else operation.name

    def documentation_url(self, operation: str) -> str:
        """Return the page of *operation*: the ``documentation_url`` of its errors."""
        return self._description.documentation_url(operation)

    def schema(self, operation: str, part: str = "request") -> Schema:
        """Return a self-contained JSON Schema 2020-12 of one body of *operation*.

        *part* is ``request`` or a status such as ``200``. Raises KeyError when
        *operation* is not in the cut, or has no such JSON body.
        """
        return self._description.schema(operation, part)

    def _request_findings(
        self, operation: Operation, request: Json | bytes
    ) -> Iterator[str]:
        described = operation.node.get("requestBody")
        if request is None or request == b"":
            if described is not None and as_object(described).get("required") is True:
                yield "request: no body"
            return
        if described is None:
            yield "request-extra: a body, where the description has none"
            return
        schema = self._description.body_schema(operation, "request")
        if schema is None:
            return
        try:
            value = json.loads(request) if isinstance(request, bytes) else request
        except ValueError:
            yield "request: the body is not JSON"
            return
        for finding in self._findings("request", operation.name, schema, value):
            # A client that keeps what it does not know sends it back.
            if not _is_known_property(operation.name, finding):
                yield finding

    def _response_findings(
        self, operation: Operation, answer: _Answer
    ) -> Iterator[str]:
        described = as_object(operation.node["responses"]).get(str(answer.status))
        known = described is not None or answer.is_known_error(operation.name)
        if not known and not answer.is_known_elsewhere(operation.method):
            yield "status: not described"
            return
        content = self._description.content(operation, str(answer.status))
        yield from self._body_findings(operation, answer, content)

    def _body_findings(
        self, operation: Operation, answer: _Answer, content: Schema
    ) -> Iterator[str]:
        if answer.is_empty:
            if content and answer.status not in _EMPTY:
                yield "response: no body"
            return
        if answer.may_be_html or answer.media_type in MEDIA_TYPES.get(
            operation.name, ()
        ):
            return
        if answer.media_type != _JSON:
            if answer.media_type not in content:
                yield f"response: content type {answer.media_type!r} is not described"
            return
        try:
            value = answer.json()
        except ValueError:
            yield "response: the body is not JSON"
            return
        yield from self._json_findings(operation, answer, value)

    def _json_findings(
        self, operation: Operation, answer: _Answer, value: Json
    ) -> Iterator[str]:
        schema = self._description.body_schema(operation, str(answer.status))
        if answer.has_error_shape(operation.name):
            shaped = list(self._findings("response", "error", ERROR_SHAPE, value))
            if not shaped or schema is None:
                yield from shaped
                return
        if schema is None:
            yield "response: a body, where the description has none"
            return
        key = f"{operation.name} {answer.status}"
        for finding in self._findings("response", key, schema, value):
            if not _is_known_extra(operation.name, answer.status, finding):
                yield finding

    def _findings(
        self, kind: str, key: str, schema: Schema, value: Json
    ) -> Iterator[str]:
        text = f"{kind} {key} {json.dumps(value)}"
        seen = hashlib.sha256(text.encode()).digest()
        if seen in self._good:  # most of what a client reads, it reads again
            return
        validator = self._validators.get(f"{kind} {key}")
        if validator is None:
            whole = {"$defs": self._description.definitions, **schema}
            validator = Draft202012Validator(whole, format_checker=_FORMATS)
            self._validators[f"{kind} {key}"] = validator
        extra = extra_properties(value, [schema], self._description.definitions)
        findings = [
            *(
                f"{kind}: {e.json_path}: {e.message[:300]}"
                for e in validator.iter_errors(value)
            ),
            *(f"{kind}-extra: {name}" for name in extra),
        ]
        if not findings:
            self._good.add(seen)
        yield from findings


@dataclass(frozen=True, slots=True)
class _Answer:
    """A status with its body; *media_type* is lower case, without parameters."""

    status: int
    body: Json | bytes
    media_type: str

    @property
    def is_empty(self) -> bool:
        return self.body is None or self.body == b""

    @property
    def may_be_html(self) -> bool:
        return self.status in HTML_FAILURES and self.media_type == "text/html"

    def json(self) -> Json:
        if isinstance(self.body, bytes):
            return _parsed(self.body)
        return self.body

    def is_known_error(self, operation: str) -> bool:
        return self.status in EVERYWHERE or (operation, self.status) in ERRORS

    def is_known_elsewhere(self, method: str) -> bool:
        if self.status == HTTPStatus.NOT_MODIFIED:
            return method == "GET"
        return self.status in REDIRECTS

    def has_error_shape(self, operation: str) -> bool:
        return self.is_known_error(operation) or self.status in REDIRECTS


def _parsed(body: bytes) -> Json:
    value: Json = json.loads(body)
    return value


def _is_known_extra(operation: str, status: int, finding: str) -> bool:
    if not finding.startswith("response-extra: "):
        return False
    if status >= HTTPStatus.BAD_REQUEST:
        return _property(finding) in as_object(ERROR_SHAPE["properties"])
    return _is_known_property(operation, finding)


def _is_known_property(operation: str, finding: str) -> bool:
    known = EXTRA_PROPERTIES.get(operation, ("", ""))[0]
    return "-extra: " in finding and _property(finding) == known


def _property(finding: str) -> str:
    return re.split(r"[.: ]", finding)[-1]


def _query_findings(operation: Operation, url: str) -> Iterator[str]:
    known = {str(p["name"]): p for p in operation.parameters if p["in"] == "query"}
    given = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    for name, value in given.items():
        if name not in known:
            yield f"query: {name} is not described"
            continue
        schema = as_object(to_json_schema(known[name]["schema"]))
        validator = Draft202012Validator(schema, format_checker=_FORMATS)
        if not any(validator.is_valid(reading) for reading in _readings(value)):
            yield f"query: {name}={value} does not fit {json.dumps(schema)}"
    for name, parameter in known.items():
        if parameter.get("required") is True and name not in given:
            yield f"query: {name} is missing"
    page, limit = given.get("per_page", ""), PAGE_LIMITS.get(operation.name, PAGE_LIMIT)
    if page.isdecimal() and int(page) > limit:
        yield f"query: per_page={page} is above {limit}"


def _readings(value: str) -> Iterator[Json]:
    """Yield what a query value can mean: a string, a number, a boolean."""
    yield value
    if value.removeprefix("-").isdecimal():
        yield int(value)
    if value in {"true", "false"}:
        yield value == "true"
