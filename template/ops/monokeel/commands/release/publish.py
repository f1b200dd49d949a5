"""Publish one version: images, git tag and GitHub release, as one unit.

Every step looks, writes, and looks again. What counts is the state that is found and
never an answer: an answer that got lost is healed by looking, another state is a
refusal, and no answer ends the run with nothing further written.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from monokeel.commands.release.standing import Standing
from monokeel.commands.release.step import Conflict, Done, State, Step, Todo
from monokeel.commands.release.steps import STEPS
from monokeel.commands.release.target import Outside, Target
from monokeel.core.lookup import Json
from monokeel.core.release import ReleaseRecord
from monokeel.core.release_plan import ReleasePlan
from monokeel.core.report import Report, Section, Table
from monokeel.errors import CommandError, RefusedError, ServiceError

_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A complete release: *written* names the steps in which this run wrote.

    It is empty when the release was complete before. *page* is its address on GitHub.
    """

    record: ReleaseRecord
    tag: str
    page: str
    written: tuple[str, ...]


def has_nothing_to_do(plan: ReleasePlan) -> bool:
    """Say whether *plan* ends well without a release.

    A commit that is a release itself stays finished when newer ones exist: that it is
    behind the branch or below another tag then stands in nobody's way.
    """
    if plan.version is not None:
        return False
    is_release = plan.previous is not None and not plan.commits
    harmless = {"remote", "tags"} if is_release else set()
    return all(blocker.name in harmless for blocker in plan.blockers)


def refuse_unknown(plan: ReleasePlan) -> None:
    """Raise ServiceError if a check of *plan* is unknown: no release on a guess."""
    unclear = [f"{check.name}: {check.detail}" for check in plan.unknown]
    if unclear:
        raise ServiceError(
            "nobody can tell whether this may be released: " + "; ".join(unclear),
            fix="Set GITHUB_TOKEN (./inv doctor says what it may), or run this again"
            " once everything answers.",
        )


def plan_with_news(
    fetch: Callable[[], None], plan: Callable[[], ReleasePlan]
) -> ReleasePlan:
    """Return a plan of what the remote has now; plan twice if the first is blocked.

    Another runner may finish this very release after our fetch: its tag then looks
    like somebody else's, until it is fetched. A failed fetch is no end: the plan asks
    the remote itself and says what it could not see.
    """

    def fetch_then_plan() -> ReleasePlan:
        with suppress(ServiceError):
            fetch()
        return plan()

    first = fetch_then_plan()
    return fetch_then_plan() if first.blockers else first


def publish(
    target: Target, outside: Outside, tell: Callable[[str], None]
) -> Publication:
    """Publish *target* and return it once all of it can be seen.

    *tell* is given a line after each step that wrote. Raises RefusedError with every
    conflict that is seen before the first write, or the first one afterwards; and
    ServiceError when something cannot be read or does not appear. The same call again
    finishes what is missing; on a complete release it writes nothing.
    """
    written: list[str] = []
    for _ in range(_ROUNDS):
        now = Standing(target, outside)
        states = [step.look(now) for step in STEPS]
        _refuse(states)
        if all(isinstance(state, Done) for state in states):
            return _publication(now, written)
        for step in STEPS:
            if _converge(step, Standing(target, outside)):
                written.append(step.name)
                tell(f"{target.tag}: {step.name}: done")
    raise ServiceError(
        f"{target.tag} is still not complete: somebody else is changing it",
        fix="Run the same command again.",
    )


def _converge(step: Step, now: Standing) -> bool:
    """Do *step* until a look says that it is done; say whether anything was written.

    It goes on only while each look finds less missing than the one before: then the
    write happened, whatever its answer was.
    """
    state = step.look(now)
    if isinstance(state, Todo):
        while isinstance(state, Todo):
            failure = _attempt(step, now)
            now = now.again()
            after = step.look(now)
            if isinstance(after, Todo) and len(after.missing) >= len(state.missing):
                raise failure or _without_effect(step, after)
            state = after
        _refuse([state])
        return True
    _refuse([state])
    return False


def _attempt(step: Step, now: Standing) -> CommandError | None:
    try:
        step.act(now)
    except CommandError as error:
        return error
    return None


def _refuse(states: list[State]) -> None:
    refusals = [
        refusal
        for state in states
        if isinstance(state, Conflict)
        for refusal in state.refusals
    ]
    problems = dict.fromkeys(each.problem for each in refusals)
    if problems:
        fixes = dict.fromkeys(each.fix for each in refusals)
        raise RefusedError("; ".join(problems), fix=" ".join(fixes))


def _without_effect(step: Step, state: Todo) -> ServiceError:
    return ServiceError(
        f"step {step.name!r} was accepted and has no effect:"
        f" {', '.join(state.missing)}",
        fix="Run the same command again in a minute.",
    )


def _publication(now: Standing, written: list[str]) -> Publication:
    if now.record is None or now.published is None:
        raise AssertionError(now.target)  # look_at_release said Done
    return Publication(
        record=now.record,
        tag=now.target.tag,
        page=now.published.page,
        written=tuple(dict.fromkeys(written)),
    )


def publication_report(done: Publication) -> Report:
    """Return what is out now: version, commit, images, and what this run wrote."""
    record = done.record
    services: list[Json] = [
        {"name": image.service, "image": image.image, "digest": image.digest}
        for image in record.images
    ]
    word = "is published" if done.written else "was complete already"
    lines = [f"commit  {record.commit}", f"page    {done.page}"]
    if done.written:
        lines.append(f"wrote   {', '.join(done.written)}")
    rows = tuple((each.service, each.reference) for each in record.images)
    return Report(
        headline=f"{done.tag} {word}",
        sections=(
            Section("Release", tuple(lines)),
            Section("Images", table=Table(("service", "image"), rows)),
        ),
        data={
            "released": True,
            "version": record.version,
            "tag": done.tag,
            "commit": record.commit,
            "page": done.page,
            "services": services,
            "written": list(done.written),
        },
    )
