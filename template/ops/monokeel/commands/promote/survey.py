"""Look before the move: the remote, the policy on the main branch, the records."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from monokeel.commands.promote.needs import Clone, Outside, Records, Request
from monokeel.core.deployments import ROLLBACK, Ledger, Record, newest_first
from monokeel.core.nearest import nearest, parse_wanted
from monokeel.core.pointers import (
    Pointers,
    main_of,
    newest_live,
    pointers_of,
    unread_for_newest,
)
from monokeel.core.settings import Environment, Settings, parse_settings
from monokeel.core.trial import Repair, repaired, repairs, unread_for_repair
from monokeel.errors import CommandError, RefusedError, ServiceError

POLICY = "infra/platform.toml"


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
    CommandError for a wrong argument and RefusedError for an unknown version.
    """
    wanted = _wanted_version(request, local.tag_prefix)
    refs = outside.clone.remote_refs()
    main = main_of(refs, local.default_branch)
    _bring(outside.clone, main)
    settings = policy_at(outside.clone, main)
    environment = settings.environment(request.environment)
    pointers = pointers_of(refs, main=main, prefix=settings.tag_prefix)
    if wanted:
        _require_known(wanted, pointers, settings)
    survey = _read_records(request, outside.records, settings, pointers, environment)
    if not wanted and survey.finished is None:
        survey = _choose_rollback(survey, outside.records)
    else:
        survey = replace(survey, version=wanted)
    _bring(outside.clone, survey.commit, survey.pointer)
    return survey


def policy_at(clone: Clone, commit: str) -> Settings:
    """Return the policy that *commit* holds; raise CommandError if there is none."""
    text = clone.file_at(commit, POLICY)
    if text is None:
        raise CommandError(
            f"{POLICY} is not on the default branch ({commit[:12]})",
            fix="Merge it first: the rules of promotion are read from there.",
        )
    return parse_settings(text)


def read_on(
    ledger: Ledger, records: Records, ask: Callable[[Ledger], tuple[int, ...]]
) -> Ledger:
    """Return *ledger* with the statuses that *ask* wants, until it wants none."""
    while ids := ask(ledger):
        ledger = ledger.knowing(records.statuses(ids))
    return ledger


def _wanted_version(request: Request, prefix: str) -> str:
    if not request.environment:
        raise CommandError("no environment given", fix="Add --env NAME.")
    if request.version:
        return parse_wanted(request.version, prefix=prefix)
    if request.rollback:
        return ""
    raise CommandError(
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
        records,
        lambda known: unread_for_repair(known, name, pointer),
    )
    owed = repairs(ledger, name, pointer, now)
    ledger = repaired(ledger, owed, now)
    ledger = read_on(ledger, records, lambda known: unread_for_newest(known, name))
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
