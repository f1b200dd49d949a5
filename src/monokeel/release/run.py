"""One run: what was begun is finished first, then this commit is released."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.settings import Settings
from monokeel.release.plan import ReleasePlan, has_nothing_to_do
from monokeel.release.planner import plan_release
from monokeel.release.ports import Outside
from monokeel.release.publish import Publication, publish
from monokeel.release.steps import OvertakenError

_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a run ended: its last *plan*, and what is *out* by it, in order."""

    plan: ReleasePlan
    out: tuple[Publication, ...]


def release_commit(
    settings: Settings,
    outside: Outside,
    accept: Callable[[ReleasePlan], None],
    tell: Callable[[str], None],
    digests: Mapping[str, str],
) -> Run:
    """Release the commit that is checked out, after what its history has begun.

    *accept* raises for a plan that must not be done. *tell* is given a line after each
    step that wrote.
    *digests* are those of this run's own builds, by service; what lacks one is built.
    Whoever is overtaken plans anew, with the images that it has: the version is then
    the next one, or the commit is in the other release, which is a good end. Raises
    what *accept* and ``publish`` raise, and RefusedError when others are first again
    and again.
    """
    own = dict(digests)
    out: list[Publication] = []
    for _ in range(_ROUNDS):
        ask = partial(plan_release, settings, outside, digests=own)
        plan = plan_with_news(partial(_fetch, outside), ask)
        if has_nothing_to_do(plan):
            return Run(plan=plan, out=tuple(out))
        accept(plan)
        try:
            if plan.first:
                out += _finish(plan, settings, outside, accept, tell)
            elif plan.reading is not None:
                out.append(publish(plan.reading, tell))
                return Run(plan=plan, out=tuple(out))
        except OvertakenError as error:
            tell(f"{error.problem}: planning again")
        if plan.reading is not None:
            own |= plan.reading.digests
    raise RefusedError(
        "others were first, again and again",
        fix="Run ./inv release again once they have ended.",
    )


def plan_with_news(
    fetch: Callable[[], None], plan: Callable[[], ReleasePlan]
) -> ReleasePlan:
    """Return a plan of what the remote has now: fetched only if the clone lacks it.

    A failed fetch is no end: the plan says itself what it could not see. What stands
    in the way is looked at twice: a plan asks one thing after the other, and who
    releases the same commit meanwhile is no obstacle, only seen by halves.
    """
    first = plan()
    if first.stale:
        with suppress(ServiceError):
            fetch()
    return plan() if first.stale or first.blockers else first


def _finish(
    plan: ReleasePlan,
    settings: Settings,
    outside: Outside,
    accept: Callable[[ReleasePlan], None],
    tell: Callable[[str], None],
) -> list[Publication]:
    """Publish what was begun for older commits: nothing is built, its record is there.

    Each in its own reading, for each changes what the next one finds.
    """
    out = []
    for claim in plan.first:
        older = plan_release(settings, outside, finish=claim)
        accept(older)
        if older.reading is not None:
            out.append(publish(older.reading, tell))
    return out


def _fetch(outside: Outside) -> None:
    if not isinstance(outside.remote, Unknown):
        outside.remote.fetch()
