"""Set up a repository: connect it, see what is missing; what the workflows ask."""

import os
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from monokeel.ground.errors import MonokeelError, ServiceError, UsageError
from monokeel.tasks import wiring
from monokeel.tasks.command import About, Reports, asked, show
from monokeel.tasks.policy import write_rules

if TYPE_CHECKING:
    from monokeel.policy.rulesets import Ruleset
    from monokeel.setup.ports import Connection

_Check = partial(About, group="Workflows", json=False)


@About(
    group="Set-up",
    examples=("./inv init --dry-run", "./inv init", "./inv init --no-rules"),
    exits={0: "", 1: "", 2: "something is left to you", 3: "", 4: ""},
    options={
        "key_file": "where the private key is kept (~/.config/monokeel/...)",
        "register_key": "register the deploy key with this token, and not by hand",
        "create": "private or public: make the repository on GitHub first",
        "yes": "set missing secrets with gh without asking",
        "rules": "do not apply infra/rulesets.json in the end",
        "dry_run": "show what would be done and change nothing",
    },
    variables=("GITHUB_TOKEN",),
    section="What GitHub must know",
)
def init(
    *,
    key_file: str = "",
    create: str = "",
    register_key: bool = False,
    yes: bool = False,
    rules: bool = True,
    dry_run: bool = False,
) -> Reports:
    """Connect this repository to GitHub; repeatable."""
    from monokeel.setup import init as setup

    wiring.require_token("administration: write")
    wiring.require_this_repository()
    settings, question = wiring.read_settings(), "Set missing secrets with gh"
    stores = not dry_run and shutil.which("gh") is not None
    stores = stores and (yes or (sys.stdin.isatty() and asked(question)))
    apply_rules = write_rules if rules else None
    at = _connection(wiring.read_policy(), key_file, stores=stores)
    at = replace(at, register=register_key, apply_rules=apply_rules)
    if create:
        _create(create, dry_run=dry_run)
    plan = setup.plan_init(at)
    if dry_run:
        report = setup.init_report(settings, tuple(setup.planned_steps(plan)))
        open_ = report.outcome == "difference"  # what a preview is there to show
        yield replace(report, outcome="done") if open_ else report
        return
    steps: list[setup.Step] = []
    try:
        steps.extend(setup.carry_out(plan))
    except MonokeelError:
        show(setup.init_report(settings, tuple(steps), whole=False), aside=True)
        raise
    yield setup.init_report(settings, tuple(steps))


def _create(visibility: str, *, dry_run: bool) -> None:
    """Make the repository; one that is there already is refused in GitHub's words.

    A dry run makes none: ServiceError where there is nothing to look at yet.
    """
    from monokeel.adapters.repository import Repository

    if visibility not in ("private", "public"):
        problem = f"--create {visibility!r} is no visibility"
        raise UsageError(problem, fix="Give private or public.")
    repository = Repository(wiring.make_github())
    if not dry_run:
        repository.create(private=visibility == "private")
        return
    try:
        repository.read("/")
    except ServiceError as error:
        fix = f"Where it is missing, the run makes it first, {visibility}; what comes"
        raise ServiceError(error.problem, fix=f"{fix} then is shown later.") from error


def _connection(
    policy: "tuple[Ruleset, ...] | None", key_file: str = "", *, stores: bool = False
) -> "Connection":
    from monokeel.adapters.machine import Keys, set_secret
    from monokeel.adapters.repository import Repository
    from monokeel.setup.actions import actions_in
    from monokeel.setup.permissions import kind_of
    from monokeel.setup.ports import Connection

    settings = wiring.read_settings()
    base = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config") / "monokeel"
    # A deploy key of before may still be there: it is no App's.
    name = settings.repository.replace("/", "-")
    name += ".pem" if settings.writer == "app" else ""
    keys = Keys(Path(key_file) if key_file else base / name, root=wiring.root())
    store = partial(set_secret, Path(keys.file), settings.repository)
    return Connection(
        settings=settings,
        policy=policy,
        actions=actions_in(wiring.read_workflows()),
        repository=Repository(wiring.make_github()),
        rulesets=wiring.make_rulesets(),
        clone=wiring.make_git(),
        keys=keys,
        set_secret=store if stores else None,
        mint=wiring.minter(),
        token_kind=kind_of(wiring.token() or ""),
    )


@About(
    group="Set-up",
    examples=("./inv doctor",),
    exits={0: "nothing is missing", 1: "", 2: "something is missing", 4: ""},
    variables=("GITHUB_TOKEN",),
    section="What GitHub must know",
)
def doctor() -> Reports:
    """Say what is missing on this machine and on GitHub."""
    from monokeel.adapters.machine import says
    from monokeel.adapters.objects import Worktree
    from monokeel.policy.lint import disagreements
    from monokeel.setup.actions import rights_of_jobs
    from monokeel.setup.doctor import Here, doctor_report, examine
    from monokeel.tasks.template import diagnose_template

    settings, root = wiring.read_settings(), wiring.root()
    # A policy that is not there is among the missing files.
    policy = wiring.read_policy() if (root / wiring.POLICY).exists() else None
    here = Here(
        says=says,
        clone=wiring.make_git(),
        files=Worktree(root).read,
        template=tuple(diagnose_template()),
        jobs=tuple(rights_of_jobs(wiring.read_workflows())),
        disagreements=tuple(() if policy is None else disagreements(settings, policy)),
    )
    at = _connection(policy) if wiring.token() else None
    yield doctor_report(tuple(examine(settings, here, at)), here.jobs)


@About(
    group="Workflows",
    examples=("./inv services", "./inv services --changed-since origin/main"),
    exits={0: "", 1: ""},
    options={
        "changed_since": "only those that changed since a ref, such as origin/main"
    },
)
def services(*, changed_since: str = "") -> Reports:
    """List the services of infra/platform.toml."""
    from monokeel.release.build import list_services

    settings = wiring.read_settings()
    for each in settings.services:
        if not (wiring.root() / each.path).is_dir():
            problem = f"service {each.name}: there is no folder {each.path}"
            fix = "Make it, or correct path in infra/platform.toml."
            raise UsageError(problem, fix=fix)
    git = wiring.make_git()
    yield list_services(settings, git.commit_of, git.changed_paths, changed_since)


@_Check(
    examples=("./inv check.branch", "./inv check.branch --name feat/search"),
    exits={0: "allowed", 1: "", 3: "not allowed"},
    options={"name": "the branch, such as feat/search (the one that is checked out)"},
)
def branch(*, name: str | None = None) -> Reports:
    """Check the name of a branch by infra/rulesets.json."""
    from monokeel.policy.refs import branch_pattern, judge_branch

    if name is None:
        name = wiring.make_git().branch()
    if name is None:
        raise UsageError("no branch is checked out", fix="Name one: --name BRANCH")
    yield judge_branch(name, branch_pattern(wiring.read_policy()))


@_Check(
    examples=("./inv check.writer",),
    exits={0: "it may, or none is needed", 1: "", 3: "it may not", 4: ""},
    variables=wiring.WRITER,
)
def writer() -> Reports:
    """Check that the deploy key or the App may push."""
    from monokeel.ground.report import Report

    named = wiring.require_writer()
    said = f"the {named} may push" if named else "no key of a writer is set here"
    yield Report(headline=said)


@_Check(
    examples=('./inv check.title --title "feat: search"',),
    exits={0: "good", 1: "", 3: "not a title that releases understand"},
    options={
        "title": "the title of the pull request",
        "since": "where it starts: its commits count as well, where they land",
    },
)
def title(*, title: str = "", since: str = "") -> Reports:
    """Check the title of a pull request, or every commit of it."""
    from monokeel.release.commits import judge_commits, judge_title
    from monokeel.setup.merging import title_decides

    settings = wiring.read_settings()
    yield judge_title(title, settings)
    if since and not title_decides(settings, wiring.read_policy()):
        git = wiring.make_git()
        start = git.commit_of(since)
        if start is None:
            raise UsageError(f"there is no commit {since!r}", fix="Run: git fetch")
        yield judge_commits(git.log(start, git.head()), settings)


TASKS = (init, doctor, services)
GROUPS = {"check": (branch, title, writer)}
