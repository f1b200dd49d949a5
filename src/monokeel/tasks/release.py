"""Release tasks: plan and publish a version, build an image, ask the registry."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
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
    from monokeel.release.sources import Sources
    from monokeel.release.target import Outside


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
        "unless_behind": "end well, without a release, if the branch has moved on",
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
    unless_behind: bool = False,
    abandon: str | None = None,
    yes: bool = False,
) -> Iterator[Report]:
    """Publish the next version: images, tag and GitHub release.

    The commits since the last release decide the version. A run that was cut
    short is finished by the next one; --abandon takes it back.
    """
    how = _How(strict=strict, unless_behind=unless_behind)
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
        yield from _show_plan(_sources(quick=True) if asks else None, how)
    elif abandon is not None:  # "" is a variable that nobody set: no release
        yield _take_back(abandon, yes=yes)
    else:
        yield from _publish(how)


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
    """Build and push the image of one service, unless it is there."""
    from monokeel.release.build import build_report, build_service

    settings = read_settings()
    commit = make_git().head()
    built = build_service(
        _workplace(settings), settings, service=service, commit=commit
    )
    yield build_report(built)


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
    from monokeel.release.guard import guard_report, look_at_version, require_free

    found = look_at_version(
        make_registry(),
        read_settings(),
        version=version,
        commit=make_git().head(),
    )
    yield guard_report(found)
    require_free(found)


TASKS = (release, build, guard)


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    """The options that planning and publishing share."""

    strict: bool
    unless_behind: bool

    def adapt(self, plan: "ReleasePlan", branch: str) -> "ReleasePlan":
        from monokeel.release.plan import left_to_newer

        return left_to_newer(plan, branch) if self.unless_behind else plan


def _show_plan(sources: "Sources | None", how: _How) -> Iterator[Report]:
    from monokeel.adapters import actions
    from monokeel.release.planner import plan_release
    from monokeel.release.show import refuse_blocked, report_of
    from monokeel.release.sources import offline

    settings = read_settings()
    plan = plan_release(
        settings,
        make_git(),
        sources or offline("nobody was asked: no token, or --offline"),
        server=server_address(),
    )
    plan = how.adapt(plan, settings.default_branch)
    yield report_of(plan, strict=how.strict)
    actions.set_output("version", plan.version or "")
    refuse_blocked(plan, strict=how.strict)


def _publish(how: _How) -> Iterator[Report]:
    from monokeel.adapters import actions
    from monokeel.release.plan import has_nothing_to_do
    from monokeel.release.planner import plan_release, plan_with_news
    from monokeel.release.publish import publication_report, publish, refuse_unknown
    from monokeel.release.show import refuse_blocked, report_of
    from monokeel.release.target import target_of

    _require_token()
    settings, git, server = read_settings(), make_git(), server_address()
    sources = _sources(quick=False)
    plan = plan_with_news(
        git.fetch, lambda: plan_release(settings, git, sources, server=server)
    )
    plan = how.adapt(plan, settings.default_branch)
    report = report_of(plan, strict=how.strict)
    if has_nothing_to_do(plan):
        yield report
        return
    announce(report)
    refuse_blocked(plan, strict=how.strict)
    refuse_unknown(plan)
    git.require_writer()
    target = target_of(
        settings, version=plan.version or "", commit=plan.commit, notes=plan.notes
    )
    done = publish(target, _outside(settings), _tell)
    yield publication_report(done)
    actions.set_output("version", done.record.version)
    actions.set_output("tag", done.tag)


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
    from monokeel.release.target import target_of

    _require_token()
    settings = read_settings()
    target = target_of(
        settings,
        version=parse_wanted(version, prefix=settings.tag_prefix),
        commit=make_git().head(),
        notes="",
    )
    require_yes(f"delete the claim and the drafts of {target.tag}", yes=yes)
    return abandonment_report(abandon(target, _outside(settings), skip=settings.skip))


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _sources(*, quick: bool) -> "Sources":
    from monokeel.adapters.releases import Releases
    from monokeel.adapters.session import map_concurrently
    from monokeel.release.sources import Sources

    return Sources(
        remote=make_git(quick=quick),
        releases=Releases(make_github(quick=quick)),
        images=make_registry(quick=quick),
        each=map_concurrently,
    )


def _outside(settings: "Settings") -> "Outside":
    from monokeel.adapters.releases import Releases
    from monokeel.release.publish import CheckedBuilder
    from monokeel.release.target import Outside

    return Outside(
        refs=make_git(),
        releases=Releases(make_github()),
        images=make_registry(),
        builder=CheckedBuilder(workplace=_workplace(settings), settings=settings),
    )


def _workplace(settings: "Settings") -> "Workplace":
    from monokeel.adapters.builder import Builder
    from monokeel.release.build import Workplace

    git, images = make_git(), make_registry()
    user, password = registry_login()
    builder = Builder(
        settings=settings,
        root=root(),
        registry=registry_address(),
        command=variable("MONOKEEL_BUILD") or settings.build,
        commit_time=git.commit_time,
        user=user,
        password=password,
        server=server_address(),
    )
    return Workplace(images=images, builder=builder, checkout=git)
