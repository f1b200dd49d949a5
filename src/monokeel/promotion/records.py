"""The records of promotion: what GitHub's deployments say about the environments.

A deployment's state is in its statuses, whose order is promised nowhere: what failed
once stays failed. Source: GitHub's OpenAPI description and public GraphQL schema.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from monokeel.ground.answers import Json, as_list, as_number, as_object, as_text
from monokeel.ground.errors import ServiceError
from monokeel.ground.parsers import parse_json
from monokeel.ground.words import parse_time

TOOL = "monokeel"
PROMOTE = "promote"
ROLLBACK = "rollback"
TASKS = (PROMOTE, ROLLBACK)
BOT = "[bot]"
ROLLED_BACK = "rolled back: "
"""How the description of a status starts that takes a good version back."""

NO_REASON = "no reason given"
LONGEST_DESCRIPTION = 140
"""Of a status, in characters; source: GitHub's OpenAPI description."""


@dataclass(frozen=True, slots=True)
class Status:
    """One state that a record was given *by* a login, *at* a time (UTC), and why."""

    state: str
    at: datetime
    description: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What we wrote into a record; *from_version* is empty for no release."""

    version: str = ""
    sha: str = ""
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

    *task* is ``promote`` or ``rollback``. *creator* is the login GitHub saw, a bot's
    with ``[bot]``. *statuses* stand in any order.
    """

    id: int
    environment: str
    sha: str
    task: str
    created_at: datetime
    creator: str
    note: Note
    statuses: tuple[Status, ...] = ()

    @property
    def version(self) -> str:
        """The version that it moved the environment to, as its note says."""
        return self.note.version

    @property
    def by(self) -> str:
        """Who moved it. A bot writes down whom it worked for; a person only claims."""
        actor, creator = self.note.actor, self.creator
        if not creator or creator.endswith(BOT):
            return actor or creator or "unknown"
        return creator if actor in {"", creator} else f"{creator} (claims: {actor})"

    @property
    def state(self) -> str:
        """``failure`` or ``error``, once is for good; else ``success`` or ``pending``.

        ``inactive``, which GitHub adds to older successes, says nothing about the move.
        """
        if self.end is not None:
            return self.end.state
        return "pending" if self.live_from is None else "success"

    @property
    def live_from(self) -> datetime | None:
        """When it was first confirmed, ``None`` if it never was.

        What failed, but for a rollback, never put the branch there, whoever says so.
        """
        if any(not each.description.startswith(ROLLED_BACK) for each in self._ends()):
            return None
        return min((x.at for x in self.statuses if x.state == "success"), default=None)

    @property
    def end(self) -> Status | None:
        """How it failed or was rolled back last, ``None`` if it did not."""
        return max(self._ends(), key=lambda each: each.at, default=None)

    @property
    def why(self) -> str:
        """The description of the failure that ended it, ``""`` without one."""
        return self.end.description if self.end is not None else ""

    def _ends(self) -> list[Status]:
        return [each for each in self.statuses if each.state in ("failure", "error")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """How one commit did in one environment.

    *outcome*: ``good``; ``unchecked``: good, but for a rollback that nobody could
    check; ``rolled_back``, *why* and when it *ended*; ``unconfirmed``:
    pending; ``never``. *live_for* is since its last start, *live* is about now.
    """

    outcome: Literal["good", "unchecked", "rolled_back", "unconfirmed", "never"]
    live_for: timedelta = timedelta()
    live: bool = False
    why: str = ""
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMove:
    """A move of a branch as GitHub saw it: commits, 40 zeros where it was not there."""

    before: str
    after: str
    actor: str
    at: datetime
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Records of ours, newest first, and what is known to be missing.

    *viewer* is the login that asked, *now* when it did (GitHub's clock). *floors* is
    environment → the lowest id from which on every record of it is here, 0 when all
    are. *branches* is environment → commit of its branch. *odd* are the records that do
    not count, and why; *unsure* those of them that nobody could check: *unchecked* is
    environment → why.
    """

    now: datetime
    records: tuple[Record, ...] = ()
    viewer: str = ""
    floors: Mapping[str, int] = field(default_factory=dict)
    branches: Mapping[str, str] = field(default_factory=dict)
    odd: tuple[tuple[Record, str], ...] = ()
    unsure: tuple[Record, ...] = ()
    unchecked: Mapping[str, str] = field(default_factory=dict)

    def of(self, environment: str, sha: str | None = None) -> tuple[Record, ...]:
        """Return the records of *environment*, newest first; only of *sha* if given."""
        ours = (x for x in self.records if x.environment == environment)
        return tuple(x for x in ours if sha in (None, x.sha))

    def is_unsure(self, environment: str, sha: str | None) -> bool:
        """Say whether nobody could check a record of *sha* in *environment*."""
        return any((x.environment, x.sha) == (environment, sha) for x in self.unsure)

    def confirmed(self, environment: str, sha: str | None = None) -> list[Record]:
        """Return those of them that were ever confirmed, newest first."""
        return [x for x in self.of(environment, sha) if x.live_from is not None]

    def unfinished(self, environment: str) -> list[Record]:
        """Return the records of *environment* that are pending, newest first."""
        return [each for each in self.of(environment) if each.state == "pending"]

    def time_live(self, each: Record) -> timedelta:
        """Return how long *each*, once confirmed, was where its environment is.

        It ends with the next confirmed move; without one it counts only while it lasts.
        """
        live = each.sha == self.branches.get(each.environment)
        start = each.live_from or each.created_at
        others = self.confirmed(each.environment)
        later = (x.live_from for x in others if x.live_from and x.id > each.id)
        end = min(later, default=self.now if live else start)
        return max(end - start, timedelta())

    def track_record(self, environment: str, commit: str) -> TrackRecord:
        """Return how *commit* did in *environment*.

        A record that never succeeded (a lost race) says nothing about the commit.
        """
        live = self.branches.get(environment) == commit
        known = partial(TrackRecord, live=live)
        if reached := self.confirmed(environment, commit):
            newest = reached[0]
            if newest.end is None:
                known = partial(known, live_for=self.time_live(newest))
                for each in self.unsure:
                    left = each.environment, each.task, each.note.from_sha
                    if each.id > newest.id and left == (environment, ROLLBACK, commit):
                        why = f"the rollback by {each.by} could not be checked"
                        return known(outcome="unchecked", why=why)
                return known(outcome="good")
            why = newest.why.removeprefix(ROLLED_BACK)
            return known(outcome="rolled_back", why=why, ended=newest.end.at)
        # It may have been put there by hand: a rollback that left it says so, too.
        for each in self.confirmed(environment):
            if each.task == ROLLBACK and each.note.from_sha == commit:
                why, ended = each.note.reason or NO_REASON, each.live_from
                return known(outcome="rolled_back", why=why, ended=ended)
        pending = any(each.sha == commit for each in self.unfinished(environment))
        return known(outcome="unconfirmed" if pending else "never")


def records_in_order(records: Iterable[Record]) -> tuple[Record, ...]:
    """Return *records* by id, the newest first and each once."""
    by_id = {record.id: record for record in records}
    return tuple(by_id[number] for number in sorted(by_id, reverse=True))


def parse_record(value: Json, environments: Mapping[str, str]) -> Record | None:
    """Return the record that *value*, a node of GraphQL's Deployment, holds.

    *environments* is name on GitHub → ours. ``None`` for a record of a job or another
    tool. Raises ServiceError for a field of GitHub's own of an unexpected type.
    """
    given = as_object(value)
    environment = environments.get(as_text(given.get("environment") or ""))
    note = _parse_note(given.get("payload"))
    if note is None or environment is None:
        return None
    statuses = as_list(as_object(given.get("statuses")).get("nodes"))
    return Record(
        id=as_number(given.get("databaseId")),
        environment=environment,
        sha=as_text(given.get("commitOid")),
        task=as_text(given.get("task") or ""),
        created_at=parse_time(as_text(given.get("createdAt"))),
        creator=login_of(given.get("creator")),
        note=note,
        statuses=tuple(map(parse_status, statuses)),
    )


def parse_status(value: Json) -> Status:
    """Return the status that *value*, a node of DeploymentStatus, holds."""
    given = as_object(value)
    state, said = as_text(given.get("state")).lower(), given.get("description")
    at, by = parse_time(as_text(given.get("createdAt"))), login_of(given.get("creator"))
    return Status(state, at, said if isinstance(said, str) else "", by)


def login_of(actor: Json) -> str:
    """Return the login of a GraphQL *actor*; a Bot's has its suffix, as in REST."""
    if not isinstance(actor, dict):
        return ""
    login = as_text(actor.get("login") or "")
    bot = actor.get("__typename") == "Bot" and not login.endswith(BOT)
    return login + BOT * bot


def parse_branch_move(value: Json) -> BranchMove:
    """Return the move that *value*, an item of ``/activity`` in REST shape, holds."""
    given = as_object(value)
    actor = given.get("actor")
    return BranchMove(
        before=as_text(given.get("before")),
        after=as_text(given.get("after")),
        actor=as_text(actor.get("login")) if isinstance(actor, dict) else "",
        at=parse_time(as_text(given.get("timestamp"))),
        kind=as_text(given.get("activity_type")),
    )


def payload_of(note: Note) -> dict[str, Json]:
    """Return *note* as the payload of a deployment."""
    lists = {"approvers": [*note.approvers], "skipped": [*note.skipped]}
    return {"tool": TOOL, "schema": 1, **asdict(note), **lists}


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(map(as_text, as_list(value)))


def _pairs(value: Json) -> dict[str, str]:
    return {key: as_text(item) for key, item in as_object(value).items()}


# Of what is no text.
_READERS: Mapping[str, Callable[[Json], Any]] = {
    **dict.fromkeys(("approvers", "skipped"), _texts),
    **dict.fromkeys(("overrides", "digests"), _pairs),
}


def _parse_note(value: Json) -> Note | None:
    # The payload comes back as an object or as a JSON string, once or twice encoded
    # (GitHub's OpenAPI description and GraphQL schema). Its shape proves nothing and
    # may be wrong: such a record is nobody's.
    try:
        for _ in range(2):
            value = parse_json(value) if isinstance(value, str) else value
        given = as_object(value)
        names = [each.name for each in fields(Note) if each.name in given]
        note = Note(**{x: _READERS.get(x, as_text)(given[x]) for x in names})
    except (ValueError, ServiceError):
        return None
    return note if given.get("tool") == TOOL else None
