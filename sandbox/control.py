"""The sandbox's own addresses below ``/_sandbox/``: hooks, ssh, switches, record."""

import json
from collections.abc import Callable
from http import HTTPStatus

from sandbox import rules
from sandbox.actors import NOBODY, Actor
from sandbox.exchange import Exchange, Incoming, Outgoing
from sandbox.gitrepo import ZERO
from sandbox.records import Change
from sandbox.state import State
from sandbox.wire import (
    DOCS,
    ApiError,
    Call,
    Json,
    JsonObject,
    not_found,
)
from sandbox.workflow_right import workflow_refusal


def _moves(body: bytes) -> tuple[str, list[tuple[str | None, str | None, str]]]:
    """Return who moves what: old, new and ref of each; an absent one is ``None``.

    *body* has the actor and these three in turn, with a NUL between any two.
    """
    actor, *parts = body.decode().split("\0")
    commits = [None if part == ZERO else part for part in parts]
    moves = zip(commits[::3], commits[1::3], parts[2::3], strict=True)
    return actor, list(moves)


def push(state: State, body: bytes) -> str:
    """Judge each ref of a push: the reason against it or nothing, the text to show.

    Between any two of them is a NUL.
    """
    with state.lock:
        name, moves = _moves(body)
        actor = state.actor(name)
        return "\0".join("\0".join(_judge(state, actor, *move)) for move in moves)


def _judge(
    state: State, actor: Actor, old: str | None, new: str | None, ref: str
) -> tuple[str, str]:
    workflow = workflow_refusal(state, actor, new)
    if workflow:
        return workflow, ""
    kind = ref.split("/")[1]
    if kind == "pull" or (
        state.switches.refuse_other_refs and kind not in ("heads", "tags")
    ):
        return "deny updating a hidden ref", ""
    change = Change(ref=ref, old=old, new=new)
    verdict = rules.judge(state, actor, change)
    if verdict.blocked:
        reason = "push declined due to repository rule violations"
        return reason, _refusal(state, ref, verdict.blocked)
    return "", _passed(ref, verdict.bypassed)


def _refusal(state: State, ref: str, reasons: tuple[str, ...]) -> str:
    """Return GitHub's words (gha-scala-library-release-workflow#126)."""
    page = f"{state.identity.html}/rules?ref={ref.replace('/', '%2F')}"
    listed = "".join(f"- {reason}\n\n" for reason in reasons)
    return (
        f"error: GH013: Repository rule violations found for {ref}.\n"
        f"Review all repository rules at {page}\n\n{listed}"
    )


def _passed(ref: str, reasons: tuple[str, ...]) -> str:
    """Return what a push says that passed by bypass (infix#1610)."""
    if not reasons:
        return ""
    listed = "".join(f"- {reason}\n\n" for reason in reasons)
    return f"Bypassed rule violations for {ref}:\n\n{listed}"


def pushed(state: State, body: bytes) -> list[str]:
    """Record the refs that a push moved, and return them.

    The first branches decide the default one: the name that it has if it is among
    them, else the first (gist.github.com/ugultopu/b06d1a837c98ce786faa9d886e4a4670).
    """
    with state.lock:
        name, moves = _moves(body)
        branches = list(state.git.refs("refs/heads/"))
        default = f"refs/heads/{state.default_branch}"
        if default not in branches and {*branches} <= {ref for *_, ref in moves}:
            state.choose_default(min(branches, default=default))
        for old, new, ref in moves:
            state.record_move(state.actor(name), ref, old, new)
    return [ref for _, _, ref in moves]


def ssh(state: State, query: dict[str, str]) -> JsonObject:
    """Say which deploy key comes over ssh, and what happens to it."""
    answer: JsonObject = {"refused": "", "fault": "", "actor": "", "bare": ""}
    with state.lock:
        known = [key for key in state.keys if key.key == query.get("key")]
    if not known:
        return answer | {"refused": "git@github.com: Permission denied (publickey)."}
    if query.get("path", "").lower() != state.identity.full_name.lower():
        return answer | {"refused": "ERROR: Repository not found."}
    if not state.keys_are_allowed:  # the text is assumed
        text = "ERROR: Deploy keys are disabled for this repository."
        return answer | {"refused": text}
    known[0].last_used = state.now()
    writes = query.get("service") == "git-receive-pack"
    if writes and known[0].read_only:
        text = (
            "ERROR: The key you are authenticating with has been marked as read only."
        )
        return answer | {"refused": text}
    if writes:
        path = f"/{state.identity.full_name}.git/git-receive-pack"
        fault = state.switches.fault_for("POST", path)
        answer["fault"] = fault.kind if fault else ""
    actor = f"key:{known[0].id}"
    return answer | {"actor": actor, "bare": str(state.git.path)}


def asset(state: State, incoming: Incoming) -> Outgoing:
    """Return the bytes to which an asset's redirect points."""
    number = incoming.path.rpartition("/")[2]
    for release in state.releases:
        for found in release.assets:
            if str(found.id) == number and "Authorization" not in incoming.headers:
                return Outgoing(status=HTTPStatus.OK, body=found.content)
    # A token that arrives here was sent to a foreign host (release.md, 13).
    return Outgoing(status=HTTPStatus.BAD_REQUEST, body=b"no token belongs here")


def shown(exchange: Exchange) -> JsonObject:
    """Return a recorded *exchange* as JSON."""
    return {
        "family": exchange.family,
        "method": exchange.method,
        "target": exchange.target,
        "caller": exchange.caller,
        "status": exchange.status,
        "request": _readable(exchange.request),
        "response": _readable(exchange.response),
        "findings": list(exchange.findings),
    }


def _readable(body: bytes) -> Json:
    try:
        value: Json = json.loads(body)
    except ValueError:
        return f"{len(body)} bytes" if body else None
    return value


def as_call(incoming: Incoming) -> Call:
    """Return a request to the sandbox itself as a call of nobody."""
    return Call(
        method=incoming.method,
        path=incoming.path,
        query=incoming.query,
        headers=incoming.headers,
        body=incoming.body,
        actor=NOBODY,
    )


def as_json(value: Json, status: HTTPStatus = HTTPStatus.OK) -> Outgoing:
    """Return *value* as an answer."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return Outgoing(status=status, body=json.dumps(value).encode(), headers=headers)


def answer(state: State, record: list[Exchange], incoming: Incoming) -> Outgoing:
    """Answer what only looks: nothing here is a write of the repository."""
    name = incoming.path.removeprefix("/_sandbox/")
    if name.startswith("assets/"):
        return asset(state, incoming)
    answers: dict[str, Callable[[], Json]] = {
        "ssh": lambda: ssh(state, incoming.query),
        "exchanges": lambda: [shown(exchange) for exchange in record],
        "violations": lambda: [line for one in record for line in one.findings],
        "switches": lambda: _switches(state, as_call(incoming).json()),
    }
    try:
        if name not in answers:
            raise not_found()
        return as_json(answers[name]())
    except ApiError as problem:
        return as_json(problem.body(DOCS), problem.status)


def _switches(state: State, changes: JsonObject) -> Json:
    state.switches.update(changes)
    return state.switches.shown()
