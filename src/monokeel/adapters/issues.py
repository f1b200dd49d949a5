"""The one issue of the repository that speaks of a subject, found by a marker."""

from http import HTTPStatus

from monokeel.adapters.github import GitHub
from monokeel.ground.answers import Json, as_number, as_object


class Issues:
    """The one issue that a check keeps open while something is wrong.

    It is found by a hidden marker in its text, not by its title: people edit titles.
    """

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
