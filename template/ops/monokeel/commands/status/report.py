"""The answers about environments, for people and for machines."""

from datetime import datetime

from monokeel.commands.status.history import History, Move
from monokeel.commands.status.overview import Next, Overview, Place
from monokeel.core.lookup import Json
from monokeel.core.report import Report, Section, Table
from monokeel.core.snapshot import span


def overview_report(overview: Overview) -> Report:
    """Return the table of versions and environments, and why a move is refused."""
    names = [place.environment.name for place in overview.places]
    rows = [_row(version, overview) for version in overview.versions]
    odd = {p.commit[:12] for p in overview.places if p.commit and not p.version}
    rows += [_row(label, overview) for label in sorted(odd)]
    table = Table(("version", *names, "next"), tuple(rows))
    drift = [line for place in overview.places for line in place.drift]
    why = [
        f"{each.version} -> {each.environment}: {gate.name}: {gate.detail}"
        for each in overview.following
        for gate in each.gates
        if gate.status in ("refused", "unknown")
    ]
    repository = overview.settings.repository
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


def history_report(history: History) -> Report:
    """Return the moves of one environment, the newest first."""
    columns = ("when", "version", "from", "task", "by", "live for", "state", "reason")
    rows = tuple(_move_row(move) for move in history.moves)
    unseen = (
        (f"moves outside promote could not be looked for: {history.unseen}",)
        if history.unseen
        else ()
    )
    name = history.environment
    return Report(
        headline=f"Moves of {name}" if rows else f"Nothing was promoted to {name} yet",
        sections=(
            Section("", table=Table(columns, rows)),
            Section("Not seen", unseen),
        ),
        data={
            "environment": name,
            "moves": [_move_data(move) for move in history.moves],
            "unseen": history.unseen or None,
        },
    )


def _row(label: str, overview: Overview) -> tuple[str, ...]:
    cells = [_cell(label, place, overview.now) for place in overview.places]
    following = " · ".join(
        _short(each) for each in overview.following if each.version == label
    )
    return (label, *cells, following)


def _cell(label: str, place: Place, now: datetime) -> str:
    if place.commit is None or label not in (place.version, place.commit[:12]):
        return ""
    if place.last is None or place.since is None:
        return "●"
    # One unit is enough here: 3h, not 3h 12m.
    age = span(now - place.since).split()[0]
    return f"● {age} by {place.last.by or 'unknown'}"


def _short(each: Next) -> str:
    if each.eligible:
        return f"{each.environment}: ready"
    names = [g.name for g in each.gates if g.status in ("refused", "unknown")]
    return f"{each.environment}: no ({', '.join(names)})"


def _stops(overview: Overview) -> tuple[str, ...]:
    running = [
        f"freeze of {', '.join(f.environments)} until {f.end:%Y-%m-%d %H:%MZ}:"
        f" {f.reason}"
        for f in overview.settings.freezes
        if f.start <= overview.now < f.end
    ]
    return (*([f"hold: {overview.hold}"] if overview.hold else []), *running)


def _overview_data(overview: Overview) -> dict[str, Json]:
    return {
        "environments": [_place_data(place) for place in overview.places],
        "next": [
            {
                "version": each.version,
                "environment": each.environment,
                "eligible": each.eligible,
                "gates": [
                    {"name": g.name, "status": g.status, "detail": g.detail}
                    for g in each.gates
                ],
            }
            for each in overview.following
        ],
        "hold": overview.hold or None,
        "freezes": [
            {
                "environments": list(freeze.environments),
                "from": _time(freeze.start),
                "to": _time(freeze.end),
                "reason": freeze.reason,
                "active": freeze.start <= overview.now < freeze.end,
            }
            for freeze in overview.settings.freezes
        ],
    }


def _place_data(place: Place) -> Json:
    return {
        "name": place.environment.name,
        "commit": place.commit,
        "version": place.version or None,
        "since": _time(place.since) if place.since is not None else None,
        "by": place.last.by if place.last is not None else None,
        "record": place.last.id if place.last is not None else None,
        "drift": list(place.drift),
    }


def _move_row(move: Move) -> tuple[str, ...]:
    note = move.record.note if move.record is not None else None
    reasons = [move.why] if move.why else []
    reasons += [note.reason] if note is not None and note.reason else []
    if note is not None:
        reasons += [f"{gate} overridden: {why}" for gate, why in note.overrides.items()]
        reasons += (
            [f"approved by {', '.join(note.approvers)}"] if note.approvers else []
        )
    return (
        f"{move.at:%Y-%m-%d %H:%MZ}",
        move.version,
        move.before or "-",
        move.task,
        move.by or "unknown",
        span(move.live_for) if move.live_for is not None else "-",
        move.state,
        "; ".join(reasons),
    )


def _move_data(move: Move) -> Json:
    note = move.record.note if move.record is not None else None
    lived = move.live_for
    return {
        "at": _time(move.at),
        "version": move.version,
        "from": move.before or None,
        "task": move.task,
        "by": move.by,
        "state": move.state,
        "live_s": int(lived.total_seconds()) if lived is not None else None,
        "record": move.record.id if move.record is not None else None,
        "approvers": list(note.approvers) if note is not None else [],
        "reason": note.reason if note is not None else "",
        "why": move.why,
        "overrides": dict(note.overrides) if note is not None else {},
        "run": note.run_url if note is not None else "",
    }


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
