"""What runs where, what stops, where back, what is next and the one reason why not.

For an incident first, everything on request.
"""

import dataclasses
import re
import textwrap
from collections.abc import Callable
from datetime import datetime, timedelta

from monokeel.ground import freezes, report, words
from monokeel.ground import version as versions
from monokeel.ground.answers import Json, Unknown, ask
from monokeel.ground.settings import Settings
from monokeel.promotion import facts
from monokeel.promotion import gates as judging
from monokeel.promotion.plan import Plan, Request
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Place, Reading, knowing_time, read_promotion
from monokeel.promotion.records import ROLLBACK

_EVERYWHERE = {"hold": "on hold", "freeze": "frozen"}
_SHOWN = 160  # characters of a reason: two lines; the rest with --all
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PlaceStatus:
    """One environment for people: *back* is version → what is wrong (``""``: ready).

    *next_move* is the next step there, with release, images, approval asked, ``None``
    where nothing newer waits. *behind* counts the newer releases, *lacking* is how long
    the first of them is there, *elsewhere* says where it was blocked or taken back.
    """

    place: Place
    back: tuple[tuple[str, str], ...]
    next_move: Plan | None
    behind: int
    lacking: timedelta | None
    elsewhere: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All environments at one moment.

    *next_moves* are those of each version that is live, and of the newest, to every
    environment that is behind it: release and images are asked of the next step alone.
    """

    reading: Reading
    places: tuple[PlaceStatus, ...]
    next_moves: tuple[Plan, ...]
    hold: str | Unknown


def overview_of(outside: Outside, local: Settings, *, hold: str | None) -> Overview:
    """Return what runs where and what may go next; write nothing.

    *local* names the default branch; the rules come from there. *hold*: ``None`` means
    that GitHub is asked. Raises ServiceError when the remote or GitHub cannot be read.
    """
    reading = read_promotion(outside, local)
    held = outside.records.hold() if hold is None else hold

    def judge(version: str, place: Place, *, release: bool = False) -> Plan:
        pointers, asks = reading.pointers, release and place.environment.reviewers
        known = knowing_time(reading, outside, pointers.releases[version], place)
        there = facts.read_release(outside, pointers, version) if release else None
        approval = outside.records.protection(place.name) if asks else None
        at = dataclasses.replace(
            facts.facts_of(known, outside.clone, version, place.name),
            hold=held,
            release=there,
            # Where nobody can tell, whoever moves it is told.
            protection=None if isinstance(approval, Unknown) else approval,
        )
        request, gates = Request(environment=place.name), judging.evaluate(at)
        return Plan(request=request, reading=known, version=version, gates=gates)

    places = tuple(_status(each, reading, outside, judge) for each in reading.places)
    asked = [each.next_move for each in places if each.next_move is not None]
    known = {(each.version, each.place.name): each for each in asked}
    # What is live somewhere, and the newest release: what could be promoted at all.
    live = {place.version for place in reading.places if place.version}
    newest = versions.newest_first(reading.pointers.releases)[:1]
    return Overview(
        reading=reading,
        places=places,
        next_moves=tuple(
            known.get((version, place.name)) or judge(version, place)
            for version in versions.newest_first({*newest, *live})
            for place in reading.places
            if not place.version or versions.is_newer(version, place.version)
        ),
        hold=held,
    )


def _status(
    place: Place, reading: Reading, outside: Outside, judge: Callable[..., Plan]
) -> PlaceStatus:
    releases, clone = reading.pointers.releases, outside.clone
    every, here = versions.newest_first(releases), place.version
    pre, there = place.environment.prerelease, place.left_version
    taken = [each for each in every if pre or not versions.is_prerelease(each)]
    newer = [each for each in taken if here and versions.is_newer(each, here)]
    made = ask(lambda: clone.commit_time(releases[newer[-1]])) if newer else None
    # It comes from the environment before. Where nobody knows what is there, the way
    # back comes first.
    previous = reading.previous(place.name)
    wanted = previous.version if previous else [*taken, ""][0]
    goes = wanted and (versions.is_newer(wanted, there) if there else not place.left)
    why = reading.settings.blocked.get(here)
    elsewhere = [f"blocked: {why}"] if why else []
    for name in (x.name for x in reading.places if here and x.name != place.name):
        record = reading.ledger.track_record(name, place.commit or "")
        if record.outcome == "rolled_back":
            elsewhere.append(f"rolled back in {name}: {record.why}")
    return PlaceStatus(
        place=place,
        back=tuple(facts.ways_back(reading, outside, place)) if place.left else (),
        next_move=judge(wanted, place, release=True) if goes else None,
        behind=len(newer),
        lacking=reading.ledger.now - made if isinstance(made, datetime) else None,
        elsewhere=tuple(elsewhere),
    )


def overview_report(
    overview: Overview, *, whole: bool = False, columns: int = 80
) -> report.Report:
    """Return stops, drift and a line an environment, *columns* wide; *whole*: all."""
    reading, hold = overview.reading, overview.hold
    empty = not reading.pointers.releases and not reading.pointers.branches
    width = max((len(each.name) for each in reading.places), default=0) + 2
    lines = []
    for each in () if empty else overview.places:
        said = " · ".join(text for _, text in words_of(each, reading))
        lines.append(each.place.name.ljust(width) + said)

    def wrapped(lines: list[str], indent: int) -> report.Section:
        shape = textwrap.TextWrapper(columns - 2, break_on_hyphens=False)
        shape.subsequent_indent = " " * indent
        return report.Section("", tuple(x for each in lines for x in shape.wrap(each)))

    what = "Nothing is released in {} yet" if empty else "What runs where in {}"
    return report.Report(
        headline=what.format(reading.settings.repository),
        sections=(
            wrapped(alerts(overview), 2),
            wrapped(lines, width),
            *(_details(overview) if whole else ()),
        ),
        data={
            "environments": [_place_data(each) for each in overview.places],
            "next": [_next_data(each) for each in overview.next_moves],
            "hold": hold or None if isinstance(hold, str) else None,
            "hold_unknown": hold.reason if isinstance(hold, Unknown) else None,
            "freezes": [_freeze_data(x, reading) for x in reading.settings.freezes],
            "strays": list(reading.pointers.strays()),
        },
        problems=tuple(_drift(reading)),
    )


def alerts(overview: Overview) -> list[str]:
    """Return what stops promotions now, each once, and what is not as recorded."""
    hold, reading = overview.hold, overview.reading
    held = f"unknown: {hold.reason}" if isinstance(hold, Unknown) else words.brief(hold)
    said = [f"HOLD {held}"] if held else []
    for end, freeze in reading.freezes:
        where = f"{', '.join(freeze.environments)} until {end:%Y-%m-%d %H:%MZ}"
        said.append(f"FREEZE {where}: {words.brief(freeze.reason)}")
    return said + [f"DRIFT {line}" for line in _drift(reading)]


def _drift(reading: Reading) -> list[str]:
    found = [line for each in reading.places for line in each.drift]
    found += reading.pointers.strays()
    return [*found, *reading.ledger.unchecked.values()]


def words_of(each: PlaceStatus, reading: Reading) -> list[tuple[str, str]]:
    """Return what to say of a place, in order, each behind its kind: bad, good, dim."""
    # One unit is enough here: 3h, not 3h 12m.
    age = words.span(each.lacking).split()[0] if each.lacking is not None else ""
    said = [("dim", where_words(each.place, reading))]
    said += [("bad", text) for text in each.elsewhere]
    if each.behind:
        said.append(("", f"{each.behind} behind{age and f' for {age}'}"))
    ways = [("bad", f"{x}, {y}") if y else ("good", f"{x} ready") for x, y in each.back]
    if not ways and each.place.left is not None:
        ways.append(("dim", "nothing earlier was good here"))
    said += [(kind, f"back: {text}") for kind, text in ways[:1]] + ways[1:]
    if each.next_move is not None:
        kind = "dim" if each.next_move.stops else "good"
        said.append((kind, f"next: {next_words(each.next_move)}"))
    return said


def where_words(place: Place, reading: Reading) -> str:
    """Return what is in *place*, for how long, by whom, and what it came back from."""
    record, last = place.current, place.last
    if place.commit is None:
        return "nothing yet" if last is None else f"gone, was {last.version}"
    at = place.version or f"{place.commit[:12]} (no release)"
    if record is not None and not place.version:
        at = f"{record.version} (tag gone)"
    if record is None or record.live_from is None:
        unsure = reading.ledger.is_unsure(place.name, place.commit)
        return f"{at} ({'record not checked' if unsure else 'moved without a record'})"
    note, length = record.note, words.span(reading.ledger.now - record.live_from)
    said = f"{at} for {length.split()[0]}, by {record.by}"
    if record.task == ROLLBACK and note.from_version:
        said += f", back from {note.from_version}"
        said += f" ({words.brief(note.reason)})" if note.reason else ""
    approved = ", ".join(note.approvers)
    return f"{said}, approved by {approved}" if approved else said


def next_words(move: Plan) -> str:
    """Return the next step and the one reason why it cannot be made, if any."""
    if not move.stops:
        return f"{move.version} ready"
    # What stops everything is said at the top; the own reason says more.
    gate = next((x for x in move.stops if x.name not in _EVERYWHERE), move.stops[0])
    if gate.status == "unknown":
        said = f"{gate.name}: {words.brief(gate.detail, _SHOWN)}; {gate.fix}"
        return f"{move.version}, unknown ({said})"
    if gate.name == "soak" and "earliest " in gate.detail:
        return f"{move.version}, soak until {gate.detail.partition('earliest ')[2]}"
    reason = words.brief(_DIGEST.sub(r"\1…", gate.detail), _SHOWN)
    said = _EVERYWHERE.get(gate.name, f"{gate.name}: {reason}")
    return f"{move.version}, {said}"


def _details(overview: Overview) -> tuple[report.Section, ...]:
    rows = tuple(
        (x.version, x.place.name, x.decision.replace("refused", "no"), x.against)
        for x in overview.next_moves
    )
    odd = (
        f"record {each.id} in {each.environment} by {each.by}: {reason}"
        for each, reason in overview.reading.ledger.odd
    )
    table = report.Table(("version", "to", "answer", "why"), rows)
    uncounted = report.Section("Records that do not count", tuple(odd))
    return report.Section("What may go where", table=table), uncounted


def _place_data(each: PlaceStatus) -> Json:
    place, record, lacking = each.place, each.place.current, each.lacking
    since, note = (record.live_from, record.note) if record else (None, None)
    return {
        "name": place.name,
        "commit": place.commit,
        "version": place.version or None,
        "since": words.stamp(since) if since else None,
        "by": record.by if record else None,
        "record": record.id if record else None,
        "task": record.task if record else None,
        "from": note.from_version or None if note else None,
        "reason": note.reason if note else "",
        "approvers": list(note.approvers) if note else [],
        "drift": list(place.drift),
        "behind": each.behind,
        "behind_s": int(lacking.total_seconds()) if lacking is not None else None,
        "rolled_back_elsewhere": list(each.elsewhere),
        "back": [{"version": v, "ready": not why, "why": why} for v, why in each.back],
        "next": _next_data(each.next_move) if each.next_move else None,
    }


def _next_data(move: Plan) -> Json:
    return {
        "version": move.version,
        "environment": move.place.name,
        "eligible": not move.stops,
        "gates": [dataclasses.asdict(gate) for gate in move.gates],
    }


def _freeze_data(freeze: freezes.Freeze, reading: Reading) -> Json:
    window = freeze.window
    when: dict[str, Json] = (
        {"weekly": window.text, "zone": window.zone}
        if isinstance(window, freezes.Weekly)
        else {"from": words.stamp(window[0]), "to": words.stamp(window[1])}
    )
    return {
        "environments": list(freeze.environments),
        **when,
        "reason": freeze.reason,
        "active": freeze in [each for _, each in reading.freezes],
    }
