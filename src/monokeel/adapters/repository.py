"""One GitHub repository: settings, keys, environments, releases' lock.

Facts: GitHub's REST documentation. What a token may not see answers 403 or 404, or is
left out.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from monokeel.adapters.github import GitHub, words_of
from monokeel.adapters.session import Answer
from monokeel.ground.answers import Json, as_number, as_object, as_text
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.words import parse_time
from monokeel.setup.ports import DeployKey

_ADDED = (HTTPStatus.OK, HTTPStatus.SEE_OTHER)  # 303: the policy exists already
_WAITS = ("queued", "requested", "waiting", "pending")
_OR_ABSENT = (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
_EMPTY = (HTTPStatus.NO_CONTENT,)
_ACTIONS = "/actions/permissions"


class Repository:
    """The settings of the repository that *github* speaks to."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def get_repository(self) -> dict[str, Json]:
        """Return it; ``delete_branch_on_merge`` for administration (velvet#320)."""
        return self._github.request("GET", "").object()

    def deploy_keys(self) -> tuple[DeployKey, ...]:
        """Return the deploy keys; hidden without administration: read."""
        return tuple(
            DeployKey(
                id=as_number(key.get("id")),
                title=as_text(key.get("title")),
                key=as_text(key.get("key")),
                writes=key.get("read_only") is not True,
                enabled=key.get("enabled") is not False,  # older servers leave it out
                created_at=parse_time(as_text(key.get("created_at"))),
                added_by=str(key.get("added_by") or ""),
                last_used=parse_time(as_text(used))
                if (used := key.get("last_used"))
                else None,
            )
            for key in self._github.pages("/keys")
        )

    def create_deploy_key(self, title: str, key: str) -> None:
        """Raise RefusedError when GitHub refuses it (422: the key is in use)."""
        body: Json = {"title": title, "key": key, "read_only": False}
        self._github.write("POST", "/keys", body)

    def environment(self, name: str) -> dict[str, Json] | None:
        """Believe a 404 only of who may list them: it hides as well."""
        answer = self._github.request("GET", _environment(name), expect=_OR_ABSENT)
        if answer.status == HTTPStatus.OK:
            return answer.object()
        listed = self._github.pages("/environments", key="environments")
        return next((each for each in listed if each.get("name") == name), None)

    def put_environment(self, name: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Raise RefusedError for 422: no such plan, or both branch policies equal."""
        return self._github.write("PUT", _environment(name), dict(body)).object()

    def branch_policies(self, environment: str) -> tuple[str, ...]:
        """Return the branch patterns that may deploy to *environment*."""
        path = f"{_environment(environment)}/deployment-branch-policies"
        listed = self._github.pages(path, key="branch_policies")
        return tuple(as_text(each.get("name")) for each in listed)

    def add_branch_policy(self, environment: str, pattern: str) -> None:
        """Let branches that match *pattern* deploy; a second time changes nothing."""
        path = f"{_environment(environment)}/deployment-branch-policies"
        body: Json = {"name": pattern, "type": "branch"}
        self._github.write("POST", path, body, expect=_ADDED)

    def secrets(self, environment: str) -> dict[str, datetime]:
        """Return upper-case names, as GitHub lists them."""
        path = _environment(environment) if environment else "/actions"
        return {
            as_text(each.get("name")): parse_time(as_text(each.get("updated_at")))
            for each in self._github.pages(f"{path}/secrets", key="secrets")
        }

    def change_settings(self, body: Mapping[str, Json]) -> None:
        """Use one call: no message of a squash without its title (PyGithub#2890)."""
        self._github.write("PATCH", "", dict(body))

    def immutable_releases(self) -> bool:
        """Take a 404 for "off" only of a token that sees administration settings."""
        answer = self._github.request("GET", "/immutable-releases", expect=_OR_ABSENT)
        if answer.status == HTTPStatus.OK:
            return answer.object().get("enabled") is True
        if "delete_branch_on_merge" in self.get_repository():
            return False
        raise _hidden(answer)

    def enable_immutable_releases(self) -> None:
        """Raise RefusedError when the organization decides (409)."""
        self._github.write("PUT", "/immutable-releases", expect=_EMPTY)

    def classic_protection(self, branch: str) -> bool:
        """Say whether classic branch protection stands beside the rulesets."""
        path = f"/branches/{quote(branch)}/protection"
        answer = self._github.request("GET", path, expect=_OR_ABSENT)
        absent = answer.status == HTTPStatus.NOT_FOUND
        if absent and "not protected" not in words_of(answer).lower():
            raise _hidden(answer)
        return not absent

    def waiting_run(self, workflow: str, commit: str, branch: str) -> str:
        """Return the page of a run on *commit* that has not begun, empty without one.

        *workflow* is a file's name. Only a push to *branch* counts: by hand it may be a
        dry run. Source: GitHub's REST documentation of workflow runs.
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

    def pushers(self) -> tuple[str, ...]:
        """Return the logins of who may push; hidden for who may not push."""
        return tuple(
            as_text(each.get("login"))
            for each in self._github.pages("/collaborators")
            if as_object(each.get("permissions") or {}).get("push") is True
        )

    def create(self, *, private: bool) -> None:
        """Make it, empty; RefusedError when the token may not, or the name is taken."""
        owner, _, name = self._github.repository.partition("/")
        found = self._github.request("GET", f"//users/{quote(owner)}").object()
        path = f"//orgs/{quote(owner)}/repos"
        if found.get("type") != "Organization":
            path = "//user/repos"  # of whoever the token belongs to
            me = self._github.request("GET", "//user").object().get("login")
            if str(me).lower() != owner.lower():
                raise RefusedError(
                    f"the token is that of {me}, who cannot make {owner}/{name}",
                    fix=f"Use a token of {owner}, or correct [repository] owner.",
                )
        self._github.write("POST", path, {"name": name, "private": private})

    def actions_policy(self) -> dict[str, Json]:
        """Return ``GET /actions/permissions``, with the selected actions."""
        found = self._github.request("GET", _ACTIONS).object()
        if found.get("allowed_actions") == "selected":
            path = f"{_ACTIONS}/selected-actions"
            found["selected"] = self._github.request("GET", path).object()
        return found

    def workflow_rights(self) -> dict[str, Json]:
        """Return ``default_workflow_permissions`` and whether workflows may approve."""
        return self._github.request("GET", f"{_ACTIONS}/workflow").object()

    def limit_workflows(self) -> None:
        """Call ``PUT /actions/permissions/workflow``; 409 where the owner decides."""
        body: Json = {
            "default_workflow_permissions": "read",
            "can_approve_pull_request_reviews": False,
        }
        self._github.write("PUT", f"{_ACTIONS}/workflow", body, expect=_EMPTY)

    def own_number(self) -> int | None:
        """Return the account number of the token's user; ``None`` if it has none."""
        try:
            return as_number(self._github.request("GET", "//user").object().get("id"))
        except ServiceError as error:
            if error.hidden:
                return None
            raise


def _environment(name: str) -> str:
    return f"/environments/{quote(name, safe='')}"


def _hidden(answer: Answer) -> ServiceError:
    problem = f"GitHub answered {answer.status}: {words_of(answer)}"
    return ServiceError(problem, hidden=True)
