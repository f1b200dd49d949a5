"""What a promotion was asked to do, and what it will do: both are values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.version import parse_wanted
from monokeel.promotion.checks import Gate
from monokeel.promotion.gates import verdict_of
from monokeel.promotion.pointers import branch_of
from monokeel.promotion.reading import Place, Reading
from monokeel.promotion.records import (
    BOT,
    PROMOTE,
    ROLLBACK,
    NewRecord,
    Note,
    Record,
)

Kind = Literal["move", "adopt", "there", "finished"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for; an empty *version* is for a rollback only.

    *left* is the version that a rollback is to leave. *overrides* are ``GATE=REASON``
    texts, *emergency* the reason for all that can be overridden. *hold* stops every
    promotion; ``None``: ask GitHub. *run_id* and *run_url* name the workflow run, if
    there is one; *by_token* says that the branch is pushed with a token and not with
    the deploy key.
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
    run_id: str = ""
    run_url: str = ""
    by_token: bool = False

    def wanted_version(self, prefix: str) -> str:
        """Return the version without *prefix*, ``""`` where a rollback names none.

        Raises UsageError for what is missing, or does not go together.
        """
        if not self.environment:
            raise UsageError("no environment given", fix="Add --env NAME.")
        if self.left and not self.rollback:
            raise UsageError(
                "--from is what a rollback leaves",
                fix="Add --rollback, or leave it out.",
            )
        if self.version.strip():
            return parse_wanted(self.version.strip(), prefix=prefix)
        if self.rollback:
            return ""
        raise UsageError(
            "no version given", fix="Add --version X, such as --version 1.4.0."
        )


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
        return self.place.version or (commit[:12] if commit else "nothing")

    @property
    def unmoved(self) -> str:
        """The branch as it is when nothing was moved, for the start of a message."""
        if self.place.commit is None:
            return f"{self.branch} stays empty"
        return f"{self.branch} stays at {self.before}"

    @property
    def task(self) -> str:
        """The task of the record: ``promote`` or ``rollback``."""
        return ROLLBACK if self.request.rollback else PROMOTE

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
    def compare_path(self) -> str:
        """Where GitHub compares what is there with what would be, below its server."""
        settings = self.reading.settings
        there = self.reading.pointers.version_at(self.place.left)
        if not there or self.kind != "move":
            return ""
        span = f"{settings.tag(there)}...{settings.tag(self.version)}"
        return f"{settings.repository}/compare/{span}"

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
        settings, environment = self.reading.settings, self.place.environment
        note = Note(
            version=self.version,
            sha=self.commit,
            from_version=self.reading.pointers.version_at(self.left_commit),
            from_sha=self.left_commit,
            actor=self._actor(),
            approvers=approvers,
            reason=self.request.reason,
            overrides=self.overrides,
            skipped=tuple(g.name for g in self.gates if g.status == "skipped"),
            digests=self.digests,
            run_url=self.request.run_url,
        )
        moved = f"{environment.name}: {self.before} -> {self.version}"
        return NewRecord(
            environment=environment.name,
            tag=settings.tag(self.version),
            task=self.task,
            production=environment == settings.environments[-1],
            description=f"{self.task} {moved}",
            note=note,
        )

    def _actor(self) -> str:
        # A bot says for whom; a person is who they are, whatever they claim.
        viewer = self.reading.listed.viewer
        return self.request.actor if viewer.endswith(BOT) else viewer

    @property
    def left_commit(self) -> str:
        """The commit that the environment leaves, ``""`` if there was none."""
        # A move by hand left what the newest record says, not what is there now.
        if self.kind == "adopt":
            return self.place.last.sha if self.place.last is not None else ""
        return self.place.left or ""

    @property
    def left(self) -> tuple[Record, ...]:
        """Every record of what the environment leaves."""
        return self.reading.ledger.of(self.place.name, self.left_commit)
