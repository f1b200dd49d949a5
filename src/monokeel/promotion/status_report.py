"""The report of status: for an incident first, everything on request."""

import re
import textwrap
from dataclasses import asdict

from monokeel.ground.answers import Json, Unknown
from monokeel.ground.freezes import Freeze, Weekly
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.words import brief, span, stamp
from monokeel.promotion.gates import Gate
from monokeel.promotion.reading import Place, Reading
from monokeel.promotion.records import ROLLBACK
from monokeel.promotion.status import NextMove, Overview, PlaceStatus

_EVERYWHERE = {"hold": "on hold", "freeze": "frozen"}
_SHOWN = 160  # characters of a reason: two lines; the rest with --all
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")


def overview_report(
    overview: Overview, *, whole: bool = False, columns: int = 80
) -> Report:
    """Return stops and drift, then one line an environment; the rest if *whole*.

    *columns* is how wide a line may be, the two blanks before it among them.
    """
    reading = overview.reading
    repository = reading.settings.repository
    empty = not reading.pointers.releases and not reading.pointers.branches
    width = max((len(each.name) for each in reading.places), default=0) + 2
    bad = [x for each in alerts(overview) for x in _wrapped(each, 2, columns)]
    lines = [
        part
        for each in overview.places
        for part in _wrapped(_place_line(each, width, reading), width, columns)
    ]
    return Report(
        headline=f"Nothing is released in {repository} yet"
        if empty
        else f"What runs where in {repository}",
        sections=(
            Section("", tuple(bad)),
            Section("", () if empty else tuple(lines)),
            *(_details(overview) if whole else ()),
        ),
        data=_overview_data(overview),
        problems=tuple(_drift(reading)),
    )


def alerts(overview: Overview) -> list[str]:
    """Return what stops promotions now, each once, and what is not as recorded."""
    hold, reading = overview.hold, overview.reading
    held = f"unknown: {hold.reason}" if isinstance(hold, Unknown) else brief(hold)
    said = [f"HOLD {held}"] if held else []
    said += [
        f"FREEZE {', '.join(freeze.environments)} until {end:%Y-%m-%d %H:%MZ}:"
        f" {brief(freeze.reason)}"
        for end, freeze in reading.freezes
    ]
    return said + [f"DRIFT {line}" for line in _drift(reading)]


def _drift(reading: Reading) -> list[str]:
    found = [line for each in reading.places for line in each.drift]
    return [
        *found,
        *reading.pointers.strays(reading.settings),
        *reading.unchecked.values(),
    ]


def _place_line(each: PlaceStatus, width: int, reading: Reading) -> str:
    parts = [where_words(each.place, reading), *each.elsewhere]
    parts += [behind_words(each)] if each.behind else []
    if each.back:
        ways = (f"{v}, {why}" if why else f"{v} ready" for v, why in each.back)
        parts.append(f"back: {' · '.join(ways)}")
    elif each.place.left is not None:
        parts.append("back: nothing earlier was good here")
    if each.next_move is not None:
        parts.append(f"next: {next_words(each.next_move)}")
    return f"{each.place.name.ljust(width)}{' · '.join(parts)}"


def behind_words(each: PlaceStatus) -> str:
    """Return how many releases it is behind, and for how long; ``""`` for none."""
    if not each.behind:
        return ""
    # One unit is enough here: 3h, not 3h 12m.
    age = span(each.lacking).split()[0] if each.lacking is not None else ""
    return f"{each.behind} behind" + (f" for {age}" if age else "")


def where_words(place: Place, reading: Reading) -> str:
    """Return what is in *place*, for how long, by whom, and what it came back from."""
    record, commit = place.current, place.commit
    if commit is None:
        return (
            "nothing yet" if place.last is None else f"gone, was {place.last.version}"
        )
    at = place.version or f"{commit[:12]} (no release)"
    if record is not None and not place.version:
        at = f"{record.version} (tag gone)"
    if record is None or record.live_from is None:
        return f"{at} (moved without a record)"
    age = span(reading.now - record.live_from).split()[0]
    said = f"{at} for {age}, by {record.by}"
    if record.task == ROLLBACK and record.note.from_version:
        why = f" ({brief(record.note.reason)})" if record.note.reason else ""
        said += f", back from {record.note.from_version}{why}"
    if record.note.approvers:
        said += f", approved by {', '.join(record.note.approvers)}"
    return said


def next_words(move: NextMove) -> str:
    """Return the next step and the one reason why it cannot be made, if any."""
    stops = move.stops
    if not stops:
        return f"{move.version} ready"
    # What stops everything is said at the top; the own reason says more.
    gate = next((x for x in stops if x.name not in _EVERYWHERE), stops[0])
    if gate.status == "unknown":
        said = f"{gate.name}: {brief(gate.detail, _SHOWN)}; {gate.fix}"
        return f"{move.version}, unknown ({said})"
    return f"{move.version}, {_reason(gate)}"


def _reason(gate: Gate) -> str:
    if gate.name == "soak" and "earliest " in gate.detail:
        return f"soak until {gate.detail.partition('earliest ')[2]}"
    short = _DIGEST.sub(r"\1…", gate.detail)
    return _EVERYWHERE.get(gate.name, f"{gate.name}: {brief(short, _SHOWN)}")


def _wrapped(line: str, indent: int, columns: int) -> list[str]:
    rest = " " * indent
    return textwrap.wrap(
        line, width=columns - 2, subsequent_indent=rest, break_on_hyphens=False
    )


def _details(overview: Overview) -> tuple[Section, ...]:
    rows = []
    for move in overview.next_moves:
        statuses = {"refused": "no", "unknown": "unknown"}
        answer = statuses[move.stops[0].status] if move.stops else "ready"
        why = "; ".join(f"{gate.name}: {gate.detail}" for gate in move.stops)
        rows.append((move.version, move.environment, answer, why))
    odd = [
        f"record {record.id} in {record.environment} by {record.by}: {reason}"
        for record, reason in overview.reading.ledger.odd
    ]
    columns = ("version", "to", "answer", "why")
    return (
        Section("What may go where", table=Table(columns, tuple(rows))),
        Section("Records that do not count", tuple(odd)),
    )


def _overview_data(overview: Overview) -> dict[str, Json]:
    hold, reading = overview.hold, overview.reading
    return {
        "environments": [_place_data(each) for each in overview.places],
        "next": [_next_data(each) for each in overview.next_moves],
        "hold": hold or None if isinstance(hold, str) else None,
        "hold_unknown": hold.reason if isinstance(hold, Unknown) else None,
        "freezes": [
            _freeze_data(freeze, reading) for freeze in reading.settings.freezes
        ],
        "strays": list(reading.pointers.strays(reading.settings)),
    }


def _place_data(each: PlaceStatus) -> Json:
    place, record, lacking = each.place, each.place.current, each.lacking
    since = record.live_from if record is not None else None
    return {
        "name": place.name,
        "commit": place.commit,
        "version": place.version or None,
        "since": stamp(since) if since is not None else None,
        "by": record.by if record is not None else None,
        "record": record.id if record is not None else None,
        "task": record.task if record is not None else None,
        "from": record.note.from_version or None if record is not None else None,
        "reason": record.note.reason if record is not None else "",
        "approvers": list(record.note.approvers) if record is not None else [],
        "drift": list(place.drift),
        "behind": each.behind,
        "behind_s": int(lacking.total_seconds()) if lacking is not None else None,
        "rolled_back_elsewhere": list(each.elsewhere),
        "back": [
            {"version": version, "ready": not why, "why": why}
            for version, why in each.back
        ],
        "next": _next_data(each.next_move) if each.next_move is not None else None,
    }


def _next_data(move: NextMove) -> Json:
    return {
        "version": move.version,
        "environment": move.environment,
        "eligible": not move.stops,
        "gates": [asdict(gate) for gate in move.gates],
    }


def _freeze_data(freeze: Freeze, reading: Reading) -> Json:
    window = freeze.window
    when: dict[str, Json] = (
        {"weekly": window.text, "zone": window.zone}
        if isinstance(window, Weekly)
        else {"from": stamp(window[0]), "to": stamp(window[1])}
    )
    return {
        "environments": list(freeze.environments),
        **when,
        "reason": freeze.reason,
        "active": freeze in [each for _, each in reading.freezes],
    }
