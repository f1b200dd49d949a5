"""One GitHub repository: settings, keys, environments, releases' lock.

Facts: GitHub's REST documentation. What a token may not see answers 403 or 404, or is
left out.
"""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

from monokeel.adapters.github import GitHub, words_of
from monokeel.ground.answers import (
    Json,
    Unknown,
    as_list,
    as_number,
    as_object,
    as_text,
)

_ADDED = (HTTPStatus.OK, HTTPStatus.SEE_OTHER)  # 303: the policy exists already
_HIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_REFUSED = (
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


class Repository:
    """The settings of the repository that *github* speaks to."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def get_repository(self) -> dict[str, Json]:
        """Return the repository as GitHub describes it.

        ``permissions`` says what the token may; ``delete_branch_on_merge`` is left
        out for a token without administration rights (s4k10503/velvet#320).
        """
        return as_object(self._github.request("GET", "").json())

    def list_deploy_keys(self) -> list[dict[str, Json]]:
        """Return the deploy keys: ``id``, ``title``, ``key``, ``read_only``, ….

        Raises ServiceError for a token without administration: read.
        """
        return self._github.pages("/keys")

    def write_keys(self) -> tuple[str, ...] | Unknown:
        """Return the titles of the deploy keys that may write, by title.

        Unknown for a token that may not see them (administration: read).
        """
        answer = self._github.request(
            "GET",
            "/keys",
            params={"per_page": "100"},
            expect=(HTTPStatus.OK, *_HIDDEN),
        )
        if answer.status != HTTPStatus.OK:
            reason = f"GitHub answered {answer.status}: {words_of(answer)}"
            return Unknown(reason=reason)
        more = 'rel="next"' in answer.headers.get("Link", "")
        keys = self.list_deploy_keys() if more else as_list(answer.json())
        titles = [
            as_text(key.get("title"))
            for key in map(as_object, keys)
            if key.get("read_only") is not True
        ]
        return tuple(sorted(titles))

    def create_deploy_key(self, title: str, key: str) -> dict[str, Json]:
        """Register the public *key* with write access and return it.

        Raises RefusedError when GitHub refuses it (422: the key is in use).
        """
        body: Json = {"title": title, "key": key, "read_only": False}
        answer = self._github.request(
            "POST", "/keys", json=body, expect=(HTTPStatus.CREATED,)
        )
        return as_object(answer.json())

    def get_environment(self, name: str) -> dict[str, Json] | None:
        """Return the GitHub Environment *name*, ``None`` if there is none."""
        answer = self._github.request(
            "GET",
            f"/environments/{quote(name, safe='')}",
            expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND),
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return as_object(answer.json())

    def put_environment(self, name: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Create or change the GitHub Environment *name* and return it.

        What *body* leaves out is reset by GitHub. Raises RefusedError for 422: the
        plan has no required reviewers, or both branch policies are equal.
        """
        path = f"/environments/{quote(name, safe='')}"
        return as_object(self._github.request("PUT", path, json=dict(body)).json())

    def list_branch_policies(self, environment: str) -> list[str]:
        """Return the branch patterns that may deploy to *environment*."""
        path = f"/environments/{quote(environment, safe='')}"
        listed = self._github.pages(
            f"{path}/deployment-branch-policies", key="branch_policies"
        )
        return [as_text(each.get("name")) for each in listed]

    def add_branch_policy(self, environment: str, pattern: str) -> None:
        """Let branches that match *pattern* deploy; a second time changes nothing."""
        path = f"/environments/{quote(environment, safe='')}"
        self._github.request(
            "POST",
            f"{path}/deployment-branch-policies",
            json={"name": pattern, "type": "branch"},
            expect=_ADDED,
        )

    def list_environment_secrets(self, environment: str) -> list[str]:
        """Return the names (upper case) of the secrets of *environment*."""
        listed = self._github.pages(
            f"/environments/{quote(environment, safe='')}/secrets", key="secrets"
        )
        return [as_text(each.get("name")) for each in listed]

    def immutable_releases(self) -> bool | Unknown:
        """Say whether new releases are locked; Unknown where the token may not ask.

        GitHub answers 404 both for "off" and for "hidden": a 404 means off only for
        a token that sees the repository's administration settings.
        """
        answer = self._github.request(
            "GET", "/immutable-releases", expect=(HTTPStatus.OK, *_HIDDEN)
        )
        if answer.status == HTTPStatus.OK:
            return as_object(answer.json()).get("enabled") is True
        if answer.status == HTTPStatus.NOT_FOUND and self._sees_settings():
            return False
        return Unknown(reason=f"GitHub answered {answer.status}: {words_of(answer)}")

    def enable_immutable_releases(self) -> None:
        """Lock every release published from now on.

        Raises RefusedError when the organization decides (409).
        """
        self._github.request(
            "PUT", "/immutable-releases", expect=(HTTPStatus.NO_CONTENT,)
        )

    def newest_release_is_immutable(self) -> bool:
        """Say whether the latest published release is locked; needs no admin rights."""
        answer = self._github.request(
            "GET", "/releases/latest", expect=(HTTPStatus.OK, HTTPStatus.NOT_FOUND)
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            return False
        return as_object(answer.json()).get("immutable") is True

    def classic_protection(self, branch: str) -> bool | Unknown:
        """Say whether classic branch protection stands beside the rulesets."""
        answer = self._github.request(
            "GET",
            f"/branches/{quote(branch)}/protection",
            expect=(HTTPStatus.OK, *_HIDDEN),
        )
        if answer.status == HTTPStatus.OK:
            return True
        said = words_of(answer)
        if answer.status == HTTPStatus.NOT_FOUND and "not protected" in said.lower():
            return False
        return Unknown(reason=f"GitHub answered {answer.status}: {said}")

    def own_number(self) -> int | None:
        """Return the account number of the token's user; ``None`` if it has none."""
        answer = self._github.request("GET", "//user", expect=(HTTPStatus.OK, *_HIDDEN))
        if answer.status != HTTPStatus.OK:
            return None
        return as_number(as_object(answer.json()).get("id"))

    def _sees_settings(self) -> bool:
        return "delete_branch_on_merge" in self.get_repository()
