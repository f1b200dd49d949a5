"""The issues that this program keeps: found by a marker, and ours by who opened them.

A marker alone proves nothing: anybody who quotes our text brings it along.
"""

from http import HTTPStatus

from monokeel.adapters.github import GitHub
from monokeel.drift.ports import OwnIssue
from monokeel.ground.answers import Json, as_number, as_object, as_text
from monokeel.ground.errors import ServiceError

_LONGEST = 65_000  # GitHub refuses a body of more than 65,536 characters
_CUT = "\n\n… cut here: the log of the run that wrote this has the rest."
# What a workflow opens with its own token. An App that takes over goes on with it.
_WORKFLOWS = "github-actions[bot]"


class Issues:
    """Our issues on GitHub; a new one gets *labels* and *assignees*."""

    def __init__(
        self,
        github: GitHub,
        *,
        labels: tuple[str, ...] = (),
        assignees: tuple[str, ...] = (),
    ) -> None:
        self._github = github
        self._new: dict[str, Json] = {}
        if labels:
            self._new["labels"] = list(labels)
        if assignees:
            self._new["assignees"] = list(assignees)

    def newest(self, marker: str) -> OwnIssue | None:
        """Pass over pull requests, which stand in GitHub's list of issues, too.

        Raises ServiceError when GitHub does not say whose token this is: nobody else's
        issue may be touched.
        """
        found = []
        for login in dict.fromkeys((self._login(), _WORKFLOWS)):
            params = {"state": "all", "creator": login}
            for each in self._github.pages("/issues", params=params):
                author = as_object(each.get("user") or {}).get("login")
                ours = "pull_request" not in each and author == login
                if ours and _hidden(marker) in str(each.get("body")):
                    found.append(_own(each))
        opened = [each for each in found if each.is_open]
        if opened:
            return min(opened, key=lambda each: each.number)
        return max(found, key=lambda each: each.number, default=None)

    def create(self, marker: str, *, title: str, body: str) -> int:
        """Open an issue with *marker*; return its number."""
        wanted: Json = {"title": title, "body": _marked(marker, body), **self._new}
        answer = self._github.request(
            "POST", "/issues", json=wanted, expect=(HTTPStatus.CREATED,)
        )
        return as_number(as_object(answer.json()).get("number"))

    def change(self, number: int, marker: str, *, title: str, body: str) -> None:
        """Give an issue of ours another text; one that is closed opens again."""
        wanted: Json = {"title": title, "body": _marked(marker, body), "state": "open"}
        self._github.request("PATCH", f"/issues/{number}", json=wanted)

    def comment(self, number: int, text: str) -> None:
        """Comment on an issue."""
        self._github.request(
            "POST",
            f"/issues/{number}/comments",
            json={"body": _shortened(text)},
            expect=(HTTPStatus.CREATED,),
        )

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
        """Return the login behind the token: an App's ends in ``[bot]``.

        REST's ``/user`` refuses Apps, GraphQL's viewer does not (gh auth status).
        """
        try:
            data = self._github.graphql("query Viewer { viewer { login } }", {})
            return as_text(as_object(data.get("viewer")).get("login"))
        except ServiceError as error:
            raise ServiceError(
                "GitHub does not say whose token this is, so no issue is known as ours:"
                f" {error.problem}"
            ) from error


def _own(issue: dict[str, Json]) -> OwnIssue:
    return OwnIssue(
        number=as_number(issue.get("number")),
        is_open=issue.get("state") == "open",
        title=str(issue.get("title")),
        body=str(issue.get("body")),
    )


def _hidden(marker: str) -> str:
    return f"<!-- monokeel: {marker} -->"


def _marked(marker: str, body: str) -> str:
    return f"{_shortened(body.rstrip())}\n\n{_hidden(marker)}\n"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + _CUT
