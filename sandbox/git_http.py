"""Git over HTTP: ``git http-backend`` as CGI, one process per request."""

import base64
import os
import re
import subprocess
from http import HTTPStatus

from sandbox.actors import Actor
from sandbox.exchange import Incoming, Outgoing
from sandbox.gitrepo import clean_environment
from sandbox.state import State

_PATH = re.compile(
    r"/(?P<owner>[^/]+)/(?P<repo>[^/]+?)(\.git)?"
    r"/(?P<rest>info/refs|git-upload-pack|git-receive-pack|HEAD|objects/.*)"
)


def is_git(path: str) -> bool:
    """Say whether *path* belongs to git's own protocol."""
    return bool(_PATH.fullmatch(path))


def basic(header: str) -> tuple[str, str] | None:
    """Return user and password of a ``Basic`` *header*, if it is one."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except ValueError:
        return None
    return user, password


def serve(state: State, actor: Actor | None, incoming: Incoming) -> Outgoing:
    """Answer a request of git; *actor* is ``None`` when the credentials are wrong."""
    found = _PATH.fullmatch(incoming.path)
    asked = f"{found['owner']}/{found['repo']}".lower() if found is not None else ""
    if found is not None and asked == state.switches.renamed_from.lower():
        # git follows it for the first request, and goes on there (GitHub docs,
        # "Renaming a repository").
        place = f"{state.identity.base}/{state.identity.full_name}.git/{found['rest']}"
        _, mark, query = incoming.target.partition("?")
        return Outgoing(
            status=HTTPStatus.MOVED_PERMANENTLY,
            body=b"",
            headers={"Location": place + mark + query},
        )
    if found is None or asked != state.identity.full_name.lower():
        return Outgoing(status=HTTPStatus.NOT_FOUND, body=b"Repository not found.")
    writes = "git-receive-pack" in incoming.target
    if actor is None or (actor.kind == "none" and (writes or state.private)):
        return Outgoing(
            status=HTTPStatus.UNAUTHORIZED,
            body=b"Authentication required",
            headers={"WWW-Authenticate": 'Basic realm="GitHub"'},
        )
    if writes and not actor.may("contents:write"):
        text = f"Permission to {state.identity.full_name}.git denied to {actor.login}."
        return Outgoing(status=HTTPStatus.FORBIDDEN, body=text.encode())
    return _run(state, actor, incoming, found["rest"])


def _run(state: State, actor: Actor, incoming: Incoming, rest: str) -> Outgoing:
    env = clean_environment() | {
        "GIT_PROJECT_ROOT": str(state.git.path.parent),
        "PATH_INFO": f"/{state.git.path.name}/{rest}",
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": incoming.method,
        "QUERY_STRING": incoming.target.partition("?")[2],
        "CONTENT_TYPE": incoming.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(incoming.body)),
        "REMOTE_USER": actor.login,
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_CONTENT_ENCODING": incoming.headers.get("Content-Encoding", ""),
        # Without it a fetch by commit id fails (observed, git 2.39).
        "GIT_PROTOCOL": incoming.headers.get("Git-Protocol", ""),
        **hook_environment(state, actor),
    }
    done = subprocess.run(
        ["git", "http-backend"],  # noqa: S607  # git is found on PATH
        env=env,
        input=incoming.body,
        capture_output=True,
        check=False,
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        headers[name] = value.strip()
    status = headers.pop("Status", "200 OK" if done.stdout else "500")
    return Outgoing(status=int(status.split()[0]), body=body, headers=headers)


def hook_environment(state: State, actor: Actor) -> dict[str, str]:
    """Return what tells the hooks who pushes and whom to ask."""
    return {
        "SANDBOX_URL": state.identity.base,
        "SANDBOX_ACTOR": actor.name,
        "PATH": os.environ.get("PATH", os.defpath),
    }
