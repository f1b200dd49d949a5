"""Issues and pull requests of one GitHub repository.

The one issue that a check keeps open while something is wrong is found by a hidden
marker in its text, not by its title: people edit titles.
Facts: GitHub's REST documentation of issues and of pull requests.
"""

from http import HTTPStatus

from monokeel.adapters.github import GitHub, words_of
from monokeel.core.lookup import Declined, Json, as_number, as_object, as_text


class Issues:
    """The issues of the repository that *github* speaks to."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def find(self, marker: str) -> int | None:
        """Return the number of the oldest open issue with *marker*, or ``None``.

        *marker* is a word such as ``policy-drift``. Pull requests stand in GitHub's
        list of issues, too, and are passed over.
        """
        numbers = [
            as_number(each.get("number"))
            for each in self._github.pages("/issues", params={"state": "open"})
            if "pull_request" not in each and _hidden(marker) in str(each.get("body"))
        ]
        return min(numbers, default=None)

    def keep_open(self, marker: str, *, title: str, body: str) -> int:
        """Open the issue of *marker*, or bring it up to date; return its number."""
        text = f"{body.rstrip()}\n\n{_hidden(marker)}\n"
        wanted: Json = {"title": title, "body": text}
        number = self.find(marker)
        if number is not None:
            self._github.request("PATCH", f"/issues/{number}", json=wanted)
            return number
        answer = self._github.request(
            "POST", "/issues", json=wanted, expect=(HTTPStatus.CREATED,)
        )
        return as_number(as_object(answer.json()).get("number"))

    def close(self, marker: str, *, comment: str) -> int | None:
        """Close the issue of *marker* with *comment*; ``None`` if none is open."""
        number = self.find(marker)
        if number is None:
            return None
        self._github.request(
            "POST",
            f"/issues/{number}/comments",
            json={"body": comment},
            expect=(HTTPStatus.CREATED,),
        )
        closed: Json = {"state": "closed", "state_reason": "completed"}
        self._github.request("PATCH", f"/issues/{number}", json=closed)
        return number


def _hidden(marker: str) -> str:
    return f"<!-- monokeel: {marker} -->"


_REFUSED = (
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


class Pulls:
    """The pull requests to branch *base* of the repository of *github*."""

    def __init__(self, github: GitHub, *, base: str) -> None:
        self._github = github
        self._base = base

    def open_from(self, prefix: str) -> dict[str, int]:
        """Return branch → number of those open from branches with *prefix*.

        Only branches of the repository itself: those of a fork prove nothing.
        """
        found = {}
        for pull in self._github.pages("/pulls", params={"state": "open"}):
            head = as_object(pull.get("head"))
            branch = as_text(head.get("ref"))
            home = head.get("repo")
            name = home.get("full_name") if isinstance(home, dict) else None
            ours = str(name).lower() == self._github.repository.lower()
            if ours and branch.startswith(prefix):
                found[branch] = as_number(pull.get("number"))
        return found

    def create(self, branch: str, *, title: str, body: str) -> int | Declined:
        """Open a pull request from *branch* and return its number.

        Declined when GitHub does not let this token do so, as it is with
        ``GITHUB_TOKEN`` unless a setting allows it.
        """
        wanted: Json = {
            "title": title,
            "body": body,
            "head": branch,
            "base": self._base,
        }
        expect = (HTTPStatus.CREATED, *_REFUSED)
        answer = self._github.request("POST", "/pulls", json=wanted, expect=expect)
        if answer.status != HTTPStatus.CREATED:
            return Declined(reason=words_of(answer))
        return as_number(as_object(answer.json()).get("number"))

    def close(self, number: int, *, comment: str) -> None:
        """Close pull request *number* with *comment*."""
        self._github.request(
            "POST",
            f"/issues/{number}/comments",
            json={"body": comment},
            expect=(HTTPStatus.CREATED,),
        )
        self._github.request("PATCH", f"/pulls/{number}", json={"state": "closed"})
