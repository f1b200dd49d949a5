from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from monokeel.ground.freezes import KEYS, Freeze, make_freeze
from monokeel.ground.toml import read_table

BERLIN = "Europe/Berlin"


def zone(name: str) -> tzinfo:
    return ZoneInfo(name)


def weekly(text: str, place: str = BERLIN) -> Freeze:
    table = {
        "environments": ["prod"],
        "weekly": text,
        "zone": place,
        "reason": "weekend",
    }
    return make_freeze("[[freezes]] 1", read_table(KEYS, table))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-07-03 13:59", None),  # a Friday, 15:59 in Berlin
        ("2026-07-03 14:00", "2026-07-06 06:00"),
        ("2026-07-05 12:00", "2026-07-06 06:00"),
        ("2026-07-06 05:59", "2026-07-06 06:00"),
        ("2026-07-06 06:00", None),
        ("2026-07-08 12:00", None),
        ("2026-12-04 14:30", None),  # winter: 15:30 in Berlin
        ("2026-12-04 15:00", "2026-12-07 07:00"),
        ("2026-10-23 14:00", "2026-10-26 07:00"),  # over the change to winter time
        ("2026-03-27 15:00", "2026-03-30 06:00"),  # over the change to summer time
    ],
)
def test_a_weekend_goes_by_the_clocks_of_its_zone(now: str, end: str | None) -> None:
    found = weekly("Fri 16:00 - Mon 08:00").open_until(utc(now), zone)

    assert found == (utc(end) if end else None)


@pytest.mark.parametrize(
    ("text", "now", "end"),
    [
        ("Tue 09:00 - Tue 17:00", "2026-07-07 10:00", "2026-07-07 17:00"),
        ("Tue 09:00 - Tue 17:00", "2026-07-07 17:00", None),
        ("Tue 17:00 - Tue 09:00", "2026-07-08 10:00", "2026-07-14 09:00"),
        ("Tue 17:00 - Tue 09:00", "2026-07-07 10:00", None),
        ("Sun 22:00 - Mon 02:00", "2026-07-06 01:00", "2026-07-06 02:00"),
    ],
    ids=["one day", "its end", "but one day", "that day", "over the week's end"],
)
def test_a_window_may_lie_anywhere_in_the_week(
    text: str, now: str, end: str | None
) -> None:
    found = weekly(text, "UTC").open_until(utc(now), zone)

    assert found == (utc(end) if end else None)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        # Europe/Berlin goes from 02:00 to 03:00: there is no 02:15 that Sunday.
        ("2027-03-28 01:10", None),
        ("2027-03-28 01:15", "2027-03-28 01:45"),
        ("2027-03-28 01:45", None),
        # And from 03:00 back to 02:00: 02:15 to 02:45 is there twice.
        ("2027-10-31 00:14", None),
        ("2027-10-31 00:15", "2027-10-31 01:45"),
        ("2027-10-31 01:44", "2027-10-31 01:45"),
        ("2027-10-31 01:45", None),
    ],
)
def test_an_hour_that_is_there_twice_or_never_is_frozen_once(
    now: str, end: str | None
) -> None:
    found = weekly("Sun 02:15 - Sun 02:45").open_until(utc(now), zone)

    assert found == (None if end is None else utc(end))
