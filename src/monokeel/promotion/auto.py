"""``auto = true``: a release goes on by itself, as far as every gate lets it pass."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from monokeel.ground.errors import RefusedError
from monokeel.ground.report import Report, Section
from monokeel.ground.settings import Settings
from monokeel.ground.version import newest_first
from monokeel.promotion.move import carry_out
from monokeel.promotion.plan import Request
from monokeel.promotion.planner import plan_promotion
from monokeel.promotion.pointers import read_remote
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import ROLLBACK
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
    names = [each.name for each in settings.environments if each.auto]
    version = request.version or next(iter(newest_first(pointers.releases)), "")
    for name in names:
        step = _step(
            replace(request, environment=name, version=version),
            outside,
            local,
            carried_out=carried_out,
        )
        yield step
        if not step.moved:
            return


def _step(
    request: Request, outside: Outside, local: Settings, *, carried_out: bool
) -> Step:
    plan = plan_promotion(request, outside, local)
    name, current = request.environment, plan.place.current
    ended = Step(environment=name, version=plan.version, moved=False, said="")
    if plan.kind == "there":
        said = f"{plan.branch} is at {plan.version} already"
        return replace(ended, moved=True, said=said)
    if current is not None and current.task == ROLLBACK:
        return replace(ended, said=f"{name} {told(current, plan.reading)}")
    if plan.stopped:
        reasons = "; ".join(f"{gate.name}: {gate.detail}" for gate in plan.stops)
        return replace(ended, said=f"{plan.unmoved}: {reasons}")
    said = f"{plan.branch}: {plan.before} -> {plan.version}"
    if carried_out:
        try:
            carry_out(plan, outside)
        except RefusedError as error:
            return replace(ended, said=error.problem)
    return replace(ended, moved=True, said=said)


def onwards_report(steps: list[Step]) -> Report:
    """Return what was promoted by itself, and where and why it ended."""
    if not steps:
        return Report(headline="no environment has auto = true", data={"steps": []})
    moved = [each for each in steps if each.moved]
    ended = [each for each in steps if not each.moved]
    went = ", ".join(each.environment for each in moved) or "nowhere"
    return Report(
        headline=f"{steps[0].version} went on by itself to: {went}",
        sections=(
            Section("", tuple(each.said for each in moved)),
            Section("Ended there", tuple(each.said for each in ended)),
        ),
        data={"steps": [asdict(each) for each in steps]},
    )
