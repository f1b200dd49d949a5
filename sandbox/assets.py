"""The files of releases: upload, download, digest, and what immutable ones refuse."""

import hashlib
import re
from http import HTTPStatus

from sandbox import shapes
from sandbox.pages import listed
from sandbox.records import Asset, Release
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    DOCS,
    ApiError,
    Call,
    JsonObject,
    Reply,
    created,
    invalid,
    no_content,
    not_found,
    text_of,
    unprocessable,
)


def asset_shape(state: State, release: Release, asset: Asset) -> JsonObject:
    """Return *asset* of *release* as GitHub does."""
    sha = hashlib.sha256(asset.content).hexdigest()
    return {
        "url": f"{state.identity.api}/releases/assets/{asset.id}",
        "id": asset.id,
        "node_id": shapes.node_id("ReleaseAsset", asset.id),
        "name": asset.name,
        "label": asset.label,
        "uploader": shapes.user(state, asset.uploader),
        "content_type": asset.content_type,
        "state": asset.state,
        "size": len(asset.content),
        "digest": f"sha256:{sha}" if asset.state == "uploaded" else None,
        "download_count": 0,
        "created_at": asset.created_at,
        "updated_at": asset.created_at,
        "browser_download_url": f"{state.identity.html}/releases/download/"
        f"{release.tag}/{asset.name}",
    }


def _find(state: State, call: Call) -> tuple[Release, Asset]:
    number = call.number("id")
    for release in state.releases:
        if release.draft and not call.actor.may("contents:write"):
            continue
        for asset in release.assets:
            if asset.id == number:
                return release, asset
    raise not_found()


def _release(state: State, call: Call) -> Release:
    number = call.number("id")
    for release in state.releases:
        if release.id == number:
            return release
    raise not_found()


def _upload_refused(message: str, *errors: JsonObject) -> ApiError:
    """Return an upload's own shape of a 422 (octokit/fixtures)."""
    raw: JsonObject = {"message": message, "request_id": "0000:SANDBOX"}
    raw["documentation_url"] = DOCS
    if errors:
        raw["errors"] = list(errors)
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, message, raw=raw)


@route("GET", "/R/releases/{id}/assets", "contents:read")
def list_assets(state: State, call: Call) -> Reply:
    """List the assets of a release."""
    release = _release(state, call)
    if release.draft and not call.actor.may("contents:write"):
        raise not_found()
    return listed(
        state, call, [asset_shape(state, release, asset) for asset in release.assets]
    )


@route("POST", "/R/releases/{id}/assets", "contents:write")
def upload_asset(state: State, call: Call) -> Reply:
    """Take the bytes of an asset; GitHub renames odd file names."""
    release = _release(state, call)
    name = re.sub(r"[^A-Za-z0-9._+@-]+", ".", call.query.get("name", ""))
    if not name:
        raise invalid({"resource": "ReleaseAsset", "code": "missing", "field": "name"})
    if release.immutable:
        # github-release-resource#151
        raise _upload_refused("Cannot upload assets to an immutable release.")
    if any(asset.name == name for asset in release.assets):
        raise _upload_refused(
            "Validation Failed",
            {"resource": "ReleaseAsset", "code": "already_exists", "field": "name"},
        )
    fails, state.switches.starter_asset = state.switches.starter_asset, False
    asset = Asset(
        id=state.next_id(),
        name=name,
        label=call.query.get("label", ""),
        content_type=call.headers.get("Content-Type", "application/octet-stream"),
        content=b"" if fails else call.body,
        state="starter" if fails else "uploaded",
        created_at=state.now(),
        uploader=call.actor,
    )
    release.assets.append(asset)
    if fails:
        raise ApiError(HTTPStatus.BAD_GATEWAY, "Server Error")
    return created(asset_shape(state, release, asset))


@route("GET", "/R/releases/assets/{id}", "contents:read")
def get_asset(state: State, call: Call) -> Reply:
    """Return an asset: its JSON, its bytes, or a 302 to them."""
    release, asset = _find(state, call)
    if "application/octet-stream" not in call.headers.get("Accept", ""):
        return Reply(json=asset_shape(state, release, asset))
    if state.switches.asset_redirect:
        place = f"{state.identity.base}/_sandbox/assets/{asset.id}"
        return Reply(status=HTTPStatus.FOUND, raw=b"", headers={"Location": place})
    return Reply(
        raw=asset.content, headers={"Content-Type": "application/octet-stream"}
    )


@route("PATCH", "/R/releases/assets/{id}", "contents:write")
def update_asset(state: State, call: Call) -> Reply:
    """Rename an asset."""
    release, asset = _find(state, call)
    if release.immutable:
        raise unprocessable("Cannot update asset of an immutable release")  # assumed
    body = call.json()
    asset.name = text_of(body, "name", asset.name)
    asset.label = text_of(body, "label", asset.label or "")
    return Reply(json=asset_shape(state, release, asset))


@route("DELETE", "/R/releases/assets/{id}", "contents:write")
def delete_asset(state: State, call: Call) -> Reply:
    """Delete an asset; not one of an immutable release."""
    release, asset = _find(state, call)
    if release.immutable:
        raise unprocessable("Cannot delete asset from an immutable release")
    release.assets.remove(asset)
    return no_content()
