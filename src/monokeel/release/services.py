"""Which services there are, and which of them a change concerns."""

from collections.abc import Callable, Iterable

from monokeel.ground.answers import Json
from monokeel.ground.errors import UsageError
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Service, Settings

# What decides how every service is built and tested; a change there concerns all.
_SHARED = ("infra/platform.toml", ".github/workflows/")
_BUILDS = {"docker": "build", "buildah": "bud"}  # preset → its command that builds


def list_services(
    settings: Settings,
    commit_of: Callable[[str], str | None],
    changed_paths: Callable[[str, str], list[str]],
    since: str = "",
) -> Report:
    """Return the services, or those changed since *since*: UsageError for no commit."""
    chosen: Iterable[Service] = settings.services
    if since:
        start = commit_of(since)
        if start is None or since.startswith("-"):
            fix = "Name a branch, a tag or a commit that this clone has."
            raise UsageError(f"there is no commit {since!r}", fix=fix)
        chosen = changed_services(settings, changed_paths(start, "HEAD"))
    rows = tuple((each.name, each.kind, each.path) for each in chosen)
    return Report(
        headline=f"{len(rows)} of {len(settings.services)} services",
        sections=(Section("", table=Table(("service", "kind", "path"), rows)),),
        data={
            "registry": settings.registry_host,
            "repository": settings.repository,
            "services": [
                {
                    "name": x.name,
                    "kind": x.kind,
                    "path": x.path,
                    "build": _build(x, settings.build.strip()),
                }
                for x in chosen
            ],
        },
    )


def _build(service: Service, preset: str) -> list[Json]:
    """Return what builds *service* from the repository's root and pushes nothing.

    Empty for a command line of the team's: it pushes.
    """
    if preset not in _BUILDS:
        return []
    file = ["--file", service.dockerfile] if service.dockerfile else []
    args = [f"--build-arg={name}={value}" for name, value in service.args.items()]
    return [preset, _BUILDS[preset], *file, *args, service.context]


def changed_services(settings: Settings, paths: Iterable[str]) -> tuple[Service, ...]:
    """Return the services that *paths* concern: what they are made of, or all share."""
    changed = tuple(paths)
    if any(path.startswith(_SHARED) for path in changed):
        return settings.services
    found = []
    for service in settings.services:
        folders = (f"{service.path}/", f"{service.context}/".removeprefix("./"))
        inside = any(f"{path}/".startswith(folders) for path in changed)  # a submodule
        files = {service.dockerfile, f"{service.dockerfile}.dockerignore"}
        found += [service] * (inside or not files.isdisjoint(changed))
    return tuple(found)
