"""Set up a repository: connect it, see what is missing, follow its template.

Also what the workflows ask: the services, and the names of branches and titles.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from invoke import Context, task

from monokeel.ground.errors import MonokeelError, ServiceError, UsageError
from monokeel.tasks import wiring
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
    from monokeel.adapters.objects import Objects
    from monokeel.adapters.pulls import Pulls
    from monokeel.ground.answers import Json
    from monokeel.updates.update import UpdatePlan, Wanted

_RULES = "infra/rulesets.json"
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
            offered = offer.check(template)
        followed = []
        if issue:
            issues = Issues(wiring.make_github())
            followed.append(offer.follow_up(offered, issues))
        show(offer.check_report(offered, *followed), as_json=json)
        if offered.verdict != "current":
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
    from monokeel.adapters.objects import Objects
    from monokeel.updates import propose
    from monokeel.updates.update import carry_out, plan_update, require_taken

    with exit_on_error(), _template(source) as template:
        objects = Objects(wiring.root(), work=template.work)
        plan = plan_update(objects, template, _wanted(to, answer or []))
        if plan is None:
            show(propose.current_report(template.recorded()), as_json=json)
            return
        declined = propose.rejected(plan, _pulls()) if pr else None
        if declined is not None:
            show(propose.rejected_report(plan, declined), as_json=json)
            return
        commit = carry_out(plan, objects)
        more = []
        if commit is not None and pr:
            more.append(_propose(plan, commit, objects, template))
        elif commit is not None:
            objects.point(plan.branch, commit, old=plan.before)
        show(propose.update_report(plan, commit, *more), as_json=json)
        if not pr:
            require_taken(plan)


@task(
    positional=[],
    help={
        "source": _SOURCE,
        "rebuild": "build the release's wheel from its sources, too (runs its backend)",
        "json": AS_JSON,
    },
)
def verify(
    _: Context, source: str = "", rebuild: bool = False, json: bool = False
) -> None:
    """Hold the managed files against the recorded release (exit 2: edited)."""
    from monokeel.adapters.worktree import Worktree
    from monokeel.updates import verify as managed

    with exit_on_error(), _template(source) as template:
        files = Worktree(wiring.root())
        report = managed.verify(files, template, rebuild=rebuild)
        show(report, as_json=json)
        managed.require_verified(report)
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


def _propose(
    plan: "UpdatePlan", commit: str, objects: "Objects", template: "Template"
) -> str:
    from monokeel.adapters.issues import Issues
    from monokeel.updates.propose import Places, proposal_body, propose

    body = proposal_body(
        plan,
        notes=template.notes(plan.current, plan.version),
        stat=template.stat(plan.old, plan.new),
        checks=_checks(plan, commit, objects, template),
    )
    places = Places(
        remote=wiring.make_git(),
        commits=objects,
        pulls=_pulls(),
        issues=Issues(wiring.make_github()),
    )
    return propose(plan, commit, places, body=body)


def _checks(
    plan: "UpdatePlan", commit: str, objects: "Objects", template: "Template"
) -> list[str]:
    """Return what verify and the lint of rules and workflows say of *commit*."""
    from monokeel.policy.lint import lint
    from monokeel.policy.rulesets import parse_policy
    from monokeel.policy.workflow_jobs import jobs_of

    listed, wanted = objects.listed(commit), template.delivered(plan.tag)
    edited = sorted(path for path in wanted if listed.get(path) != wanted[path])
    said = [f"template.verify: {len(wanted)} files, edited: {', '.join(edited) or 0}"]
    workflows = [p for p in listed if p.startswith(".github/workflows/")]
    texts = {
        path: file.content.decode("utf-8", errors="replace")
        for path, file in objects.files(commit, [*workflows, _RULES]).items()
    }
    try:
        rules = parse_policy(texts.pop(_RULES, "[]"))
        findings = lint(rules, jobs_of(texts))
        found = [f"{each.ruleset}: {each.problem}" for each in findings]
    except UsageError as error:
        found = [error.problem]
    return [*said, f"policy.lint: {'; '.join(found) or 'nothing wrong'}"]


@task(
    positional=[],
    help={
        "key_file": "where the private deploy key is kept (~/.config/monokeel/...)",
        "rules": "apply infra/rulesets.json afterwards (--no-rules: leave them)",
        "json": AS_JSON,
    },
)
def init(
    context: Context, key_file: str = "", rules: bool = True, json: bool = False
) -> None:
    """Connect this repository to GitHub; repeatable."""
    from monokeel.adapters.keys import Keys
    from monokeel.adapters.repository import Repository
    from monokeel.ground.report import as_text
    from monokeel.setup.init import Outside, Step, init_report
    from monokeel.setup.init import init as connect
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
        except MonokeelError:
            print(as_text(init_report(settings, tuple(steps))), file=sys.stderr)
            raise
        show(init_report(settings, tuple(steps)), as_json=json)
    if rules:
        with redirect_stdout(sys.stderr) if json else nullcontext():
            apply(context)


@task(positional=[], help={"json": AS_JSON})
def doctor(_: Context, json: bool = False) -> None:
    """Say what is missing (exit 2): here, in the clone, and on GitHub."""
    from monokeel.adapters.machine import Machine
    from monokeel.adapters.repository import Repository
    from monokeel.adapters.worktree import Worktree
    from monokeel.setup.doctor import Outside, doctor_report, examine

    with exit_on_error():
        asked = Repository(wiring.make_github()) if wiring.token() else None
        outside = Outside(
            machine=Machine(),
            clone=wiring.make_git(),
            files=Worktree(wiring.root()),
            repository=asked,
        )
        report = doctor_report(tuple(examine(read_settings(), outside)))
        show(report, as_json=json)
        if report.data["verdict"] == "missing":
            exit_with_difference()
        if report.data["verdict"] == "unknown":
            raise SystemExit(ServiceError.exit_code)


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
        report = list_services(read_settings(), wiring.make_git(), since=changed_since)
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


def _key_file(repository: str) -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base) / "monokeel" / repository.replace("/", "-")
