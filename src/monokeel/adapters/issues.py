"""The issues and pull requests that this program keeps.

An issue is found by a marker, which anybody may quote, and who opened it; a pull
request by its branch.
"""

from http import HTTPStatus

from monokeel.adapters.github import GitHub, words_of
from monokeel.drift.ports import OwnIssue
from monokeel.ground.answers import Declined, Json, as_number, as_object, as_text
from monokeel.ground.errors import ServiceError

_LONGEST = 65_000  # GitHub refuses a body of more than 65,536 characters
_CUT = "\n\n… cut here: the log of the run that wrote this has the rest."
# What a workflow opens with its own token. An App that takes over goes on with it.
_WORKFLOWS = "github-actions[bot]"
_REFUSED = tuple(map(HTTPStatus, (403, 404, 422)))


class Issues:
    """Our issues on GitHub; *new* says what else one gets: labels, assignees."""

    def __init__(self, github: GitHub, **new: tuple[str, ...]) -> None:
        self._github = github
        self._new: dict[str, Json] = {k: [*each] for k, each in new.items() if each}

    def newest(self, marker: str) -> OwnIssue | None:
        """Pass over pull requests; ServiceError if nobody says whose token this is."""
        found = []
        for login in dict.fromkeys((self._login(), _WORKFLOWS)):
            params = {"state": "all", "creator": login}
            for each in self._github.pages("/issues", params=params):
                author = as_object(each.get("user") or {}).get("login")
                ours = "pull_request" not in each and author == login
                if ours and _hidden(marker) in str(each.get("body")):
                    issue = OwnIssue(
                        number=as_number(each.get("number")),
                        is_open=each.get("state") == "open",
                        title=str(each.get("title")),
                        body=str(each.get("body")),
                    )
                    found.append(issue)
        opened = (each for each in found if each.is_open)
        last = max(found, key=lambda each: each.number, default=None)
        return min(opened, key=lambda each: each.number, default=last)

    def create(self, marker: str, *, title: str, body: str) -> int:
        """Open an issue with *marker*; return its number."""
        wanted: Json = {"title": title, "body": _marked(marker, body), **self._new}
        made = self._github.request("POST", "/issues", json=wanted).object()
        return as_number(made.get("number"))

    def change(self, number: int, marker: str, *, title: str, body: str) -> None:
        """Give an issue of ours another text; one that is closed opens again."""
        wanted: Json = {"title": title, "body": _marked(marker, body), "state": "open"}
        self._github.request("PATCH", f"/issues/{number}", json=wanted)

    def comment(self, number: int, text: str) -> None:
        """Comment on an issue."""
        said: Json = {"body": _shortened(text)}
        self._github.request("POST", f"/issues/{number}/comments", json=said)

    def keep_open(self, marker: str, *, title: str, body: str) -> int:
        """Open another one where ours was closed: that one stays closed."""
        issue = self.newest(marker)
        if issue is None or not issue.is_open:
            return self.create(marker, title=title, body=body)
        if (issue.title, issue.body) != (title, _marked(marker, body)):
            self.change(issue.number, marker, title=title, body=body)
        return issue.number

    def close(self, marker: str, *, comment: str) -> int | None:
        """Close our issue of *marker* with *comment*; ``None`` if none is open."""
        issue = self.newest(marker)
        if issue is None or not issue.is_open:
            return None
        self.comment(issue.number, comment)
        closed: Json = {"state": "closed", "state_reason": "completed"}
        self._github.request("PATCH", f"/issues/{issue.number}", json=closed)
        return issue.number

    def _login(self) -> str:
        """Return the login behind the token; GraphQL's viewer tells it Apps as well."""
        try:
            data = self._github.graphql("query Viewer { viewer { login } }", {})
            return as_text(as_object(data.get("viewer")).get("login"))
        except ServiceError as error:
            problem = "GitHub does not say whose token this is, so no issue is known as"
            raise ServiceError(f"{problem} ours: {error.problem}") from error


def _hidden(marker: str) -> str:
    return f"<!-- monokeel: {marker} -->"


def _marked(marker: str, body: str) -> str:
    return f"{_shortened(body.rstrip())}\n\n{_hidden(marker)}\n"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + _CUT


class Pulls:
    """The pull requests to branch *base* of the repository of *github*."""

    def __init__(self, github: GitHub, *, base: str) -> None:
        self._github = github
        self._base = base

    def open_from(self, prefix: str) -> dict[str, int]:
        """Pass over branches of forks: they prove nothing."""
        found, params = {}, {"state": "open", "base": self._base}
        for pull in self._github.pages("/pulls", params=params):
            head = as_object(pull.get("head"))
            branch, home = as_text(head.get("ref")), head.get("repo")
            name = home.get("full_name") if isinstance(home, dict) else None
            ours = str(name).lower() == self._github.repository.lower()
            if ours and branch.startswith(prefix):
                found[branch] = as_number(pull.get("number"))
        return found

    def rejected(self, branch: str) -> int | None:
        """Return the number of the last one of *branch*, if it was closed unmerged."""
        owner = self._github.repository.partition("/")[0]
        head = f"{owner}:{branch}"
        params = {"state": "all", "head": head, "base": self._base}
        found = sorted(
            (as_number(pull.get("number")), pull.get("state"), pull.get("merged_at"))
            for pull in self._github.pages("/pulls", params=params)
            if as_text(as_object(pull.get("head")).get("ref")) == branch
        )
        if not found or found[-1][1] != "closed" or found[-1][2]:
            return None
        return found[-1][0]

    def edit(self, number: int, *, title: str, body: str) -> None:
        """Give pull request *number* another title and body."""
        changed: Json = {"title": title, "body": body}
        self._github.request("PATCH", f"/pulls/{number}", json=changed)

    def create(self, branch: str, *, title: str, body: str) -> int | Declined:
        """Return Declined where GITHUB_TOKEN may not: unless a setting allows it."""
        said: dict[str, Json] = {"title": title, "body": body}
        wanted: Json = {**said, "head": branch, "base": self._base}
        expect = (HTTPStatus.CREATED, *_REFUSED)
        answer = self._github.request("POST", "/pulls", json=wanted, expect=expect)
        if answer.status != HTTPStatus.CREATED:
            return Declined(reason=words_of(answer))
        return as_number(answer.object().get("number"))

    def close(self, number: int, *, comment: str) -> None:
        """Close pull request *number* with *comment*."""
        said: Json = {"body": comment}
        self._github.request("POST", f"/issues/{number}/comments", json=said)
        self._github.request("PATCH", f"/pulls/{number}", json={"state": "closed"})
