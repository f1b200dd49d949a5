"""One GitHub repository: settings, keys, environments, releases' lock (REST docs).

What a token may not see answers 403 or 404, or is left out.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from monokeel.adapters.github import OR_ABSENT, GitHub, words_of
from monokeel.ground.answers import Json, as_text
from monokeel.ground.errors import RefusedError, ServiceError

# 303: the branch policy exists already.
_DONE = {"POST": (201, 200, 303), "PUT": (200, 204), "PATCH": (200,)}
_WAITS = ("queued", "requested", "waiting", "pending")


class Repository:
    """The settings of the repository that *github* speaks to."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def read(self, path: str) -> dict[str, Json]:
        """Return it; settings of merging for contents: write (GitHub docs)."""
        return self._github.read(path.rstrip("/"))

    def listed(self, path: str, key: str = "") -> list[dict[str, Json]]:
        """Return what is listed; keys are hidden without administration: read."""
        return self._github.pages(path, key=key)

    def write(self, call: str, body: Mapping[str, Json] | None = None) -> None:
        """Raise RefusedError for 409 (the owner decides) and 422 (plan, key in use)."""
        method, _, path = call.partition(" ")
        sent = None if body is None else dict(body)
        self._github.write(method, path.rstrip("/"), sent, expect=_DONE[method])

    def environment(self, name: str) -> dict[str, Json] | None:
        """Believe a 404 only of who may list them: it hides as well."""
        path = "/environments"
        found = self._github.found(f"{path}/{quote(name, safe='')}")
        if found is not None:
            return found
        listed = self._github.pages(path, key="environments")
        return next((each for each in listed if each.get("name") == name), None)

    def immutable_releases(self) -> bool:
        """Take a 404 for "off" only of a token that sees administration settings."""
        found = self._github.found("/immutable-releases")
        if found is None:
            self.read("/actions/permissions")  # hidden as well, where that was why
        return found is not None and found.get("enabled") is True

    def classic_protection(self, branch: str) -> bool:
        """Say whether classic branch protection stands beside the rulesets."""
        path = f"/branches/{quote(branch)}/protection"
        answer = self._github.request("GET", path, expect=OR_ABSENT)
        if answer.status == OR_ABSENT[0]:
            return True
        said = words_of(answer)
        if "not protected" not in said.lower():
            raise ServiceError(f"GitHub answered {answer.status}: {said}", hidden=True)
        return False

    def waiting_run(self, workflow: str, commit: str, branch: str) -> str:
        """Return the page of a run of the file *workflow* waiting on *commit*, or "".

        Only a push to *branch* counts: by hand it may be a dry run (REST docs).
        """
        path, asked = f"/actions/workflows/{quote(workflow)}/runs", {"head_sha": commit}
        for run in self._github.pages(path, params=asked, key="workflow_runs"):
            whose = (run.get("event"), run.get("head_branch"))
            if run.get("status") in _WAITS and whose == ("push", branch):
                return as_text(run.get("html_url"))
        return ""

    def now(self) -> datetime:
        """Return GitHub's time, that of its newest answer."""
        return self._github.server_date

    def token_scopes(self) -> tuple[str, ...] | None:
        """Read ``X-OAuth-Scopes`` (GitHub docs, "Scopes for OAuth apps")."""
        said = self._github.request("GET", "").headers.get("X-OAuth-Scopes")
        scopes = (each.strip() for each in (said or "").split(","))
        return None if said is None else tuple(filter(None, scopes))

    def create(self, *, private: bool) -> None:
        """Make it, empty; RefusedError when the token may not, or the name is taken."""
        owner, _, name = self._github.repository.partition("/")
        found = self._github.read(f"//users/{quote(owner)}")
        path = f"//orgs/{quote(owner)}/repos"
        if found.get("type") != "Organization":
            path = "//user/repos"  # of whoever the token belongs to
            me = self._github.read("//user").get("login")
            if str(me).lower() != owner.lower():
                problem = f"the token is that of {me}, who cannot make {owner}/{name}"
                fix = f"Use a token of {owner}, or correct [repository] owner."
                raise RefusedError(problem, fix=fix)
        self._github.write("POST", path, {"name": name, "private": private})
