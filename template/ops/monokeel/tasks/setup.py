"""Set-up tasks: connect to GitHub, what is missing, services, names."""

import os
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path

from invoke import Context, task

from monokeel.errors import CommandError
from monokeel.tasks import wiring
from monokeel.tasks.wiring import exit_on_error, read_settings, read_text, show

_JSON = "print one JSON object"


@task(
    positional=[],
    help={
        "key_file": "where the private deploy key is kept (~/.config/monokeel/...)",
        "rules": "apply infra/rulesets.json afterwards (--no-rules: leave them)",
        "json": _JSON,
    },
)
def init(
    context: Context, key_file: str = "", rules: bool = True, json: bool = False
) -> None:
    """Connect this repository to GitHub; repeatable."""
    from monokeel.adapters.credentials import Keys
    from monokeel.adapters.repository import Repository
    from monokeel.commands.init import Outside, Step, init_report
    from monokeel.commands.init.connect import init as connect
    from monokeel.core.report import as_text
    from monokeel.tasks.policy import apply

    with exit_on_error():
        settings = read_settings()
        path = Path(key_file) if key_file else _key_file(settings.repository)
        outside = Outside(
            clone=wiring.make_git(),
            repository=Repository(wiring.make_github()),
            keys=Keys(path, root=wiring.root()),
        )
        steps: list[Step] = []
        try:
            steps.extend(connect(settings, outside))
        except CommandError:
            print(as_text(init_report(settings, tuple(steps))), file=sys.stderr)
            raise
        show(init_report(settings, tuple(steps)), as_json=json)
    if rules:
        with redirect_stdout(sys.stderr) if json else nullcontext():
            apply(context)


@task(positional=[], help={"json": _JSON})
def doctor(_: Context, json: bool = False) -> None:
    """Say what is missing here, in the clone, and on GitHub."""
    from monokeel.adapters.process import Machine
    from monokeel.adapters.repository import Repository
    from monokeel.adapters.worktree import Worktree
    from monokeel.commands.doctor import Outside, doctor_report, examine

    with exit_on_error():
        asked = Repository(wiring.make_github()) if wiring.token() else None
        outside = Outside(
            machine=Machine(),
            clone=wiring.make_git(),
            files=Worktree(wiring.root()),
            repository=asked,
        )
        findings = tuple(examine(read_settings(), outside))
        show(doctor_report(findings), as_json=json)


@task(
    positional=[],
    help={
        "changed_since": "only those that changed since this ref, such as origin/main",
        "json": _JSON,
    },
)
def services(_: Context, changed_since: str = "", json: bool = False) -> None:
    """List the services of infra/platform.toml."""
    from monokeel.commands.ci import list_services

    with exit_on_error():
        report = list_services(read_settings(), wiring.make_git(), since=changed_since)
        show(report, as_json=json)


@task(positional=[], help={"name": "the branch (the one that is checked out)"})
def branch(_: Context, name: str = "") -> None:
    """Check the name of a branch by infra/rulesets.json."""
    from monokeel.commands.ci import judge_branch
    from monokeel.core.ruleset import branch_pattern, parse_policy

    with exit_on_error():
        name = name or wiring.make_git().branch() or ""
        pattern = branch_pattern(parse_policy(read_text("infra/rulesets.json")))
        show(judge_branch(name, pattern))


@task(positional=[], help={"title": "the title of the pull request"})
def title(_: Context, title: str = "") -> None:
    """Check the title of a pull request."""
    from monokeel.commands.ci import judge_title

    with exit_on_error():
        show(judge_title(title, read_settings()))


TASKS = (init, doctor, services)
GROUP = (branch, title)


def _key_file(repository: str) -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base) / "monokeel" / repository.replace("/", "-")
