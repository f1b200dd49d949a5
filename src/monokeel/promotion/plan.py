"""What a promotion will do: what was asked for, all gates over one reading, a value."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from monokeel.ground import errors
from monokeel.ground.answers import Unknown, ask
from monokeel.ground.settings import Settings
from monokeel.ground.version import parse_wanted
from monokeel.promotion import facts, records
from monokeel.promotion import gates as judging
from monokeel.promotion.pointers import back_command
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Place, Reading, knowing_time, read_promotion
from monokeel.release.artifact import Artifact

Kind = Literal["move", "adopt", "there", "finished"]
_ANY = "|".join(rule.name for rule in judging.RULES)
_PART = re.compile(
    rf"(?:^|[\s,;])(?:--override[= ])?\s*((?:{_ANY})(?:\s*,\s*(?:{_ANY}))*)\s*="
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for; an empty *version* is for a rollback only.

    *left* is what a rollback is to leave. *overrides* are ``GATE=REASON`` texts,
    *emergency* the reason for all gates. *hold* stops every promotion; ``None``: ask
    GitHub. *run_url* names the workflow run; *by_token*: no deploy key pushes.
    """

    environment: str
    version: str = ""
    rollback: bool = False
    left: str = ""
    reason: str = ""
    overrides: tuple[str, ...] = ()
    emergency: str = ""
    hold: str | None = ""
    actor: str = ""
    run_url: str = ""
    by_token: bool = False

    def wanted_version(self, prefix: str) -> str:
        """Return the version without *prefix*, ``""``: none; UsageError if wrong."""
        wanted = self.version.strip()
        if not self.environment:
            raise errors.UsageError("no environment given", fix="Add --env NAME.")
        if self.left and not self.rollback:
            fix = "Add --rollback, or leave it out."
            raise errors.UsageError("--from is what a rollback leaves", fix=fix)
        if not wanted and not self.rollback:
            fix = "Add --version X, such as --version 1.4.0."
            raise errors.UsageError("no version given", fix=fix)
        return parse_wanted(wanted, prefix=prefix) if wanted else ""


def parse_overrides(texts: Iterable[str], emergency: str = "") -> dict[str, str]:
    """Return gate → reason for texts such as ``freeze,hold=why``.

    Several may stand in one text: a part that names a gate is never taken for a reason.
    *emergency* is the reason for all that can be overridden. Raises UsageError for
    another shape, an unknown gate, one without override, or an empty reason.
    """
    every = judging.OVERRIDABLE if emergency.strip() else ()
    reasons = dict.fromkeys(every, emergency.strip())
    for text in filter(str.strip, texts):
        before, *parts = _PART.split(text)
        if before.strip() or not parts:
            raise _wrong(text.partition("=")[0].strip())
        for names, given in zip(parts[::2], parts[1::2], strict=True):
            reason = given.strip(" \t\r\n,;")
            for name in map(str.strip, names.split(",")):
                if not reason or name not in judging.OVERRIDABLE:
                    raise _wrong(name)
                reasons[name] = reason
    return reasons


def _wrong(name: str) -> errors.UsageError:
    problem = f"no gate {name[:40]!r}"
    fix = f"Gates that can be overridden: {', '.join(judging.OVERRIDABLE)}."
    if name in judging.OVERRIDABLE:
        problem = f"the override of {name!r} has no reason"
        fix = f'Write --override {name}="why", it goes into the record.'
    elif name in [rule.name for rule in judging.RULES]:
        problem = f"the gate {name!r} has no override"
    if name == "downgrade":
        fix = "Use --rollback to move back to an older version."
    return errors.UsageError(problem, fix=fix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a promotion will do to *place*, and to which *version*.

    *kind*: ``move`` the branch; ``adopt``: it was moved there by hand, and gets its
    record; ``there``: nothing to do; ``finished``: the rollback was made, what is owed
    completes it. *gates* and *note*, which goes into the record, are empty for the last
    two. *changes* are titles of commits, newest first. *record* is the id of the one
    that was made.
    """

    kind: Kind = "move"
    request: Request
    reading: Reading
    version: str
    gates: tuple[judging.Gate, ...] = ()
    note: records.Note = field(default_factory=records.Note)
    warnings: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    record: int | None = None

    @property
    def place(self) -> Place:
        """The environment as it is."""
        return self.reading.place(self.request.environment)

    @property
    def commit(self) -> str:
        """The commit that the branch will be at; its tag may be gone."""
        return self.reading.pointers.releases.get(self.version, self.place.commit or "")

    @property
    def before(self) -> str:
        """What is on the branch now, for people: a version, a commit, or nothing."""
        commit = self.place.commit
        return (self.place.left_version or commit[:12]) if commit else "nothing"

    @property
    def unmoved(self) -> str:
        """The branch as it is when nothing was moved, for the start of a message."""
        stays = "empty" if self.place.commit is None else f"at {self.before}"
        return f"{self.place.branch} stays {stays}"

    @property
    def moved(self) -> str:
        """What the move does, such as ``env/prod: 1.3.2 -> 1.4.0``."""
        return f"{self.place.branch}: {self.before} -> {self.version}"

    @property
    def task(self) -> str:
        """The task of the record: ``promote`` or ``rollback``."""
        return records.ROLLBACK if self.request.rollback else records.PROMOTE

    @property
    def leaving(self) -> str:
        """The version that a rollback leaves, or has left; to be handed on."""
        last = self.place.current if self.kind == "finished" else None
        leaves = last.note.from_version if last else self.place.version
        return leaves if self.request.rollback else ""

    @property
    def decision(self) -> str:
        """What the gates say together: ``ready``, ``refused`` or ``unknown``."""
        return self.stops[0].status if self.stops else "ready"

    @property
    def stops(self) -> list[judging.Gate]:
        """The gates that keep the branch where it is."""
        return judging.stops_of(self.gates)

    @property
    def against(self) -> str:
        """What those say."""
        return "; ".join(f"{gate.name}: {gate.detail}" for gate in self.stops)

    def require(self) -> None:
        """Raise RefusedError if a gate says no, ServiceError if one cannot tell."""
        refused = self.decision == "refused"
        fixes = dict.fromkeys(g.fix.rstrip(".") for g in self.stops if g.fix)
        if self.stops:
            kind = errors.RefusedError if refused else errors.ServiceError
            raise kind(f"{self.unmoved}: {self.against}", fix="; ".join(fixes))


def plan_promotion(request: Request, outside: Outside, local: Settings) -> Plan:
    """Return what promoting as *request* says would do; write nothing.

    Of *local* only branch and tag prefix count. Raises UsageError for a wrong argument
    or policy, RefusedError for an unknown version, ServiceError without an answer.
    """
    overrides = parse_overrides(request.overrides, request.emergency)
    name, wanted = request.environment, request.wanted_version(local.tag_prefix)
    reading = read_promotion(outside, local, environment=name, version=wanted)
    plan = Plan(request=request, reading=reading, version=wanted)
    if request.rollback and _is_done(request, reading, wanted):
        return replace(plan, kind="finished", version=plan.place.version)
    if not wanted:
        wanted, reading = facts.choose_earlier(reading, outside, name)
    warnings = tuple(reading.ledger.unchecked.values())
    plan = replace(plan, reading=reading, version=wanted, warnings=warnings)
    if plan.place.commit != plan.commit:
        return _judged(plan, outside, overrides)
    unsure = reading.ledger.is_unsure(name, plan.commit)
    if plan.place.current is None and not unsure:
        return _judged(replace(plan, kind="adopt"), outside, overrides)
    return replace(plan, kind="there")


def _judged(plan: Plan, outside: Outside, overrides: Mapping[str, str]) -> Plan:
    request, version, place = plan.request, plan.version, plan.place
    reading = knowing_time(plan.reading, outside, plan.commit, place)
    release = facts.read_release(outside, reading.pointers, version)
    hold = outside.records.hold() if request.hold is None else request.hold
    refusal, warnings = "", tuple[str, ...]()
    if request.by_token and plan.kind == "move":
        refusal, warnings = facts.push_outlook(reading, outside, place, version)
    known = replace(
        facts.facts_of(reading, outside.clone, version, place.name),
        hold=hold,
        release=release,
        protection=outside.records.protection(place.name),
        push_refusal=refusal,
        rollback=request.rollback,
    )
    gates = judging.evaluate(known, overrides)
    plan = replace(plan, reading=reading, gates=gates)
    return replace(
        plan,
        gates=tuple(_with_ready(gate, plan, outside) for gate in gates),
        note=_note(plan, release, overrides),
        warnings=(*warnings, *plan.warnings),
        changes=_changes(plan, outside),
    )


def _note(plan: Plan, release: facts.Release, why: Mapping[str, str]) -> records.Note:
    place, request, viewer = plan.place, plan.request, plan.reading.listed.viewer
    left = place.left_version, place.left or ""
    if plan.kind == "adopt":  # a move by hand left what the newest record says
        left = (place.last.version, place.last.sha) if place.last else ("", "")
    answers = {gate.name: gate.status for gate in plan.gates}
    images = release.record.images if isinstance(release, Artifact) else ()
    return records.Note(
        version=plan.version,
        sha=plan.commit,
        from_version=left[0],
        from_sha=left[1],
        # A bot says for whom; a person is who they are, whatever they claim.
        actor=request.actor if viewer.endswith(records.BOT) else viewer,
        reason=request.reason,
        overrides={name: why[name] for name in why if answers[name] == "overridden"},
        skipped=tuple(name for name in answers if answers[name] == "skipped"),
        digests={image.service: image.digest for image in images},
        run_url=request.run_url,
    )


def _changes(plan: Plan, outside: Outside) -> tuple[str, ...]:
    left, there = plan.place.left, plan.commit
    if left is None or plan.kind != "move":
        return ()
    span = (there, left) if plan.request.rollback else (left, there)
    log = ask(lambda: [*outside.clone.log(*span)])
    if isinstance(log, Unknown):  # a clone without history; the gates say so
        return ()
    return tuple(message.partition("\n")[0] for _, message in log)


def _with_ready(gate: judging.Gate, plan: Plan, outside: Outside) -> judging.Gate:
    # A rollback that cannot run is told which one can.
    if (gate.name, gate.status) == ("images", "refused") and plan.request.rollback:
        for version, why in facts.ways_back(plan.reading, outside, plan.place):
            if not why and version != plan.version:
                back = back_command(plan.place.name, version)
                return replace(gate, fix=f"{version} is ready: {back}. Or: {gate.fix}")
    return gate


def _is_done(request: Request, reading: Reading, wanted: str) -> bool:
    """Say whether the rollback that is asked for, to *wanted* or ``""``, has been made.

    So it is where this very workflow run made it, where it was cut short and what is
    owed completes it, or where the version to leave was left already. Raises
    RefusedError where that one is not there, or where nobody said what to leave and the
    newest move was a rollback: nobody goes back twice by accident.
    """
    place, left = reading.place(request.environment), request.left.strip()
    if left:
        left = parse_wanted(left, prefix=reading.settings.tag_prefix)
    if _was_made(request.run_url, reading, place):
        return True
    if (wanted and not left) or place.version in {wanted, left} - {""}:
        return False  # whoever names where to go says enough, or it is there already
    current = place.current
    last = current if current and current.task == records.ROLLBACK else None
    if left and last and last.note.from_version == left:
        return True
    told = facts.told(last, reading) if last else ""
    earlier = [*(x.version for x in facts.good_before(reading, place.name)), "X"]
    further = f"To go further back: {back_command(place.name, earlier[0])}"
    if left:
        there = f"{place.name} is at {place.version or 'no release'}, not at {left}"
        there += f": it {told}" if told else ""
        raise errors.RefusedError(there, fix=f"Nothing was moved. {further}")
    if last and not any(x.id == last.id or x.live_from for x, *_ in place.owed):
        raise errors.RefusedError(f"{place.name} {told}", fix=further)
    return last is not None


def _was_made(run_url: str, reading: Reading, place: Place) -> bool:
    # A workflow that is run again has the address of its first attempt.
    for made in reading.ledger.confirmed(place.name) if run_url else ():
        if (made.task, made.note.run_url) == (records.ROLLBACK, run_url):
            if made == place.current:
                return True
            told, at = facts.told(made, reading), place.version or "no release"
            said = f"has made its rollback: {place.name} {told}, and is at {at} by now"
            fix = "Nothing was moved. Start a new run for another rollback."
            raise errors.RefusedError(f"this run {said}", fix=fix)
    return False
