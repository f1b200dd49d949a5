"""``auto = true``: a release goes on by itself, as far as every gate lets it pass."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from monokeel.ground.errors import RefusedError
from monokeel.ground.report import Report, Section
from monokeel.ground.settings import Settings
from monokeel.ground.version import newest_first
from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import plan_promotion
from monokeel.promotion.pointers import read_remote
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import ROLLBACK
from monokeel.promotion.request import Request
from monokeel.promotion.rollback import told


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one environment: *moved*, or *said* why it ended there."""

    environment: str
    version: str
    moved: bool
    said: str


def promote_onwards(
    request: Request, outside: Outside, local: Settings, *, carried_out: bool
) -> Iterator[Step]:
    """Promote the version of *request*, or the newest, wherever ``auto = true``.

    In order; the first environment that does not take it ends it. So does one that was
    rolled back: somebody is looking at it. Raises ServiceError when a move cannot be
    told.
    """
    settings, pointers = read_remote(outside.clone, local)
    version = request.version or next(iter(newest_first(pointers.releases)), "")
    for name in [each.name for each in settings.environments if each.auto]:
        wanted = replace(request, environment=name, version=version)
        moved, said = _step(wanted, outside, local, carried_out=carried_out)
        yield Step(environment=name, version=version, moved=moved, said=said)
        if not moved:
            return


def _step(
    request: Request, outside: Outside, local: Settings, *, carried_out: bool
) -> tuple[bool, str]:
    plan = plan_promotion(request, outside, local)
    current = plan.place.current
    if plan.kind == "there":
        return True, f"{plan.branch} is at {plan.version} already"
    if current is not None and current.task == ROLLBACK:
        return False, f"{plan.place.name} {told(current, plan.reading)}"
    if plan.stops:
        reasons = "; ".join(f"{gate.name}: {gate.detail}" for gate in plan.stops)
        return False, f"{plan.unmoved}: {reasons}"
    if carried_out:
        try:
            move_environment(plan, outside)
        except RefusedError as error:
            return False, error.problem
    return True, f"{plan.branch}: {plan.before} -> {plan.version}"


def onwards_report(steps: list[Step]) -> Report:
    """Return what was promoted by itself, and where and why it ended."""
    if not steps:
        return Report(headline="no environment has auto = true", data={"steps": []})
    moved = [each for each in steps if each.moved]
    went = ", ".join(each.environment for each in moved) or "nowhere"
    return Report(
        headline=f"{steps[0].version} went on by itself to: {went}",
        sections=(
            Section("", tuple(each.said for each in moved)),
            Section("Ended there", tuple(x.said for x in steps if not x.moved)),
        ),
        data={"steps": [asdict(each) for each in steps]},
    )
