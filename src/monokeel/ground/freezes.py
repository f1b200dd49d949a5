"""``[[freezes]]``: when nothing moves, once or every week."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from monokeel.ground.toml import Key, Keys, ListOf, Text, fail, moment

Zones = Callable[[str], tzinfo]
"""Gives the time zone of a name such as ``Europe/Berlin``; UsageError without one."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AT = rf"(?:{'|'.join(_DAYS)}) (?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SUCH = '"Fri 16:00 - Mon 08:00"'
_WEEKLY = Text(rf"{_AT} - {_AT}\Z", f"Write day and time, twice: {_SUCH}.")
_ZONE = Text(
    r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*\Z",
    "Write the name of a time zone, such as Europe/Berlin.",
)
KEYS: Keys = {
    "environments": Key(ListOf(), "the environments that do not move", required=True),
    "from": Key(moment, "its first moment, with a zone"),
    "to": Key(moment, "the moment from which on things move again"),
    "weekly": Key(_WEEKLY, f"every week, such as {_SUCH}"),
    "zone": Key(_ZONE, "whose clocks weekly goes by, such as Europe/Berlin"),
    "reason": Key(Text(), "why, for whoever is stopped by it", required=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """From one day (0: Monday) and time to another, by the clocks of *zone*."""

    text: str
    zone: str
    first: int
    start: time
    last: int
    end: time

    def around(self, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return start and end (UTC) of the window that began last."""
        here = now.astimezone(zone)
        day = here.date() - timedelta(days=(here.weekday() - self.first) % 7)
        if datetime.combine(day, self.start, zone).astimezone(UTC) > now:
            day -= timedelta(days=7)
        days = (self.last - self.first) % 7
        if days == 0 and self.end <= self.start:
            days = 7
        # Clocks first, then UTC: a change to winter time makes a window longer, and one
        # that ends in the hour that is there twice ends in the second.
        start = datetime.combine(day, self.start, zone)
        end = datetime.combine(day + timedelta(days=days), self.end, zone)
        ends = (end.astimezone(UTC), end.replace(fold=1).astimezone(UTC))
        return start.astimezone(UTC), max(ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """No promotion to *environments* in *window*; its end is no part of it."""

    environments: tuple[str, ...]
    window: tuple[datetime, datetime] | Weekly
    reason: str

    def open_until(self, now: datetime, zones: Zones) -> datetime | None:
        """Return the end of the window that is open at *now*, ``None`` if none is."""
        window = self.window
        if isinstance(window, Weekly):
            start, end = window.around(now, zones(window.zone))
        else:
            start, end = window
        return end if start <= now < end else None


def make_freeze(where: str, given: dict[str, Any]) -> Freeze:
    """Return the freeze of the values *given*; UsageError if they make no sense."""
    weekly: str | None = given.get("weekly")
    if weekly is None and "zone" in given:
        fix = "Take it out; from and to have a zone of their own."
        raise fail(f"{where}: zone goes with weekly alone", fix=fix)
    for key in ("zone",) if weekly else ("from", "to"):
        if key not in given:
            raise fail(f"{where} {key} is missing or empty")
    window: tuple[datetime, datetime] | Weekly
    if weekly is None:
        window = given["from"], given["to"]
        if window[1] <= window[0]:
            raise fail(f"{where}: to = {window[1]} is not after from")
    elif given.keys() & {"from", "to"}:
        fix = "Make two freezes of it."
        raise fail(f"{where}: weekly does not go with from and to", fix=fix)
    else:
        first, start, last, end = weekly.replace(" - ", " ").split(" ")
        window = Weekly(
            text=weekly,
            zone=given["zone"],
            first=_DAYS.index(first),
            start=time(int(start[:2]), int(start[3:])),
            last=_DAYS.index(last),
            end=time(int(end[:2]), int(end[3:])),
        )
    where_to, why = given["environments"], given["reason"]
    return Freeze(environments=where_to, window=window, reason=why)
