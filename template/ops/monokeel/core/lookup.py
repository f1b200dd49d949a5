"""Values from the outside: the answers found, absent or not known; JSON; TOML."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monokeel.errors import CommandError, ServiceError

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something is there: *digest* (``sha256:…``) and the revision it is labelled with.

    *revision* is 40 lower-case hex digits, or ``None`` when the image does not say
    which commit it was built from.
    """

    digest: str
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """Certainly nothing there: an authorised question was answered with "no"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody can tell; *reason* says who answered what. Never to be read as absent."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The ref is where it was wanted; *changed* is false if it had been there before.

    *now* is the commit the ref names, or ``None`` when it was to be deleted.
    """

    now: str | None
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Somebody else was first: the ref names *now* (``None``: it is gone)."""

    now: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The ref is unchanged and the server refused; *reason* holds its own words."""

    reason: str


def as_object(value: Json) -> dict[str, Json]:
    """Return *value* if it is a JSON object; raise ServiceError otherwise."""
    if isinstance(value, dict):
        return value
    raise _unexpected("an object", value)


def as_list(value: Json) -> list[Json]:
    """Return *value* if it is a JSON array; raise ServiceError otherwise."""
    if isinstance(value, list):
        return value
    raise _unexpected("a list", value)


def as_text(value: Json) -> str:
    """Return *value* if it is a JSON string; raise ServiceError otherwise."""
    if isinstance(value, str):
        return value
    raise _unexpected("a string", value)


def as_number(value: Json) -> int:
    """Return *value* if it is an integer; raise ServiceError otherwise."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _unexpected("a number", value)


def _unexpected(wanted: str, value: Json) -> ServiceError:
    kind = type(value).__name__
    return ServiceError(
        f"unexpected answer: {wanted} was expected, not {kind}",
        fix="Check that the address is that of GitHub or of the registry.",
    )


def fail(problem: str, *, fix: str = "") -> CommandError:
    """Return the error for a problem in ``infra/platform.toml``."""
    return CommandError(f"infra/platform.toml: {problem}", fix=fix)


class Fields:
    """One TOML table that hands out its values; ``finish`` refuses unknown keys.

    Every method raises CommandError when a value is missing or of another type.
    """

    def __init__(self, where: str, table: Mapping[str, object]) -> None:
        self.where = where
        self._table = table
        self._known: list[str] = []

    def text(
        self, key: str, shape: re.Pattern[str] | None = None, *, default: str = ""
    ) -> str:
        """Return a non-empty string, of *shape* if one is given."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, "a string", value)
        if not value:
            raise self._missing(key)
        if value.startswith("-") or (shape is not None and not shape.match(value)):
            pattern = "" if shape is None else f"It must match {shape.pattern}"
            raise fail(f"{self._at(key)} = {value!r} is not allowed", fix=pattern)
        return value

    def choice(self, key: str, choices: Sequence[str], *, default: str = "") -> str:
        """Return one of *choices*."""
        value = self.text(key, default=default)
        if value not in choices:
            raise fail(
                f"{self._at(key)} = {value!r} is not known",
                fix=f"Choose one of: {', '.join(choices)}.",
            )
        return value

    def texts(self, key: str, shape: re.Pattern[str] | None = None) -> tuple[str, ...]:
        """Return a list of strings, empty when the key is not there."""
        value = self._take(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, "a list of strings", value)
        return tuple(
            Fields(self.where, {f"{key}[{i}]": item}).text(f"{key}[{i}]", shape)
            for i, item in enumerate(value)
        )

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        return value

    def moment(self, key: str) -> datetime:
        """Return a time in UTC; one without a zone could mean any hour: refused."""
        value = self._take(key, None)
        if value is None:
            raise self._missing(key)
        if not isinstance(value, datetime):
            raise self._wrong(key, "a time such as 2026-12-20T00:00:00Z", value)
        if value.tzinfo is None:
            raise fail(
                f"{self._at(key)} = {value.isoformat()} has no time zone",
                fix="Add Z or an offset, such as 2026-12-20T00:00:00Z.",
            )
        return value.astimezone(UTC)

    def table(self, key: str) -> "Fields":
        """Return the table *key*, empty when it is not there."""
        value = self._take(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, f"a table [{key}]", value)
        return Fields(f"[{key}]", value)

    def tables(self, key: str) -> "tuple[Fields, ...]":
        """Return the array of tables *key*, empty when it is not there."""
        value = self._take(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, f"an array of tables [[{key}]]", value)
        for item in value:
            if not isinstance(item, dict):
                raise self._wrong(key, f"an array of tables [[{key}]]", item)
        return tuple(Fields(f"[[{key}]] {n}", item) for n, item in enumerate(value, 1))

    def finish(self) -> None:
        """Raise CommandError for the first key that nobody asked for."""
        for key in self._table:
            if key in self._known:
                continue
            near = difflib.get_close_matches(key, self._known, n=1, cutoff=0.0)
            raise fail(
                f"{self._at(key)} is not a known key", fix=f"Did you mean {near[0]}?"
            )

    def _take(self, key: str, default: object) -> object:
        self._known.append(key)
        return self._table.get(key, default)

    def _at(self, key: str) -> str:
        return f"{self.where} {key}".lstrip()

    def _missing(self, key: str) -> CommandError:
        return fail(f"{self._at(key)} is missing or empty")

    def _wrong(self, key: str, wanted: str, value: object) -> CommandError:
        return fail(f"{self._at(key)} must be {wanted}, not {value!r}")
