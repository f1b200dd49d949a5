"""One reader for each form of text from outside: JSON, YAML, TOML, numbers, moments.

Whatever somebody else wrote, it ends with a value, or ValueError and a short line: the
caller knows whether that is nobody's answer (ServiceError) or wrong use (UsageError).
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain, islice
from math import isfinite
from typing import Any, Final

import yaml

from monokeel.ground.answers import Json

_DEEPEST: Final = 100
_MOST_NODES: Final = 1_000_000
_LONGEST_REASON: Final = 160
_DIGITS: Final = 20  # of a whole number: GitHub and TOML have none of more
_TOO_DEEP: Final = f"it is nested more than {_DEEPEST} deep"
_TOO_LONG: Final = "it holds a whole number that is too long"
_NO_YAML = (RecursionError, yaml.YAMLError, ValueError, AttributeError, TypeError)
_YEARS: Final = range(1990, 2200)
_END_S: Final = int(datetime(_YEARS.stop, 1, 1, tzinfo=UTC).timestamp())
_HALF = re.compile("[\ud800-\udfff]")
_SECONDS = re.compile(r"[0-9]{1,12}\Z")
Hook = Callable[[list[tuple[str, Json]]], dict[str, Json]]


def parse_json(content: str | bytes, *, members: Hook | None = None) -> Json:
    r"""Return the JSON value that *content* is; *members* makes each object.

    ValueError for anything else, ``NaN`` and ``1e999`` included, and for more than 100
    levels. Half a character (``\ud800``), which nothing could print, is replaced.
    """
    try:
        value: Json = json.loads(
            content,
            object_pairs_hook=members,
            parse_constant=_finite,
            parse_float=_finite,
            parse_int=_integer,
        )
    except (RecursionError, ValueError) as error:
        raise ValueError(_short(error)) from None
    text = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    if text.count(b"[") + text.count(b"{") > _DEEPEST:
        _check_values(value)
    return _whole(value) if b"\\ud" in text or b"\\uD" in text else value


def once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Make an object; ValueError for a key that stands twice: others read the first."""
    _require_once([key for key, _ in pairs])
    return dict(pairs)


def _require_once(keys: list[str]) -> None:
    if twice := [key for key, count in Counter(keys).items() if count > 1]:
        raise ValueError(f"one object has twice: {', '.join(twice)}")


class _Once(yaml.composer.Composer):
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:  # noqa: ANN401
        node = super().compose_mapping_node(anchor)
        scalars = (key for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        _require_once([key.value for key in scalars])
        return node


class _Values(_Once, yaml.SafeLoader):
    """YAML's own types."""


class _Texts(_Once, yaml.BaseLoader):
    """Every scalar is a string."""


def parse_yaml(text: str, *, as_text: bool = False) -> Json:
    """Return the YAML value that *text* is; *as_text* leaves every scalar a string.

    ValueError for anything else: a key that stands twice in one mapping, a date that is
    none, a tag of a program, infinity, more than 100 levels or a million values
    (aliases can hold more than memory does).
    """
    try:
        loader = _Texts if as_text else _Values
        value: Json = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe
    except _NO_YAML as error:
        raise ValueError(_short(error)) from None
    _check_values(value)
    return value


def parse_toml(text: str) -> dict[str, Any]:
    """Return the tables that *text* is; ValueError for anything else."""
    try:
        tables = tomllib.loads(text)
    except (RecursionError, ValueError) as error:
        raise ValueError(_short(error)) from None
    _check_values(tables)
    return tables


def parse_number(text: str) -> int | None:
    """Return the whole number that *text* is, at most 12 ASCII digits; else None."""
    return int(text) if _SECONDS.match(text) else None


def parse_moment(text: str) -> datetime:
    """Return the aware UTC time that *text* is: ISO 8601, with ``Z`` or an offset.

    ValueError for anything else, for a time without a zone, and for years that no
    record of ours can have: a sum with such a time would leave the calendar.
    """
    return _sane(datetime.fromisoformat(text))


def parse_http_date(text: str) -> datetime:
    """Return the aware UTC time of a ``Date`` header; ValueError if it is none."""
    try:
        return _sane(parsedate_to_datetime(text))
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError(_short(error)) from None


def parse_delay(text: str, *, now: float) -> float | None:
    """Return a ``Retry-After``'s seconds from *now* (RFC 9110, 10.2.3), else None."""
    seconds = parse_number(text)
    if seconds is not None:
        return float(seconds)
    try:
        return max(0.0, parse_http_date(text).timestamp() - now)
    except ValueError:
        return None


def parse_epoch(seconds: str) -> datetime:
    """Return the aware UTC time of *seconds* since 1970; ValueError if it is none."""
    number = parse_number(seconds)
    if number is None or number >= _END_S:
        raise ValueError(f"{seconds[:_LONGEST_REASON]!r} is no time since 1970")
    return datetime.fromtimestamp(number, UTC)


def _sane(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("it has no time zone")
    if moment.year not in _YEARS:
        raise ValueError(f"the year {moment.year} is not one of ours")
    return moment.astimezone(UTC)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text[:_LONGEST_REASON]} is no number")
    return number


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > _DIGITS:
        raise ValueError(_TOO_LONG)
    return int(text)


def _short(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    words = " ".join(str(error).split()) or type(error).__name__
    if "int_max_str_digits" in words:  # Python speaks of its own setting
        return _TOO_LONG
    return words[:_LONGEST_REASON]


def _check_values(value: Json) -> None:
    """Raise ValueError for a value that nobody can walk through or reckon with."""
    level, depth, seen = [value], 0, 0
    while level:
        depth, seen = depth + 1, seen + len(level)
        if depth > _DEEPEST:
            raise ValueError(_TOO_DEEP)
        if seen > _MOST_NODES:
            raise ValueError(f"it has more than {_MOST_NODES} values")
        if not all(isfinite(each) for each in level if isinstance(each, float)):
            raise ValueError("it holds what is no number")
        if any(abs(each) >= 10**_DIGITS for each in level if isinstance(each, int)):
            raise ValueError(_TOO_LONG)
        # As many as still count: with aliases a few bytes of YAML hold a milliard.
        boxes = [each for each in level if isinstance(each, dict | list)]
        inside = (x.values() if isinstance(x, dict) else x for x in boxes)
        level = list(islice(chain.from_iterable(inside), _MOST_NODES + 1))


def _whole(value: Json) -> Json:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_HALF.sub("\ufffd", key): _whole(value[key]) for key in value}
    return value
