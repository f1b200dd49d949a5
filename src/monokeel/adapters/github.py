"""One GitHub repository over REST: every page, and every refusal translated.

Each family of calls has its own adapter. Facts: REST documentation, 2022-11-28.
"""

import json as jsonlib
import re
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from monokeel.adapters import session as http
from monokeel.adapters.addresses import parts_of
from monokeel.adapters.session import Answer, Session
from monokeel.ground.answers import Json, as_list, as_object, as_text
from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError
from monokeel.ground.parsers import parse_epoch, parse_http_date

_VERSION = "2022-11-28"
# What is asked for, and its most bytes.
_USUAL = ("application/vnd.github+json", http.LARGEST)
_ASSET = ("application/octet-stream", http.LARGEST_RECORD)
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_MOVED = re.compile(r".*/(?:repositories/\d+|repos/[^/]+/[^/?]+)")
_MOST_PAGES = 1000
_MOST_BYTES = 200 << 20
_ENDS = "first 1000 results"
_HIDDEN = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_UNSEEN = (*_HIDDEN, HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS)
# Of a repository that was renamed: to reads, and to writes.
_RENAMED = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT)
_NO = (*_RENAMED, *range(400, 500))  # any other status is no answer
OR_ABSENT = (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
_RENAMED_TO = (
    "The repository is {} now: correct [repository] in infra/platform.toml,"
    " GITHUB_REPOSITORY and git remote set-url."
)
_ANSWERS = "Run again once GitHub answers."


class GitHub:
    """REST calls under ``/repos/OWNER/REPO``; *token* goes to the host *api* alone."""

    def __init__(
        self, session: Session, *, api: str, repository: str, token: str | None
    ) -> None:
        self.session = session
        self.api = api.rstrip("/")
        self.repository = repository
        self.token = token
        self._newest_date: datetime | None = None

    @property
    def server_date(self) -> datetime:
        """The time of GitHub's newest answer (UTC); ServiceError before any came."""
        if self._newest_date is None:
            raise ServiceError("GitHub has not said what time it is")
        return self._newest_date

    def request(  # noqa: PLR0913 - one keyword per part of a call
        self,
        method: str,
        path: str,
        *,
        json: Json | bytes = None,
        params: Mapping[str, str] | None = None,
        expect: Collection[int] = (),
        asset: bool = False,
    ) -> Answer:
        """Send one call and return its answer if the status is in *expect*.

        Where that is empty a POST is to be answered by 201, anything else by 200.
        *path* is under the repository (``/releases``), under the API's root with two
        slashes (``//user``), or an address that GitHub gave. ServiceError where GitHub
        does not answer or let us see (401, 403, 404, 429, 5xx; 403 and 404 are
        ``hidden``, but for a rate limit), RefusedError, with GitHub's words, for any
        other status.
        """
        url = self._url(path, params)
        answer = self._send(method, url, json, asset=asset)
        usual = HTTPStatus.CREATED if method == "POST" else HTTPStatus.OK
        if answer.status in (expect or {usual}):
            return answer
        error = self._refusal(method, url, answer)
        if answer.status in _RENAMED:
            error.fix = _RENAMED_TO.format(self._new_name(answer))
        raise error

    def _send(
        self,
        method: str,
        url: str,
        json: Json | bytes,
        *,
        asset: bool = False,
        retry: bool | None = None,
    ) -> Answer:
        body = json
        if not (body is None or isinstance(body, bytes)):
            body = jsonlib.dumps(body).encode()
        accept, largest = _ASSET if asset else _USUAL
        headers = {"Accept": accept, "X-GitHub-Api-Version": _VERSION}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = self.session.request(
            method, url, headers=headers, body=body, largest=largest, retry=retry
        )
        with suppress(ValueError):
            self._newest_date = parse_http_date(answer.headers.get("Date", ""))
        return answer

    def write(
        self, method: str, path: str, json: Json = None, *, expect: Collection[int] = ()
    ) -> Answer:
        """Send a change; RefusedError when GitHub refuses it, 403 and 404 as well."""
        try:
            return self.request(method, path, json=json, expect=expect)
        except ServiceError as error:
            if error.hidden:
                raise RefusedError(error.problem, fix=error.fix) from error
            raise

    def read(
        self, path: str, *, params: Mapping[str, str] | None = None
    ) -> dict[str, Json]:
        """Return the object at *path*."""
        return self.request("GET", path, params=params).object()

    def found(self, path: str) -> dict[str, Json] | None:
        """Return the object at *path*, ``None`` for a 404: it may also hide one."""
        answer = self.request("GET", path, expect=OR_ABSENT)
        return answer.object() if answer.status == HTTPStatus.OK else None

    def pages(
        self, path: str, *, params: Mapping[str, str] | None = None, key: str = ""
    ) -> list[dict[str, Json]]:
        """Return what all pages list (``rel="next"``); *key* names a wrapped list."""
        answer = self.request("GET", path, params={"per_page": "100", **(params or {})})
        items: list[dict[str, Json]] = []
        size = 0
        for _ in range(_MOST_PAGES):
            page, size = answer.json(), size + len(answer.body)
            listed = as_list(as_object(page).get(key) if key else page)
            items += [as_object(item) for item in listed]
            more = _NEXT.search(answer.headers.get("Link", ""))
            if more is None:
                return items
            if size > _MOST_BYTES:
                raise ServiceError("GitHub's list has more than 200 MiB")
            try:
                answer = self.request("GET", more[1])
            except RefusedError as error:
                # GitHub ends some lists there, with 422 (iree#16506, hub#2920).
                if _ENDS in error.problem:
                    return items
                raise
        raise ServiceError(f"GitHub's list has more than {_MOST_PAGES} pages")

    def _new_name(self, moved: Answer) -> str:
        """Return where a 301 leads; GitHub names the repository by its number there."""
        place = _MOVED.match(moved.headers.get("Location", ""))
        with suppress(MonokeelError):
            if place is not None:
                # Not by request(): that may be moved as well, and so on for ever.
                found = self._send("GET", self._url(place[0], None), None)
                return as_text(found.object().get("full_name"))
        return "elsewhere"

    def require_name(self, name: str) -> None:
        """Raise ServiceError for another name: GraphQL follows a rename, REST not."""
        if name.lower() != self.repository.lower():
            fix = _RENAMED_TO.format(name)
            raise ServiceError(f"{self.repository} was renamed to {name}", fix=fix)

    def graphql(self, query: str, variables: Mapping[str, str]) -> dict[str, Json]:
        """Return what *query*, which only reads, finds; ServiceError for errors."""
        url = f"{self.api.removesuffix('/v3')}/graphql"
        asked: Json = {"query": query, "variables": {**variables}}
        answer = self._send("POST", url, asked, retry=True)
        if answer.status != HTTPStatus.OK:
            error = self._refusal("POST", url, answer)
            if isinstance(error, ServiceError):
                raise error
            raise ServiceError(error.problem, fix=_ANSWERS)
        found = answer.object()
        if found.get("errors"):
            problem = f"GitHub did not answer the query: {words_of(answer)}"
            raise ServiceError(problem, fix="./inv doctor says what the token may see.")
        return as_object(found.get("data"))

    def _url(self, path: str, params: Mapping[str, str] | None) -> str:
        if path.startswith("//"):
            url = self.api + path[1:]
        elif path.startswith("/") or not path:
            url = f"{self.api}/repos/{self.repository}{path}"
        else:
            url, api, there = path, parts_of(self.api), parts_of(path)
            ours = {api.netloc, api.netloc.replace("api.", "uploads.", 1)}
            if there.scheme != api.scheme or there.netloc not in ours:
                problem = f"GitHub's answer leads to another host: {there.hostname}"
                fix = "Check GITHUB_API_URL: a proxy may have answered."
                raise ServiceError(problem, fix=fix)
        return f"{url}?{urlencode(params)}" if params else url

    def _refusal(self, method: str, url: str, answer: Answer) -> MonokeelError:
        said, path = words_of(answer), parts_of(url).path
        problem = f"GitHub answered {answer.status} to {method} {path}: {said}"
        if request_id := answer.headers.get("X-GitHub-Request-Id"):
            problem += f" (request {request_id})"
        if "Upgrade to GitHub Pro" in said:
            fix = "GitHub's plan of this repository has no rulesets: upgrade the plan,"
            fix += " or make the repository public."
        elif answer.status in _UNSEEN:
            fix = _advice(answer, has_token=bool(self.token))
        elif answer.status in _NO:
            return RefusedError(problem)
        else:
            fix = _ANSWERS
        again_s = http.wait_before_retry(answer, 1, now=time.time())
        hidden = answer.status in _HIDDEN and not http.is_rate_limit(answer)
        return ServiceError(problem, fix=fix, again_s=again_s, hidden=hidden)


def words_of(answer: Answer) -> str:
    """Return GitHub's message and ``errors``, objects or strings (otterdog#473)."""
    try:
        value = answer.json()
    except ServiceError:
        return " ".join(answer.text.split())[:200]
    if not isinstance(value, dict):
        return str(value)[:200]
    said, errors = [str(value.get("message", ""))], value.get("errors")
    for each in errors if isinstance(errors, list) else []:
        if isinstance(each, dict):
            each = each.get("message") or each.get("code")  # noqa: PLW2901
        said += [str(each)] if each else []
    return " ".join(": ".join(said).split())


def _advice(answer: Answer, *, has_token: bool) -> str:
    if answer.headers.get("x-ratelimit-remaining") == "0":
        try:
            at = parse_epoch(answer.headers.get("x-ratelimit-reset", ""))
        except ValueError:
            return "The rate limit is used up; GitHub does not say until when."
        return f"The rate limit is used up; it ends at {at:%H:%M:%S} UTC."
    if not has_token:
        return "Set GITHUB_TOKEN: nothing was asked with a token."
    needed = answer.headers.get("X-Accepted-GitHub-Permissions")
    if needed:
        return f"The token needs: {needed}."
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return "The token is wrong or expired: set another GITHUB_TOKEN."
    return "It is missing, or hidden from this token: ./inv doctor says what it may."
