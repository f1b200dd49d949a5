"""Commits, comparisons and files over REST."""

import base64
from http import HTTPStatus

from sandbox import shapes
from sandbox.pages import listed, place
from sandbox.records import Change
from sandbox.refs import change_ref, require_commits
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    Json,
    JsonObject,
    Reply,
    not_found,
    object_of,
    text_of,
    unprocessable,
)


def _commit(state: State, name: str) -> str:
    found = state.git.named_commit(name)
    if found is None:
        raise not_found()
    return found


@route("GET", "/R/commits", "contents:read")
def list_commits(state: State, call: Call) -> Reply:
    """List the commits of a branch, newest first."""
    require_commits(state)
    start = _commit(state, call.query.get("sha", state.default_branch))
    limits = [f"--{k}={call.query[k]}" for k in ("since", "until") if k in call.query]
    path = ["--", call.query["path"]] if "path" in call.query else []
    found = state.git.history(*limits, start, *path)
    number, size = place(state, call, (30, 100))
    shown = set(found[(number - 1) * size : number * size])
    # Only the commits of this page are read from git.
    values: list[Json] = [
        shapes.commit(state, state.git.commit(sha)) if sha in shown else None
        for sha in found
    ]
    return listed(state, call, values)


@route("GET", "/R/commits/{ref+}", "contents:read")
def get_commit(state: State, call: Call) -> Reply:
    """Return one commit; a tag is peeled; the media type ``sha`` gives text."""
    require_commits(state)
    name = call.args["ref"]
    sha = state.git.named_commit(name) or state.git.named_commit(
        name.removeprefix("refs/")
    )
    if sha is None:
        raise unprocessable(f"No commit found for SHA: {name}")
    if "vnd.github.sha" in call.headers.get("Accept", ""):
        media = "application/vnd.github.sha; charset=utf-8"
        return Reply(raw=sha.encode(), headers={"Content-Type": media})
    return Reply(json=shapes.commit(state, state.git.commit(sha)))


@route("GET", "/R/compare/{basehead+}", "contents:read")
def compare(state: State, call: Call) -> Reply:
    """Compare two commits; the commits in between come in pages."""
    left, dots, right = call.args["basehead"].partition("...")
    if not dots:
        raise not_found()
    base, head = _commit(state, left), _commit(state, right)
    common = state.git.ask("merge-base", base, head)
    if not common:
        raise not_found()
    ahead = state.git.history("--reverse", f"{base}..{head}")
    behind = state.git.history(f"{head}..{base}")
    number, size = place(state, call, (250, 250))
    page = ahead[(number - 1) * size : number * size]
    html = f"{state.identity.html}/compare/{left}...{right}"
    return Reply(
        json={
            "url": f"{state.identity.api}/compare/{left}...{right}",
            "html_url": html,
            "permalink_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "base_commit": shapes.commit(state, state.git.commit(base)),
            "merge_base_commit": shapes.commit(state, state.git.commit(common)),
            "status": _relation(ahead, behind),
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [shapes.commit(state, state.git.commit(sha)) for sha in page],
            "files": [],
        }
    )


def _relation(ahead: list[str], behind: list[str]) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


@route("GET", "/R/contents", "contents:read")
@route("GET", "/R/contents/", "contents:read")
@route("GET", "/R/contents/{path+}", "contents:read")
def get_contents(state: State, call: Call) -> Reply:
    """Return a file, or the entries of a folder."""
    commit = _commit(state, call.query.get("ref", state.default_branch))
    path = call.args.get("path", "").strip("/")
    name = f"{commit}:{path}"
    kind = state.git.ask("cat-file", "-t", name)
    if kind is None:
        raise not_found()
    if kind == "tree":
        return Reply(json=_entries(state, name, path))
    content = state.git.git_bytes("cat-file", "blob", name)
    if "raw" in call.headers.get("Accept", ""):
        return Reply(
            raw=content,
            headers={"Content-Type": "application/vnd.github.raw; charset=utf-8"},
        )
    sha = state.git.git("rev-parse", name).strip()
    text = base64.encodebytes(content).decode()
    shape = _entry(state, path, ("blob", sha, len(content)))
    return Reply(json=shape | {"content": text, "encoding": "base64"})


def _entries(state: State, name: str, folder: str) -> list[Json]:
    found: list[Json] = []
    for line in state.git.git("ls-tree", "-l", "-z", name).split("\0"):
        head, _, entry = line.partition("\t")
        if entry:
            _, kind, sha, size = head.split()
            path = f"{folder}/{entry}" if folder else entry
            value = (kind, sha, int(size) if size.isdecimal() else 0)
            found.append(_entry(state, path, value))
    return found


def _entry(state: State, path: str, value: tuple[str, str, int]) -> JsonObject:
    kind, sha, size = value
    url = f"{state.identity.api}/contents/{path}"
    html = f"{state.identity.html}/{kind}/{state.default_branch}/{path}"
    git = f"{state.identity.api}/git/{kind}s/{sha}"
    return {
        "type": {"blob": "file", "tree": "dir"}.get(kind, "submodule"),
        "size": size,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "url": url,
        "git_url": git,
        "html_url": html,
        "download_url": f"{html}?raw=1" if kind == "blob" else None,
        "_links": {"self": url, "git": git, "html": html},
    }


@route("PUT", "/R/contents/{path+}", "contents:write")
def put_contents(state: State, call: Call) -> Reply:
    """Write a file as one commit on a branch, under the rules."""
    body, path = call.json(), call.args["path"]
    branch = text_of(body, "branch", state.default_branch)
    ref = f"refs/heads/{branch}"
    tip = state.git.commit_of(ref)
    if tip is None and state.git.refs("refs/heads/"):
        raise ApiError(HTTPStatus.NOT_FOUND, f"Branch {branch} not found")
    known = (
        state.git.ask("rev-parse", "-q", "--verify", f"{tip}:{path}") if tip else None
    )
    given = text_of(body, "sha")
    if known and not given:
        raise unprocessable('Invalid request.\n\n"sha" wasn\'t supplied.')
    if given and known != given:
        raise ApiError(HTTPStatus.CONFLICT, f"{path} does not match {given}")
    content = base64.b64decode(text_of(body, "content"))
    who = object_of(body, "committer") or object_of(body, "author")
    author = (
        text_of(who, "name", call.actor.login),
        text_of(who, "email", f"{call.actor.login}@users.noreply.github.com"),
        state.now(),
    )
    tree = state.git.tree_with(tip, path, content)
    parents = [tip] if tip else []
    sha = state.git.commit_tree(tree, parents, text_of(body, "message"), author=author)
    _commit_to(state, call, Change(ref=ref, old=tip, new=sha))
    status = HTTPStatus.OK if known else HTTPStatus.CREATED
    blob = state.git.git("rev-parse", f"{sha}:{path}").strip()
    return Reply(
        status=status,
        json={
            "content": _entry(state, path, ("blob", blob, len(content))),
            "commit": _written(state, sha),
        },
    )


def _commit_to(state: State, call: Call, change: Change) -> None:
    """Move the branch; here rules answer 409, not 422 (OpenAPI; unconfirmed)."""
    try:
        change_ref(state, call, change)
    except ApiError as problem:
        if problem.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        raise ApiError(HTTPStatus.CONFLICT, problem.message) from None


def _written(state: State, sha: str) -> JsonObject:
    found = state.git.commit(sha)
    return {
        "sha": sha,
        "node_id": shapes.node_id("Commit", sha),
        "url": f"{state.identity.api}/git/commits/{sha}",
        "html_url": f"{state.identity.html}/commit/{sha}",
        "author": shapes.signature(found.author),
        "committer": shapes.signature(found.committer),
        "message": found.message,
        "tree": shapes.tree(state, found),
        "parents": shapes.parents(state, found),
        "verification": shapes.verification(),
    }
