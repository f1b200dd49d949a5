"""Git data over REST: refs, tags and commits."""

from http import HTTPStatus

from sandbox import rules, shapes
from sandbox.pages import listed
from sandbox.records import Change
from sandbox.routing import refusal, route
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    JsonObject,
    Reply,
    created,
    flag_of,
    no_content,
    not_found,
    object_of,
    rules_broken,
    text_of,
    unprocessable,
)
from sandbox.workflow_right import workflow_refusal


def require_commits(state: State) -> None:
    """Raise the 409 of an empty repository."""
    if not state.git.refs("refs/heads/"):
        raise ApiError(HTTPStatus.CONFLICT, "Git Repository is empty.")


def ref_shape(state: State, name: str, sha: str, kind: str) -> JsonObject:
    """Return a ref as ``git-ref``."""
    api = state.identity.api
    return {
        "ref": name,
        "node_id": shapes.node_id("Ref", name),
        "url": f"{api}/git/{name}",
        "object": {"sha": sha, "type": kind, "url": f"{api}/git/{kind}s/{sha}"},
    }


def change_ref(
    state: State, call: Call, change: Change, *, forced: bool = False
) -> None:
    """Do *change* under the rules, as one compare-and-swap; ApiError if it may not."""
    _require_workflows(state, call, change)
    verdict = rules.judge(state, call.actor, change)
    if verdict.blocked:
        raise rules_broken(list(verdict.blocked))
    forward = not (change.old and change.new) or state.git.is_ancestor(
        change.old, change.new
    )
    if not forward and not forced:
        raise unprocessable("Update is not a fast forward")
    if change.new is None:
        done = state.git.delete(change.ref, change.old or "")
    else:
        done = state.git.move(change.ref, change.new, change.old)
    if not done:
        # A file/directory clash, or somebody was first (rest-api-description#4887).
        raise unprocessable("Reference update failed")
    state.record_move(call.actor, change.ref, change.old, change.new)


def _require_workflows(state: State, call: Call, change: Change) -> None:
    if workflow_refusal(state, call.actor, change.new):
        raise refusal(state, call, "workflows:write")


@route("GET", "/R/git/ref/{ref+}", "contents:read")
def get_ref(state: State, call: Call) -> Reply:
    """Return one ref."""
    require_commits(state)
    name = f"refs/{call.args['ref']}"
    found = state.git.refs(name).get(name)
    if found is None:
        raise not_found()
    return Reply(json=ref_shape(state, name, *found))


@route("GET", "/R/git/matching-refs/{ref+}", "contents:read")
def list_refs(state: State, call: Call) -> Reply:
    """Return every ref whose name begins with the given text."""
    found = state.git.refs(f"refs/{call.args['ref']}")
    return listed(
        state, call, [ref_shape(state, name, *value) for name, value in found.items()]
    )


@route("POST", "/R/git/refs", "contents:write")
def create_ref(state: State, call: Call) -> Reply:
    """Create a ref; 422 if it exists (renovate#20281)."""
    require_commits(state)
    body = call.json()
    name, sha = text_of(body, "ref"), text_of(body, "sha")
    parts = name.split("/")
    if parts[0] != "refs" or len(parts) < 3 or not all(parts):  # noqa: PLR2004  # refs/x/y
        raise unprocessable(
            "Reference name must start with 'refs/' and contain at least two slashes."
        )
    if state.switches.refuse_other_refs and parts[1] not in ("heads", "tags"):
        raise unprocessable("Reference update failed")
    kind = state.git.kind_of(sha)
    if kind is None:
        raise unprocessable("Object does not exist")
    if state.git.ref(name):
        raise unprocessable("Reference already exists")
    change_ref(state, call, Change(ref=name, old=None, new=sha))
    return created(ref_shape(state, name, sha, kind), located=True)


@route("PATCH", "/R/git/refs/{ref+}", "contents:write")
def update_ref(state: State, call: Call) -> Reply:
    """Move a ref; the same commit is 200 even under the rule ``update``."""
    body = call.json()
    name, sha = f"refs/{call.args['ref']}", text_of(body, "sha")
    old = state.git.ref(name)
    if old is None:
        raise unprocessable("Reference does not exist")
    kind = state.git.kind_of(sha)
    if kind is None:
        raise unprocessable("Object does not exist")
    if old != sha:
        change = Change(ref=name, old=old, new=sha)
        change_ref(state, call, change, forced=flag_of(body, "force"))
    return Reply(json=ref_shape(state, name, sha, kind))


@route("DELETE", "/R/git/refs/{ref+}", "contents:write")
def delete_ref(state: State, call: Call) -> Reply:
    """Delete a ref; 422 when it is absent (lock-action#255)."""
    name = f"refs/{call.args['ref']}"
    # Also a *tag* of that name: cli/cli#11646, 2025.
    if name.split("/", 2)[2:] == [state.default_branch]:
        raise unprocessable("Cannot delete the default branch")
    old = state.git.ref(name)
    if old is None:
        raise unprocessable("Reference does not exist")
    change_ref(state, call, Change(ref=name, old=old, new=None))
    return no_content()


@route("POST", "/R/git/tags", "contents:write")
def create_tag(state: State, call: Call) -> Reply:
    """Write an annotated tag object; no ref is made."""
    body = call.json()
    target, kind = text_of(body, "object"), text_of(body, "type", "commit")
    tagger = object_of(body, "tagger")
    who = text_of(tagger, "name", call.actor.login)
    address = text_of(tagger, "email", f"{call.actor.login}@users.noreply.github.com")
    text = (
        f"object {target}\ntype {kind}\ntag {text_of(body, 'tag')}\n"
        f"tagger {who} <{address}> {int(state.seconds())} +0000\n\n"
        f"{text_of(body, 'message')}\n"
    )
    if state.git.kind_of(target) != kind:
        raise unprocessable("Object does not exist")
    sha = state.git.git("mktag", stdin=text.encode()).strip()
    return created(_tag_shape(state, sha), located=True)


@route("GET", "/R/git/tags/{sha}", "contents:read")
def get_tag(state: State, call: Call) -> Reply:
    """Return an annotated tag object."""
    if state.git.kind_of(call.args["sha"]) != "tag":
        raise not_found()
    return Reply(json=_tag_shape(state, call.args["sha"]))


def _tag_shape(state: State, sha: str) -> JsonObject:
    head, _, message = state.git.git("cat-file", "tag", sha).partition("\n\n")
    lines = dict(line.split(" ", 1) for line in head.splitlines())
    who, _, rest = lines["tagger"].partition(" <")
    address, _, moment = rest.partition("> ")
    del moment
    return {
        "node_id": shapes.node_id("Tag", sha),
        "tag": lines["tag"],
        "sha": sha,
        "url": f"{state.identity.api}/git/tags/{sha}",
        "message": message.rstrip("\n"),
        "tagger": {"name": who, "email": address, "date": state.now()},
        "object": {
            "sha": lines["object"],
            "type": lines["type"],
            "url": f"{state.identity.api}/git/{lines['type']}s/{lines['object']}",
        },
        "verification": shapes.verification(),
    }


@route("GET", "/R/git/commits/{sha}", "contents:read")
def get_git_commit(state: State, call: Call) -> Reply:
    """Return a commit object."""
    sha = call.args["sha"]
    if state.git.kind_of(sha) != "commit":
        raise ApiError(HTTPStatus.NOT_FOUND, "Not Found")
    found = state.git.commit(sha)
    api = state.identity.api
    return Reply(
        json={
            "sha": found.sha,
            "node_id": shapes.node_id("Commit", found.sha),
            "url": f"{api}/git/commits/{found.sha}",
            "html_url": f"{state.identity.html}/commit/{found.sha}",
            "author": shapes.signature(found.author),
            "committer": shapes.signature(found.committer),
            "message": found.message,
            "tree": shapes.tree(state, found),
            "parents": shapes.parents(state, found),
            "verification": shapes.verification(),
        }
    )
