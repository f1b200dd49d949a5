"""How moments and lengths of time are written and read."""

from datetime import UTC, datetime, timedelta

from monokeel.ground.errors import ServiceError


def when(text: str) -> str:
    """Return *text*, a time as GitHub wrote it, for people: ``2026-11-24 14:44Z``."""
    try:
        return f"{parse_time(text):%Y-%m-%d %H:%MZ}"
    except ServiceError:
        return text


def parse_time(text: str) -> datetime:
    """Return the aware UTC time that GitHub wrote as *text* (``Z`` or an offset)."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ServiceError(f"unexpected answer: {text!r} is not a time") from error
    if moment.tzinfo is None:
        raise ServiceError(f"unexpected answer: {text!r} has no time zone")
    return moment.astimezone(UTC)


def span(length: timedelta) -> str:
    """Return *length* for people, in its two largest units: ``3d 4h``, ``20m``."""
    seconds = int(length.total_seconds())
    parts = [
        (seconds // 86_400, "d"),
        (seconds // 3_600 % 24, "h"),
        (seconds // 60 % 60, "m"),
        (seconds % 60, "s"),
    ]
    shown = [f"{count}{unit}" for count, unit in parts if count]
    return " ".join(shown[:2]) or "0s"


def stamp(moment: datetime) -> str:
    """Return *moment* for machines."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
