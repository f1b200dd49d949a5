"""Decide on a promotion: all gates over one snapshot; the plan is a value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from monokeel.ground.answers import Absent, Unknown
from monokeel.ground.errors import NO_ANSWER, RefusedError, ServiceError
from monokeel.ground.settings import Environment, Settings
from monokeel.promotion.facts import ImageFact, NotAsked, Snapshot
from monokeel.promotion.gates import Gate, evaluate, parse_overrides, verdict_of
from monokeel.promotion.pointers import branch_of, descends
from monokeel.promotion.reading import Clone, Outside, Request, Survey, look
from monokeel.promotion.records import (
    PROMOTE,
    ROLLBACK,
    Ledger,
    NewRecord,
    Note,
    Record,
    newest_first,
)
from monokeel.promotion.track_record import (
    Trial,
    read_on,
    setback,
    trial_of,
    unread_for_trial,
)
from monokeel.release.record import NOTHING, ReleaseRecord, with_unnamed

Kind = Literal["move", "adopt", "there", "finished"]
_WORKFLOWS = ".github/workflows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a promotion will do.

    *kind*: ``move`` the branch; ``adopt``: the branch is there, moved by hand, and gets
    its record; ``there``: nothing to do; ``finished``: the repairs complete a rollback
    that was cut short. *gates* is empty for the last two.
    """

    kind: Kind
    request: Request
    survey: Survey
    gates: tuple[Gate, ...] = ()
    overrides: Mapping[str, str]
    digests: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    @property
    def branch(self) -> str:
        """The branch that moves, such as ``env/prod``."""
        return branch_of(self.survey.environment.name)

    @property
    def before(self) -> str:
        """What is on the branch now, for people: a version, a commit, or nothing."""
        pointer = self.survey.pointer
        version = self.survey.pointers.version_at(pointer)
        return version or (pointer[:12] if pointer else "nothing")

    @property
    def unmoved(self) -> str:
        """The branch as it is when nothing was moved, for the start of a message."""
        if self.survey.pointer is None:
            return f"{self.branch} stays empty"
        return f"{self.branch} stays at {self.before}"

    @property
    def version(self) -> str:
        """The version that the branch will be at."""
        if self.survey.version or self.survey.last is None:
            return self.survey.version
        return self.survey.last.note.version

    @property
    def task(self) -> str:
        """The task of the record: ``promote`` or ``rollback``."""
        return ROLLBACK if self.request.rollback else PROMOTE

    @property
    def stopped(self) -> bool:
        """Whether a gate keeps the branch where it is."""
        return verdict_of(self.gates) != "ready"

    @property
    def stops(self) -> list[Gate]:
        """The gates that decide it: those that say no, else those that cannot tell."""
        verdict = verdict_of(self.gates)
        return [gate for gate in self.gates if gate.status == verdict]

    def require(self) -> None:
        """Raise RefusedError if a gate says no, ServiceError if one cannot tell."""
        verdict = verdict_of(self.gates)
        if verdict == "ready":
            return
        stops = self.stops
        kind = RefusedError if verdict == "refused" else ServiceError
        raise kind(
            f"{self.unmoved}: "
            + "; ".join(f"{gate.name}: {gate.detail}" for gate in stops),
            fix="; ".join(dict.fromkeys(g.fix.rstrip(".") for g in stops if g.fix)),
        )

    def record(self, approvers: tuple[str, ...]) -> NewRecord:
        """Return the record that is made before the branch moves."""
        at, name = self.survey, self.survey.environment.name
        note = Note(
            version=self.version,
            sha=at.commit or "",
            from_version=self._left_version(),
            from_sha=self._left_commit(),
            actor=self.request.actor,
            approvers=approvers,
            reason=self.request.reason,
            overrides=self.overrides,
            skipped=tuple(g.name for g in self.gates if g.status == "skipped"),
            digests=self.digests,
            run_url=self.request.run_url,
        )
        return NewRecord(
            environment=name,
            tag=at.settings.tag(self.version),
            task=self.task,
            production=at.environment == at.settings.environments[-1],
            description=f"{self.task} {name}: {self.before} -> {self.version}",
            note=note,
        )

    @property
    def left(self) -> Record | None:
        """The good record of what the branch leaves, ``None`` if there is none."""
        last = self.survey.last
        if last is None or last.sha != self._left_commit():
            return None
        return last if self.survey.ledger.state(last) == "success" else None

    def _left_commit(self) -> str:
        # A move by hand left what the newest record says, not what is there now.
        if self.kind == "adopt":
            return self.survey.last.sha if self.survey.last is not None else ""
        return self.survey.pointer or ""

    def _left_version(self) -> str:
        return self.survey.pointers.version_at(self._left_commit())


def plan_promotion(request: Request, outside: Outside, local: Settings) -> Plan:
    """Return what promoting as *request* says would do; write nothing.

    *local* is the platform.toml at hand: only its branch and tag prefix count. Raises
    UsageError for a wrong argument or policy, RefusedError for an unknown version,
    ServiceError when the remote or GitHub cannot be read.
    """
    overrides = parse_overrides(request.overrides)
    survey = look(request, outside, local)
    empty = Plan(
        kind="finished", request=request, survey=survey, overrides={}, digests={}
    )
    if not survey.version:
        return empty
    if survey.pointer == survey.commit:
        if survey.last is not None and survey.last.sha == survey.pointer:
            return replace(empty, kind="there")
        kind: Kind = "adopt"
    else:
        kind = "move"
    survey, trial = _try_out(
        survey, survey.previous, outside, timed=bool(survey.environment.soak)
    )
    survey, here = _try_out(survey, survey.environment, outside, timed=False)
    release = _release(outside, survey)
    snapshot = replace(
        _snapshot(request, survey, trial, outside.clone),
        release=release,
        images=_images(outside, survey, release),
        protection=outside.records.protection(survey.environment.name),
    )
    gates = evaluate(snapshot, overrides)
    used = {gate.name for gate in gates if gate.status == "overridden"}
    digests = release.images if isinstance(release, ReleaseRecord) else ()
    return Plan(
        kind=kind,
        request=request,
        survey=survey,
        gates=gates,
        overrides={name: why for name, why in overrides.items() if name in used},
        digests={image.service: image.digest for image in digests},
        warnings=(
            *_setback(survey, here),
            *_warnings(request, survey, outside.clone),
        ),
    )


def _try_out(
    survey: Survey, place: Environment | None, outside: Outside, *, timed: bool
) -> tuple[Survey, Trial | None]:
    commit = survey.commit
    if place is None or commit is None:
        return survey, None
    name, ledger = place.name, survey.ledger
    hidden = not survey.complete and not ledger.of(name, commit)
    # A page full of newer records hides older ones: ask for this commit, and for all
    # of the environment only if there is something.
    if hidden and outside.records.history(name, commit):
        every = outside.records.history(name)
        ledger = replace(ledger, records=newest_first([*ledger.records, *every]))

    def ask(known: Ledger) -> tuple[int, ...]:
        return unread_for_trial(known, name, commit, timed=timed)

    ledger = read_on(ledger, outside.records.statuses, ask)
    trial = trial_of(
        ledger,
        name,
        commit,
        live=survey.pointers.branches.get(name) == commit,
        now=survey.now,
    )
    return replace(survey, ledger=ledger), trial


def _snapshot(
    request: Request, survey: Survey, trial: Trial | None, clone: Clone
) -> Snapshot:
    commit, pointer = survey.commit, survey.pointer
    return Snapshot(
        version=survey.version,
        tag=survey.settings.tag(survey.version),
        commit=commit,
        main=survey.settings.default_branch,
        environment=survey.environment,
        now=survey.now,
        pointer=pointer,
        current=survey.pointers.version_at(pointer),
        on_main=descends(clone.is_ancestor, commit, survey.pointers.main),
        descends=descends(clone.is_ancestor, pointer, commit),
        previous=survey.previous,
        trial=trial,
        freezes=survey.settings.freezes,
        hold=request.hold,
        rollback=request.rollback,
    )


def _release(outside: Outside, survey: Survey) -> ReleaseRecord | Absent | Unknown:
    try:
        release = outside.releases.published(survey.settings.tag(survey.version))
        record = outside.releases.record_of(release) if release is not None else None
    except NO_ANSWER as error:
        return Unknown(reason=error.problem)
    return Absent() if record is None else record


def _images(
    outside: Outside, survey: Survey, release: ReleaseRecord | Absent | Unknown
) -> tuple[ImageFact, ...] | NotAsked:
    if not isinstance(release, ReleaseRecord) or release.commit != survey.commit:
        return NotAsked()
    asked = [
        (image, image.image.removeprefix(f"{survey.settings.registry_host}/"), tag)
        for image in with_unnamed(release, survey.settings.images)
        for tag in (survey.version, f"sha-{survey.commit}")
    ]
    answers = outside.images.look_up_all([(path, tag) for _, path, tag in asked])
    return tuple(
        ImageFact(
            service=image.service,
            image=path,
            tag=tag,
            wanted=image.digest,
            answer=answer,
        )
        for (image, path, tag), answer in zip(asked, answers, strict=True)
        if image.digest != NOTHING or not isinstance(answer, Absent)
    )


def _setback(survey: Survey, here: Trial | None) -> tuple[str, ...]:
    said = setback(here, survey.now) if here is not None else ""
    return (f"{survey.version} in {survey.environment.name}: {said}",) if said else ()


def _warnings(request: Request, survey: Survey, clone: Clone) -> tuple[str, ...]:
    if not request.by_token or survey.commit is None:
        return ()
    main = clone.tree_of(survey.pointers.main, _WORKFLOWS)
    if clone.tree_of(survey.commit, _WORKFLOWS) == main:
        return ()
    warning = (
        f"{survey.version} has other workflow files than"
        f" {survey.settings.default_branch}: GitHub may refuse a push with"
        " GITHUB_TOKEN. Set MONOKEEL_DEPLOY_KEY."
    )
    return (warning,)
