"""From a request to its answer: faults, the right family, the record of both."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Protocol

from sandbox import browsing, control, git_http, graphql, routing
from sandbox.actors import Actor
from sandbox.description import Description
from sandbox.dressing import (
    caller_of,
    damaged,
    dress,
    faulty,
    faulty_image,
    require_credentials,
)
from sandbox.exchange import Exchange, Incoming, Outgoing
from sandbox.families import ROUTED
from sandbox.graphql_run import PAGE
from sandbox.state import State
from sandbox.wire import DOCS, ApiError, Call, Json, Reply

_READS = ("GET", "HEAD", "OPTIONS")
_DESCRIPTION = Description()  # loaded when it is first asked


class Judge(Protocol):
    """What checks an exchange against GitHub's description."""

    def check(  # noqa: PLR0913, PLR0917  # the six parts of an exchange
        self,
        method: str,
        url: str,
        request: Json | bytes,
        status: int,
        response: Json | bytes,
        content_type: str | None,
    ) -> list[str]:
        """Return the findings about one exchange."""


class Images(Protocol):
    """A registry that answers below ``/v2/`` and ``/token``."""

    def serve(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        base_url: str,
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body."""


def _is_image(path: str) -> bool:
    """Say whether *path* belongs to the registry."""
    return path in ("/token", "/v2") or path.startswith("/v2/")


@dataclass(slots=True, kw_only=True)
class Front:
    """Answers requests for one state.

    *on_write* is called after each effect and before its answer, with the number of
    the write, the method and the target; pushes count once, whatever their transport.
    *on_request* is called before a request is served: another mover may come between.
    """

    state: State
    judge: Judge | None = None
    images: Images | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    on_write: Callable[[int, str, str], None] | None = None
    on_request: Callable[[str, str], None] | None = None
    writes: int = 0

    def answer(self, incoming: Incoming) -> Outgoing | None:
        """Return the answer; ``None`` closes the connection without one."""
        if incoming.path.startswith("/_sandbox/"):
            return self._control(incoming)
        switches = self.state.switches
        if self.on_request:
            self.on_request(incoming.method, incoming.target)
        if switches.delay_s:
            time.sleep(switches.delay_s)
        fault = switches.fault_for(incoming.method, incoming.target)
        if fault and fault.kind == "reset":
            return None
        if fault and fault.kind == "status":
            if _is_image(incoming.path):
                return faulty_image(fault)
            return dress(self.state, incoming, faulty(fault))
        if fault and fault.kind == "slow":
            time.sleep(fault.delay_s)
        done = self._serve(incoming)
        return damaged(done, fault) if fault else done

    def _serve(self, incoming: Incoming) -> Outgoing:
        path = incoming.path
        if git_http.is_git(path):
            family, caller = "git", caller_of(self.state, incoming)
            done = git_http.serve(self.state, caller, incoming)
        elif _is_image(path):
            family, caller = "registry", None
            done = self._registry(incoming)
        elif shown := browsing.answer(self.state, incoming):
            family, caller, done = "page", None, shown
        else:
            family, caller = "rest", caller_of(self.state, incoming)
            done = dress(self.state, incoming, self._rest(incoming))
        self._record(family, incoming, caller, done)
        good = done.status < HTTPStatus.BAD_REQUEST
        if family != "git" and good and _writes(incoming):
            self._count(incoming.method, incoming.target)
        return done

    def _count(self, method: str, target: str) -> None:
        with self.state.lock:
            self.writes += 1
            number = self.writes
        if self.on_write:
            self.on_write(number, method, target)

    def _registry(self, incoming: Incoming) -> Outgoing:
        if self.images is None:
            return Outgoing(status=HTTPStatus.NOT_FOUND, body=b"no registry here")
        status, headers, body = self.images.serve(
            incoming.method,
            incoming.target,
            incoming.headers,
            incoming.body,
            self.state.identity.base,
        )
        return Outgoing(status=status, headers=dict(headers), body=body)

    def _rest(self, incoming: Incoming) -> Outgoing:
        try:
            reply = self._routed(incoming)
        except ApiError as problem:
            docs = self._docs(incoming)
            body = json.dumps(problem.body(docs)).encode()
            return Outgoing(status=problem.status, body=body, headers=problem.headers)
        return Outgoing(
            status=reply.status, body=reply.payload(), headers=dict(reply.headers)
        )

    def _routed(self, incoming: Incoming) -> Reply:
        if not incoming.headers.get("User-Agent"):
            text = "Missing or invalid User Agent string. See http://developer.github."
            raw: dict[str, Json] = {"message": f"{text}com/v3/#user-agent-required"}
            raise ApiError(HTTPStatus.FORBIDDEN, text, raw=raw)  # PyGithub, 2013
        caller = require_credentials(self.state, incoming)
        path = routing.public_path(incoming.path, self.state)
        call = Call(
            method=incoming.method,
            path=path,
            query=incoming.query,
            headers=incoming.headers,
            body=incoming.body,
            actor=caller,
            is_enterprise=incoming.path.startswith("/api/v3"),
        )
        if path in ("/graphql", "/api/graphql"):
            return graphql.answer(self.state, call)
        found = routing.find(incoming.method, path)
        if found is None or not ROUTED:
            text = "Not Found: the sandbox does not answer this; see"
            raise ApiError(HTTPStatus.NOT_FOUND, f"{text} {PAGE}")
        entry, args = found
        call = replace(call, args=args)
        with self.state.lock:
            routing.admit(self.state, call, entry)
            return entry.answer(self.state, call)

    def _docs(self, incoming: Incoming) -> str:
        path = routing.public_path(incoming.path, self.state)
        operation = _DESCRIPTION.operation(incoming.method, path)
        if operation is None:
            return DOCS
        return _DESCRIPTION.documentation_url(operation.name)

    def _record(
        self, family: str, incoming: Incoming, caller: Actor | None, done: Outgoing
    ) -> None:
        findings: list[str] = []
        foreign = "GitHub CLI" in incoming.headers.get("User-Agent", "")
        path = routing.public_path(incoming.path, self.state)
        if self.judge and family == "rest" and path not in ("/graphql", "/api/graphql"):
            uploads = path.endswith("/assets") and incoming.method == "POST"
            query = incoming.target.partition("?")[2]
            findings = self.judge.check(
                incoming.method,
                f"{path}?{query}" if query else path,
                None if uploads else incoming.body or None,
                done.status,
                done.body or None,
                done.headers.get("Content-Type"),
            )
        if foreign:  # how gh asks is not ours to judge, only what we answer
            own = ("query", "request", "no-operation")
            findings = [line for line in findings if not line.startswith(own)]
        self.exchanges.append(
            Exchange(
                family=family,
                method=incoming.method,
                target=incoming.target,
                caller=caller.name if caller else "unknown",
                request=incoming.body,
                status=done.status,
                response=done.body,
                findings=tuple(findings),
            )
        )

    def _control(self, incoming: Incoming) -> Outgoing:
        """Answer a request to the sandbox itself."""
        if incoming.path == "/_sandbox/push":
            text = control.push(self.state, incoming.body)
            return Outgoing(status=HTTPStatus.OK, body=text.encode())
        if incoming.path == "/_sandbox/pushed":
            for ref in control.pushed(self.state, incoming.body)[:1]:
                self._count("PUSH", ref)
            return control.as_json({})
        return control.answer(self.state, self.exchanges, incoming)


def _writes(incoming: Incoming) -> bool:
    """Say whether a request may change something; a query of GraphQL may not."""
    query = incoming.path.endswith("/graphql") and b"mutation" not in incoming.body
    return incoming.method not in _READS and not query
