"""Release tasks: plan and publish a version, build an image, ask the registry."""

import json as jsonlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from monokeel.ground.errors import UsageError
from monokeel.ground.report import Report
from monokeel.tasks.command import About, announce, command, require_yes
from monokeel.tasks.wiring import (
    LOGIN,
    make_git,
    make_github,
    make_registry,
    read_settings,
    registry_address,
    registry_login,
    root,
    server_address,
    service_names,
    token,
    variable,
)

if TYPE_CHECKING:
    from monokeel.ground.settings import Settings
    from monokeel.release.build import Workplace
    from monokeel.release.plan import ReleasePlan
    from monokeel.release.ports import Outside


@command(
    About(
        group="Releases",
        examples=(
            "./inv release --dry-run",
            "./inv release",
            "./inv release --abandon 1.4.0 --yes",
        ),
        exits={0: "", 1: "", 3: "", 4: ""},
        variables=("GITHUB_TOKEN", "MONOKEEL_DEPLOY_KEY", "MONOKEEL_BUILD", *LOGIN),
        section="Release Model",
    ),
    {
        "dry_run": "show the plan and change nothing",
        "online": "with --dry-run: ask GitHub and the registry without a token, too",
        "offline": "with --dry-run: ask nobody, even with a token",
        "strict": "refuse on warnings, too",
        "built": "a folder with what ./inv build --json printed for each service",
        "abandon": "take back a half-finished release of this version, such as 1.4.0",
        "yes": "with --abandon: delete without asking",
    },
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
) -> Iterator[Report]:
    """Publish the next version: images, tag and GitHub release.

    The commits since the last release decide the version. A run that was cut
    short is finished by the next one; --abandon takes it back.
    """
    if (dry_run and abandon is not None) or (online and offline):
        raise UsageError(
            "these options do not go together",
            fix="Give --dry-run or --abandon, --online or --offline.",
        )
    if (online or offline) and not dry_run:
        raise UsageError(
            "--online and --offline belong to --dry-run",
            fix="A release always asks; without a network there is none.",
        )
    if dry_run:
        asks = online or (token() is not None and not offline)
        yield from _show_plan(asks=asks, strict=strict)
    elif abandon is not None:  # "" is a variable that nobody set: no release
        yield _take_back(abandon, yes=yes)
    else:
        yield from _publish(strict=strict, built=built)


@command(
    About(
        group="Releases",
        examples=("./inv build --service api",),
        exits={0: "", 1: "", 3: "", 4: ""},
        variables=("GITHUB_TOKEN", "MONOKEEL_BUILD", *LOGIN),
        section="Container Recovery",
        choices={"service": service_names},
    ),
    {"service": "the service, such as api, as infra/platform.toml names it"},
)
def build(*, service: str = "") -> Iterator[Report]:
    """Build and push the image of one service."""
    from monokeel.adapters import actions
    from monokeel.release.build import build_report, build_service

    settings = read_settings()
    commit = make_git().head()
    built = build_service(
        _workplace(settings), settings, service=service, commit=commit
    )
    yield build_report(built)
    actions.set_output("image", built.image)
    actions.set_output("digest", built.digest)


@command(
    About(
        group="Releases",
        examples=("./inv guard --version 1.4.0",),
        exits={0: "free", 1: "", 3: "taken", 4: ""},
        variables=("GITHUB_TOKEN", *LOGIN),
        section="Immutability Guarantees",
    ),
    {"version": "the version, such as 1.4.0"},
)
def guard(*, version: str = "") -> Iterator[Report]:
    """Say whether a version is free in the registry."""
    from monokeel.release.guard import ask_version, guard_report, require_free

    found = ask_version(
        make_registry(),
        read_settings(),
        version=version,
        commit=make_git().head(),
    )
    yield guard_report(found)
    require_free(found)


TASKS = (release, build, guard)


def _show_plan(*, asks: bool, strict: bool) -> Iterator[Report]:
    from monokeel.adapters import actions
    from monokeel.release.planner import plan_release
    from monokeel.release.ports import offline
    from monokeel.release.show import refuse_blocked, refuse_unseen, report_of

    settings = read_settings()
    outside = offline(make_git(), "nobody was asked: no token, or --offline")
    if asks:
        # Two seconds are for a person at a terminal; a job has time to wait.
        outside = _outside(quick=variable("GITHUB_ACTIONS") is None)
    plan = plan_release(settings, outside, server=server_address())
    yield report_of(plan, strict=strict)
    actions.set_output("needed", jsonlib.dumps(plan.needed))
    actions.set_output("build", jsonlib.dumps(plan.unbuilt))
    actions.set_output("registry", settings.registry_host)
    if variable("GITHUB_EVENT_NAME") == "pull_request":
        return  # a preview: what stands in the way of a branch is no failure
    refuse_blocked(plan, strict=strict)
    if asks:
        refuse_unseen(plan)


def _publish(*, strict: bool, built: str | None) -> Iterator[Report]:
    from monokeel.release.build import digests_of
    from monokeel.release.publish import publication_report, refuse_unknown
    from monokeel.release.run import Manner, release_commit
    from monokeel.release.show import refuse_blocked, report_of

    def accept(plan: "ReleasePlan") -> None:
        announce(report_of(plan, strict=strict))
        refuse_blocked(plan, strict=strict)
        refuse_unknown(plan)
        make_git().require_writer()

    _require_token()
    settings = read_settings()
    digests = digests_of(_built_reports(built), commit=make_git().head())
    manner = Manner(accept=accept, tell=_tell, server=server_address())
    run = release_commit(settings, _outside(builds=True), manner, digests)
    if not run.out:
        yield report_of(run.plan, strict=strict)
        return
    for finished in run.out[:-1]:
        _tell(f"{finished.tag} is published: {finished.page}")
    done = run.out[-1]
    yield publication_report(done)


def _built_reports(folder: str | None) -> list[str]:
    """Return the texts of ``*.json`` in *folder*, sorted by name."""
    if folder is None:
        return []
    where = Path(folder)
    if not where.is_dir():
        raise UsageError(
            f"--built {folder!r} is no folder",
            fix="Name the folder with what ./inv build --json printed.",
        )
    return [each.read_text(encoding="utf-8") for each in sorted(where.rglob("*.json"))]


def _require_token() -> None:
    if token() is None:
        raise UsageError(
            "GITHUB_TOKEN is not set: a release is drafted and published with it",
            fix="Set it to a token with contents: write. Without one there is only"
            " ./inv release --dry-run.",
        )


def _take_back(version: str, *, yes: bool) -> Report:
    from monokeel.ground.version import parse_wanted
    from monokeel.release.abandon import abandon, abandonment_report
    from monokeel.release.candidate import candidate_of
    from monokeel.release.reading import Reading

    _require_token()
    settings = read_settings()
    candidate = candidate_of(
        settings,
        version=parse_wanted(version, prefix=settings.tag_prefix),
        commit=make_git().head(),
        notes="",
    )
    require_yes(f"delete the claim and the drafts of {candidate.tag}", yes=yes)
    done = abandon(Reading(candidate, _outside()), skip=settings.skip)
    return abandonment_report(done)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _outside(*, quick: bool = False, builds: bool = False) -> "Outside":
    import time

    from monokeel.adapters.releases import Releases
    from monokeel.ground.answers import Unknown
    from monokeel.release.build import CheckedBuilder
    from monokeel.release.ports import Outside

    settings = read_settings()
    git = make_git(quick=quick)
    builder = CheckedBuilder(workplace=_workplace(settings), settings=settings)
    return Outside(
        history=git,
        remote=git,
        releases=Releases(make_github(quick=quick)),
        images=make_registry(quick=quick),
        builder=builder if builds else Unknown(reason="nothing is built here"),
        wait=time.sleep,
    )


def _workplace(settings: "Settings") -> "Workplace":
    import time

    from monokeel.adapters.builder import Builder
    from monokeel.release.build import Workplace

    git, images = make_git(), make_registry()
    login = registry_login()
    builder = Builder(
        settings=settings,
        root=root(),
        registry=registry_address(),
        command=variable("MONOKEEL_BUILD") or settings.build,
        commit_time=git.commit_time,
        read_tag=images.digest_at,
        user=login.user,
        password=login.password,
        server=server_address(),
    )
    return Workplace(images=images, builder=builder, checkout=git, wait=time.sleep)
