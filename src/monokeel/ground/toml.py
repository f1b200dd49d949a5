"""Take typed values out of a TOML table and refuse what is left over."""

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from monokeel.ground.errors import UsageError


def fail(problem: str, *, fix: str = "") -> UsageError:
    """Return the error for a problem in ``infra/platform.toml``."""
    return UsageError(f"infra/platform.toml: {problem}", fix=fix)


class Fields:
    """One TOML table that hands out its values; ``finish`` refuses unknown keys.

    Every method raises UsageError when a value is missing or of another type.
    """

    def __init__(self, where: str, table: Mapping[str, object]) -> None:
        self.where = where
        self._table = table
        self._known: list[str] = []

    def text(
        self,
        key: str,
        shape: re.Pattern[str] | None = None,
        *,
        default: str = "",
        says: str = "",
    ) -> str:
        """Return a non-empty string, of *shape* (in words: *says*) if one is given."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, "a string", value)
        if not value:
            raise self._missing(key)
        if value.startswith("-") or (shape is not None and not shape.match(value)):
            pattern = "" if shape is None else f"It must match {shape.pattern}"
            problem = f"{self._at(key)} = {value!r} is not allowed"
            raise fail(problem, fix=says or pattern)
        return value

    def optional_text(self, key: str, shape: re.Pattern[str]) -> str:
        """Return a string of *shape*, empty when the key is not there."""
        return self.text(key, shape) if self._take(key, None) is not None else ""

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

    def choices(self, shape: re.Pattern[str], choices: Sequence[str]) -> dict[str, str]:
        """Return the whole table: keys of *shape*, each with one of *choices*."""
        found = {}
        for key in self._table:
            if not shape.match(key):
                raise fail(f"{self._at(key)} is not allowed")
            found[key] = self.choice(key, choices)
        return found

    def all_texts(self, shape: re.Pattern[str]) -> dict[str, str]:
        """Return the whole table: keys of *shape*, each with a string."""
        found = {}
        for key in self._table:
            if not shape.match(key):
                raise fail(f"{self._at(key)} is not allowed")
            found[key] = self.text(key)
        return found

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        return value

    def number(self, key: str) -> int:
        """Return a whole number above 0, or 0 when the key is not there."""
        value = self._take(key, 0)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(key, "a whole number", value)
        return value

    def __contains__(self, key: str) -> bool:
        """Say whether the table has *key*."""
        return key in self._table

    def moment(self, key: str) -> datetime:
        """Return a time in UTC; one without a zone could mean any hour: refused."""
        value = self._take(key, None)
        if value is None:
            raise self._missing(key)
        if not isinstance(value, datetime):
            said = value.isoformat() if isinstance(value, date) else repr(value)
            raise fail(
                f"{self._at(key)} = {said} is not a moment",
                fix="Write day and time with a zone and without quotes, such as"
                " 2026-12-20T00:00:00Z.",
            )
        if value.tzinfo is None:
            raise fail(
                f"{self._at(key)} = {value.isoformat()} has no time zone",
                fix="Add Z or an offset, such as 2026-12-20T00:00:00Z.",
            )
        return value.astimezone(UTC)

    def pairs(self, key: str, shape: re.Pattern[str]) -> dict[str, str]:
        """Return the table *key* of strings; its keys have *shape*."""
        value = self._take(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, f"a table [{key}]", value)
        for name in value:
            if not shape.match(name):
                raise fail(f"{self._at(key)}: {name!r} is not allowed as a key")
        table = Fields(self._at(key), value)
        return {name: table.text(name) for name in value}

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
        """Raise UsageError for the first key that nobody asked for."""
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

    def _missing(self, key: str) -> UsageError:
        return fail(f"{self._at(key)} is missing or empty")

    def _wrong(self, key: str, wanted: str, value: object) -> UsageError:
        return fail(f"{self._at(key)} must be {wanted}, not {value!r}")
