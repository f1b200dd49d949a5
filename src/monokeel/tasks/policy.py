"""Policy: the repository's rules as code, and what has drifted from them."""

import sys
from typing import TYPE_CHECKING

from invoke import Context, task

from monokeel.ground.errors import ServiceError
from monokeel.tasks.wiring import (
    AS_JSON,
    exit_on_error,
    exit_with_difference,
    make_github,
    make_promotion,
    read_settings,
    read_text,
    root,
    show,
)

if TYPE_CHECKING:
    from monokeel.adapters.rulesets import Rulesets
    from monokeel.drift.ports import Outside
    from monokeel.policy.plan import Plan, Policy
    from monokeel.policy.verdict import Verdict
    from monokeel.policy.workflow_jobs import Job

POLICY = "infra/rulesets.json"
_ALLOW = "what may stay unverified, such as bypass_actors"


@task(positional=[], help={"json": AS_JSON})
def lint(_: Context, json: bool = False) -> None:
    """Say what is wrong in infra/rulesets.json; needs no token and no network."""
    from monokeel.policy.lint import lint as find_faults
    from monokeel.policy.lint import lint_report, refuse_errors

    with exit_on_error():
        policy = _policy()
        findings = find_faults(policy.desired, policy.jobs)
        refuse_errors(findings)
        show(lint_report(policy.desired, findings), as_json=json)


@task(
    positional=[],
    help={
        "json": AS_JSON,
        "allow_unverified": _ALLOW,
        "delete_unmanaged": "plan to delete rulesets that the file does not name",
    },
)
def plan(
    _: Context,
    json: bool = False,
    allow_unverified: str = "",
    delete_unmanaged: bool = False,
) -> None:
    """Show what policy.apply would write, value by value; changes nothing."""
    from monokeel.drift.wanted import parse_allowed
    from monokeel.policy.plan import make_plan, plan_report, plan_verdict

    with exit_on_error():
        allowed = parse_allowed(allow_unverified)
        wanted = _policy(delete_unmanaged=delete_unmanaged)
        planned = make_plan(wanted, _rulesets())
        show(plan_report(planned, allowed), as_json=json)
        _exit(plan_verdict(planned, allowed))


@task(
    positional=[],
    help={
        "json": AS_JSON,
        "delete_unmanaged": "delete rulesets that the file does not name",
    },
)
def apply(_: Context, json: bool = False, delete_unmanaged: bool = False) -> None:
    """Write infra/rulesets.json to GitHub; what nobody knows is never erased."""
    from monokeel.policy.plan import make_plan

    with exit_on_error():
        rulesets = _rulesets()
        wanted = _policy(delete_unmanaged=delete_unmanaged)
        _write(make_plan(wanted, rulesets), rulesets, as_json=json)


@task(positional=[])
def export(_: Context) -> None:
    """Print GitHub's rulesets as the text of infra/rulesets.json."""
    from monokeel.policy.export import export as exported
    from monokeel.policy.reading import read_rulesets

    with exit_on_error():
        print(exported(read_rulesets((), _rulesets())), end="")


@task(
    positional=[],
    help={
        "ruleset": "the ruleset's name",
        "to": "the version in its history (default: the one before the newest)",
        "dry_run": "show the plan and change nothing",
        "json": AS_JSON,
    },
)
def rollback(
    _: Context,
    ruleset: str = "",
    to: str = "",
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Take one ruleset back to an earlier version of its history on GitHub."""
    from monokeel.policy.plan import plan_report
    from monokeel.policy.rollback import parse_version, plan_rollback

    with exit_on_error():
        rulesets = _rulesets()
        planned = plan_rollback(ruleset, parse_version(to), rulesets)
        if dry_run:
            show(plan_report(planned), as_json=json)
            return
        _write(planned, rulesets, as_json=json)


@task(
    positional=[],
    help={
        "only": "rulesets, settings, pointers, releases; several with commas",
        "issue": "keep one issue open while drift lasts, close it after",
        "allow_unverified": _ALLOW,
        "json": AS_JSON,
    },
)
def drift(
    _: Context,
    only: str = "",
    issue: bool = False,
    allow_unverified: str = "",
    json: bool = False,
) -> None:
    """Compare GitHub with the files: rulesets, settings, environments, images."""
    from monokeel.drift.issue import follow_up
    from monokeel.drift.reading import read_drift
    from monokeel.drift.report import drift_report
    from monokeel.drift.wanted import Wanted, parse_allowed, parse_sections
    from monokeel.ground.report import as_markdown
    from monokeel.policy.rulesets import parse_policy

    with exit_on_error():
        wanted = Wanted(
            policy=parse_policy(read_text(POLICY)),
            settings=read_settings(),
            sections=parse_sections(only),
            allowed=parse_allowed(allow_unverified),
        )
        found = read_drift(wanted, _outside())
        more: tuple[str, ...] = ()
        if issue:
            from monokeel.adapters.issues import Issues

            body = as_markdown(drift_report(found))
            more = (follow_up(found, body, Issues(make_github())),)
        show(drift_report(found, *more), as_json=json)
        _exit(found.verdict)


def workflow_jobs() -> "tuple[Job, ...]":
    """Return the jobs of the workflows in this repository."""
    from monokeel.policy.workflow_jobs import jobs_of

    folder = root() / ".github" / "workflows"
    paths = sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")])
    return jobs_of({p.name: read_text(f".github/workflows/{p.name}") for p in paths})


def _policy(*, delete_unmanaged: bool = False) -> "Policy":
    from monokeel.policy.plan import Policy
    from monokeel.policy.rulesets import parse_policy

    return Policy(
        desired=parse_policy(read_text(POLICY)),
        optional_rules=read_settings().optional_rules,
        jobs=workflow_jobs(),
        delete_unmanaged=delete_unmanaged,
    )


def _write(planned: "Plan", rulesets: "Rulesets", *, as_json: bool) -> None:
    from monokeel.ground.report import as_text
    from monokeel.policy.apply import applied_report
    from monokeel.policy.apply import apply as write
    from monokeel.policy.plan import plan_report

    if planned.actions:  # else the report below says it all
        print(as_text(plan_report(planned)), file=sys.stderr)
    applied = write(planned, rulesets)
    report = applied_report(applied)
    show(report, as_json=as_json)
    if report.problems:
        exit_with_difference()


def write_rules() -> None:
    """Apply the policy file for ``init``; both reports go to stderr."""
    from monokeel.ground.report import as_text
    from monokeel.policy.apply import applied_report
    from monokeel.policy.apply import apply as write
    from monokeel.policy.plan import make_plan, plan_report

    rulesets = _rulesets()
    planned = make_plan(_policy(), rulesets)
    print(as_text(plan_report(planned)), file=sys.stderr)
    print(as_text(applied_report(write(planned, rulesets))), file=sys.stderr)


def _rulesets() -> "Rulesets":
    from monokeel.adapters.rulesets import Rulesets

    return Rulesets(make_github())


def _outside() -> "Outside":
    from monokeel.adapters.repository import Repository
    from monokeel.drift.ports import Outside

    return Outside(
        rulesets=_rulesets(),
        repository=Repository(make_github()),
        promotion=make_promotion(),
    )


def _exit(verdict: "Verdict") -> None:
    if verdict == "drift":
        exit_with_difference()
    if verdict == "unverifiable":
        raise SystemExit(ServiceError.exit_code)


TASKS = (drift,)
GROUPS = {"policy": (plan, apply, export, rollback, lint)}
