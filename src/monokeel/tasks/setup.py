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

from monokeel.ground.errors import MonokeelError, UsageError
from monokeel.ground.report import Report
from monokeel.tasks import wiring
from monokeel.tasks.command import About, announce, command
from monokeel.tasks.policy import POLICY, write_rules
from monokeel.tasks.wiring import read_settings, read_text

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


@command(
    About(
        group="Template",
        examples=("./inv template.check", "./inv template.check --issue"),
        exits={0: "the newest is here", 1: "", 2: "a newer one is there", 3: "", 4: ""},
        variables=("TEMPLATE_SOURCE", "GITHUB_TOKEN"),
        section="Template Updates",
    ),
    {
        "source": _SOURCE,
        "issue": "open, refresh or close the one issue on GitHub",
    },
)
def check(*, source: str = "", issue: bool = False) -> Iterator[Report]:
    """Say whether a newer template is there."""
    from monokeel.adapters.issues import Issues
    from monokeel.updates import offer

    with _template(source) as template:
        standing = offer.check(template)
    followed = []
    if issue:
        issues = Issues(wiring.make_github())
        followed.append(offer.follow_up(standing, issues))
    yield offer.check_report(standing, *followed)


@command(
    About(
        group="Template",
        examples=(
            "./inv template.update --dry-run",
            "./inv template.update",
            "./inv template.update --to 1.4.0 --answer required_reviews=2",
        ),
        exits={0: "", 1: "", 3: "", 4: ""},
        variables=("TEMPLATE_SOURCE", "GITHUB_TOKEN"),
        section="Template Updates",
    ),
    {
        "source": _SOURCE,
        "to": "version, such as 1.4.0 (the newest)",
        "answer": "NAME=VALUE (YAML), an answer to change; may be given several times",
        "pr": "push the branch and open one pull request, otherwise one issue",
        "dry_run": "say what would be done and change nothing",
    },
    iterable=("answer",),
)
def update(
    *,
    source: str = "",
    to: str = "",
    answer: list[str] | None = None,
    pr: bool = False,
    dry_run: bool = False,
) -> Iterator[Report]:
    """Update from the template, on a branch; loses no edit."""
    from monokeel.adapters.worktree import Worktree
    from monokeel.updates import propose
    from monokeel.updates.update import carry_out, plan_update, require_settled

    with _template(source) as template:
        wanted = _wanted(to, answer or [])
        tree = Worktree(wiring.root())
        plan = plan_update(tree, template, wanted)
        if plan is None:
            yield propose.current_report(template.recorded())
            return
        number = propose.already_proposed(plan, _pulls()) if pr else None
        if number is not None:
            yield propose.proposed_report(plan, number)
            return
        if dry_run:
            yield propose.planned_report(plan)
            return
        done = carry_out(plan, tree, template, settle=pr)
        more = [_propose(done)] if pr else []
        yield propose.update_report(done, *more)
        require_settled(done)


@command(
    About(
        group="Template",
        examples=("./inv template.verify", "./inv template.verify --rebuild"),
        exits={0: "none was edited", 1: "", 2: "managed files were edited", 4: ""},
        variables=("TEMPLATE_SOURCE", "GITHUB_TOKEN"),
        section="Template Updates",
    ),
    {
        "source": _SOURCE,
        "rebuild": "build the release's wheel from its sources, too (runs its backend)",
    },
)
def verify(*, source: str = "", rebuild: bool = False) -> Iterator[Report]:
    """Hold the managed files against the recorded release."""
    from monokeel.adapters.worktree import Worktree
    from monokeel.updates import verify as managed

    with _template(source) as template:
        files = Worktree(wiring.root())
        report = managed.verify(files, template, rebuild=rebuild)
        yield report
        managed.require_verified(report)


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


@command(
    About(
        group="Set-up",
        examples=("./inv init --dry-run", "./inv init", "./inv init --no-rules"),
        exits={0: "", 1: "", 2: "something is left to you", 3: "", 4: ""},
        variables=("GITHUB_TOKEN",),
        section="What GitHub must know",
    ),
    {
        "key_file": "where the private deploy key is kept (~/.config/monokeel/...)",
        "register_key": "register the deploy key with this token, and not by hand",
        "yes": "set missing secrets with gh without asking",
        "rules": "do not apply infra/rulesets.json in the end",
        "dry_run": "show what would be done and change nothing",
    },
)
def init(
    *,
    key_file: str = "",
    register_key: bool = False,
    yes: bool = False,
    rules: bool = True,
    dry_run: bool = False,
) -> Iterator[Report]:
    """Connect this repository to GitHub; repeatable."""
    from monokeel.setup.init import (
        Step,
        carry_out,
        init_report,
        make_plan,
        planned_steps,
    )

    settings = read_settings()
    outside = _outside(settings, key_file, rules=rules)
    if not dry_run and _may_set_secrets(yes=yes):
        outside = replace(outside, store=_secrets(settings, key_file))
    plan = make_plan(_wanted_setup(settings, register=register_key), outside)
    if dry_run:
        yield replace(init_report(settings, planned_steps(plan)), outcome="done")
        return
    steps: list[Step] = []
    try:
        steps.extend(carry_out(plan))
    except MonokeelError:
        announce(init_report(settings, tuple(steps)))
        raise
    yield init_report(settings, tuple(steps))


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
        mint=wiring.minter(),
    )


@command(
    About(
        group="Set-up",
        examples=("./inv doctor",),
        exits={0: "nothing is missing", 1: "", 2: "something is missing", 4: ""},
        variables=("GITHUB_TOKEN",),
        section="What GitHub must know",
    ),
    {},
)
def doctor() -> Iterator[Report]:
    """Say what is missing on this machine and on GitHub."""
    from monokeel.adapters.machine import Machine
    from monokeel.adapters.worktree import Worktree
    from monokeel.setup.doctor import Here, doctor_report, examine
    from monokeel.setup.rows import Wanted

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
    yield doctor_report(tuple(examine(wanted, here, outside)))


@command(
    About(
        group="Workflows",
        examples=("./inv services", "./inv services --changed-since origin/main"),
        exits={0: "", 1: ""},
    ),
    {"changed_since": "only those that changed since a ref, such as origin/main"},
)
def services(*, changed_since: str = "") -> Iterator[Report]:
    """List the services of infra/platform.toml."""
    from monokeel.release.services import list_services

    settings = read_settings()
    for each in settings.services:
        if not (wiring.root() / each.path).is_dir():
            raise UsageError(
                f"service {each.name}: there is no folder {each.path}",
                fix="Make it, or correct path in infra/platform.toml.",
            )
    yield list_services(settings, wiring.make_git(), since=changed_since)


@command(
    About(
        group="Workflows",
        examples=("./inv check.branch", "./inv check.branch --name feat/search"),
        exits={0: "allowed", 1: "", 3: "not allowed"},
    ),
    {"name": "the branch, such as feat/search (the one that is checked out)"},
    json=False,
)
def branch(*, name: str | None = None) -> Iterator[Report]:
    """Check the name of a branch by infra/rulesets.json."""
    from monokeel.policy.branches import branch_pattern, judge_branch
    from monokeel.policy.rulesets import parse_policy

    if name is None:
        name = wiring.make_git().branch() or ""
    pattern = branch_pattern(parse_policy(read_text("infra/rulesets.json")))
    yield judge_branch(name, pattern)


@command(
    About(
        group="Workflows",
        examples=('./inv check.title --title "feat: search"',),
        exits={0: "good", 1: "", 3: "not a title that releases understand"},
    ),
    {"title": "the title of the pull request"},
    json=False,
)
def title(*, title: str = "") -> Iterator[Report]:
    """Check the title of a pull request."""
    from monokeel.release.titles import judge_title

    yield judge_title(title, read_settings())


TASKS = (init, doctor, services)
GROUPS = {"template": (check, update, verify), "check": (branch, title)}


def _key_path(settings: "Settings", named: str) -> Path:
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base) / "monokeel" / settings.repository.replace("/", "-")
