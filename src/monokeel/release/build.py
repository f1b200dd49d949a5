"""Services: which a change concerns, and the image of one, built and pushed."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from monokeel.ground.answers import Found, Json, Unknown, as_object, as_text
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.names import is_digest
from monokeel.ground.parsers import parse_json
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Service, Settings
from monokeel.release.ports import WAITS_S, Images
from monokeel.release.record import ReleaseRecord

_SHOWN = 10
# What decides how every service is built and tested; a change there concerns all.
_SHARED = ("infra/platform.toml", ".github/workflows/")
_BUILDS = {"docker": "build", "buildah": "bud"}  # preset → its command that builds


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One image; *image* has its host. *built* says whether this run has made it."""

    service: str
    image: str
    tag: str
    digest: str
    commit: str
    built: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Builds only from the files of the commit, and only what we may push.

    *head* is the commit that is checked out, *unclean* what a build of a folder would
    have beside it, or lack. *is_attested* says of (image with host, digest, commit)
    if our workflow signed it. *recorded* returns the record of a commit that
    is released, or begun to be. *check* raises what the builder would before it starts.
    """

    settings: Settings
    images: Images
    build: Callable[[str, str], str]
    head: Callable[[], str]
    unclean: Callable[[str], tuple[str, ...]]
    wait: Callable[[float], None]
    is_attested: Callable[[str, str, str], bool] | None = None
    recorded: Callable[[str], ReleaseRecord | None] = lambda _: None
    check: Callable[[str, str], None] = lambda *_: None


def build_service(workplace: Workplace, *, service: str, commit: str) -> Built:
    """Return the image of *service* at *commit*, built and pushed now.

    Raises UsageError for an unknown service and files that are not those of *commit*,
    RefusedError for no right to push or another commit on the label, else ServiceError.
    """
    path, built = _checked(workplace, service, commit)
    if not built.built:
        return built
    digest = workplace.build(service, commit)
    waits_s, found = iter(WAITS_S), workplace.images.look_up(path, digest)
    while not isinstance(found, Found) or found.missing:
        if (wait_s := next(waits_s, None)) is None:
            silent = found.reason if isinstance(found, Unknown) else ""
            raise ServiceError(
                f"{path}@{digest} was pushed, but {silent or 'it is not shown yet'}",
                fix="Run the same command again in a minute. If it stays so, see that"
                " the build command pushes {image}, and writes its manifest's digest,"
                " not the image's ID.",
            )
        workplace.wait(wait_s)
        found = workplace.images.look_up(path, digest)
    if found.revision != commit:
        label = repr(found.revision) if found.revision else "no commit"
        problem = f"{path}@{digest} is labelled with {label}, not {commit}"
        fix = "The build command must set org.opencontainers.image.revision (the"
        fix += " presets do). Then build again."
        raise RefusedError(problem, fix=fix)
    return replace(built, digest=digest)


def _decided(workplace: Workplace, service: str, path: str, built: Built) -> str:
    """Return the digest that is not built again, ``""`` if there is none.

    Everybody who may push can have put there what stands at ``sha-<commit>``: only a
    record's digest counts, or one that our workflow attested.
    """
    record = workplace.recorded(built.commit)
    if record is not None and (decided := record.digest_of(service)):
        return decided
    if is_attested := workplace.is_attested:
        there = workplace.images.look_up(path, built.tag)
        whole = isinstance(there, Found) and not there.missing and there.digest
        if whole and is_attested(built.image, whole, built.commit):
            return whole
    return ""


def build_report(built: Built) -> Report:
    """Return what was built, or was there, and its digest."""
    said = f"{built.service} {'built' if built.built else 'was built already'}:"
    return Report(headline=f"{said} {built.image}@{built.digest}", data=asdict(built))


def planned_report(workplace: Workplace, *, service: str, commit: str) -> Report:
    """Return what a build would read and push; raises what can be known before it."""
    _, built = _checked(workplace, service, commit)
    context, image = workplace.settings.service(service).context, built.image
    said = f"{service} was built already: {image}@{built.digest}"
    if built.built:
        workplace.check(service, commit)
        said = f"{service} would be built from {context} and pushed as"
        said += f" {image}:{built.tag}"
    data: dict[str, Json] = {"service": service, "image": image, "commit": commit}
    return Report(headline=said, data={**data, "dry_run": True})


def digests_of(
    reports: Iterable[str], settings: Settings, *, commit: str
) -> dict[str, str]:
    """Return service → digest of *reports* of ./inv build; UsageError for others."""
    digests: dict[str, str] = {}
    for text in reports:
        service = digest = built_from = ""
        with suppress(ValueError, ServiceError):
            fields = as_object(parse_json(text))
            names = ("service", "digest", "commit")
            service, digest, built_from = (as_text(fields.get(name)) for name in names)
        if not is_digest(digest):
            problem = f"this is no report of a build: {text[:80]!r}"
            fix = "Keep what ./inv build --json prints, one file a service."
            raise UsageError(problem, fix=fix)
        if built_from != commit:
            problem = f"{service} was built from {built_from}, not from {commit}"
            raise UsageError(problem, fix="Hand over the builds of this very run.")
        if digests.setdefault(settings.service(service).name, digest) != digest:
            problem = f"{service} was built twice: {digests[service]} and {digest}"
            raise UsageError(problem, fix="Hand over one report a service.")
    return digests


def _checked(workplace: Workplace, service: str, commit: str) -> tuple[str, Built]:
    """Return the path of the image of *service*, and it, which may be pushed."""
    settings, head = workplace.settings, workplace.head()
    path, context = settings.image(service), settings.service(service).context
    if head != commit:
        fix = f"Run: git checkout {commit}"
        raise UsageError(f"{head} is checked out, not {commit}", fix=fix)
    if unclean := workplace.unclean(context):
        more = f" and {len(unclean) - _SHOWN} more" if len(unclean) > _SHOWN else ""
        problem = f"the files here are not those of {commit}:"
        problem += f" {', '.join(unclean[:_SHOWN])}{more}"
        fix = "Commit, stash or remove them (or list them in .gitignore), then build"
        fix += " again."
        raise UsageError(problem, fix=fix)
    [allowed] = workplace.images.may_push_all([path])
    if isinstance(allowed, Unknown):
        problem = f"nobody can tell whether {path} may be pushed: {allowed.reason}"
        fix = "Run again once the registry answers; ./inv doctor checks tokens."
        raise ServiceError(problem, fix=fix)
    if not allowed:
        fix = "The job needs `packages: write`; a package that was first pushed by"
        fix += " hand must name this repository under Manage Actions access."
        raise RefusedError(f"the credentials may not push {path}", fix=fix)
    image, tag = f"{settings.registry_host}/{path}", f"sha-{commit}"
    built = Built(service=service, image=image, tag=tag, digest="", commit=commit)
    decided = _decided(workplace, service, path, built)
    return path, replace(built, digest=decided, built=not decided)


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
    preset = settings.build.strip()
    listed: list[Json] = [
        {"name": x.name, "kind": x.kind, "path": x.path, "build": _build(x, preset)}
        for x in chosen
    ]
    where = {"registry": settings.registry_host, "repository": settings.repository}
    return Report(
        headline=f"{len(rows)} of {len(settings.services)} services",
        sections=(Section("", table=Table(("service", "kind", "path"), rows)),),
        data={**where, "services": listed},
    )


def _build(service: Service, preset: str) -> list[Json]:
    """Return what builds *service* from the repository's root and pushes nothing."""
    if preset not in _BUILDS:  # a command line of the team's: it pushes
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
