"""The records of promotion on GitHub: deployments, their statuses, environments.

Facts: GitHub's OpenAPI description; its GraphQL schema for lists, newest first.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from monokeel.adapters.github import GitHub
from monokeel.ground import answers
from monokeel.ground.answers import Json, as_list, as_number, as_object, as_text
from monokeel.ground.errors import NO_ANSWER, ServiceError
from monokeel.ground.words import brief
from monokeel.promotion import records as room
from monokeel.promotion.ports import Protection
from monokeel.promotion.records import (
    LONGEST_DESCRIPTION,
    BranchMove,
    Ledger,
    Note,
    Record,
)

_NEWEST = 30  # records of each environment that are read at first
_PAGE_SIZE, _MOST_PAGES = 100, 100
_PAGE = """\
fragment Page on DeploymentConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    databaseId environment commitOid task payload createdAt
    creator { __typename login }
    statuses(first: 50) {
      totalCount nodes { state description createdAt creator { __typename login } }
    }
  }
}"""


class Deployments:
    """The deployments of the repository that *github* speaks to."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def newest(self, environments: Mapping[str, str], commits: Sequence[str]) -> Ledger:
        """Ask GraphQL once; one commit has at most a hundred deployments here."""
        names = [*environments]
        lists = [f"e{n}: {_list_of([name])}" for n, name in enumerate(names)]
        lists += [
            f'c{n}: object(oid: "{commit}") {{ ... on Commit {{'
            f" {_list_of(names, _PAGE_SIZE)} }} }}"
            for n, commit in enumerate(commits)
        ]
        viewer, found = self._ask(lists if names else [])
        records: list[Record] = []
        floors = dict.fromkeys(environments.values(), 0)
        for n, name in enumerate(names):
            page, floor = self._page(found[f"e{n}"], environments)
            records += page
            floors[environments[name]] = max(floors[environments[name]], floor)
        cut = set()
        for n, commit in enumerate(commits if names else ()):
            if found[f"c{n}"] is not None:
                known = as_object(found[f"c{n}"]).get("deployments")
                page, floor = self._page(known, environments)
                records += page
                cut |= {commit} if floor else set()
        for ours in [each for each, floor in floors.items() if floor]:
            # Others write more than a page on one commit, into our environment, too.
            if not cut <= {each.sha for each in records if each.environment == ours}:
                same = {name: it for name, it in environments.items() if it == ours}
                records += self.history(same)
                floors[ours] = 0
        every = room.records_in_order(records)
        now = self._github.server_date  # this machine's clock may lie
        return Ledger(records=every, viewer=viewer, floors=floors, now=now)

    def history(self, environments: Mapping[str, str]) -> tuple[Record, ...]:
        """Return all records of *environments*, newest first; a request a page."""
        names, records, after = [*environments], [], ""
        for _ in range(_MOST_PAGES):
            _, found = self._ask([f"all: {_list_of(names, _PAGE_SIZE, after)}"])
            records += self._page(found["all"], environments)[0]
            info = as_object(as_object(found["all"]).get("pageInfo"))
            if info.get("hasNextPage") is not True:
                return room.records_in_order(records)
            after = as_text(info.get("endCursor"))
        many = f"{_MOST_PAGES * _PAGE_SIZE} deployments of any tool"
        gone = f"gh api -X DELETE repos/{self._github.repository}/deployments/ID"
        problem = f"{', '.join(names)}: more than {many}: not all of ours could be read"
        fix = "Give other tools environments of their own, and delete what they left"
        raise ServiceError(problem, fix=f"{fix} here, once it is inactive: {gone}")

    def create(
        self, environment: str, note: Note, *, tag: str, task: str, production: bool
    ) -> tuple[int, str]:
        """Create one that is pending; RefusedError with GitHub's words (409, 422).

        By default GitHub merges main into the ref (202) or waits for every check (409).
        """
        said = f"{task} {note.from_version} -> {note.version}"
        wanted: Json = {
            "ref": tag,
            "task": task,
            "auto_merge": False,
            "required_contexts": [],
            "payload": room.payload_of(note),
            "environment": environment,
            "description": brief(said, LONGEST_DESCRIPTION),
            "transient_environment": False,
            "production_environment": production,
        }
        made = self._github.request("POST", "/deployments", json=wanted).object()
        return as_number(made.get("id")), as_text(made.get("sha"))

    def settle(self, record: int, state: str, said: str, log_url: str = "") -> None:
        """Add a status; no ``environment`` is sent: it would rename the record's."""
        said = brief(said, LONGEST_DESCRIPTION)
        status: dict[str, Json] = {"state": state, "description": said}
        status |= {"log_url": log_url} if log_url else {}
        self._github.request("POST", f"/deployments/{record}/statuses", json=status)

    def protection(self, environment: str) -> Protection:
        """Say whether the GitHub Environment is there and asks for an approval."""
        path = f"/environments/{quote(environment, safe='')}"
        found = answers.ask(lambda: self._github.found(path))
        if not isinstance(found, dict):
            return answers.Absent() if found is None else found
        rules = as_list(found.get("protection_rules") or [])
        kinds = {as_object(rule).get("type") for rule in rules}
        return "required_reviewers" in kinds

    def hold(self) -> str | answers.Unknown:
        """Return the repository variable ``PROMOTE_HOLD``, ``""`` without one."""
        path = "/actions/variables/PROMOTE_HOLD"
        found = answers.ask(lambda: self._github.found(path))
        if not isinstance(found, dict):
            return found or ""
        return as_text(found.get("value")).strip()

    def push_refusals(
        self, branch: str, *, exists: bool
    ) -> tuple[str, ...] | answers.Unknown:
        """Return those of rulesets with ``current_user_can_bypass`` "never"."""
        wanted = {"update", "non_fast_forward"} if exists else {"creation"}
        try:
            rules = self._github.pages(f"/rules/branches/{quote(branch, safe='')}")
            mine = [rule for rule in rules if rule.get("type") in wanted]
            closed = set()
            for number in {as_number(rule.get("ruleset_id")) for rule in mine}:
                ruleset = self._github.read(f"/rulesets/{number}")
                if ruleset.get("current_user_can_bypass") == "never":
                    closed.add(number)
        except NO_ANSWER as error:
            return answers.Unknown(reason=error.problem)
        names = {as_text(x["type"]) for x in mine if x.get("ruleset_id") in closed}
        return tuple(sorted(names))

    def approvers(self, run: str) -> tuple[str, ...]:
        """Return the logins that approved the workflow run *run* (its id), by name."""
        answer = self._github.request("GET", f"/actions/runs/{quote(run)}/approvals")
        reviews = [as_object(item) for item in as_list(answer.json())]
        approved = [each for each in reviews if each.get("state") == "approved"]
        users = [as_object(each.get("user")) for each in approved]
        return tuple(sorted({as_text(user.get("login")) for user in users}))

    def branch_moves(self, branch: str) -> tuple[BranchMove, ...]:
        """Read ``/activity``: the mover cannot edit it; reading needs push rights."""
        params = {"ref": f"refs/heads/{branch}", "per_page": "100"}
        answer = self._github.request("GET", "/activity", params=params)
        moves = [room.parse_branch_move(item) for item in as_list(answer.json())]
        return tuple(sorted(moves, key=lambda move: move.at, reverse=True))

    def _page(
        self, value: Json, environments: Mapping[str, str]
    ) -> tuple[list[Record], int]:
        """Return our records of one list, and the id from which on it is complete."""
        fields = as_object(value)
        nodes = [as_object(node) for node in as_list(fields.get("nodes"))]
        records = []
        for node in nodes:
            record = room.parse_record(node, environments)
            if record is None:  # of another tool, whatever it holds
                continue
            listed = as_object(node.get("statuses"))
            if as_number(listed.get("totalCount")) > len(record.statuses):
                # Who may write can add hundreds to a record of ours, among ours.
                items = self._github.pages(f"/deployments/{record.id}/statuses")
                dated = ({**x, "createdAt": x.get("created_at")} for x in items)
                record = replace(record, statuses=tuple(map(room.parse_status, dated)))
            records.append(record)
        more = as_object(fields.get("pageInfo")).get("hasNextPage") is True
        # Those of others count: a page may be full of them.
        floor = min((as_number(node.get("databaseId")) for node in nodes), default=0)
        return records, floor if more else 0

    def _ask(self, lists: Sequence[str]) -> tuple[str, dict[str, Json]]:
        """Return the login that asked, and what the repository has of *lists*."""
        owner, _, name = self._github.repository.partition("/")
        repository = "repository(owner: $owner, name: $name)"
        query = (
            "query Deployments($owner: String!, $name: String!) {"
            f" viewer {{ login }} {repository} {{ nameWithOwner {' '.join(lists)} }} }}"
            f" {_PAGE}"
        )
        data = self._github.graphql(query, {"owner": owner, "name": name})
        viewer, found = as_object(data.get("viewer")), as_object(data.get("repository"))
        self._github.require_name(as_text(found.get("nameWithOwner")))
        return as_text(viewer.get("login")), found


def _list_of(names: Sequence[str], first: int = _NEWEST, after: str = "") -> str:
    start = f", after: {json.dumps(after)}" if after else ""
    return (
        f"deployments(environments: {json.dumps([*names])}, first: {first}{start},"
        " orderBy: {field: CREATED_AT, direction: DESC}) { ...Page }"
    )
