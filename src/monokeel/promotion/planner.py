"""Decide on a promotion: all gates over one reading."""

from collections.abc import Mapping
from dataclasses import replace

from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.ground.version import parse_wanted
from monokeel.promotion.checks import Gate
from monokeel.promotion.facts import facts_of, read_release
from monokeel.promotion.gates import evaluate, parse_overrides
from monokeel.promotion.plan import Kind, Plan, Request
from monokeel.promotion.ports import Outside
from monokeel.promotion.preflight import push_outlook
from monokeel.promotion.reading import Reading, knowing_time, read
from monokeel.promotion.rollback import choose_version, command, is_done, ways_back
from monokeel.release.record import ReleaseRecord


def plan_promotion(request: Request, outside: Outside, local: Settings) -> Plan:
    """Return what promoting as *request* says would do; write nothing.

    *local* is the platform.toml at hand: only its branch and tag prefix count. Raises
    UsageError for a wrong argument or policy, RefusedError for an unknown version,
    ServiceError when the remote or GitHub cannot be read.
    """
    overrides = parse_overrides(request.overrides, request.emergency)
    name, wanted = request.environment, request.wanted_version(local.tag_prefix)
    reading = read(outside, local, environment=name, version=wanted)
    if request.rollback and _is_done(request, reading, wanted):
        version = reading.place(name).version
        return Plan(kind="finished", request=request, reading=reading, version=version)
    if not wanted:
        wanted, reading = choose_version(reading, outside, name)
    there = reading.place(name).commit == reading.pointers.releases[wanted]
    kind: Kind = "adopt" if there else "move"
    if there and reading.place(name).current is not None:
        kind = "there"
    plan = Plan(kind=kind, request=request, reading=reading, version=wanted)
    return plan if kind == "there" else _judged(plan, outside, overrides)


def _is_done(request: Request, reading: Reading, wanted: str) -> bool:
    left = request.left.strip()
    if left:
        left = parse_wanted(left, prefix=reading.settings.tag_prefix)
    if wanted and not left:
        return False
    if wanted and wanted == reading.place(request.environment).version:
        return False  # there already, from wherever
    return is_done(reading, request.environment, left, request.run_url)


def _judged(plan: Plan, outside: Outside, overrides: Mapping[str, str]) -> Plan:
    request, version = plan.request, plan.version
    reading = knowing_time(plan.reading, outside, version, plan.place)
    settings, pointers = reading.settings, reading.pointers
    release, artifact = read_release(outside, settings, pointers, version)
    hold = outside.records.hold() if request.hold is None else request.hold
    refusal, warnings = "", tuple[str, ...]()
    if request.by_token and plan.kind == "move":
        refusal, warnings = push_outlook(reading, outside, plan.place, version)
    facts = replace(
        facts_of(reading, outside.clone, version, plan.place.name, hold=hold),
        release=release,
        artifact=artifact,
        protection=outside.records.protection(plan.place.name),
        push_refusal=refusal,
        rollback=request.rollback,
    )
    gates = evaluate(facts, overrides)
    used = {gate.name for gate in gates if gate.status == "overridden"}
    digests = release.images if isinstance(release, ReleaseRecord) else ()
    return replace(
        plan,
        reading=reading,
        gates=tuple(_with_ready(gate, plan, outside) for gate in gates),
        overrides={name: why for name, why in overrides.items() if name in used},
        digests={image.service: image.digest for image in digests},
        warnings=(*warnings, *reading.unchecked.values()),
        changes=_changes(plan, outside),
    )


def _changes(plan: Plan, outside: Outside) -> tuple[str, ...]:
    left, there = plan.place.left, plan.commit
    if left is None or plan.kind != "move":
        return ()
    span = (there, left) if plan.request.rollback else (left, there)
    try:
        log = [message for _, message in outside.clone.log(*span)]
    except NO_ANSWER:  # a clone without history; the gates say so
        return ()
    return tuple(message.partition("\n")[0] for message in log)


def _with_ready(gate: Gate, plan: Plan, outside: Outside) -> Gate:
    # A rollback that cannot run is told which one can.
    if gate.name != "images" or gate.status != "refused" or not plan.request.rollback:
        return gate
    for version, why in ways_back(plan.reading, outside, plan.place):
        if not why and version != plan.version:
            ready = f"{version} is ready: {command(plan.place.name, version)}"
            return replace(gate, fix=f"{ready}. Or: {gate.fix}")
    return gate
