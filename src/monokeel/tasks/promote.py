"""Environments: move one to a release, see what runs where, see what moved."""

from collections.abc import Iterator

from monokeel.ground.report import Report
from monokeel.tasks.command import About, command
from monokeel.tasks.wiring import (
    LOGIN,
    environment_names,
    make_credentials,
    make_promotion,
    read_settings,
    token,
    variable,
)

_ENV = "the environment, such as dev, staging, prod"


@command(
    About(
        group="Environments",
        examples=(
            "./inv promote --env staging --version 1.4.0",
            "./inv promote --env staging --version 1.4.0 --dry-run",
            './inv promote --env prod --rollback --reason "incident 42"',
        ),
        exits={0: "", 1: "", 3: "", 4: ""},
        variables=("GITHUB_TOKEN", "MONOKEEL_DEPLOY_KEY", "PROMOTE_HOLD", *LOGIN),
        section="GitOps Flow",
        choices={"env": environment_names},
    ),
    {
        "env": _ENV,
        "version": "the release, such as 1.4.0",
        "rollback": "move back; without --version to the last good version before",
        "reason": "why; it goes into the record",
        "override": "GATE=REASON for order, soak, freeze, hold; may be repeated",
        "dry_run": "show the plan and change nothing",
    },
    iterable=("override",),
)
def promote(
    *,
    env: str = "",
    version: str = "",
    rollback: bool = False,
    reason: str = "",
    override: list[str] | None = None,
    dry_run: bool = False,
) -> Iterator[Report]:
    """Move an environment branch to a release."""
    from monokeel.promotion.move import carry_out
    from monokeel.promotion.outcome import outcome_report, plan_report
    from monokeel.promotion.plan import Request, plan_promotion

    request = Request(
        environment=env,
        version=version,
        rollback=rollback,
        reason=reason,
        overrides=tuple(override or ()),
        hold=variable("PROMOTE_HOLD") or "",
        actor=variable("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR") or "",
        run_id=variable("GITHUB_RUN_ID") or "",
        run_url=_run_url(),
        by_token=not make_credentials().writer and token() is not None,
    )
    outside = make_promotion()
    plan = plan_promotion(request, outside, read_settings())
    if dry_run or plan.stopped:
        yield plan_report(plan)
    if dry_run:
        plan.require()
        return
    yield outcome_report(carry_out(plan, outside))


@command(
    About(
        group="Environments",
        examples=("./inv status", "./inv status --json"),
        exits={0: "", 1: "", 4: ""},
        variables=("GITHUB_TOKEN", "PROMOTE_HOLD"),
        section="GitOps Flow",
    ),
    {},
)
def status() -> Iterator[Report]:
    """Show what runs where, and what may go next."""
    from monokeel.promotion.status import overview_of, overview_report

    hold = variable("PROMOTE_HOLD") or ""
    overview = overview_of(make_promotion(), read_settings(), hold=hold)
    yield overview_report(overview)


@command(
    About(
        group="Environments",
        examples=("./inv history --env prod", "./inv history --env prod --count 50"),
        exits={0: "", 1: "", 4: ""},
        variables=("GITHUB_TOKEN",),
        section="GitOps Environment Recovery",
        choices={"env": environment_names},
    ),
    {"env": _ENV, "count": "how many moves to show, such as 20"},
)
def history(*, env: str = "", count: str = "20") -> Iterator[Report]:
    """List the moves of an environment, those by hand too."""
    from monokeel.promotion.history import history_report, look_back, parse_count

    moves = look_back(
        make_promotion(), read_settings(), environment=env, count=parse_count(count)
    )
    yield history_report(moves)


TASKS = (promote, status, history)


def _run_url() -> str:
    server = variable("GITHUB_SERVER_URL")
    repository = variable("GITHUB_REPOSITORY")
    run = variable("GITHUB_RUN_ID")
    if not (server and repository and run):
        return ""
    return f"{server}/{repository}/actions/runs/{run}"
