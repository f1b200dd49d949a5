"""Which function answers which method and path, and what right it needs."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from sandbox.state import REPOSITORY_ID, State
from sandbox.wire import DOCS, ApiError, Call, JsonObject, Reply, not_found, plain

Answer = Callable[[State, Call], Reply]
# What everybody may read of a public repository, whatever their token says.
_PUBLIC = (
    "",
    "metadata:read",
    "contents:read",
    "deployments:read",
    "actions:read",
    "issues:read",
    "pull_requests:read",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation. *pattern* has ``{name}`` for a segment, ``{name+}`` for several.

    ``/R`` at its start stands for ``/repos/{owner}/{repo}``. *right* is such as
    ``contents:write``; empty: anybody, no matter how private the repository is.
    """

    method: str
    pattern: str
    right: str
    answer: Answer

    def expression(self) -> "re.Pattern[str]":
        """Return the regular expression of the whole path."""
        path = re.sub(r"^/R(?=/|$)", "/repos/{owner}/{repo}", self.pattern)
        path = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", path)
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def rank(self) -> tuple[int, list[bool]]:
        """Return the sort key: more literal segments win, then those further left."""
        literal = [not segment.startswith("{") for segment in self.pattern.split("/")]
        return (-sum(literal), [not is_literal for is_literal in literal])


_ROUTES: list[tuple["re.Pattern[str]", Route]] = []


def route(method: str, pattern: str, right: str = "") -> Callable[[Answer], Answer]:
    """Register a function as the answer to *method* and *pattern*."""

    def register(answer: Answer) -> Answer:
        entry = Route(method=method, pattern=pattern, right=right, answer=answer)
        _ROUTES.append((entry.expression(), entry))
        _ROUTES.sort(key=lambda pair: pair[1].rank())
        return answer

    return register


def public_path(path: str, state: State) -> str:
    """Return *path* as the description names it: no ``/api/v3``, no numeric id."""
    path = path.removeprefix("/api/v3") or "/"
    path = path.removeprefix("/api/uploads")
    numeric = f"/repositories/{REPOSITORY_ID}"
    if path == numeric or path.startswith(f"{numeric}/"):
        path = f"/repos/{state.identity.full_name}{path.removeprefix(numeric)}"
    return path


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of *method* and *path* with its parts, percent signs undone."""
    for expression, entry in _ROUTES:
        if entry.method == ("GET" if method == "HEAD" else method):
            found = expression.fullmatch(path)
            if found:
                return entry, {k: plain(v) for k, v in found.groupdict().items()}
    return None


def encoded(body: JsonObject) -> bytes:
    """Return *body* without nulls as the bytes of a request."""
    return json.dumps({k: v for k, v in body.items() if v is not None}).encode()


def admit(state: State, call: Call, entry: Route) -> None:
    """Raise the ApiError that stops *call*: wrong repository, or a missing right.

    Sources: sandbox.md of the reference, sections 6 and 8; each is in GitHub's docs or
    the issue named there.
    """
    _require_repository(state, call)
    if call.actor.kind == "none":
        if call.method not in ("GET", "HEAD"):
            raise ApiError(HTTPStatus.UNAUTHORIZED, "Requires authentication")
        if state.private and entry.right:
            raise not_found()
        if entry.right in _PUBLIC:
            return
        raise ApiError(HTTPStatus.UNAUTHORIZED, "Requires authentication")
    if not _allowed(state, call, entry.right):
        raise refusal(state, call, entry.right)


def _require_repository(state: State, call: Call) -> None:
    owner, repo = call.args.get("owner"), call.args.get("repo")
    if owner is None or repo is None:
        return
    rest = call.path.removeprefix(f"/repos/{owner}/{repo}")
    asked = f"{owner}/{repo}".lower()
    if asked == state.switches.renamed_from.lower():
        place = f"{state.identity.base}/repositories/{REPOSITORY_ID}{rest}"
        # 307 where a 301 would turn the method into GET (GitHub's changelog of
        # 2015-04-17, "Repository redirects").
        looks = call.method in ("GET", "HEAD")
        status = HTTPStatus.MOVED_PERMANENTLY if looks else HTTPStatus(307)
        raise ApiError(
            status,
            status.phrase,
            raw={
                "message": status.phrase,
                "documentation_url": f"{DOCS}/guides/best-practices-for-using-the-rest-"
                "api#follow-redirects",
            },
            headers={"Location": place},
        )
    if asked != state.identity.full_name.lower():
        raise not_found()


def _allowed(state: State, call: Call, right: str) -> bool:
    if call.actor.kind == "jwt":  # a proof opens `/app` and no repository; assumed
        return right == ""
    if right in ("", "metadata:read") or (right in _PUBLIC and not state.private):
        return True
    if right == "user":  # `GET /user` is not for Apps
        return not call.actor.is_app
    return call.actor.may(right)


def refusal(state: State, call: Call, right: str) -> ApiError:
    """Return how GitHub refuses *call* for want of *right*."""
    if state.switches.hide_by_404:
        return not_found()
    if call.actor.is_app or call.actor.kind == "jwt":
        message = "Resource not accessible by integration"
    elif call.actor.kind == "fine":
        message = "Resource not accessible by personal access token"
    elif right.startswith("administration"):
        message = "Must have admin rights to Repository."
    else:
        message = "Must have push access to repository"
    return ApiError(HTTPStatus.FORBIDDEN, message)
