"""The tasks of the template: is there a newer one, bring it in, verify its files."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from invoke import Context, task

from monokeel.errors import CommandError
from monokeel.tasks import wiring
from monokeel.tasks.wiring import exit_on_error, exit_with_difference, show

if TYPE_CHECKING:
    from monokeel.adapters.issues import Pulls
    from monokeel.adapters.template import Template
    from monokeel.commands.template.update import Update, Wanted
    from monokeel.core.lookup import Json

_SOURCE = "OWNER/REPO or an address, instead of the recorded one (TEMPLATE_SOURCE)"
_JSON = "print one JSON object"


@task(
    positional=[],
    help={
        "source": _SOURCE,
        "issue": "open, refresh or close the one issue on GitHub",
        "json": _JSON,
    },
)
def check(
    _: Context, source: str = "", issue: bool = False, json: bool = False
) -> None:
    """Say whether a newer template is there (exit 2)."""
    from monokeel.adapters.issues import Issues
    from monokeel.commands import template as commands

    with exit_on_error():
        with _template(source) as template:
            standing = commands.check(template)
        followed = []
        if issue:
            issues = Issues(wiring.make_github())
            followed.append(commands.follow_up(standing, issues))
        show(commands.check_report(standing, *followed), as_json=json)
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
        "json": _JSON,
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
    from monokeel.commands.template import propose
    from monokeel.commands.template.update import (
        carry_out,
        plan_update,
        require_settled,
    )

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


@task(positional=[], help={"json": _JSON})
def verify(_: Context, json: bool = False) -> None:
    """Say which managed files were edited (exit 2 if any)."""
    from monokeel.adapters.worktree import Worktree
    from monokeel.commands.template import verify as verify_files

    with exit_on_error():
        report = verify_files(Worktree(wiring.root()))
        show(report, as_json=json)
        if report.data["verdict"] != "same":
            exit_with_difference()


TASKS = ()
GROUP = (check, update, verify)


@contextmanager
def _template(source: str) -> Iterator["Template"]:
    from monokeel.adapters.template import Template

    with tempfile.TemporaryDirectory(prefix="monokeel-template-") as work:
        yield Template(
            wiring.root(),
            work=Path(work).resolve(),
            source=source or wiring.variable("TEMPLATE_SOURCE") or "",
            credentials=wiring.make_credentials(),
        )


def _wanted(to: str, answers: list[str]) -> "Wanted":
    from monokeel.adapters.template import parse_answer
    from monokeel.commands.template.update import Wanted

    changed: dict[str, Json] = {}
    for answer in answers:
        name, separator, value = answer.partition("=")
        if not separator:
            raise CommandError(
                f"--answer {answer!r} is not NAME=VALUE",
                fix="Write it as --answer required_reviews=2",
            )
        changed[name] = parse_answer(value)
    return Wanted(version=to, answers=changed)


def _pulls() -> "Pulls":
    from monokeel.adapters.issues import Pulls

    return Pulls(wiring.make_github(), base=wiring.read_settings().default_branch)


def _propose(done: "Update") -> str:
    from monokeel.adapters.issues import Issues
    from monokeel.commands.template.propose import propose

    github = wiring.make_github()
    return propose(done, wiring.make_git(), _pulls(), Issues(github))
