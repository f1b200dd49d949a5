"""Releases: drafts, publication under the rules, immutable ones, burned names."""

from http import HTTPStatus

from sandbox import rules, shapes
from sandbox.assets import asset_shape
from sandbox.pages import DEFAULT_SIZE, LARGEST, listed, place
from sandbox.records import Change, Release, latest_of
from sandbox.routing import refusal, route
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Call,
    Json,
    JsonObject,
    Reply,
    created,
    flag_of,
    invalid,
    no_content,
    not_found,
    require_length,
    rule_text,
    text_of,
    unprocessable,
)
from sandbox.workflow_right import workflow_refusal


def find(state: State, call: Call) -> Release:
    """Return the release of a call's id; 404 for drafts without write access."""
    number = call.number("id")
    for release in state.releases:
        if release.id == number and visible(call, release):
            return release
    raise not_found()


def visible(call: Call, release: Release) -> bool:
    """Say whether the caller may see *release*: drafts need push access."""
    return not release.draft or call.actor.may("contents:write")


def release_shape(state: State, release: Release) -> JsonObject:
    """Return *release* as GitHub does."""
    api, html = state.identity.api, state.identity.html
    url = f"{api}/releases/{release.id}"
    page = f"untagged-{release.id:020x}" if release.draft else release.tag
    archive = None if release.draft else f"{api}/{{}}/refs/tags/{release.tag}"
    return {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{state.identity.base}/api/uploads/repos/"
        f"{state.identity.full_name}/releases/{release.id}/assets{{?name,label}}",
        "html_url": f"{html}/releases/tag/{page}",
        "id": release.id,
        "author": shapes.user(state, release.author),
        "node_id": shapes.node_id("Release", release.id),
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.name,
        "draft": release.draft,
        "immutable": release.immutable,
        "prerelease": release.prerelease,
        "created_at": release.created_at,
        "updated_at": release.updated_at,
        "published_at": release.published_at,
        "assets": [asset_shape(state, release, asset) for asset in release.assets],
        "tarball_url": archive.format("tarball") if archive else None,
        "zipball_url": archive.format("zipball") if archive else None,
        "body": release.body,
    }


_MOST = 1000  # releases that a list gives


@route("GET", "/R/releases", "contents:read")
def list_releases(state: State, call: Call) -> Reply:
    """List releases, newest first; drafts only with push access, after a lag."""
    now = state.seconds()
    found = [
        release
        for release in reversed(state.releases)
        if visible(call, release) and release.listed_after <= now
    ]
    number, size = place(state, call, (DEFAULT_SIZE, LARGEST))
    if number * size > _MOST:  # iree#16506, hub#2920
        raise unprocessable("Only the first 1000 results are available.")
    return listed(state, call, [release_shape(state, release) for release in found])


@route("GET", "/R/releases/latest", "contents:read")
def get_latest(state: State, _: Call) -> Reply:
    """Return the latest release."""
    newest = latest_of(state.releases)
    if newest is None:
        raise not_found()
    return Reply(json=release_shape(state, newest))


@route("GET", "/R/releases/tags/{tag+}", "contents:read")
def get_by_tag(state: State, call: Call) -> Reply:
    """Return the published release of a tag; drafts are never found here."""
    for release in state.releases:
        if release.tag == call.args["tag"] and not release.draft:
            return Reply(json=release_shape(state, release))
    raise not_found()


@route("GET", "/R/releases/{id}", "contents:read")
def get_release(state: State, call: Call) -> Reply:
    """Return one release."""
    return Reply(json=release_shape(state, find(state, call)))


@route("POST", "/R/releases", "contents:write")
def create_release(state: State, call: Call) -> Reply:
    """Create a release; a second draft of one tag is 201 (avibe#1712)."""
    body = call.json()
    tag = text_of(body, "tag_name")
    if not tag:
        raise invalid(_error("missing_field", field="tag_name"))
    require_length(
        text_of(body, "body"), state.switches.longest_release_body, "Release"
    )
    target = text_of(body, "target_commitish")
    if target and state.git.named_commit(target) is None:
        raise invalid(_error("invalid", field="target_commitish"))
    release = Release(
        id=state.next_id(),
        tag=tag,
        target=target or state.default_branch,
        name=text_of(body, "name") or None,
        body=text_of(body, "body") if "body" in body else None,
        draft=True,
        prerelease=flag_of(body, "prerelease"),
        author=call.actor,
        created_at=state.now(),
        updated_at=state.now(),
        make_latest=_make_latest(body),
    )
    if flag_of(body, "draft"):
        release.listed_after = state.seconds() + state.switches.draft_lag_s
    else:
        _publish(state, call, release, targeted=bool(target))
    state.releases.append(release)
    return created(release_shape(state, release), located=True)


@route("PATCH", "/R/releases/{id}", "contents:write")
def update_release(state: State, call: Call) -> Reply:
    """Change a release, publish it when ``draft`` becomes false."""
    body, release = call.json(), find(state, call)
    draft = flag_of(body, "draft", default=release.draft)
    tag = text_of(body, "tag_name", release.tag)
    if release.immutable and (draft or tag != release.tag):
        raise invalid(
            _error(
                "custom", message="state cannot be changed when release is immutable"
            )
        )
    require_length(
        text_of(body, "body"), state.switches.longest_release_body, "Release"
    )
    target = text_of(body, "target_commitish")
    if target and state.git.named_commit(target) is None:
        raise invalid(_error("invalid", field="target_commitish"))
    if "make_latest" in body:
        release.make_latest = _make_latest(body)
    if release.draft and not draft:
        _publish_as(state, call, release, tag=tag, target=target)
    release.tag, release.draft = tag, draft
    release.target = target or release.target
    release.name = text_of(body, "name", release.name or "") or None
    if "body" in body:
        release.body = text_of(body, "body")
    release.prerelease = flag_of(body, "prerelease", default=release.prerelease)
    release.updated_at = state.now()
    return Reply(json=release_shape(state, release))


def _publish_as(
    state: State, call: Call, release: Release, *, tag: str, target: str
) -> None:
    before = (release.tag, release.target)
    release.tag, release.target = tag, target or release.target
    try:
        _publish(state, call, release, targeted=bool(target))
    except ApiError:
        release.tag, release.target = before
        raise


@route("DELETE", "/R/releases/{id}", "contents:write")
def delete_release(state: State, call: Call) -> Reply:
    """Delete a release; the name of an immutable one stays burned for ever."""
    release = find(state, call)
    if release.immutable:
        state.burned.add(release.tag)
    state.releases.remove(release)
    return no_content()


@route("POST", "/R/releases/generate-notes", "contents:write")
def generate_notes(state: State, call: Call) -> Reply:
    """Return notes in the manner of GitHub's."""
    tag = text_of(call.json(), "tag_name")
    page = f"{state.identity.html}/commits/{tag}"
    return Reply(json={"name": tag, "body": f"**Full Changelog**: {page}"})


def _make_latest(body: JsonObject) -> str:
    value = text_of(body, "make_latest", "true")
    if value not in ("true", "false", "legacy"):
        raise invalid(_error("invalid", field="make_latest"))
    return value


def _error(code: str, *, field: str = "", message: str = "") -> Json:
    error: JsonObject = {"resource": "Release", "code": code}
    if field:
        error["field"] = field
    if message:
        error["message"] = message
    return error


def _publish(state: State, call: Call, release: Release, *, targeted: bool) -> None:
    """Publish *release*, creating its tag under the rules if it is not there."""
    taken = [r for r in state.releases if r.tag == release.tag and not r.draft]
    if taken and taken[0] is not release:
        raise invalid(_error("already_exists", field="tag_name"))
    tag_ref = f"refs/tags/{release.tag}"
    if release.tag in state.burned or state.git.ref(tag_ref) is None:
        _create_tag(state, call, release, targeted=targeted)
    commit = state.git.commit_of(tag_ref)
    if commit:
        # `created_at` of a release is the moment of its commit (documented).
        release.created_at = state.git.commit(commit).committer[2]
    release.draft = False
    release.published_at = state.now()
    release.immutable = state.immutable_releases
    if release.make_latest == "true" and not release.prerelease:
        for other in state.releases:
            if other is not release and other.make_latest == "true":
                other.make_latest = "legacy"


def _create_tag(state: State, call: Call, release: Release, *, targeted: bool) -> None:
    commit = state.git.named_commit(release.target)
    if commit is None:
        raise invalid(_error("invalid", field="target_commitish"))
    if targeted and workflow_refusal(state, call.actor, commit):
        raise refusal(state, call, "workflows:write")
    ref = f"refs/tags/{release.tag}"
    change = Change(ref=ref, old=None, new=commit)
    blocked = list(rules.judge(state, call.actor, change).blocked)
    if blocked:
        raise ApiError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Validation Failed",
            errors=_refused_tag(state, release.tag, blocked),
        )
    state.git.move(ref, commit, None)
    state.record_move(call.actor, ref, None, commit)


def _refused_tag(state: State, tag: str, reasons: list[str]) -> list[Json]:
    """Return GitHub's errors (release-please-action#1194; burned: iccDEV#1084)."""
    errors = [
        _error(
            "custom", field="pre_receive", message=f"pre_receive {rule_text(reasons)}"
        )
    ]
    if tag in state.burned:
        text = "tag_name was used by an immutable release"
        errors.append(_error("custom", field="tag_name", message=text))
    return [
        *errors,
        _error("custom", message="Published releases must have a valid tag"),
    ]
