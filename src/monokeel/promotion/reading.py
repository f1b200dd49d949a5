"""What a promotion finds outside: policy, branches, records, the version asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from monokeel.ground.answers import Absent, Declined, Found, Lost, Moved, Unknown
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.settings import Environment, Settings
from monokeel.ground.version import nearest, parse_wanted
from monokeel.promotion.facts import Protection
from monokeel.promotion.pointers import (
    Pointers,
    Remote,
    newest_live,
    read_remote,
    unread_for_newest,
)
from monokeel.promotion.records import (
    ROLLBACK,
    Ledger,
    Listed,
    NewRecord,
    Record,
    Status,
    newest_first,
)
from monokeel.promotion.track_record import (
    Repair,
    read_on,
    repaired,
    repairs,
    unread_for_repair,
)
from monokeel.release.record import GitHubRelease, ReleaseRecord


class Clone(Remote, Protocol):
    """A clone and its remote."""

    def tree_of(self, commit: str, path: str) -> str | None:
        """Return the object id of *path* in *commit*, ``None`` if it is not there."""

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        """Point *ref* at *new* if it is at *old*; ``None`` means absent."""


class Records(Protocol):
    """The deployments on GitHub, and its Environments."""

    def now(self) -> datetime:
        """Return the time of GitHub's newest answer."""

    def newest(self, environments: Sequence[str]) -> Listed:
        """Return our newest records, at least the newest of each environment."""

    def history(self, environment: str, commit: str = "") -> tuple[Record, ...]:
        """Return every record of *environment* (and *commit*), newest first."""

    def statuses(self, ids: Sequence[int]) -> Mapping[int, tuple[Status, ...]]:
        """Return record id → its statuses, oldest first."""

    def create(self, wanted: NewRecord) -> Record:
        """Make a record and return it, with the commit that GitHub resolved."""

    def settle(
        self, record: int, state: str, description: str, log_url: str = ""
    ) -> None:
        """Give *record* a state, and say why."""

    def protection(self, environment: str) -> Protection | Unknown:
        """Say whether the GitHub Environment is there and asks for an approval."""

    def approvers(self, run: str) -> tuple[str, ...]:
        """Return who approved the workflow run."""


class Releases(Protocol):
    """The releases on GitHub."""

    def published(self, tag: str) -> GitHubRelease | None:
        """Return the published release of *tag*, ``None`` if there is none."""

    def record_of(self, release: GitHubRelease) -> ReleaseRecord | None:
        """Return what the ``release.json`` of *release* says, ``None`` without one."""


class Images(Protocol):
    """The container images in the registry."""

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        """Say what is at each (image, tag), in that order, asked at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that a promotion reads and writes."""

    clone: Clone
    records: Records
    releases: Releases
    images: Images


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for; an empty *version* is for a rollback only.

    *overrides* are ``GATE=REASON`` texts. *hold* stops every promotion unless it is
    empty. *run_id* and *run_url* name the workflow run, if there is one; *by_token*
    says that the branch is pushed with a token and not with the deploy key.
    """

    environment: str
    version: str = ""
    rollback: bool = False
    reason: str = ""
    overrides: tuple[str, ...] = ()
    hold: str = ""
    actor: str = ""
    run_id: str = ""
    run_url: str = ""
    by_token: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found before anything is judged.

    *settings* is the policy on the default branch. *ledger* already counts the
    *owed* repairs as written. *last* is the newest confirmed record here, *finished*
    the rollback that a crash left half-recorded, if *owed* completes one.
    """

    settings: Settings
    pointers: Pointers
    environment: Environment
    previous: Environment | None
    version: str
    ledger: Ledger
    complete: bool
    owed: tuple[Repair, ...]
    last: Record | None
    finished: Record | None
    now: datetime

    @property
    def pointer(self) -> str | None:
        """The commit of the environment's branch, ``None`` if there is no branch."""
        return self.pointers.branches.get(self.environment.name)

    @property
    def commit(self) -> str | None:
        """The commit of the wanted version, ``None`` if no version was chosen."""
        return self.pointers.releases.get(self.version)


def look(request: Request, outside: Outside, local: Settings) -> Survey:
    """Read the remote, the policy and the records for *request*; write nothing.

    *local* names the default branch and the tag prefix; all else is taken from the
    default branch of the remote, never from the tag or the working tree. Raises
    UsageError for a wrong argument and RefusedError for an unknown version.
    """
    wanted = _wanted_version(request, local.tag_prefix)
    settings, pointers = read_remote(outside.clone, local)
    environment = settings.environment(request.environment)
    if wanted:
        _require_known(wanted, pointers, settings)
    survey = _read_records(request, outside.records, settings, pointers, environment)
    if not wanted and survey.finished is None:
        survey = _choose_rollback(survey, outside.records)
    else:
        survey = replace(survey, version=wanted)
    _bring(outside.clone, survey.commit, survey.pointer)
    return survey


def _wanted_version(request: Request, prefix: str) -> str:
    if not request.environment:
        raise UsageError("no environment given", fix="Add --env NAME.")
    if request.version:
        return parse_wanted(request.version, prefix=prefix)
    if request.rollback:
        return ""
    raise UsageError(
        "no version given", fix="Add --version X, such as --version 1.4.0."
    )


def _require_known(version: str, pointers: Pointers, settings: Settings) -> None:
    if version in pointers.releases:
        return
    close = [settings.tag(each) for each in nearest(version, pointers.releases)]
    tag = settings.tag(version)
    if close:
        raise RefusedError(
            f"{tag} does not exist; nearest: {', '.join(close)}",
            fix="Promote one of these, or release the version first.",
        )
    raise RefusedError(
        f"{tag} does not exist; nothing was released yet",
        fix="Release it first: ./inv release",
    )


def _bring(clone: Clone, *commits: str | None) -> None:
    if any(
        commit is not None and clone.commit_of(commit) is None for commit in commits
    ):
        clone.fetch()


def _read_records(
    request: Request,
    records: Records,
    settings: Settings,
    pointers: Pointers,
    environment: Environment,
) -> Survey:
    name = environment.name
    before = settings.environments[: settings.environments.index(environment)]
    previous = before[-1] if before and not request.rollback else None
    listed = records.newest([name, *([previous.name] if previous else [])])
    now = records.now()
    pointer = pointers.branches.get(name)
    ledger = read_on(
        Ledger(records=listed.records),
        records.statuses,
        lambda known: unread_for_repair(known, name, pointer),
    )
    owed = repairs(ledger, name, pointer, now)
    ledger = repaired(ledger, owed, now)
    ledger = read_on(
        ledger, records.statuses, lambda known: unread_for_newest(known, name)
    )
    last = newest_live(ledger, name)
    cut_short = owed and last is not None and last.task == ROLLBACK
    at_rollback = cut_short and last is not None and last.sha == pointer
    return Survey(
        settings=settings,
        pointers=pointers,
        environment=environment,
        previous=previous,
        version="",
        ledger=ledger,
        complete=listed.complete,
        owed=owed,
        last=last,
        finished=last if at_rollback and request.rollback else None,
        now=now,
    )


def _choose_rollback(survey: Survey, records: Records) -> Survey:
    # The newest good record here, older than the current one, of another commit.
    ledger = survey.ledger
    chosen, ledger = _good_before(survey, ledger, records)
    if chosen is None and not survey.complete:
        every = records.history(survey.environment.name)
        merged = newest_first([*ledger.records, *every])
        ledger = replace(ledger, records=merged)
        chosen, ledger = _good_before(survey, ledger, records)
    if chosen is None:
        raise RefusedError(
            f"no earlier version was good in {survey.environment.name}",
            fix="Name the version: --rollback --version X.",
        )
    if chosen.note.version not in survey.pointers.releases:
        raise ServiceError(
            f"the last good version here was {chosen.note.version}: its tag is gone",
            fix="Name another version: --rollback --version X.",
        )
    return replace(survey, version=chosen.note.version, ledger=ledger)


def _good_before(
    survey: Survey, ledger: Ledger, records: Records
) -> tuple[Record | None, Ledger]:
    # The newest confirmed record of a commit decides on it: an older success does not
    # make up for a rollback. What is there now is judged from the start.
    judged = {survey.pointer}
    for record in ledger.of(survey.environment.name):
        if record.sha in judged:
            continue
        if record.id not in ledger.statuses:
            ledger = ledger.knowing(records.statuses([record.id]))
        if ledger.live_from(record) is None:
            continue
        judged.add(record.sha)
        if ledger.state(record) == "success":
            return record, ledger
    return None, ledger
