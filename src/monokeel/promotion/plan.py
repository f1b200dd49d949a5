"""What a promotion will do: all gates over one reading, and the plan, a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from monokeel.ground import errors
from monokeel.ground.settings import Settings
from monokeel.promotion import records, rollback
from monokeel.promotion.facts import facts_of, push_outlook, read_release
from monokeel.promotion.gates import Gate, evaluate, stops_of
from monokeel.promotion.pointers import back_command, branch_of
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Place, Reading, knowing_time, read_promotion
from monokeel.promotion.request import Request, parse_overrides
from monokeel.release.record import ReleaseRecord

Kind = Literal["move", "adopt", "there", "finished"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a promotion will do to *place*, and to which *version*.

    *kind*: ``move`` the branch; ``adopt``: the branch is there, moved by hand, and gets
    its record; ``there``: nothing to do; ``finished``: the rollback was made already,
    and what is owed completes it. *gates* is empty for the last two. *changes* are the
    titles of the commits that would come, or go, the newest first.
    """

    kind: Kind
    request: Request
    reading: Reading
    version: str
    gates: tuple[Gate, ...] = ()
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
        if self.place.commit is None:
            return f"{self.branch} stays empty"
        return f"{self.branch} stays at {self.before}"

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
    def stops(self) -> list[Gate]:
        """The gates that keep the branch where it is."""
        return stops_of(self.gates)

    def require(self) -> None:
        """Raise RefusedError if a gate says no, ServiceError if one cannot tell."""
        if not self.stops:
            return
        refused = self.decision == "refused"
        kind = errors.RefusedError if refused else errors.ServiceError
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

    *local* is the platform.toml at hand: only its branch and tag prefix count. Raises
    UsageError for a wrong argument or policy, RefusedError for an unknown version,
    ServiceError when the remote or GitHub cannot be read.
    """
    overrides = parse_overrides(request.overrides, request.emergency)
    name, wanted = request.environment, request.wanted_version(local.tag_prefix)
    reading = read_promotion(outside, local, environment=name, version=wanted)
    if request.rollback and rollback.is_done(request, reading, wanted):
        version = reading.place(name).version
        return Plan(kind="finished", request=request, reading=reading, version=version)
    if not wanted:
        wanted, reading = rollback.choose_earlier(reading, outside, name)
    there = reading.place(name).commit == reading.pointers.releases[wanted]
    kind: Kind = "adopt" if there else "move"
    if there and reading.place(name).current is not None:
        kind = "there"
    plan = Plan(kind=kind, request=request, reading=reading, version=wanted)
    return plan if kind == "there" else _judged(plan, outside, overrides)


def _judged(plan: Plan, outside: Outside, overrides: Mapping[str, str]) -> Plan:
    request, version = plan.request, plan.version
    reading = knowing_time(plan.reading, outside, version, plan.place)
    settings, pointers = reading.settings, reading.pointers
    release, artifact = read_release(outside, settings, pointers, version)
    hold = outside.records.hold() if request.hold is None else request.hold
    refusal, warnings = "", tuple[str, ...]()
    if request.by_token and plan.kind == "move":
        refusal, warnings = push_outlook(reading, outside, plan.place.name, version)
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
    except errors.NO_ANSWER:  # a clone without history; the gates say so
        return ()
    return tuple(message.partition("\n")[0] for message in log)


def _with_ready(gate: Gate, plan: Plan, outside: Outside) -> Gate:
    # A rollback that cannot run is told which one can.
    if gate.name != "images" or gate.status != "refused" or not plan.request.rollback:
        return gate
    for version, why in rollback.ways_back(plan.reading, outside, plan.place):
        if not why and version != plan.version:
            back = back_command(plan.place.name, version)
            return replace(gate, fix=f"{version} is ready: {back}. Or: {gate.fix}")
    return gate
