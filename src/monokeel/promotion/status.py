"""What runs where, since when and by whom, what may go next and why not."""

from dataclasses import dataclass
from datetime import datetime

from monokeel.ground.answers import Json
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Environment, Settings
from monokeel.ground.version import newest_first
from monokeel.ground.words import span, stamp
from monokeel.promotion.history import Records
from monokeel.promotion.next_moves import Judge, Next, Place
from monokeel.promotion.pointers import (
    Pointers,
    Remote,
    newest_live,
    pointer_drift,
    read_remote,
    unread_for_newest,
)
from monokeel.promotion.records import Ledger
from monokeel.promotion.track_record import read_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All environments at one moment; *versions* are the rows, the newest first."""

    settings: Settings
    places: tuple[Place, ...]
    versions: tuple[str, ...]
    following: tuple[Next, ...]
    hold: str
    now: datetime


def look_around(
    clone: Remote, records: Records, local: Settings, *, hold: str
) -> Overview:
    """Return what runs where and what may go next; write nothing.

    *local* names the default branch; the rules come from there. Raises ServiceError
    when the remote or GitHub cannot be read.
    """
    settings, pointers = read_remote(clone, local)
    latest = newest_first(pointers.releases)[:1]
    commits = [pointers.releases[each] for each in latest]
    if any(clone.commit_of(c) is None for c in (*commits, *pointers.branches.values())):
        clone.fetch()
    ledger, now = _read(records, settings)
    places = tuple(
        _place(each, pointers, ledger, now) for each in settings.environments
    )
    # What is live somewhere, and the newest release: what could be promoted at all.
    versions = newest_first({*latest, *(p.version for p in places if p.version)})
    judge = Judge(
        clone=clone,
        records=records,
        settings=settings,
        pointers=pointers,
        hold=hold,
        now=now,
    )
    return Overview(
        settings=settings,
        places=places,
        versions=versions,
        following=judge.following(places, versions, ledger),
        hold=hold,
        now=now,
    )


def _read(records: Records, settings: Settings) -> tuple[Ledger, datetime]:
    names = [each.name for each in settings.environments]
    ledger = Ledger(records=records.newest(names).records)
    now = records.now()

    def ask(known: Ledger) -> tuple[int, ...]:
        # Down to the newest confirmed move of each: one request per environment.
        return tuple(n for name in names for n in unread_for_newest(known, name))

    return read_on(ledger, records.statuses, ask), now


def _place(
    environment: Environment, pointers: Pointers, ledger: Ledger, now: datetime
) -> Place:
    commit = pointers.branches.get(environment.name)
    last = newest_live(ledger, environment.name)
    here = last is not None and last.sha == commit
    return Place(
        environment=environment,
        commit=commit,
        version=pointers.version_at(commit),
        last=last if here else None,
        since=ledger.live_from(last) if last is not None and here else None,
        drift=pointer_drift(pointers, ledger, environment.name, now),
    )


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
        return f"{each.environment}: ready" + (
            f" ({each.setback})" if each.setback else ""
        )
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
                "rolled_back": each.setback or None,
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
                "from": stamp(freeze.start),
                "to": stamp(freeze.end),
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
        "since": stamp(place.since) if place.since is not None else None,
        "by": place.last.by if place.last is not None else None,
        "record": place.last.id if place.last is not None else None,
        "drift": list(place.drift),
    }
