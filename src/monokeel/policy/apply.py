"""Write a plan: one ruleset after the other, looked at before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError
from monokeel.ground.report import Report, Section
from monokeel.policy.comparison import Comparison, compare_policies
from monokeel.policy.plan import Action, Plan, rulesets_in
from monokeel.policy.ports import Rulesets
from monokeel.policy.refusal import Refusal, error_of
from monokeel.policy.remedies import remedies
from monokeel.policy.rulesets import rules_of
from monokeel.policy.wording import comparison_json, problem_lines
from monokeel.policy.write import Written, read_unmoved, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was done: lines such as ``updated main``, and how GitHub compares now."""

    repository: str
    done: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    gaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Progress:
    """What came of the writes so far, each name in one of the three."""

    results: dict[str, Written] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)


def apply(plan: Plan, rulesets: Rulesets) -> Applied:
    """Write *plan* and return what was done.

    Before the first write everything that forbids one is named: a name that GitHub
    has twice (RefusedError), a bypass list that the token may not see (ServiceError).
    A ruleset that GitHub refuses for its content does not keep the others unwritten;
    any other failure stops, and says what was written and what was not.
    """
    _refuse_duplicates(plan)
    _refuse_hidden(plan)
    progress = _Progress()
    for index, action in enumerate(plan.actions):
        later = [each.name for each in plan.actions[index + 1 :]]
        outcome = _one(action, rulesets, plan.optional_rules, (progress, later))
        if isinstance(outcome, Refusal):
            progress.refused[action.name] = outcome
            if not outcome.is_for_its_content:
                raise _refused(progress, later)
            continue
        progress.results[action.name] = outcome
        if outcome.live is not None or action.verb == "delete":
            progress.done.append(f"{action.verb}d {action.name}")
    if progress.refused:
        raise _refused(progress, [])
    return Applied(
        repository=plan.reading.repository,
        done=tuple(progress.done),
        comparisons=_after(plan, progress.results),
        gaps=tuple(
            f"{name}: {', '.join(each.without)} is not on GitHub's plan, or not for it"
            for name, each in progress.results.items()
            if each.without
        ),
        notes=_granted(plan, progress.results),
    )


def _one(
    action: Action,
    rulesets: Rulesets,
    optional_rules: Sequence[str],
    so_far: tuple[_Progress, Sequence[str]],
) -> Written | Refusal:
    progress, later = so_far
    try:
        live = read_unmoved(action, rulesets)
    except MonokeelError as error:
        raise _interrupted(error, progress, [], [action.name, *later]) from error
    try:
        return write(action, live, rulesets, optional_rules)
    except ServiceError as error:
        raise _interrupted(error, progress, [action.name], later) from error
    except MonokeelError as error:
        raise _interrupted(error, progress, [], [action.name, *later]) from error


def _granted(plan: Plan, results: Mapping[str, Written]) -> tuple[str, ...]:
    """Say which optional rules GitHub took: from now on their absence means more."""
    taken = {
        str(rule.get("type"))
        for each in results.values()
        if each.live is not None
        for rule in rules_of(each.live.body)
    }
    return tuple(
        f"{rule} is on this plan: take it out of [policy] optional_rules of"
        " infra/platform.toml, and drift will see when somebody deletes it"
        for rule in plan.optional_rules
        if rule in taken
    )


def applied_report(applied: Applied) -> Report:
    """Return the report of what was written, and of what still differs."""
    left = problem_lines(applied.comparisons, {})
    return Report(
        headline=f"{applied.repository}: {_headline(applied, len(left))}",
        sections=(
            Section("Written", applied.done),
            Section("Gaps (declared optional)", applied.gaps),
            Section("Still different", left),
            Section("To know", applied.notes),
            Section("To do", remedies(applied.comparisons, {}, applied.repository)),
        ),
        data={
            "repository": applied.repository,
            "verdict": "drift" if left else "in_sync",
            "written": list(applied.done),
            "gaps": list(applied.gaps),
            "notes": list(applied.notes),
            "rulesets": [comparison_json(each) for each in applied.comparisons],
        },
        problems=left,
        outcome="difference" if left else "done",
    )


def _headline(applied: Applied, left: int) -> str:
    done = len(applied.done)
    written = f"{rulesets_in(done)} written" if done else "nothing written"
    if left:
        return f"{written}, {left} left to look at"
    return written if done else f"in sync, {written}"


def _refuse_duplicates(plan: Plan) -> None:
    names = [
        each.name for each in plan.reading.comparisons if each.state == "duplicate"
    ]
    if names:
        raise RefusedError(
            f"GitHub has more than one ruleset called {', '.join(names)}",
            fix="Delete the surplus ones by hand. Nothing was written.",
        )


def _refuse_hidden(plan: Plan) -> None:
    names = [each.subject for each in plan.reading.unverified]
    if names:
        raise ServiceError(
            f"bypass_actors is hidden from this token in {', '.join(names)}: a write"
            " could not be checked",
            fix="Use a token with administration: write. Nothing was written.",
        )


def _after(plan: Plan, results: dict[str, Written]) -> tuple[Comparison, ...]:
    """Return the comparisons as they are after the writes, from what was read back."""
    after: list[Comparison] = []
    for each in plan.reading.comparisons:
        result = results.get(each.name)
        if result is None or (result.live is None and each.desired is not None):
            after.append(each)
        elif result.live is not None and each.desired is not None:
            optional = result.without or plan.optional_rules
            new = compare_policies([each.desired], [result.live], optional)[0]
            after.append(replace(new, name=each.name))
    return tuple(after)


def _refused(progress: _Progress, later: Sequence[str]) -> MonokeelError:
    """Return the error for what GitHub would not write, with the first one's fix."""
    errors = [error_of(each, name) for name, each in progress.refused.items()]
    parts = [*(each.problem for each in errors), *_so_far(progress, [], later)]
    families = {type(error) for error in errors}
    family = families.pop() if len(families) == 1 else RefusedError
    return family("; ".join(parts), fix=errors[0].fix)


def _interrupted(
    error: MonokeelError,
    progress: _Progress,
    unclear: Sequence[str],
    not_written: Sequence[str],
) -> MonokeelError:
    """Return *error* with what was written, what is unclear, and what was not."""
    parts = [error.problem, *_so_far(progress, unclear, not_written)]
    fix = error.fix or "Run ./inv policy.apply again: it does what is left."
    return type(error)("; ".join(parts), fix=fix)


def _so_far(
    progress: _Progress, unclear: Sequence[str], not_written: Sequence[str]
) -> list[str]:
    lists = (
        ("refused", [*progress.refused]),
        ("unclear", unclear),
        ("not written", not_written),
    )
    return [
        f"written: {', '.join(progress.done) or 'nothing'}",
        *(f"{what}: {', '.join(names)}" for what, names in lists if names),
    ]
