"""``auto = true``: a release goes on by itself, as far as every gate lets it pass."""

from dataclasses import replace

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.report import Report, Section
from monokeel.ground.settings import Settings
from monokeel.ground.version import newest_first
from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import Plan, plan_promotion
from monokeel.promotion.pointers import read_remote
from monokeel.promotion.ports import Outside
from monokeel.promotion.records import ROLLBACK
from monokeel.promotion.request import Request
from monokeel.promotion.rollback import told


def promote_onwards(
    request: Request, outside: Outside, local: Settings, *, carried_out: bool
) -> Report:
    """Promote the version of *request*, or the newest, wherever ``auto = true``.

    In order; the first environment that does not take it ends it. So does one that was
    rolled back: somebody is looking at it. Returns what was promoted, and where and why
    it ended. Raises ServiceError when a move cannot be told.
    """
    if request.environment or request.rollback:
        raise UsageError(
            "--auto chooses the environments itself and goes without --env, --rollback",
            fix="Leave --auto out to move the one that you name.",
        )
    settings, pointers = read_remote(outside.clone, local)
    version = request.version or next(iter(newest_first(pointers.releases)), "")
    steps, went, ended = list[Json](), dict[str, str](), ""
    for name in [each.name for each in settings.environments if each.auto]:
        plan = plan_promotion(
            replace(request, environment=name, version=version), outside, local
        )
        moved, said = _step(plan, outside, carried_out=carried_out)
        steps.append(
            {"environment": name, "version": version, "moved": moved, "said": said}
        )
        if not moved:
            ended = said
            break
        went[name] = said
    if not steps:
        return Report(headline="no environment has auto = true", data={"steps": []})
    return Report(
        headline=f"{version} went on by itself to: {', '.join(went) or 'nowhere'}",
        sections=(
            Section("", tuple(went.values())),
            Section("Ended there", (ended,) if ended else ()),
        ),
        data={"steps": steps},
    )


def _step(plan: Plan, outside: Outside, *, carried_out: bool) -> tuple[bool, str]:
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
