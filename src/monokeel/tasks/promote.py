"""Environments: move one to a release, see what runs where, see what moved."""

import os
import sys
from typing import TYPE_CHECKING

from monokeel.ground.errors import UsageError
from monokeel.tasks import wiring
from monokeel.tasks.command import About, Reports

if TYPE_CHECKING:
    from monokeel.promotion.plan import Request

_ENV = "the environment, such as dev, staging, prod"


@About(
    group="Environments",
    examples=(
        "./inv promote --env staging --version 1.4.0",
        "./inv promote --env staging --version 1.4.0 --dry-run",
        './inv promote --env prod --rollback --reason "incident 42"',
        './inv promote --env prod --rollback --emergency "incident 42"',
    ),
    exits={0: "", 1: "", 3: "", 4: ""},
    options={
        "env": _ENV,
        "version": "the release, such as 1.4.0",
        "rollback": "move back; without --version to the last good version before",
        "from_": "the version that a rollback leaves: it is made once, whoever runs it",
        "reason": "why; it goes into the record, and a rollback needs one",
        "override": "GATE=REASON or GATE,GATE=REASON, may be repeated, for blocked,"
        " order, soak, setback, freeze, hold, approval",
        "emergency": "the reason for all gates that can be overridden",
        "auto": "the newest release, wherever auto = true, as far as the gates let it",
        "dry_run": "show the plan and change nothing",
    },
    variables=("GITHUB_TOKEN", *wiring.WRITER, "PROMOTE_HOLD", *wiring.LOGIN),
    section="GitOps Flow",
    choices={"env": lambda: wiring.names_of("environments")},
    iterable=("override",),
)
def promote(
    *,
    env: str = "",
    version: str = "",
    rollback: bool = False,
    from_: str = "",
    reason: str = "",
    override: list[str] | None = None,
    emergency: str = "",
    auto: bool = False,
    dry_run: bool = False,
) -> Reports:
    """Move an environment branch to a release."""
    from monokeel.promotion import move, plan

    # The plan of a job is followed by a move, which somebody may approve in between.
    looks = dry_run and wiring.variable("GITHUB_ACTIONS") is None
    request = plan.Request(
        environment=env.strip(),
        version=version,
        rollback=rollback,
        left=from_,
        reason=_reason(reason, emergency, needed=rollback and not looks),
        overrides=tuple(override or ()),
        emergency=emergency,
        hold=_hold(),
        actor=wiring.variable("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR") or "",
        run_url=wiring.run_address(),
        by_token=pushes_with_token(dry_run=dry_run),
    )
    if not dry_run:
        wiring.require_this_repository()
    if not auto:
        yield from _move(request, dry_run=dry_run)
        return
    outside, local = wiring.make_promotion(), wiring.read_settings()
    yield move.promote_onwards(request, outside, local, carried_out=not dry_run)


def pushes_with_token(*, dry_run: bool) -> bool:
    """Say whether the push would be made with the token of GITHUB_TOKEN.

    Not so in the job that plans: the key is in the Environment of the one that moves.
    """
    planned = dry_run and wiring.variable("GITHUB_ACTIONS")
    with_key = planned or wiring.make_credentials().writer
    return not with_key and wiring.token() is not None


def _move(request: "Request", *, dry_run: bool) -> Reports:
    from monokeel.adapters.actions import set_output
    from monokeel.promotion import move, outcome, plan

    outside = wiring.make_promotion()
    made = plan.plan_promotion(request, outside, wiring.read_settings())
    if dry_run or made.stops:
        server = wiring.server_address()
        yield outcome.preview_report(made, server=server, whole=dry_run)
    if dry_run:
        set_output("from", made.leaving)
        made.require()
        return
    yield outcome.outcome_report(move.move_environment(made, outside))


@About(
    group="Environments",
    examples=("./inv status", "./inv status --all", "./inv status --html FILE"),
    exits={0: "", 1: "", 4: ""},
    options={
        "all": "every version and environment, and all that stops a move",
        "html": "write one self-contained page to this file",
    },
    variables=("GITHUB_TOKEN", "PROMOTE_HOLD"),
    section="GitOps Flow",
)
def status(*, all: bool = False, html: str = "") -> Reports:  # noqa: A002 - the option's name
    """Show what runs where, and what may go next."""
    from monokeel.adapters.machine import write_page
    from monokeel.promotion.board import board_html
    from monokeel.promotion.status import overview_of, overview_report
    from monokeel.tasks.screen import columns_of

    outside, settings = wiring.make_promotion(), wiring.read_settings()
    overview = overview_of(outside, settings, hold=_hold())
    if html:
        write_page(html, board_html(overview))
    yield overview_report(overview, whole=all, columns=columns_of(sys.stdout))


@About(
    group="Environments",
    examples=("./inv history --env prod", "./inv history --env prod --count 50"),
    exits={0: "", 1: "", 4: ""},
    options={"env": _ENV, "count": "how many moves to show, such as 20"},
    variables=("GITHUB_TOKEN",),
    section="GitOps Environment Recovery",
    choices={"env": lambda: wiring.names_of("environments")},
)
def history(*, env: str = "", count: str = "20") -> Reports:
    """List the moves of an environment, those by hand too."""
    from monokeel.promotion.history import moves_report, parse_count

    outside, settings = wiring.make_promotion(), wiring.read_settings()
    wanted, most = env.strip(), parse_count(count)
    yield moves_report(outside, settings, env=wanted, count=most)


TASKS = (promote, status, history)


def _hold() -> str | None:
    """Return why all promotions stop; ``None`` where GitHub must be asked for it."""
    handed = os.environ.get("GITHUB_ACTIONS") == "true" and "PROMOTE_HOLD" in os.environ
    return wiring.variable("PROMOTE_HOLD") or ("" if handed else None)


def _reason(reason: str, emergency: str, *, needed: bool) -> str:
    """Return why; asked for on a terminal where it is *needed* and was not given."""
    said = reason.strip() or emergency.strip()
    if said or not needed:
        return said
    from monokeel.tasks.screen import stop_showing

    if sys.stdin is not None and sys.stdin.isatty():
        stop_showing()
        said = input("Why is it rolled back? ").strip()
    if not said:
        problem = "a rollback needs a reason: whoever is on call next reads it"
        fix = 'Add --reason "why", such as --reason "incident 42".'
        raise UsageError(problem, fix=fix)
    return said
