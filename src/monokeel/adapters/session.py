"""HTTP: one connection pool, timeouts, careful retries, errors translated.

No credential lives here: the caller hands in headers for each request, netrc is never
read, and a redirect is an answer like any other.
"""

import logging
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, TypeVar

import requests

from monokeel.adapters.addresses import check_address, parts_of, shown_address
from monokeel.ground.answers import Json, as_object
from monokeel.ground.errors import ServiceError
from monokeel.ground.parsers import parse_delay, parse_json, parse_number

log = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 10.0
_LONGEST_WAIT_S = 60.0
_WORKERS = 16
_AGAIN = {HTTPStatus(number) for number in (429, 500, 502, 503, 504)}
REDIRECTS = {HTTPStatus(number) for number in (301, 302, 303, 307, 308)}
_READS = ("GET", "HEAD")
_SAID = re.compile(r"retry-after: ([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s)\b")
_MIB = 1 << 20
LARGEST = 50 * _MIB
LARGEST_MANIFEST = 4 * _MIB
LARGEST_RECORD = _MIB
_PART = 1 << 16

_GRACE_S = 1.0  # a silent server is to be seen as silent first
_FIX = "Check the address and the network, then run the same command again."

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said: status, headers (any letter case), raw body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8, undecodable bytes replaced."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Json:
        """Return the body as JSON; raise ServiceError when it is not JSON."""
        try:
            return parse_json(self.body)
        except ValueError as error:
            said = (
                f"the answer ({self.status}) is not JSON: {self.text[:80]!r} ({error})"
            )
            fix = "Check the address: a proxy or a sign-in page may have answered."
            raise ServiceError(said, fix=fix) from error

    def object(self) -> dict[str, Json]:
        """Return the body, a JSON object; raise ServiceError when it is none."""
        return as_object(self.json())


class _Requests(requests.Session):
    """Looks for no credentials in a netrc file, and reads no body behind a redirect."""

    def __init__(self, adapter: requests.adapters.HTTPAdapter) -> None:
        super().__init__()
        self.auth = lambda request: request  # None would mean the netrc file
        self.stream = True
        self.headers["User-Agent"] = "monokeel"
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, _: requests.Response) -> None:
        return None


class Session:
    """Requests over one shared pool; safe to use from several threads."""

    def __init__(self, *, tries: int = 4, timeout_s: float = 60.0) -> None:
        self._tries, self._timeout_s = tries, timeout_s
        self._adapter = requests.adapters.HTTPAdapter(
            pool_connections=8, pool_maxsize=_WORKERS
        )
        self._heard = set[str]()  # the hosts that have ever answered
        self._silent = dict[str, ServiceError]()  # those that never did, try after try

    def request(  # noqa: PLR0913 - one keyword per part of an HTTP request
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_s: float | None = None,
        retry: bool | None = None,
        largest: int = LARGEST,
    ) -> Answer:
        """Send one request and return the answer, whatever its status.

        A read is tried again after 429, 5xx, a rate limit's 403 or a lost connection; a
        write only if *retry* says so. ServiceError when no answer comes, none whole
        within *timeout_s*, or one of more than *largest* bytes; UsageError for plain
        http to another machine. A host that never answered, try after try, is not
        waited for again.
        """
        check_address(url)
        host = parts_of(url).netloc
        if host in self._silent and host not in self._heard:
            raise self._silent[host]
        read_s = self._timeout_s if timeout_s is None else timeout_s
        tries = self._tries if (method in _READS if retry is None else retry) else 1
        sent = {"headers": dict(headers or {}), "data": body}
        for attempt in range(1, tries + 1):
            try:
                answer = self._send(method, url, read_s, largest, **sent)
            except (requests.RequestException, ValueError, HTTPException) as error:
                if attempt < tries:
                    time.sleep(_backoff(attempt))
                    continue
                kind = f"({type(error).__name__})"
                failed = _failed(url, "did not answer", method, kind)
                if tries > 1:
                    self._silent[host] = failed
                raise failed from error
            self._heard.add(host)
            wait_s = wait_before_retry(answer, attempt, now=time.time())
            if attempt == tries or wait_s is None or wait_s > _LONGEST_WAIT_S:
                return answer
            log.warning("%s answered %d; again in %.1f s", host, answer.status, wait_s)
            time.sleep(wait_s)
        raise AssertionError(method)

    def _send(
        self,
        method: str,
        url: str,
        within_s: float,
        largest: int,
        **sent: Any,  # noqa: ANN401 - as requests takes it
    ) -> Answer:
        """Return the whole answer in time: a socket's limit restarts at each byte."""
        answered: Future[Answer | None] = Future()
        timeout = (min(_CONNECT_TIMEOUT_S, within_s), within_s)
        started = time.monotonic()
        until = started + within_s + _GRACE_S

        def exchange() -> None:
            try:
                # requests promises nothing about one Session in many threads; the
                # pool underneath (urllib3) is thread-safe, and shared.
                own = _Requests(self._adapter)
                with own.request(method, url, timeout=timeout, **sent) as response:
                    answered.set_result(_whole(response, largest, until))
            except BaseException as error:  # noqa: BLE001 - raised where it is awaited
                answered.set_exception(error)

        threading.Thread(target=exchange, daemon=True).start()
        try:
            answer = answered.result(within_s + _GRACE_S)
        except TimeoutError:
            late = f"within {within_s:g} s"
            raise _failed(url, "did not answer", method, late) from None
        if answer is None:
            much = f"with more than {largest // _MIB} MiB"
            raise _failed(url, "answered", method, much)
        where, taken = shown_address(url), time.monotonic() - started
        log.debug("%s %s: %d, %.3f s", method, where, answer.status, taken)
        return answer


def _whole(response: requests.Response, largest: int, until: float) -> Answer | None:
    """Return the answer, ``None`` for a larger one; nobody waits after *until*."""
    body = bytearray()
    for part in response.iter_content(_PART):
        body += part
        if len(body) > largest or time.monotonic() > until:
            return None
    status, headers = response.status_code, response.headers
    return Answer(status=status, headers=headers, body=bytes(body))


def map_concurrently(ask: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return ``[ask(item) for item in items]``, asked at the same time."""
    listed = list(items)
    if len(listed) < 2:  # noqa: PLR2004 - one item needs no pool
        return [ask(item) for item in listed]
    with ThreadPoolExecutor(max_workers=min(_WORKERS, len(listed))) as pool:
        return list(pool.map(ask, listed))


def wait_before_retry(answer: Answer, attempt: int, *, now: float) -> float | None:
    """Return the seconds to wait before asking again, ``None`` for a final answer.

    *now* is in seconds since the epoch. Sources: GitHub's "Best practices for using
    the REST API" (Retry-After, x-ratelimit-reset); GHCR puts the time into its message.
    """
    limited = is_rate_limit(answer)
    if answer.status not in _AGAIN and not limited:
        return None
    after = parse_delay(answer.headers.get("Retry-After", ""), now=now)
    if after is not None:
        return after
    if answer.headers.get("x-ratelimit-remaining") == "0":
        reset = parse_number(answer.headers.get("x-ratelimit-reset", ""))
        if reset is not None:
            return max(0.0, float(reset) - now) + 1
    said = _SAID.search(answer.text)
    if said is not None:
        return float(said[1]) / (1000 if said[2] == "ms" else 1)
    return _backoff(attempt)


def is_rate_limit(answer: Answer) -> bool:
    """Say whether GitHub refuses because of its limits, not of our rights."""
    return answer.status == HTTPStatus.FORBIDDEN and "rate limit" in answer.text.lower()


def _backoff(attempt: int) -> float:
    # Jitter, so that the jobs of a matrix do not come back together.
    return float(2 ** (attempt - 2)) * (0.5 + random.random())  # noqa: S311 - no secret


def _failed(url: str, verb: str, method: str, how: str) -> ServiceError:
    parts = parts_of(url)
    problem = f"{parts.netloc} {verb} {method} {parts.path} {how}"
    # Silence may end; too much of an answer does not.
    return ServiceError(problem, fix=_FIX, again_s=None if verb == "answered" else 1.0)
