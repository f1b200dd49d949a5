"""Readers of a TOML file: each turns one value into ours, or says what is wrong.

A reader is called with where the value stands, for its UsageError, and the value.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, TypeVar

from monokeel.ground.errors import UsageError

T = TypeVar("T")
_FOLDER = "Write a path from the root of the repository, such as services/api."
_MOMENT = (
    "Write day, time and zone (Z or an offset) without quotes, such as"
    " 2026-12-20T00:00:00Z."
)
_LONGEST = 200  # of a name or a path: refs and files end at 255
LENGTH = r"([0-9]{1,9})(s|m|h|d)\Z"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def fail(problem: str, *, fix: str = "") -> UsageError:
    """Return the error for a problem in ``infra/platform.toml``."""
    return UsageError(f"infra/platform.toml: {problem}", fix=fix)


Reader = Callable[[str, object], object]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: its *reader*, what it means, and the *field* it fills."""

    reader: Reader
    meaning: str
    required: bool = False
    field: str = ""


Keys = Mapping[str, "Key | Keys"]
"""What a table may hold; a table in it that is no value of its own holds more keys."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string that is not empty and no option, of *shape*; *says* what to write."""

    shape: str = ""
    says: str = ""

    def __call__(self, at: str, value: object) -> str:
        """Return *value*."""
        text = _of(str, "a string", at, value)
        if not text:
            raise fail(f"{at} is empty", fix=self.says)
        if text.startswith("-") or not re.match(self.shape, text):
            raise fail(f"{at} = {text!r} is not allowed", fix=self.says)
        if self.shape and len(text) > _LONGEST:
            raise fail(f"{at} is longer than {_LONGEST} characters", fix=self.says)
        return text


def folder(at: str, value: object, *, whole: bool = False) -> str:
    """Read a path inside the repository; a *whole* one may be ``.``, all of it."""
    path = Text(r"[^\x00-\x1f\x7f]+\Z", _FOLDER)(at, value)
    # On other file systems .GIT and git~1 are git's own folder, too.
    inside = not {"..", ".", "", ".git", "git~1"} & {*path.lower().split("/")}
    if not inside and not (whole and path == "."):
        raise fail(f"{at} = {path!r} is not inside the repository", fix=_FOLDER)
    return path


whole_folder = partial(folder, whole=True)


def length(at: str, value: object) -> timedelta:
    """Read a length of time, such as ``24h``."""
    text = Text()(at, value)
    match = re.match(LENGTH, text)
    if match is None:
        fix = 'Write a number and s, m, h or d, such as "24h".'
        raise fail(f"{at} = {text!r} is not a duration", fix=fix)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})  # holds nine digits


@dataclass(frozen=True, slots=True)
class Choice:
    """One of *values*."""

    values: tuple[str, ...]

    def __call__(self, at: str, value: object) -> str:
        """Return *value*."""
        text = Text()(at, value)
        if text not in self.values:
            fix = f"Choose one of: {', '.join(self.values)}."
            raise fail(f"{at} = {text!r} is not known", fix=fix)
        return text


def flag(at: str, value: object) -> bool:
    """Read true or false."""
    return _of(bool, "true or false", at, value)


def number(at: str, value: object) -> int:
    """Read a whole number, not negative."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(at, "a whole number", value)
    return value


def moment(at: str, value: object) -> datetime:
    """Read day and time with a zone, without which it could mean any hour, as UTC."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        what = "has no time zone" if isinstance(value, datetime) else "is not a moment"
        raise fail(f"{at} = {_shown(value)} {what}", fix=_MOMENT)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise fail(f"{at} = {value} is no time of ours") from None


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of strings."""

    item: Text = Text()

    def __call__(self, at: str, value: object) -> tuple[str, ...]:
        """Return *value*."""
        items = _of(list, "a list of strings", at, value)
        return tuple(self.item(f"{at}[{i}]", each) for i, each in enumerate(items))


@dataclass(frozen=True, slots=True)
class Pairs:
    """A table of any keys that *name* reads, each with a string that *value* reads."""

    name: Text
    value: Text | Choice = Text()

    def __call__(self, at: str, value: object) -> dict[str, str]:
        """Return *value*."""
        table = _of(dict, f"a table [{at.rpartition(' ')[2]}]", at, value)
        key, read = f"{at}: the key", self.value
        return {self.name(key, x): read(f"{at} {x}", table[x]) for x in table}


@dataclass(frozen=True, slots=True)
class Tables:
    """A table of *keys* that *make* turns into a value; or *many*, in an array."""

    keys: Keys
    make: Callable[[str, dict[str, Any]], object]
    many: bool = True

    def __call__(self, at: str, value: object) -> object:
        """Return *value*; of many a tuple, in the order of the file."""
        wanted = f"an array of tables [[{at}]]" if self.many else f"a table [{at}]"
        rows = _of(list, wanted, at, value) if self.many else [value]
        tables = [_of(dict, wanted, at, row) for row in rows]
        found = []
        for number, table in enumerate(tables, 1):
            place = f"[[{at}]] {number}" if self.many else f"[{at}]"
            found.append(self.make(place, read_table(self.keys, table, place)))
        return tuple(found) if self.many else found[0]


def read_table(keys: Keys, table: dict[str, Any], where: str = "") -> dict[str, Any]:
    """Return the values by field; UsageError for a wrong, missing or unknown one."""
    for name in table:
        if name not in keys:
            near = difflib.get_close_matches(name, [*keys], n=1, cutoff=0.0)
            at = f"{where} {name}".lstrip()
            raise fail(f"{at} is not a known key", fix=f"Did you mean {near[0]}?")
    found: dict[str, Any] = {}
    for name, key in keys.items():
        at = f"{where} {name}".lstrip()
        if not isinstance(key, Key):
            inside = _of(dict, f"a table [{name}]", at, table.get(name, {}))
            found |= read_table(key, inside, f"[{name}]")
        elif name in table:
            found[key.field or name] = key.reader(at, table[name])
        elif key.required:
            raise fail(f"{at} is missing or empty")
    return found


def _of(kind: type[T], wanted: str, at: str, value: object) -> T:
    if not isinstance(value, kind):
        raise _wrong(at, wanted, value)
    return value


def _wrong(at: str, wanted: str, value: object) -> UsageError:
    return fail(f"{at} must be {wanted}, not {_shown(value)}")


def _shown(value: object) -> str:
    """Return *value* as TOML writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else repr(value)
