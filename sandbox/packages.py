"""Packages: what the registry holds, as GitHub's API lists it."""

import hashlib

from sandbox import shapes
from sandbox.pages import listed
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import Call, Json, JsonObject, Reply, not_found

_MOMENT = "2026-01-01T00:00:00Z"


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)


def _images(state: State, call: Call) -> dict[str, dict[str, list[str]]]:
    """Return package name to digest to tags, of the owner asked for."""
    side = "org" if state.owner_type == "Organization" else "user"
    owner = call.args.get(side, "")
    if owner.lower() != state.identity.owner.lower():
        raise not_found()
    prefix = f"{state.identity.owner.lower()}/"
    return {
        name.removeprefix(prefix): versions
        for name, versions in state.images().items()
        if name.startswith(prefix)
    }


def _find(state: State, call: Call) -> tuple[str, dict[str, list[str]]]:
    found = _images(state, call).get(call.args["package"])
    if found is None or call.args["type"] != "container":
        raise not_found()
    return call.args["package"], found


def _place(state: State, call: Call, name: str) -> str:
    side = "orgs" if "org" in call.args else "users"
    owner = state.identity.owner
    escaped = name.replace("/", "%2F")
    return f"{state.identity.base}/{side}/{owner}/packages/container/{escaped}"


def _package(state: State, call: Call, name: str, count: int) -> JsonObject:
    return {
        "id": _number(name),
        "name": name,
        "package_type": "container",
        "owner": shapes.owner(state),
        "version_count": count,
        "visibility": "public"
        if state.image_is_public(f"{state.identity.owner.lower()}/{name}")
        else "private",
        "url": _place(state, call, name),
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
        "html_url": f"{state.identity.html}/pkgs/container/{name.replace('/', '%2F')}",
    }


def _version(
    state: State, call: Call, name: str, version: tuple[str, list[str]]
) -> JsonObject:
    digest, tags = version
    place, number = _place(state, call, name), _number(digest)
    return {
        "id": number,
        "name": digest,
        "url": f"{place}/versions/{number}",
        "package_html_url": f"{state.identity.html}/pkgs/container/{name}",
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
        "html_url": f"{state.identity.html}/pkgs/container/{name}/{number}",
        "metadata": {"package_type": "container", "container": {"tags": list(tags)}},
    }


@route("GET", "/orgs/{org}/packages", "packages:read")
def list_packages(state: State, call: Call) -> Reply:
    """List the container packages of the organization."""
    shown: list[Json] = [
        _package(state, call, name, len(versions))
        for name, versions in _images(state, call).items()
    ]
    return listed(state, call, shown)


@route("GET", "/orgs/{org}/packages/{type}/{package}", "packages:read")
@route("GET", "/users/{user}/packages/{type}/{package}", "packages:read")
def get_package(state: State, call: Call) -> Reply:
    """Return one package; the ``/`` of its name is ``%2F``."""
    name, versions = _find(state, call)
    return Reply(json=_package(state, call, name, len(versions)))


@route("GET", "/orgs/{org}/packages/{type}/{package}/versions", "packages:read")
@route("GET", "/users/{user}/packages/{type}/{package}/versions", "packages:read")
def list_versions(state: State, call: Call) -> Reply:
    """List the versions of a package, newest first: one a digest, with its tags."""
    name, versions = _find(state, call)
    found = reversed(versions.items())
    shown: list[Json] = [_version(state, call, name, v) for v in found]
    return listed(state, call, shown)


@route("GET", "/orgs/{org}/packages/{type}/{package}/versions/{id}", "packages:read")
@route("GET", "/users/{user}/packages/{type}/{package}/versions/{id}", "packages:read")
def get_version(state: State, call: Call) -> Reply:
    """Return one version."""
    name, versions = _find(state, call)
    number = call.number("id")
    for version in versions.items():
        if _number(version[0]) == number:
            return Reply(json=_version(state, call, name, version))
    raise not_found()


@route("GET", "/R/attestations/{digest}", "metadata:read")
def list_attestations(_: State, __: Call) -> Reply:
    """List attestations: there are none here, nothing signs them."""
    return Reply(json={"attestations": []})
