"""``[[freezes]]``: when nothing moves, once or every week."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from monokeel.ground.toml import Fields, fail

Zones = Callable[[str], tzinfo]
"""Gives the time zone of a name such as ``Europe/Berlin``; UsageError without one."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AT = rf"({'|'.join(_DAYS)}) ([01][0-9]|2[0-3]):([0-5][0-9])"
_WEEKLY = re.compile(rf"{_AT} - {_AT}\Z")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """From one day and time of the week to another, by the clocks of *zone*.

    *first* and *last* are days, 0 for Monday.
    """

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
        # Clocks first, then UTC: a change to winter time makes a window longer.
        start = datetime.combine(day, self.start, zone)
        end = datetime.combine(day + timedelta(days=days), self.end, zone)
        return start.astimezone(UTC), end.astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """No promotion to *environments* in *window*: from a moment to another, or weekly.

    It is open from its start on, and no longer at its end.
    """

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


def parse_freeze(table: Fields, environments: Sequence[str]) -> Freeze:
    """Return the freeze that *table* describes; UsageError if it does not make sense.

    *environments* are the known ones; an unknown one is the caller's to refuse.
    """
    names = table.texts("environments")
    if not names:
        raise fail(
            f"{table.where}: environments is missing or empty: nothing would freeze",
            fix=f"Name some of: {', '.join(environments)}.",
        )
    freeze = Freeze(
        environments=names,
        window=_weekly(table) if "weekly" in table else _once(table),
        reason=table.text("reason"),
    )
    table.finish()
    return freeze


def _once(table: Fields) -> tuple[datetime, datetime]:
    start, end = table.moment("from"), table.moment("to")
    table.optional_text("weekly", _WEEKLY)
    table.optional_text("zone", _ZONE)
    if end <= start:
        raise fail(f"{table.where}: to = {end} is not after from")
    return start, end


def _weekly(table: Fields) -> Weekly:
    text = table.text("weekly")
    found = _WEEKLY.match(text)
    if found is None:
        raise fail(
            f"{table.where}: weekly = {text!r} is not understood",
            fix='Write day and time, twice: weekly = "Fri 16:00 - Mon 08:00".',
        )
    if "from" in table or "to" in table:
        raise fail(
            f"{table.where}: weekly does not go with from and to",
            fix="Make two freezes of it.",
        )
    return Weekly(
        text=text,
        zone=table.text("zone", _ZONE),
        first=_DAYS.index(found[1]),
        start=time(int(found[2]), int(found[3])),
        last=_DAYS.index(found[4]),
        end=time(int(found[5]), int(found[6])),
    )
