"""How moments and lengths of time are written and read."""

from datetime import datetime, timedelta

from monokeel.ground.errors import ServiceError
from monokeel.ground.parsers import parse_moment


def when(text: str) -> str:
    """Return *text*, a time as GitHub wrote it, for people: ``2026-11-24 14:44Z``."""
    try:
        return f"{parse_time(text):%Y-%m-%d %H:%MZ}"
    except ServiceError:
        return text


def parse_time(text: str) -> datetime:
    """Return the aware UTC time that GitHub wrote as *text* (``Z`` or an offset)."""
    try:
        return parse_moment(text)
    except ValueError as error:
        what = f"unexpected answer: {text[:40]!r} is not a time"
        raise ServiceError(f"{what}: {error}") from error


def span(length: timedelta) -> str:
    """Return *length* in its two largest units, ``3d 4h``; below nothing is ``0s``."""
    seconds = max(int(length.total_seconds()), 0)
    days, hours = seconds // 86_400, seconds // 3_600 % 24
    parts = {"d": days, "h": hours, "m": seconds // 60 % 60, "s": seconds % 60}
    shown = [f"{count}{unit}" for unit, count in parts.items() if count]
    return " ".join(shown[:2]) or "0s"


def brief(text: str, length: int = 100) -> str:
    """Return *text* on one line of at most *length* characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def stamp(moment: datetime) -> str:
    """Return *moment* for machines."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
