"""Set up a repository: connect it, see what is missing, follow its template.

Also what the workflows ask: the services, and the names of branches and titles.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    from monokeel.adapters.copier import Template
    from monokeel.adapters.keys import Secrets
    from monokeel.adapters.pulls import Pulls
    from monokeel.ground.answers import Json
    from monokeel.ground.settings import Settings
    from monokeel.setup.ports import Outside
    from monokeel.setup.rows import Wanted as Expected
    from monokeel.updates.update import Update, Wanted

_SOURCE = "OWNER/REPO or an address, instead of the recorded one (TEMPLATE_SOURCE)"


@task(
    positional=[],
    help={
        "source": _SOURCE,
        "issue": "open, refresh or close the one issue on GitHub",
        "json": AS_JSON,
    },
)
def check(
    _: Context, source: str = "", issue: bool = False, json: bool = False
) -> None:
    """Say whether a newer template is there (exit 2)."""
    from monokeel.adapters.issues import Issues
    from monokeel.updates import offer

    with exit_on_error():
        with _template(source) as template:
            standing = offer.check(template)
        followed = []
        if issue:
            issues = Issues(wiring.make_github())
            followed.append(offer.follow_up(standing, issues))
        show(offer.check_report(standing, *followed), as_json=json)
        if standing.available:
            exit_with_difference()


@task(
    positional=[],
    iterable=["answer"],
    help={
        "source": _SOURCE,
        "to": "version, such as 1.4.0 (the newest)",
        "answer": "NAME=VALUE (YAML), an answer to change; may be given several times",
        "pr": "push the branch and open one pull request, otherwise one issue",
        "json": AS_JSON,
    },
)
def update(
    _: Context,
    source: str = "",
    to: str = "",
    answer: list[str] | None = None,
    pr: bool = False,
    json: bool = False,
) -> None:
    """Update from the template, on a branch; loses no edit."""
    from monokeel.adapters.worktree import Worktree
    from monokeel.updates import propose
    from monokeel.updates.update import carry_out, plan_update, require_settled

    with exit_on_error(), _template(source) as template:
        wanted = _wanted(to, answer or [])
        tree = Worktree(wiring.root())
        plan = plan_update(tree, template, wanted)
        if plan is None:
            show(propose.current_report(template.recorded()), as_json=json)
            return
        number = propose.already_proposed(plan, _pulls()) if pr else None
        if number is not None:
            show(propose.proposed_report(plan, number), as_json=json)
            return
        done = carry_out(plan, tree, template, settle=pr)
        more = [_propose(done)] if pr else []
        show(propose.update_report(done, *more), as_json=json)
        require_settled(done)


@task(positional=[], help={"json": AS_JSON})
def verify(_: Context, json: bool = False) -> None:
    """Say which managed files were edited (exit 2 if any)."""
    from monokeel.adapters.worktree import Worktree
    from monokeel.updates.verify import verify as verify_files

    with exit_on_error():
        report = verify_files(Worktree(wiring.root()))
        show(report, as_json=json)
        if report.data["verdict"] != "same":
            exit_with_difference()


@contextmanager
def _template(source: str) -> Iterator["Template"]:
    from monokeel.adapters.copier import Template

    with tempfile.TemporaryDirectory(prefix="monokeel-template-") as work:
        yield Template(
            wiring.root(),
            work=Path(work).resolve(),
            source=source or wiring.variable("TEMPLATE_SOURCE") or "",
            credentials=wiring.make_credentials(),
        )


def _wanted(to: str, answers: list[str]) -> "Wanted":
    from monokeel.adapters.copier import parse_answer
    from monokeel.updates.update import Wanted

    changed: dict[str, Json] = {}
    for answer in answers:
        name, separator, value = answer.partition("=")
        if not separator:
            raise UsageError(
                f"--answer {answer!r} is not NAME=VALUE",
                fix="Write it as --answer required_reviews=2",
            )
        changed[name] = parse_answer(value)
    return Wanted(version=to, answers=changed)


def _pulls() -> "Pulls":
    from monokeel.adapters.pulls import Pulls

    return Pulls(wiring.make_github(), base=wiring.read_settings().default_branch)


def _propose(done: "Update") -> str:
    from monokeel.adapters.issues import Issues
    from monokeel.updates.propose import propose

    github = wiring.make_github()
    return propose(done, wiring.make_git(), _pulls(), Issues(github))


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
GROUPS = {"template": (check, update, verify), "check": (branch, title)}


def _key_path(settings: "Settings", named: str) -> Path:
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base) / "monokeel" / settings.repository.replace("/", "-")
