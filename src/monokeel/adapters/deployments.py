"""The records of promotion on GitHub: deployments, their statuses, environments.

Facts: GitHub's OpenAPI description of these calls and of ``/activity``.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from monokeel.adapters.github import GitHub
from monokeel.adapters.session import map_concurrently
from monokeel.ground.answers import (
    Json,
    Unknown,
    as_list,
    as_number,
    as_object,
    as_text,
)
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.words import parse_time
from monokeel.promotion.facts import Protection
from monokeel.promotion.records import (
    BranchMove,
    Listed,
    NewRecord,
    Record,
    Status,
    newest_first,
    parse_branch_move,
    parse_record,
    parse_status,
    payload_of,
)
from monokeel.promotion.track_record import shortened

_PAGE = "100"  # the most that GitHub gives at once
_NEXT = re.compile(r'rel="next"')


class Deployments:
    """The deployments of the repository that *github* speaks to."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def now(self) -> datetime:
        """Return the time of GitHub's newest answer; this machine's clock may lie."""
        return self._github.server_date

    def newest(self, environments: Sequence[str]) -> Listed:
        """Return our newest records, at least the newest of each of *environments*.

        One request where all fit on a page. GitHub promises no order: a first page
        whose ids do not fall is not trusted, and every page is read. Records of others
        can fill the page: an environment that is not on it is asked for by name.
        """
        answer = self._github.request("GET", "/deployments", params={"per_page": _PAGE})
        page = as_list(answer.json())
        if not _NEXT.search(answer.headers.get("Link", "")):
            return Listed(records=_ours(page), complete=True)
        ids = [as_number(as_object(item).get("id")) for item in page]
        if ids != sorted(ids, reverse=True):
            every: list[Json] = [*self._github.pages("/deployments")]
            return Listed(records=_ours(every), complete=True)
        records = list(_ours(page))
        known = {record.environment for record in records}
        for environment in environments:
            if environment not in known:
                records += self.history(environment)
        return Listed(records=newest_first(records), complete=False)

    def history(self, environment: str, commit: str = "") -> tuple[Record, ...]:
        """Return all records of *environment* (and *commit*, if set), newest first."""
        params = {"environment": environment} | ({"sha": commit} if commit else {})
        return _ours([*self._github.pages("/deployments", params=params)])

    def statuses(self, ids: Sequence[int]) -> Mapping[int, tuple[Status, ...]]:
        """Return record id → its statuses, oldest first; one request each."""
        read = map_concurrently(self._statuses, ids)
        return dict(zip(ids, read, strict=True))

    def create(self, wanted: NewRecord) -> Record:
        """Make a record and return it, with the commit that GitHub resolved.

        It has no status yet: pending. ``auto_merge`` and ``required_contexts`` are sent
        on purpose: by default GitHub merges the default branch into the ref (202) or
        waits for every check (409). Raises RefusedError with GitHub's words (409, 422).
        """
        answer = self._github.request(
            "POST",
            "/deployments",
            json={
                "ref": wanted.tag,
                "task": wanted.task,
                "auto_merge": False,
                "required_contexts": [],
                "payload": payload_of(wanted.note),
                "environment": wanted.environment,
                "description": shortened(wanted.description),
                "transient_environment": False,
                "production_environment": wanted.production,
            },
            expect=(HTTPStatus.CREATED,),
        )
        fields = as_object(answer.json())
        return Record(
            id=as_number(fields.get("id")),
            environment=wanted.environment,
            sha=as_text(fields.get("sha")),
            task=wanted.task,
            created_at=parse_time(as_text(fields.get("created_at"))),
            creator="",
            note=wanted.note,
        )

    def settle(
        self, record: int, state: str, description: str, log_url: str = ""
    ) -> None:
        """Give the record with id *record* a *state*, and say why.

        No ``environment`` is sent: it would rename the record's.
        """
        status: dict[str, Json] = {
            "state": state,
            "description": shortened(description),
        }
        if log_url:
            status["log_url"] = log_url
        self._github.request(
            "POST",
            f"/deployments/{record}/statuses",
            json=status,
            expect=(HTTPStatus.CREATED,),
        )

    def protection(self, environment: str) -> Protection | Unknown:
        """Say whether the GitHub Environment is there and asks for an approval."""
        try:
            answer = self._github.request(
                "GET",
                f"/environments/{quote(environment, safe='')}",
                expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
            )
        except NO_ANSWER as error:
            return Unknown(reason=error.problem)
        if answer.status == HTTPStatus.NOT_FOUND:
            return Protection(exists=False, reviewers=False)
        rules = as_list(as_object(answer.json()).get("protection_rules") or [])
        kinds = {as_object(rule).get("type") for rule in rules}
        return Protection(exists=True, reviewers="required_reviewers" in kinds)

    def approvers(self, run: str) -> tuple[str, ...]:
        """Return the logins that approved the workflow run *run* (its id), by name."""
        answer = self._github.request("GET", f"/actions/runs/{quote(run)}/approvals")
        approved = [as_object(item) for item in as_list(answer.json())]
        users = [as_object(e.get("user")) for e in approved if _is_approval(e)]
        return tuple(sorted({as_text(user.get("login")) for user in users}))

    def branch_moves(self, branch: str) -> tuple[BranchMove, ...]:
        """Return the moves of *branch* that GitHub saw itself, newest first.

        An audit source that the mover cannot edit; reading it needs push rights.
        """
        items = self._github.pages("/activity", params={"ref": f"refs/heads/{branch}"})
        moves = [parse_branch_move(item) for item in items]
        return tuple(sorted(moves, key=lambda move: move.at, reverse=True))

    def _statuses(self, record: int) -> tuple[Status, ...]:
        items = self._github.pages(f"/deployments/{record}/statuses")
        read = [parse_status(item) for item in items]
        return tuple(sorted(read, key=lambda status: status.id))


def _ours(page: Sequence[Json]) -> tuple[Record, ...]:
    parsed = (parse_record(item) for item in page)
    return newest_first(record for record in parsed if record is not None)


def _is_approval(review: Mapping[str, Json]) -> bool:
    return review.get("state") == "approved"
