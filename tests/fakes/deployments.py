"""GitHub's deployments in memory, with the habits that hurt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monokeel.ground.answers import Absent, Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.words import brief
from monokeel.promotion.ports import Protection
from monokeel.promotion.records import (
    LONGEST_DESCRIPTION,
    BranchMove,
    Ledger,
    Note,
    Record,
    Status,
    records_in_order,
)
from tests.fakes.fuse import Fuse

START = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=1)


class FakeDeployments:
    """Records without a state, statuses apart; a success makes older ones inactive.

    *resolve* gives the commit of a tag, as GitHub sees it.
    """

    def __init__(self, resolve: Callable[[str], str | None], fuse: Fuse) -> None:
        self.clock = START
        self.fuse = fuse
        self.kept: dict[int, Record] = {}
        self.given: dict[int, list[Status]] = {}
        self.production: set[int] = set()
        self.protected: dict[str, Protection] = {}
        self.approved_by: tuple[str, ...] = ()
        self.moves: list[BranchMove] = []  # of *moved*, or of any branch
        self.moved = ""
        self.page = 30
        self.viewer = "github-actions[bot]"
        self.variable: str | Unknown = ""
        self.rules: tuple[str, ...] = ()
        self.silent = False
        self.blind = False
        self._resolve = resolve
        self._next_id = 1000

    def wait(self, length: timedelta) -> None:
        self.clock += length

    def newest(self, environments: Mapping[str, str], commits: Sequence[str]) -> Ledger:
        self._check()
        every, listed, floors = self._seen(environments), list[Record](), {}
        for name in environments.values():
            of = [record for record in every if record.environment == name]
            listed += of[: self.page]
            older = len(of) > self.page
            floors[name] = of[: self.page][-1].id if older else 0
        listed += [record for record in every if record.sha in commits]
        return Ledger(
            records=records_in_order(listed),
            viewer=self.viewer,
            floors=floors,
            now=self.clock,
        )

    def history(self, environments: Mapping[str, str]) -> tuple[Record, ...]:
        self._check()
        return self._seen(environments)

    def _seen(self, environments: Mapping[str, str]) -> tuple[Record, ...]:
        return records_in_order(
            replace(
                record,
                environment=environments[record.environment],
                statuses=tuple(self.given[record.id]),
            )
            for record in self.kept.values()
            if record.environment in environments
        )

    def create(
        self, environment: str, note: Note, *, tag: str, task: str, production: bool
    ) -> tuple[int, str]:
        self._check()
        sha = self._resolve(tag)
        if sha is None:
            raise RefusedError(f"No ref found for: {tag}")
        self._next_id += 1
        record = Record(
            id=self._next_id,
            environment=environment,
            sha=sha,
            task=task,
            created_at=self.clock,
            creator=self.viewer,
            note=note,
        )
        self.clock += TICK
        self.kept[record.id] = record
        self.given[record.id] = []
        # Source: none; that GitHub makes an unknown environment is assumed.
        made = False
        self.protected.setdefault(environment, made)
        if production:
            self.production.add(record.id)
        self.fuse.written(f"record {environment} {note.version}")
        return record.id, record.sha

    def settle(self, record: int, state: str, said: str, log_url: str = "") -> None:
        self._check()
        self.fuse.about_to_write()
        if state == "success":
            self._make_others_inactive(self.kept[record])
        self.clock += TICK
        self._give(record, state, brief(said, LONGEST_DESCRIPTION))
        note = self.kept[record].note
        self.fuse.written(f"{state} {note.version}{' run' if log_url else ''}")

    def protection(self, environment: str) -> Protection:
        self._check()
        nothing = Absent()
        return self.protected.get(environment, nothing)

    def hold(self) -> str | Unknown:
        self._check()
        return self.variable

    def push_refusals(self, branch: str, *, exists: bool) -> tuple[str, ...] | Unknown:
        self._check()
        wanted = "update" if exists else "creation"
        return tuple(rule for rule in self.rules if branch and rule == wanted)

    def approvers(self, run: str) -> tuple[str, ...]:
        self._check()
        if not run:
            raise ServiceError("there is no such run")
        return self.approved_by

    def branch_moves(self, branch: str) -> tuple[BranchMove, ...]:
        self._check()
        if self.blind:
            raise ServiceError("GitHub answered 403 to GET /activity")
        if not self.moves or self.moved not in ("", branch):
            raise RefusedError("GitHub answered 422: No branch of that name was found")
        return tuple(self.moves)

    def states(self, environment: str) -> list[str]:
        """The version and newest deciding state of each record, oldest first."""
        shown = []
        for record in reversed(self._seen({environment: environment})):
            states = [s.state for s in self.given[record.id] if s.state != "inactive"]
            state = states[-1] if states else "pending"
            shown.append(f"{record.note.version} {state}")
        return shown

    def remember(
        self,
        environment: str,
        version: str,
        sha: str,
        *,
        state: str = "success",
        digests: Mapping[str, str] | None = None,
    ) -> Record:
        """Put a record there as an earlier run left it."""
        self._next_id += 1
        record = Record(
            id=self._next_id,
            environment=environment,
            sha=sha,
            task="promote",
            created_at=self.clock,
            creator=self.viewer,
            note=Note(version=version, sha=sha, actor="ana", digests=digests or {}),
        )
        self.kept[record.id] = record
        self.given[record.id] = []
        if state != "pending":
            self._give(record.id, state, "")
        return record

    def rename_actor(self, record: Record, actor: str) -> None:
        self.kept[record.id] = replace(record, note=replace(record.note, actor=actor))

    def _give(self, record: int, state: str, description: str) -> None:
        self.given[record].append(
            Status(state=state, at=self.clock, description=description, by=self.viewer)
        )

    def _make_others_inactive(self, record: Record) -> None:
        for other in self._seen({record.environment: record.environment}):
            states = [status.state for status in self.given[other.id]]
            successful = states[-1:] == ["success"] and other.id not in self.production
            if other.id != record.id and successful:
                self._give(other.id, "inactive", "")

    def _check(self) -> None:
        self.fuse.turn()
        if self.silent:
            raise ServiceError("api.github.com did not answer (ReadTimeout)")
