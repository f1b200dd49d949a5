"""What runs where, since when and by whom, what may go next and why not."""

from dataclasses import dataclass
from datetime import datetime

from monokeel.ground.answers import Json
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings
from monokeel.ground.version import newest_first
from monokeel.ground.words import span, stamp
from monokeel.promotion.next_moves import NextMove, next_moves
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Place, Reading, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All environments at one moment; *versions* are the rows, the newest first."""

    reading: Reading
    versions: tuple[str, ...]
    next_moves: tuple[NextMove, ...]
    hold: str


def overview_of(outside: Outside, local: Settings, *, hold: str) -> Overview:
    """Return what runs where and what may go next; write nothing.

    *local* names the default branch; the rules come from there. Raises ServiceError
    when the remote or GitHub cannot be read.
    """
    reading = read(outside, local)
    latest = newest_first(reading.pointers.releases)[:1]
    # What is live somewhere, and the newest release: what could be promoted at all.
    live = [place.version for place in reading.places if place.version]
    versions = newest_first({*latest, *live})
    return Overview(
        reading=reading,
        versions=versions,
        next_moves=next_moves(reading, outside, versions, hold=hold),
        hold=hold,
    )


def overview_report(overview: Overview) -> Report:
    """Return the table of versions and environments, and why a move is refused."""
    names = [place.name for place in overview.reading.places]
    rows = [_row(version, overview) for version in overview.versions]
    odd = {p.commit[:12] for p in overview.reading.places if p.commit and not p.version}
    rows += [_row(label, overview) for label in sorted(odd)]
    table = Table(("version", *names, "next"), tuple(rows))
    drift = [line for place in overview.reading.places for line in place.drift]
    why = [
        f"{each.version} -> {each.environment}: {gate.name}: {gate.detail}"
        for each in overview.next_moves
        for gate in each.gates
        if gate.status in ("refused", "unknown")
    ]
    repository = overview.reading.settings.repository
    headline = f"What runs where in {repository}"
    if not overview.versions and not odd:
        headline = f"Nothing is released in {repository} yet"
    return Report(
        headline=headline,
        sections=(
            Section("", table=table),
            Section("Drift", tuple(drift)),
            Section("Why not", tuple(why)),
            Section("Stops", _stops(overview)),
        ),
        data=_overview_data(overview),
        problems=tuple(drift),
    )


def _row(label: str, overview: Overview) -> tuple[str, ...]:
    cells = [
        _cell(label, place, overview.reading.now) for place in overview.reading.places
    ]
    next_up = " · ".join(
        _short(each) for each in overview.next_moves if each.version == label
    )
    return (label, *cells, next_up)


def _cell(label: str, place: Place, now: datetime) -> str:
    if place.commit is None or label not in (place.version, place.commit[:12]):
        return ""
    if place.current is None or place.since is None:
        return "●"
    # One unit is enough here: 3h, not 3h 12m.
    age = span(now - place.since).split()[0]
    return f"● {age} by {place.current.by}"


def _short(each: NextMove) -> str:
    if each.eligible:
        return f"{each.environment}: ready" + (
            f" ({each.setback})" if each.setback else ""
        )
    names = [g.name for g in each.gates if g.status in ("refused", "unknown")]
    return f"{each.environment}: no ({', '.join(names)})"


def _stops(overview: Overview) -> tuple[str, ...]:
    running = [
        f"freeze of {', '.join(f.environments)} until {f.end:%Y-%m-%d %H:%MZ}:"
        f" {f.reason}"
        for f in overview.reading.settings.freezes
        if f.start <= overview.reading.now < f.end
    ]
    return (*([f"hold: {overview.hold}"] if overview.hold else []), *running)


def _overview_data(overview: Overview) -> dict[str, Json]:
    return {
        "environments": [_place_data(place) for place in overview.reading.places],
        "next": [
            {
                "version": each.version,
                "environment": each.environment,
                "eligible": each.eligible,
                "rolled_back": each.setback or None,
                "gates": [
                    {"name": g.name, "status": g.status, "detail": g.detail}
                    for g in each.gates
                ],
            }
            for each in overview.next_moves
        ],
        "hold": overview.hold or None,
        "freezes": [
            {
                "environments": list(freeze.environments),
                "from": stamp(freeze.start),
                "to": stamp(freeze.end),
                "reason": freeze.reason,
                "active": freeze.start <= overview.reading.now < freeze.end,
            }
            for freeze in overview.reading.settings.freezes
        ],
    }


def _place_data(place: Place) -> Json:
    return {
        "name": place.name,
        "commit": place.commit,
        "version": place.version or None,
        "since": stamp(place.since) if place.since is not None else None,
        "by": place.current.by if place.current is not None else None,
        "record": place.current.id if place.current is not None else None,
        "drift": list(place.drift),
    }
