"""Pull requests of the repository, found by their branch."""

from http import HTTPStatus

from monokeel.adapters.github import GitHub, words_of
from monokeel.ground.answers import Declined, Json, as_number, as_object, as_text

_REFUSED = tuple(map(HTTPStatus, (403, 404, 422)))


class Pulls:
    """The pull requests to branch *base* of the repository of *github*."""

    def __init__(self, github: GitHub, *, base: str) -> None:
        self._github = github
        self._base = base

    def open_from(self, prefix: str) -> dict[str, int]:
        """Pass over branches of forks: they prove nothing."""
        found = {}
        for pull in self._github.pages("/pulls", params={"state": "open"}):
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
        params = {"state": "all", "head": f"{owner}:{branch}"}
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
