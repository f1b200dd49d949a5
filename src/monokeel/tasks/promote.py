"""Environments: move one to a release, see what runs where, see what moved."""

import os
import sys

from invoke import Context, task

from monokeel.ground.errors import UsageError
from monokeel.tasks.wiring import (
    AS_JSON,
    exit_on_error,
    make_promotion,
    read_settings,
    show,
    token,
    variable,
)

_ENV = "the environment, such as dev, staging, prod"


@task(
    positional=[],
    iterable=["override"],
    help={
        "env": _ENV,
        "version": "the release, such as 1.4.0",
        "rollback": "move back; without --version to the last good version before",
        "from_": "the version that a rollback leaves: it is made once, whoever runs it",
        "reason": "why; it goes into the record",
        "override": "GATE=REASON or GATE,GATE=REASON, may be repeated, for"
        " blocked, order, soak, setback, freeze, hold, approval",
        "emergency": "the reason for all gates that can be overridden",
        "dry_run": "show the plan and change nothing",
        "json": AS_JSON,
    },
)
def promote(  # noqa: PLR0917 - a parameter per option
    _: Context,
    env: str = "",
    version: str = "",
    rollback: bool = False,
    from_: str = "",
    reason: str = "",
    override: list[str] | None = None,
    emergency: str = "",
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Move an environment branch to a release."""
    from monokeel.adapters.actions import set_output
    from monokeel.promotion.move import carry_out
    from monokeel.promotion.outcome import outcome_report, plan_report
    from monokeel.promotion.plan import Request, plan_promotion

    with exit_on_error():
        request = Request(
            environment=env,
            version=version,
            rollback=rollback,
            left=from_,
            reason=_reason(reason, emergency, needed=rollback and not dry_run),
            overrides=tuple(override or ()),
            emergency=emergency,
            hold=_hold(),
            actor=variable("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR") or "",
            run_id=variable("GITHUB_RUN_ID") or "",
            run_url=_run_url(),
            by_token=variable("MONOKEEL_DEPLOY_KEY") is None and token() is not None,
        )
        outside = make_promotion()
        plan = plan_promotion(request, outside, read_settings())
        if dry_run or plan.stopped:
            show(plan_report(plan), as_json=json)
        if dry_run:
            set_output("from", plan.leaving)
            plan.require()
            return
        show(outcome_report(carry_out(plan, outside)), as_json=json)


@task(positional=[], help={"json": AS_JSON})
def status(_: Context, json: bool = False) -> None:
    """Show what runs where, and what may go next."""
    from monokeel.promotion.status import overview_of
    from monokeel.promotion.status_report import overview_report

    with exit_on_error():
        hold = _hold()
        overview = overview_of(make_promotion(), read_settings(), hold=hold)
        show(overview_report(overview), as_json=json)


@task(
    positional=[],
    help={"env": _ENV, "count": "how many moves to show", "json": AS_JSON},
)
def history(_: Context, env: str = "", count: str = "20", json: bool = False) -> None:
    """List the moves of an environment, also those outside promote."""
    from monokeel.promotion.history import history_report, look_back, parse_count

    with exit_on_error():
        moves = look_back(
            make_promotion(),
            read_settings(),
            environment=env,
            count=parse_count(count),
        )
        show(history_report(moves), as_json=json)


TASKS = (promote, status, history)


def _hold() -> str | None:
    """Return why all promotions stop; ``None`` where GitHub must be asked for it.

    A workflow of this repository hands the variable over, also an empty one.
    """
    if os.environ.get("GITHUB_ACTIONS") == "true" and "PROMOTE_HOLD" in os.environ:
        return variable("PROMOTE_HOLD") or ""
    return variable("PROMOTE_HOLD")


def _reason(reason: str, emergency: str, *, needed: bool) -> str:
    """Return why; asked for on a terminal where it is *needed* and was not given."""
    said = reason.strip() or emergency.strip()
    if said or not needed:
        return said
    if sys.stdin is not None and sys.stdin.isatty():
        said = input("Why is it rolled back? ").strip()
    if not said:
        raise UsageError(
            "a rollback needs a reason: the next one on call reads it",
            fix='Add --reason "why", such as --reason "incident 42".',
        )
    return said


def _run_url() -> str:
    server = variable("GITHUB_SERVER_URL")
    repository = variable("GITHUB_REPOSITORY")
    run = variable("GITHUB_RUN_ID")
    if not (server and repository and run):
        return ""
    return f"{server}/{repository}/actions/runs/{run}"
