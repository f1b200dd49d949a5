"""Set up a repository: connect it, see what is missing.

Also what the workflows ask: the services, and the names of branches and titles.
"""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from invoke import Context, task

from monokeel.ground.errors import (
    MonokeelError,
    RefusedError,
    ServiceError,
    UsageError,
)
from monokeel.tasks import wiring
from monokeel.tasks.policy import POLICY, write_rules
from monokeel.tasks.wiring import (
    AS_JSON,
    exit_on_error,
    exit_with_difference,
    read_settings,
    read_text,
    show,
)

if TYPE_CHECKING:
    from monokeel.adapters.keys import Secrets
    from monokeel.ground.settings import Settings
    from monokeel.setup.ports import Outside
    from monokeel.setup.rows import Wanted as Expected


@task(
    positional=[],
    help={
        "key_file": "where the private deploy key is kept (~/.config/monokeel/...)",
        "register_key": "register the deploy key with this token, and not by hand",
        "yes": "set missing secrets with gh without asking",
        "rules": "apply infra/rulesets.json in the end (--no-rules: leave them)",
        "dry_run": "show what would be done and change nothing",
        "json": AS_JSON,
    },
)
def init(
    _: Context,
    *,
    key_file: str = "",
    register_key: bool = False,
    yes: bool = False,
    rules: bool = True,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Connect this repository to GitHub; repeatable."""
    from monokeel.ground.report import as_text
    from monokeel.setup.init import (
        Step,
        carry_out,
        init_report,
        make_plan,
        planned_steps,
        verdict_of,
    )

    with exit_on_error():
        settings = read_settings()
        outside = _outside(settings, key_file, rules=rules)
        if not dry_run and _may_set_secrets(yes=yes):
            outside = replace(outside, store=_secrets(settings, key_file))
        plan = make_plan(_wanted_setup(settings, register=register_key), outside)
        if dry_run:
            show(init_report(settings, planned_steps(plan)), as_json=json)
            return
        steps: list[Step] = []
        try:
            steps.extend(carry_out(plan))
        except MonokeelError:
            print(as_text(init_report(settings, tuple(steps))), file=sys.stderr)
            raise
        show(init_report(settings, tuple(steps)), as_json=json)
        _exit_by(verdict_of(steps))


def _may_set_secrets(*, yes: bool) -> bool:
    """Say whether gh is there and the user, asked on a terminal, says yes."""
    if shutil.which("gh") is None:
        return False
    if yes or not sys.stdin.isatty():
        return yes
    print("Set missing secrets with gh? [y/N] ", end="", file=sys.stderr, flush=True)
    return input().strip().lower() in ("y", "yes")


def _secrets(settings: "Settings", key_file: str) -> "Secrets":
    from monokeel.adapters.keys import Keys, Secrets

    pair = Keys(_key_path(settings, key_file), root=wiring.root())
    return Secrets(settings.repository, key=pair.file)


def _exit_by(verdict: str) -> None:
    """End with the code of *verdict*, of init or doctor; return when all is well."""
    if verdict in ("missing", "incomplete"):
        exit_with_difference()
    codes = {"refused": RefusedError.exit_code, "unknown": ServiceError.exit_code}
    if verdict in codes:
        raise SystemExit(codes[verdict])


def _wanted_setup(settings: "Settings", *, register: bool = False) -> "Expected":
    from monokeel.policy.rulesets import parse_policy
    from monokeel.setup.rows import Wanted

    policy = parse_policy(read_text(POLICY))
    return Wanted(settings=settings, policy=policy, register=register)


def _outside(settings: "Settings", key_file: str = "", *, rules: bool) -> "Outside":
    from monokeel.adapters.keys import Keys
    from monokeel.adapters.repository import Repository
    from monokeel.adapters.rulesets import Rulesets
    from monokeel.setup.ports import Outside

    github = wiring.make_github()
    return Outside(
        repository=Repository(github),
        rulesets=Rulesets(github),
        clone=wiring.make_git(),
        keys=Keys(_key_path(settings, key_file), root=wiring.root()),
        apply_rules=write_rules if rules else None,
    )


@task(positional=[], help={"json": AS_JSON})
def doctor(_: Context, json: bool = False) -> None:
    """Say what is missing (exit 2): here, in the clone, and on GitHub."""
    from monokeel.adapters.machine import Machine
    from monokeel.adapters.worktree import Worktree
    from monokeel.setup.doctor import Here, doctor_report, examine
    from monokeel.setup.rows import Wanted

    with exit_on_error():
        settings = read_settings()
        outside = _outside(settings, rules=False) if wiring.token() else None
        here = Here(
            machine=Machine(),
            clone=wiring.make_git(),
            files=Worktree(wiring.root()),
        )
        wanted = Wanted(settings=settings, policy=None)
        if (wiring.root() / POLICY).exists():  # else it is among the missing files
            wanted = _wanted_setup(settings)
        found = examine(wanted, here, outside)
        report = doctor_report(tuple(found))
        show(report, as_json=json)
        _exit_by(str(report.data["verdict"]))


@task(
    positional=[],
    help={
        "changed_since": "only those that changed since this ref, such as origin/main",
        "json": AS_JSON,
    },
)
def services(_: Context, changed_since: str = "", json: bool = False) -> None:
    """List the services of infra/platform.toml."""
    from monokeel.release.services import list_services

    with exit_on_error():
        settings = read_settings()
        for each in settings.services:
            if not (wiring.root() / each.path).is_dir():
                raise UsageError(
                    f"service {each.name}: there is no folder {each.path}",
                    fix="Make it, or correct path in infra/platform.toml.",
                )
        report = list_services(settings, wiring.make_git(), since=changed_since)
        show(report, as_json=json)


@task(positional=[], help={"name": "the branch (the one that is checked out)"})
def branch(_: Context, name: str | None = None) -> None:
    """Check the name of a branch by infra/rulesets.json."""
    from monokeel.policy.branches import branch_pattern, judge_branch
    from monokeel.policy.rulesets import parse_policy

    with exit_on_error():
        if name is None:
            name = wiring.make_git().branch() or ""
        pattern = branch_pattern(parse_policy(read_text("infra/rulesets.json")))
        show(judge_branch(name, pattern))


@task(positional=[], help={"title": "the title of the pull request"})
def title(_: Context, title: str = "") -> None:
    """Check the title of a pull request."""
    from monokeel.release.titles import judge_title

    with exit_on_error():
        show(judge_title(title, read_settings()))


TASKS = (init, doctor, services)
GROUPS = {"check": (branch, title)}


def _key_path(settings: "Settings", named: str) -> Path:
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base) / "monokeel" / settings.repository.replace("/", "-")
