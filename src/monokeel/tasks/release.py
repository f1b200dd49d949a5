"""Release tasks: plan and publish a version, build an image, ask the registry."""

import json as jsonlib
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from monokeel.ground.errors import RefusedError, UsageError
from monokeel.tasks import wiring
from monokeel.tasks.command import About, Reports, require_yes, show

if TYPE_CHECKING:
    from monokeel.ground.answers import Json
    from monokeel.ground.report import Report
    from monokeel.ground.settings import Settings
    from monokeel.release.build import Workplace
    from monokeel.release.plan import ReleasePlan
    from monokeel.release.ports import Outside

_NEEDS = "contents: write. Without one there is only ./inv release --dry-run"
_BUILT = "Name the folder with what ./inv build --json printed."


@About(
    group="Releases",
    examples=(
        "./inv release --dry-run",
        "./inv release",
        "./inv release --abandon 1.4.0 --dry-run",
        "./inv release --abandon 1.4.0 --yes",
    ),
    exits={0: "", 1: "", 3: "", 4: ""},
    options={
        "dry_run": "show the plan and change nothing",
        "online": "with --dry-run: ask GitHub and the registry without a token, too",
        "offline": "with --dry-run: ask nobody, even with a token",
        "strict": "refuse on warnings, too",
        "built": "a folder with what ./inv build --json printed for each service",
        "abandon": "take back a half-finished release of this version, such as 1.4.0",
        "yes": "with --abandon: delete without asking",
    },
    variables=("GITHUB_TOKEN", *wiring.WRITER, "MONOKEEL_BUILD", *wiring.LOGIN),
    section="Release Model",
)
def release(
    *,
    dry_run: bool = False,
    online: bool = False,
    offline: bool = False,
    strict: bool = False,
    built: str | None = None,
    abandon: str | None = None,
    yes: bool = False,
) -> Reports:
    """Publish the next version: images, tag and GitHub release.

    The commits since the last release decide the version. A run that was cut
    short is finished by the next one; --abandon takes it back.
    """
    if (abandon is not None or not dry_run) and (online or offline):
        raise UsageError(
            "--online and --offline belong to the --dry-run of a release",
            fix="A release always asks; without a network there is none.",
        )
    if online and offline:
        raise UsageError("--online and --offline do not go together", fix="Give one.")
    if not dry_run:
        wiring.require_this_repository()
    if abandon is not None:  # "" is a variable that nobody set: no release
        yield _take_back(abandon, dry_run=dry_run, yes=yes)
    elif dry_run:
        asks = online or (wiring.token() is not None and not offline)
        yield from _show_plan(asks=asks, strict=strict)
    else:
        yield from _publish(strict=strict, built=built)


@About(
    group="Releases",
    examples=("./inv build --service api --dry-run", "./inv build --service api"),
    exits={0: "", 1: "", 3: "", 4: ""},
    options={
        "service": "the service, such as api, as infra/platform.toml names it",
        "dry_run": "check what can be known before, and build nothing",
    },
    variables=("GITHUB_TOKEN", "MONOKEEL_BUILD", *wiring.LOGIN),
    section="Container Recovery",
    choices={"service": lambda: wiring.names_of("services")},
)
def build(*, service: str = "", dry_run: bool = False) -> Reports:
    """Build and push the image of one service."""
    from monokeel.adapters import actions
    from monokeel.release import build as building
    from monokeel.release.artifact import record_of_commit

    git = wiring.make_git()
    decided = partial(record_of_commit, git, wiring.read_settings())
    place, commit = replace(_workplace(), recorded=decided), git.head()
    if dry_run:
        yield building.planned_report(place, service=service, commit=commit)
        return
    built = building.build_service(place, service=service, commit=commit)
    yield building.build_report(built)
    actions.set_output("image", built.image)
    actions.set_output("digest", built.digest)
    actions.set_output("built", jsonlib.dumps(built.built))


@About(
    group="Releases",
    examples=("./inv guard --version 1.4.0",),
    exits={0: "free", 1: "", 3: "taken", 4: ""},
    options={"version": "the version, such as 1.4.0"},
    variables=("GITHUB_TOKEN", *wiring.LOGIN),
    section="Immutability Guarantees",
)
def guard(*, version: str = "") -> Reports:
    """Say whether a version is free in the registry."""
    from monokeel.release import checks

    images, settings = wiring.make_registry(), wiring.read_settings()
    commit = wiring.make_git().head()
    found = checks.ask_version(images, settings, version=version, commit=commit)
    yield checks.guard_report(found)
    checks.require_free(found)


TASKS = (release, build, guard)


def _show_plan(*, asks: bool, strict: bool) -> Reports:
    from monokeel.adapters import actions
    from monokeel.release import plan as plans
    from monokeel.release.planner import plan_release
    from monokeel.release.ports import offline

    settings, misplaced = wiring.read_settings(), _misplaced()
    if misplaced and (fork := _fork_report(settings)):
        yield fork
        actions.set_output("needed", "false")
        return
    silent = "nobody was asked: no token, or --offline"
    outside = _asked() if asks else offline(wiring.make_git(), silent)
    server, preview = wiring.server_address(), _says_event("pull_request")
    outside = replace(outside, server=server, misplaced=misplaced)
    if preview and (event := _event()):
        from monokeel.release.commits import merge_of

        base = wiring.make_git().commit_of("HEAD^1") or ""
        outside = replace(outside, merge=merge_of(event, settings, base))
    plan = plan_release(settings, outside)
    yield plans.report_of(plan, strict=strict)
    actions.set_output("needed", jsonlib.dumps(plan.needed))
    actions.set_output("build", jsonlib.dumps(plan.unbuilt))
    actions.set_output("registry", settings.registry_host)
    if not preview:  # what stands in the way of a branch is no failure
        plans.refuse_blocked(plan, strict=strict)
        if asks and plan.needed is None:
            plans.refuse_unknown(plan)


def _says_event(name: str) -> bool:
    return wiring.variable("GITHUB_EVENT_NAME") == name


def _asked() -> "Outside":
    # Two seconds are for a person at a terminal; a job has time to wait.
    outside = _outside(quick=wiring.variable("GITHUB_ACTIONS") is None)
    if _says_event("push"):
        from monokeel.adapters.repository import Repository

        waiting = partial(Repository(wiring.make_github()).waiting_run, "release.yml")
        return replace(outside, waiting=waiting)
    return outside


def _misplaced() -> RefusedError | None:
    try:
        wiring.require_this_repository()
    except RefusedError as error:
        return error
    return None


def _fork_report(settings: "Settings") -> "Report | None":
    """Return the report of a job that runs in a fork, as GitHub's event tells it."""
    from monokeel.ground.report import Report

    repository = _event().get("repository")
    if not isinstance(repository, dict) or repository.get("fork") is not True:
        return None
    fork = wiring.named_repository() or "this"
    reason = f"{fork} is a fork, and infra/platform.toml names {settings.repository}"
    return Report(
        headline=f"No release: {reason}",
        data={"needed": False, "released": False, "version": None, "reason": reason},
    )


def _event() -> "dict[str, Json]":
    from monokeel.ground.answers import as_object
    from monokeel.ground.parsers import parse_json

    path = wiring.variable("GITHUB_EVENT_PATH")
    if path is None:
        return {}
    try:
        return as_object(parse_json(Path(path).read_bytes()))
    except ValueError as error:
        raise UsageError(f"GITHUB_EVENT_PATH is no event: {error}") from None


def _publish(*, strict: bool, built: str | None) -> Reports:
    from monokeel.release import plan as plans
    from monokeel.release import publish
    from monokeel.release.build import digests_of

    def accept(plan: "ReleasePlan") -> None:
        show(plans.report_of(plan, strict=strict), aside=True)
        plans.refuse_blocked(plan, strict=strict)
        plans.refuse_unknown(plan)
        wiring.require_writer()

    wiring.require_token(_NEEDS)
    settings, where = wiring.read_settings(), Path(built or ".")
    if not where.is_dir():
        raise UsageError(f"--built {built!r} is no folder", fix=_BUILT)
    paths = sorted(where.rglob("*.json")) if built is not None else ()
    texts = [each.read_text("utf-8-sig", "replace") for each in paths]
    digests = digests_of(texts, settings, commit=wiring.make_git().head())
    outside = replace(_outside(), build=partial(_build_aloud, _workplace()))
    outside = replace(outside, server=wiring.server_address())
    run = publish.release_commit(settings, outside, accept, _tell, digests)
    if not run.out:
        yield plans.report_of(run.plan, strict=strict)
        return
    *before, done = run.out
    for finished in before:
        _tell(f"{finished.tag} is published: {finished.page}")
    nobody = wiring.make_registry(quick=True, anonymous=True)
    hidden = publish.hidden_images(done.record, nobody, settings)
    yield publish.publication_report(done, hidden)


def _take_back(version: str, *, dry_run: bool, yes: bool) -> "Report":
    from monokeel.ground.version import parse_wanted
    from monokeel.release import publish
    from monokeel.release.reading import Reading
    from monokeel.release.record import Candidate

    wiring.require_token(_NEEDS)
    settings = wiring.read_settings()
    wanted = parse_wanted(version, prefix=settings.tag_prefix)
    commit = wiring.make_git().head()
    candidate = Candidate(settings=settings, version=wanted, commit=commit)
    now = Reading(candidate, _outside())
    planned = publish.plan_abandonment(now)
    if dry_run or not planned.deleted:
        return publish.abandonment_report(planned, planned=dry_run)
    require_yes(f"delete {', '.join(planned.deleted)}", yes=yes)
    return publish.abandonment_report(publish.abandon(now))


def _tell(line: str) -> None:
    from monokeel.tasks.screen import print_line

    print_line(line, sys.stderr)


def _build_aloud(place: "Workplace", service: str, commit: str) -> str:
    """Build *service*; say which it is, of how many, and how long it took."""
    import time

    from monokeel.adapters import actions
    from monokeel.release.build import build_service
    from monokeel.tasks.screen import stop_showing

    names, started = [*place.settings.images], time.monotonic()
    which = f"[{names.index(service) + 1}/{len(names)}] {service}"
    stop_showing()  # what builds writes itself
    with actions.group(f"{which}: building"):
        built = build_service(place, service=service, commit=commit)
    _tell(f"{which}: {built.digest} in {time.monotonic() - started:.0f} s: done")
    return built.digest


def _outside(*, quick: bool = False) -> "Outside":
    import time

    from monokeel.adapters.releases import Releases
    from monokeel.release.ports import Outside

    git = wiring.make_git(quick=quick)
    return Outside(
        history=git,
        remote=git,
        releases=Releases(wiring.make_github(quick=quick)),
        images=wiring.make_registry(quick=quick),
        wait=time.sleep,
    )


def _workplace() -> "Workplace":
    import time

    from monokeel.adapters.attestations import is_attested
    from monokeel.adapters.builder import Builder
    from monokeel.release.build import Workplace

    git, images = wiring.make_git(), wiring.make_registry()
    settings = wiring.read_settings()
    builder = Builder(
        settings=settings,
        root=wiring.root(),
        registry=wiring.registry_address(),
        command=wiring.variable("MONOKEEL_BUILD") or settings.build,
        commit_time=git.commit_time,
        read_tag=images.digest_at,
        login=wiring.registry_login(),
        server=wiring.server_address(),
    )
    verify = partial(is_attested, settings.repository, wiring.token())
    return Workplace(
        settings=settings,
        images=images,
        build=builder.build,
        head=git.head,
        unclean=git.unclean,
        wait=time.sleep,
        check=builder.check,
        is_attested=verify if wiring.variable("GITHUB_ACTIONS") else None,
    )
