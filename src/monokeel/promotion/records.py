"""The records of promotion: what GitHub's deployments say about the environments.

A deployment has no state of its own; the state is in its statuses, one more request
per record. So a Ledger holds all records and the statuses read so far, and the
``unread_for_…`` functions say which to read next. Source: GitHub's OpenAPI description.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from monokeel.ground.answers import Json, as_list, as_number, as_object, as_text
from monokeel.ground.words import parse_time

TOOL = "monokeel"
SCHEMA = 1
PROMOTE = "promote"
ROLLBACK = "rollback"

State = Literal["pending", "success", "failure", "error"]
_SETTLED: dict[str, State] = {
    "success": "success",
    "failure": "failure",
    "error": "error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One state that a record was given, *at* a time (aware, UTC), and why."""

    id: int
    state: str
    at: datetime
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What we wrote into a record: what moved, from where, by whom, and why.

    *from_version* is empty where the environment was empty or held no release.
    """

    version: str
    sha: str
    from_version: str = ""
    from_sha: str = ""
    actor: str = ""
    approvers: tuple[str, ...] = ()
    reason: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    run_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One move of *environment* to the commit *sha*, as recorded on GitHub.

    *task* is ``promote`` or ``rollback``. *creator* is the login GitHub saw.
    """

    id: int
    environment: str
    sha: str
    task: str
    created_at: datetime
    creator: str
    note: Note

    @property
    def by(self) -> str:
        """Who moved it: the person, if known, else the login that wrote the record."""
        return self.note.actor or self.creator


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """A record to be made: *tag* is what GitHub resolves to the commit it answers.

    *production* keeps GitHub from adding ``inactive`` to older records (its default
    goes by the environment's name alone).
    """

    environment: str
    tag: str
    task: str
    production: bool
    description: str
    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Records of ours, newest first; *complete* when there are no older ones."""

    records: tuple[Record, ...]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMove:
    """A move of a branch as GitHub saw it, whoever made it; *kind* such as ``push``.

    *before* and *after* are commits, 40 zeros where the branch did not exist.
    """

    before: str
    after: str
    actor: str
    at: datetime
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All records that were read, newest first, and the statuses read so far."""

    records: tuple[Record, ...] = ()
    statuses: Mapping[int, tuple[Status, ...]] = field(default_factory=dict)

    def of(self, environment: str, sha: str | None = None) -> tuple[Record, ...]:
        """Return the records of *environment*, newest first; only of *sha* if given."""
        return tuple(
            record
            for record in self.records
            if record.environment == environment and sha in (None, record.sha)
        )

    def knowing(self, statuses: Mapping[int, tuple[Status, ...]]) -> "Ledger":
        """Return the same ledger with more *statuses*."""
        return replace(self, statuses={**self.statuses, **statuses})

    def state(self, record: Record) -> State:
        """Return the state of *record*: its newest status that decides something.

        ``inactive`` is what GitHub adds to older successes and says nothing about the
        move; no status at all means that the move has not been confirmed: pending.
        """
        for status in reversed(self.statuses[record.id]):
            if status.state in _SETTLED:
                return _SETTLED[status.state]
        return "pending"

    def live_from(self, record: Record) -> datetime | None:
        """Return when *record* was first confirmed, ``None`` if it never was."""
        for status in self.statuses[record.id]:
            if status.state == "success":
                return status.at
        return None

    def why(self, record: Record) -> str:
        """Return the description of the newest status of *record* that decides."""
        for status in reversed(self.statuses[record.id]):
            if status.state in _SETTLED:
                return status.description
        return ""

    def decided_at(self, record: Record) -> datetime | None:
        """Return when *record* got its state, ``None`` while it is pending."""
        for status in reversed(self.statuses[record.id]):
            if status.state in _SETTLED:
                return status.at
        return None

    def current(self, environment: str, pointer: str | None) -> Record | None:
        """Return the good record that put *environment* at *pointer*, if there is one.

        Only records whose statuses have been read are considered.
        """
        for record in self.of(environment, pointer):
            if record.id in self.statuses and self.state(record) == "success":
                return record
        return None


def newest_first(records: Iterable[Record]) -> tuple[Record, ...]:
    """Return *records* by id, each once; GitHub promises no order of its list."""
    by_id = {record.id: record for record in records}
    return tuple(by_id[number] for number in sorted(by_id, reverse=True))


def parse_record(value: Json) -> Record | None:
    """Return the record that *value*, a deployment in REST shape, holds.

    ``None`` for a record that is not ours: a job with ``environment:`` and other tools
    write deployments too. Raises ServiceError for a field of an unexpected type.
    """
    fields = as_object(value)
    note = _parse_note(fields.get("payload"))
    if note is None:
        return None
    creator = fields.get("creator")
    return Record(
        id=as_number(fields.get("id")),
        environment=as_text(fields.get("environment")),
        sha=as_text(fields.get("sha")),
        task=as_text(fields.get("task")),
        created_at=parse_time(as_text(fields.get("created_at"))),
        creator=as_text(creator.get("login")) if isinstance(creator, dict) else "",
        note=note,
    )


def parse_status(value: Json) -> Status:
    """Return the status that *value*, a deployment status in REST shape, holds."""
    fields = as_object(value)
    described = fields.get("description")
    return Status(
        id=as_number(fields.get("id")),
        state=as_text(fields.get("state")),
        at=parse_time(as_text(fields.get("created_at"))),
        description=described if isinstance(described, str) else "",
    )


def parse_branch_move(value: Json) -> BranchMove:
    """Return the move that *value*, an item of ``/activity`` in REST shape, holds."""
    fields = as_object(value)
    actor = fields.get("actor")
    return BranchMove(
        before=as_text(fields.get("before")),
        after=as_text(fields.get("after")),
        actor=as_text(actor.get("login")) if isinstance(actor, dict) else "",
        at=parse_time(as_text(fields.get("timestamp"))),
        kind=as_text(fields.get("activity_type")),
    )


def payload_of(note: Note) -> dict[str, Json]:
    """Return *note* as the payload of a deployment."""
    return {
        "tool": TOOL,
        "schema": SCHEMA,
        "version": note.version,
        "sha": note.sha,
        "from_version": note.from_version,
        "from_sha": note.from_sha,
        "actor": note.actor,
        "approvers": list(note.approvers),
        "reason": note.reason,
        "overrides": dict(note.overrides),
        "skipped": list(note.skipped),
        "digests": dict(note.digests),
        "run_url": note.run_url,
    }


def _parse_note(value: Json) -> Note | None:
    # The payload comes back as an object or as a JSON string (GitHub's OpenAPI
    # description names both), whichever way it was sent.
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if not isinstance(value, dict) or value.get("tool") != TOOL:
        return None
    return Note(
        version=as_text(value.get("version", "")),
        sha=as_text(value.get("sha", "")),
        from_version=as_text(value.get("from_version", "")),
        from_sha=as_text(value.get("from_sha", "")),
        actor=as_text(value.get("actor", "")),
        approvers=_texts(value.get("approvers", [])),
        reason=as_text(value.get("reason", "")),
        overrides=_pairs(value.get("overrides", {})),
        skipped=_texts(value.get("skipped", [])),
        digests=_pairs(value.get("digests", {})),
        run_url=as_text(value.get("run_url", "")),
    )


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(as_text(item) for item in as_list(value))


def _pairs(value: Json) -> dict[str, str]:
    return {key: as_text(item) for key, item in as_object(value).items()}
