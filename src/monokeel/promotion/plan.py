"""What a promotion will do: what was asked for, all gates over one reading, a value."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from monokeel.ground import errors
from monokeel.ground.settings import Settings
from monokeel.ground.version import parse_wanted
from monokeel.promotion import gates as judging
from monokeel.promotion import records, rollback
from monokeel.promotion.facts import facts_of, push_outlook, read_release
from monokeel.promotion.pointers import back_command, branch_of
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
        if not self.environment:
            raise errors.UsageError("no environment given", fix="Add --env NAME.")
        if self.left and not self.rollback:
            fix = "Add --rollback, or leave it out."
            raise errors.UsageError("--from is what a rollback leaves", fix=fix)
        if not self.version.strip() and not self.rollback:
            fix = "Add --version X, such as --version 1.4.0."
            raise errors.UsageError("no version given", fix=fix)
        wanted = self.version.strip()
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
        parts = [*_PART.finditer(text)]
        if not parts or text[: parts[0].start()].strip():
            raise _wrong(text.partition("=")[0].strip())
        ends = [part.start() for part in parts[1:]] + [len(text)]
        for part, end in zip(parts, ends, strict=True):
            reason = text[part.end() : end].strip(" \t\r\n,;")
            for name in map(str.strip, part[1].split(",")):
                if not reason or name not in judging.OVERRIDABLE:
                    raise _wrong(name)
                reasons[name] = reason
    return reasons


def _wrong(name: str) -> errors.UsageError:
    if name in judging.OVERRIDABLE:
        fix = f'Write --override {name}="why", it goes into the record.'
        return errors.UsageError(f"the override of {name!r} has no reason", fix=fix)
    problem = f"no gate {name[:40]!r}"
    if name in [rule.name for rule in judging.RULES]:
        problem = f"the gate {name!r} has no override"
    fix = f"Gates that can be overridden: {', '.join(judging.OVERRIDABLE)}."
    if name == "downgrade":
        fix = "Use --rollback to move back to an older version."
    return errors.UsageError(problem, fix=fix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a promotion will do to *place*, and to which *version*.

    *kind*: ``move`` the branch; ``adopt``: it was moved there by hand, and gets its
    record; ``there``: nothing to do; ``finished``: the rollback was made, what is owed
    completes it. *gates* is empty for the last two. *changes* are titles of commits,
    newest first.
    """

    kind: Kind = "move"
    request: Request
    reading: Reading
    version: str
    gates: tuple[judging.Gate, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """The environment as it is."""
        return self.reading.place(self.request.environment)

    @property
    def commit(self) -> str:
        """The commit that the branch will be at."""
        if self.kind == "finished":
            return self.place.commit or ""
        return self.reading.pointers.releases[self.version]

    @property
    def branch(self) -> str:
        """The branch that moves, such as ``env/prod``."""
        return branch_of(self.request.environment)

    @property
    def before(self) -> str:
        """What is on the branch now, for people: a version, a commit, or nothing."""
        commit = self.place.commit
        return (self.place.left_version or commit[:12]) if commit else "nothing"

    @property
    def unmoved(self) -> str:
        """The branch as it is when nothing was moved, for the start of a message."""
        stays = "empty" if self.place.commit is None else f"at {self.before}"
        return f"{self.branch} stays {stays}"

    @property
    def task(self) -> str:
        """The task of the record: ``promote`` or ``rollback``."""
        return records.ROLLBACK if self.request.rollback else records.PROMOTE

    @property
    def leaving(self) -> str:
        """The version that a rollback leaves, or has left; to be handed on."""
        if not self.request.rollback:
            return ""
        last = self.place.current
        if self.kind == "finished" and last is not None:
            return last.note.from_version
        return self.place.version

    @property
    def decision(self) -> str:
        """What the gates say together: ``ready``, ``refused`` or ``unknown``."""
        return self.stops[0].status if self.stops else "ready"

    @property
    def stops(self) -> list[judging.Gate]:
        """The gates that keep the branch where it is."""
        return judging.stops_of(self.gates)

    def require(self) -> None:
        """Raise RefusedError if a gate says no, ServiceError if one cannot tell."""
        if not self.stops:
            return
        kind = (
            errors.RefusedError if self.decision == "refused" else errors.ServiceError
        )
        said = "; ".join(f"{gate.name}: {gate.detail}" for gate in self.stops)
        fixes = dict.fromkeys(g.fix.rstrip(".") for g in self.stops if g.fix)
        raise kind(f"{self.unmoved}: {said}", fix="; ".join(fixes))

    def note(self, approvers: tuple[str, ...]) -> records.Note:
        """Return what the record says that is made before the branch moves."""
        left, viewer = self.left, self.reading.listed.viewer
        return records.Note(
            version=self.version,
            sha=self.commit,
            from_version=left[0],
            from_sha=left[1],
            # A bot says for whom; a person is who they are, whatever they claim.
            actor=self.request.actor if viewer.endswith(records.BOT) else viewer,
            approvers=approvers,
            reason=self.request.reason,
            overrides=self.overrides,
            skipped=tuple(g.name for g in self.gates if g.status == "skipped"),
            digests=self.digests,
            run_url=self.request.run_url,
        )

    @property
    def left(self) -> tuple[str, str]:
        """The version and the commit that the environment leaves, ``""`` for none."""
        last = self.place.last
        if self.kind == "adopt":  # a move by hand left what the newest record says
            return (last.version, last.sha) if last is not None else ("", "")
        return self.place.left_version, self.place.left or ""


def plan_promotion(request: Request, outside: Outside, local: Settings) -> Plan:
    """Return what promoting as *request* says would do; write nothing.

    Of *local* only branch and tag prefix count. Raises UsageError for a wrong argument
    or policy, RefusedError for an unknown version, ServiceError without an answer.
    """
    overrides = parse_overrides(request.overrides, request.emergency)
    name, wanted = request.environment, request.wanted_version(local.tag_prefix)
    reading = read_promotion(outside, local, environment=name, version=wanted)
    if request.rollback and _is_done(request, reading, wanted):
        version = reading.place(name).version
        return Plan(kind="finished", request=request, reading=reading, version=version)
    if not wanted:
        wanted, reading = rollback.choose_earlier(reading, outside, name)
    there = reading.place(name).commit == reading.pointers.releases[wanted]
    kind: Kind = "adopt" if there else "move"
    place, unsure = reading.place(name), reading.ledger.unsure_at(name)
    if there and (place.current or place.commit in {each.sha for each in unsure}):
        kind = "there"
    said = tuple(reading.unchecked.values())
    plan = Plan(
        kind=kind, request=request, reading=reading, version=wanted, warnings=said
    )
    return plan if kind == "there" else _judged(plan, outside, overrides)


def _judged(plan: Plan, outside: Outside, overrides: Mapping[str, str]) -> Plan:
    request, version = plan.request, plan.version
    reading = knowing_time(plan.reading, outside, version, plan.place)
    release = read_release(outside, reading.pointers, version)
    hold = outside.records.hold() if request.hold is None else request.hold
    refusal, warnings = "", tuple[str, ...]()
    if request.by_token and plan.kind == "move":
        refusal, warnings = push_outlook(reading, outside, plan.place.name, version)
    facts = replace(
        facts_of(reading, outside.clone, version, plan.place.name),
        hold=hold,
        release=release,
        protection=outside.records.protection(plan.place.name),
        push_refusal=refusal,
        rollback=request.rollback,
    )
    gates = judging.evaluate(facts, overrides)
    used = {gate.name for gate in gates if gate.status == "overridden"}
    images = release.record.images if isinstance(release, Artifact) else ()
    return replace(
        plan,
        reading=reading,
        gates=tuple(_with_ready(gate, plan, outside) for gate in gates),
        overrides={name: why for name, why in overrides.items() if name in used},
        digests={image.service: image.digest for image in images},
        warnings=(*warnings, *plan.warnings),
        changes=_changes(plan, outside),
    )


def _changes(plan: Plan, outside: Outside) -> tuple[str, ...]:
    left, there = plan.place.left, plan.commit
    if left is None or plan.kind != "move":
        return ()
    span = (there, left) if plan.request.rollback else (left, there)
    try:
        log = [message for _, message in outside.clone.log(*span)]
    except errors.NO_ANSWER:  # a clone without history; the gates say so
        return ()
    return tuple(message.partition("\n")[0] for message in log)


def _with_ready(gate: judging.Gate, plan: Plan, outside: Outside) -> judging.Gate:
    # A rollback that cannot run is told which one can.
    if gate.name != "images" or gate.status != "refused" or not plan.request.rollback:
        return gate
    for version, why in rollback.ways_back(plan.reading, outside, plan.place):
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
    if wanted and (not left or wanted == place.version):
        return False  # whoever names where to go says enough, or it is there already
    if left and place.version == left:
        return False
    current = place.current
    last = current if current and current.task == records.ROLLBACK else None
    if left and last and last.note.from_version == left:
        return True
    told = rollback.told(last, reading) if last else ""
    earlier = [*(x.version for x in rollback.good_before(reading, place.name)), "X"]
    further = f"To go further back: {back_command(place.name, earlier[0])}"
    if left:
        there = f"{place.name} is at {place.version or 'no release'}, not at {left}"
        there += f": it {told}" if told else ""
        raise errors.RefusedError(there, fix=f"Nothing was moved. {further}")
    if last and not any(x.record.id == last.id or x.is_mark for x in place.owed):
        raise errors.RefusedError(f"{place.name} {told}", fix=further)
    return last is not None


def _was_made(run_url: str, reading: Reading, place: Place) -> bool:
    # A workflow that is run again has the address of its first attempt.
    for made in reading.ledger.confirmed(place.name) if run_url else ():
        if (made.task, made.note.run_url) == (records.ROLLBACK, run_url):
            if made == place.current:
                return True
            told, at = rollback.told(made, reading), place.version or "no release"
            raise errors.RefusedError(
                f"this run has made its rollback: {place.name} {told}, and is at {at}"
                " by now",
                fix="Nothing was moved. Start a new run for another rollback.",
            )
    return False
