"""The rulesets of one GitHub repository: all of them, with details and history.

The list has neither rules nor bypass actors: each is read by itself (REST docs).
"""

import logging
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from monokeel.adapters.github import GitHub, words_of
from monokeel.adapters.session import map_concurrently, wait_before_retry
from monokeel.ground.answers import Json, as_number, as_object, as_text
from monokeel.ground.errors import NO_ANSWER, ServiceError
from monokeel.policy.ports import Refusal, Version
from monokeel.policy.rulesets import Ruleset, is_own, read_live

log = logging.getLogger(__name__)

_OWN = {"includes_parents": "false"}
_TRIES = 4
_LONGEST_WAIT_S = 120.0
_LISTED = {
    "Team": ("teams", "id", "slug"),
    "Integration": ("installations", "app_id", "app_slug"),
}
_NO = (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY)


class Rulesets:
    """The rulesets of the repository that *github* speaks to."""

    def __init__(
        self, github: GitHub, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._github, self.repository = github, github.repository
        self._sleep = sleep

    def read_all(self) -> tuple[tuple[Ruleset, ...], tuple[str, ...]]:
        """Ask once a page and once a ruleset, the latter at the same time."""
        listed = self._github.pages("/rulesets", params={"includes_parents": "true"})
        own = [as_number(each.get("id")) for each in listed if is_own(each)]
        others = (each for each in listed if not is_own(each))
        inherited = tuple(f"{x.get('name')} ({x.get('source')})" for x in others)
        return tuple(map_concurrently(self.read, own)), inherited

    def named(self, name: str) -> tuple[int, ...]:
        """Return the ids of the repository's own rulesets called *name*."""
        own = filter(is_own, self._github.pages("/rulesets", params=_OWN))
        return tuple(as_number(x.get("id")) for x in own if x.get("name") == name)

    def read(self, number: int) -> Ruleset:
        """Return ruleset *number* as it is now."""
        return read_live(self._github.read(f"/rulesets/{number}", params=_OWN))

    def write(self, body: Mapping[str, Json] | None, number: int = 0) -> int | Refusal:
        """Send one write; only a rate limit, which did nothing, is waited out."""
        sent, path = None if body is None else dict(body), "/rulesets"
        method, done = "POST", {HTTPStatus.CREATED}
        if number:
            path, method, done = f"{path}/{number}", "PUT", {HTTPStatus.OK}
        if body is None:
            method, done = "DELETE", {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}
        expect = (*done, *_NO, HTTPStatus.TOO_MANY_REQUESTS)
        for attempt in range(1, _TRIES + 1):
            answer = self._github.request(method, path, json=sent, expect=expect)
            wait_s = wait_before_retry(answer, attempt, now=time.time())
            if wait_s is None and answer.status in _NO:
                return Refusal(status=answer.status, words=words_of(answer))
            if wait_s is None:
                return number or as_number(answer.object().get("id"))
            if attempt == _TRIES or wait_s > _LONGEST_WAIT_S:
                said = f"{method} {path}: {words_of(answer)}"
                fix = "Run the same command again later: it continues."
                raise ServiceError(f"GitHub's rate limit stopped {said}", fix=fix)
            log.warning("GitHub's rate limit: waiting %.0f s", wait_s)
            self._sleep(wait_s)
        raise AssertionError(method)

    def history(self, number: int) -> tuple[Version, ...]:
        """Raise ServiceError for a token without administration: write."""
        versions = []
        for each in self._github.pages(f"/rulesets/{number}/history"):
            actor = as_object(each.get("actor"))
            version = Version(
                id=as_number(each.get("version_id")),
                updated_at=str(each.get("updated_at")),
                actor_id=as_number(actor.get("id")),
                actor_type=str(actor.get("type")),
            )
            versions.append(version)
        return tuple(sorted(versions, key=lambda each: each.id, reverse=True))

    def state_at(self, number: int, version: int) -> dict[str, Json]:
        """Return ruleset *number* as it was at *version*, in REST shape."""
        seen = self._github.read(f"/rulesets/{number}/history/{version}")
        return as_object(seen.get("state"))

    def name_of(self, kind: str, number: int) -> str | None:
        """Return ``""`` for an App that is not installed here: it passes nobody."""
        where = f"//orgs/{self._github.repository.partition('/')[0]}"
        path, by, name = _LISTED.get(kind, _LISTED["Integration"])
        try:
            if kind == "User":
                return as_text(self._github.read(f"//user/{number}").get("login"))
            key = "" if kind == "Team" else path
            listed = self._github.pages(f"{where}/{path}", key=key)
        except NO_ANSWER:
            return None
        found = (str(each.get(name)) for each in listed if each.get(by) == number)
        return next(found, None if kind == "Team" else "")

    def owner_is_person(self) -> bool:
        """Say whether the repository belongs to a person, not to an organization."""
        return as_object(self._github.read("").get("owner")).get("type") == "User"
