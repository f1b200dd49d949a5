"""Release tasks: plan and publish a version, build an image, ask the registry."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from invoke import Context, task

from monokeel.ground.errors import UsageError
from monokeel.tasks.wiring import (
    AS_JSON,
    exit_on_error,
    make_git,
    make_github,
    make_registry,
    read_settings,
    registry_address,
    registry_login,
    root,
    server_address,
    show,
    token,
    variable,
)

if TYPE_CHECKING:
    from monokeel.ground.settings import Settings
    from monokeel.release.build import Workplace
    from monokeel.release.plan import ReleasePlan
    from monokeel.release.sources import Sources
    from monokeel.release.target import Outside


@task(
    positional=[],
    help={
        "dry_run": "show the plan and change nothing",
        "json": AS_JSON,
        "online": "with --dry-run: ask GitHub and the registry without a token, too",
        "offline": "with --dry-run: ask nobody, even with a token",
        "strict": "refuse on warnings, too",
        "unless_behind": "end well, without a release, if the branch has moved on",
        "abandon": "take back a half-finished release of this version, such as 1.4.0",
    },
)
def release(  # noqa: PLR0917 - a parameter per option
    _: Context,
    dry_run: bool = False,
    json: bool = False,
    online: bool = False,
    offline: bool = False,
    strict: bool = False,
    unless_behind: bool = False,
    abandon: str | None = None,
) -> None:
    """Publish the next version: images, git tag and GitHub release."""
    how = _How(json=json, strict=strict, unless_behind=unless_behind)
    with exit_on_error():
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
            _show_plan(_sources(quick=True) if asks else None, how)
        elif abandon is not None:  # "" is a variable that nobody set: no release
            _take_back(abandon, json)
        else:
            _publish(how)


@task(
    positional=[],
    help={"service": "the service, as infra/platform.toml names it", "json": AS_JSON},
)
def build(_: Context, service: str = "", json: bool = False) -> None:
    """Build and push the image of one service, unless it is there."""
    from monokeel.release.build import build_report, build_service

    with exit_on_error():
        settings = read_settings()
        commit = make_git().head()
        built = build_service(
            _workplace(settings), settings, service=service, commit=commit
        )
        show(build_report(built), as_json=json)


@task(
    positional=[],
    help={"version": "the version, such as 1.4.0", "json": AS_JSON},
)
def guard(_: Context, version: str = "", json: bool = False) -> None:
    """Say whether a version is free in the registry, for every service."""
    from monokeel.release.guard import guard_report, look_at_version, require_free

    with exit_on_error():
        found = look_at_version(
            make_registry(),
            read_settings(),
            version=version,
            commit=make_git().head(),
        )
        show(guard_report(found), as_json=json)
        require_free(found)


TASKS = (release, build, guard)


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    """The options that planning and publishing share."""

    json: bool
    strict: bool
    unless_behind: bool

    def adapt(self, plan: "ReleasePlan", branch: str) -> "ReleasePlan":
        from monokeel.release.plan import left_to_newer

        return left_to_newer(plan, branch) if self.unless_behind else plan


def _show_plan(sources: "Sources | None", how: _How) -> None:
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
    show(report_of(plan, strict=how.strict), as_json=how.json)
    actions.set_output("version", plan.version or "")
    refuse_blocked(plan, strict=how.strict)


def _publish(how: _How) -> None:
    from monokeel.adapters import actions
    from monokeel.ground.report import as_markdown, as_text
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
        show(report, as_json=how.json)
        return
    print(as_text(report), file=sys.stderr, flush=True)
    actions.add_summary(as_markdown(report))
    refuse_blocked(plan, strict=how.strict)
    refuse_unknown(plan)
    git.require_writer()
    target = target_of(
        settings, version=plan.version or "", commit=plan.commit, notes=plan.notes
    )
    done = publish(target, _outside(settings), _tell)
    show(publication_report(done), as_json=how.json)
    actions.set_output("version", done.record.version)
    actions.set_output("tag", done.tag)


def _require_token() -> None:
    if token() is None:
        raise UsageError(
            "GITHUB_TOKEN is not set: a release is drafted and published with it",
            fix="Set it to a token with contents: write. Without one there is only"
            " ./inv release --dry-run.",
        )


def _take_back(version: str, json: bool) -> None:
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
    done = abandon(target, _outside(settings), skip=settings.skip)
    show(abandonment_report(done), as_json=json)


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
