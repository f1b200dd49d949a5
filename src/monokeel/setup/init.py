"""Connect a repository to GitHub, row by row; a second run changes nothing."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, get_args

from monokeel.ground import errors
from monokeel.ground.answers import Unknown
from monokeel.ground.report import Outcome, Report, Section, Table
from monokeel.ground.settings import Settings
from monokeel.setup import rows
from monokeel.setup.expectations import MAIN, expectations, wrong_remote
from monokeel.setup.ports import Connection
from monokeel.setup.rows import AsWanted, Expectation, Otherwise, answer_to
from monokeel.setup.writer import ALLOW_KEYS

State = Literal[
    "was there", "done", "planned", "note", "left to you", "refused", "unknown", "waits"
]
_OUTCOMES: Mapping[str, Outcome] = {
    "connected": "done",
    "refused": "refused",
    "unknown": "unknown",
    "incomplete": "difference",
}
# Part of GitHub's message → what to do. Sources: vitodeploy/vito#949 (keys),
# terraform-provider-github#1311 (branch policies), alchemy#1373 (reviewers),
# categraf#34 and sapling#1299 (workflows).
_REMEDIES: Mapping[str, str] = {
    "Deploy keys are disabled": ALLOW_KEYS,
    "protected branch gate": "this plan has no branch policies for private"
    " repositories: GitHub Pro, Team or Enterprise has, or make the repository public",
    "required reviewers protection rule": "this plan has no required reviewers here:"
    " Enterprise or a public repository has, or write reviewers = false in"
    " infra/platform.toml",
    "key is already in use": "another repository has this key: move its file away"
    f" (in ~/.config/monokeel, or that of --key-file), then {rows.INIT} makes another",
    "rule violations": "the rules refuse the push: bring it by a pull request; where"
    " the branch is not there yet, disable them for a moment (Settings, Rules), then"
    f" {rows.INIT} pushes it and brings them back",
    **dict.fromkeys(
        ("returned error: 403", "denied to", "not granted"),
        "who pushes needs Contents: write and Workflows: write",
    ),
    "create or update workflow": "the token needs Workflows: write (a classic one or"
    " that of gh the scope workflow: gh auth refresh -s workflow), or push with your"
    " own git credentials",
}
# Without these nothing after them can be judged: what hides them is a weak token.
_NEEDED = ("settings", "deploy_keys", "environments")


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One row and what became of it; *to_do* is the rest, often a command."""

    name: str
    state: State
    detail: str
    to_do: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every row with what was seen before the first write."""

    owner: str
    rows: tuple[tuple[Expectation, rows.Answer], ...]

    @property
    def blocked(self) -> bool:
        """Whether a person must first settle, say, whose history is on the remote."""
        return any(
            (isinstance(answer, Otherwise) and answer.blocks)
            or (isinstance(answer, Unknown) and row.name == MAIN)
            for row, answer in self.rows
        )


def plan_init(at: Connection) -> Plan:
    """Ask every row; nothing is changed.

    Raises UsageError for a wrong or missing remote, and ServiceError for a token that
    may not administer, or not see what must be made; the permissions are named.
    """
    settings, clone = at.settings, at.clone
    at.repository.read("/")  # is GitHub there, and the repository?
    wrong = wrong_remote(settings, clone.written_address()) if clone else None
    if wrong is not None:
        raise errors.UsageError(wrong[0], fix=f"Run: {wrong[1]}")
    seen = tuple((each, answer_to(each)) for each in expectations(at))
    hidden = {
        f"{row.name} ({row.permission})": answer.reason
        for row, answer in seen
        if isinstance(answer, Unknown) and answer.hidden and row.item in _NEEDED
    }
    if hidden:
        raise errors.ServiceError(
            f"the token may not administer {settings.repository}: it does not see"
            f" {', '.join(hidden)}: {next(iter(hidden.values()))}",
            fix="Give the token these permissions; ./inv doctor names all that it"
            " lacks. Nothing was changed.",
        )
    return Plan(owner=settings.owner, rows=seen)


def planned_steps(plan: Plan) -> Iterator[Step]:
    """Yield what init would do, for ``--dry-run``."""
    return _steps(plan, writes=False)


def carry_out(plan: Plan) -> Iterator[Step]:
    """Yield each step as it is done, so that a failure shows how far it came.

    A refused step does not stop those that do not need it; where the plan is blocked
    nothing is written at all. Raises UsageError alone.
    """
    return _steps(plan, writes=True)


def _steps(plan: Plan, *, writes: bool) -> Iterator[Step]:
    settled: set[str] = set()
    written = False
    for row, before in plan.rows:
        # What a row said before the first write may be true no more.
        answer = answer_to(row) if written else before
        step = _seen(row, answer)
        waits = [each for each in row.after if each not in settled]
        if isinstance(answer, Otherwise) and not plan.blocked:
            if waits:
                first = f"settle {' and '.join(waits)} first, then {rows.INIT} again"
                said, to_do = f"waits for {', '.join(waits)}", f"{row.name}: {first}"
                step = Step(row.name, "waits", said, to_do)
            elif row.make and writes:
                step, written = _made(row, row.make, step.to_do, plan.owner), True
            elif row.make and not answer.by_hand:
                step = Step(row.name, "planned", step.detail)
        if step.state in ("was there", "done", "planned"):
            settled.add(row.name)
        yield step


def _seen(row: Expectation, answer: rows.Answer) -> Step:
    note: State | None = "note" if row.watched == "note" else None
    match answer:
        case AsWanted(detail=detail):
            return Step(row.name, "was there", detail)
        case Unknown(reason=reason):
            return Step(row.name, note or "unknown", reason)
        case Otherwise(detail=detail, remedy=remedy):
            to_do = f"{row.name}: {remedy}"
            return Step(row.name, note or "left to you", detail, to_do)


def _made(row: Expectation, make: Callable[[], None], to_do: str, owner: str) -> Step:
    try:
        make()
    except errors.RefusedError as error:
        known = [fix for words, fix in _REMEDIES.items() if words in error.problem]
        fix = known[0].format(owner=owner) if known else error.fix.rstrip(".")
        settled = to_do.replace(f": {rows.INIT}", f": settle that, then {rows.INIT}")
        to_do = f"{row.name}: {fix}" if fix else settled
        lost = f"{to_do}. Without it {row.lost}"
        return Step(row.name, "refused", error.problem, lost)
    except errors.ServiceError as error:
        return Step(row.name, "unknown", error.reason)
    after = _seen(row, answer_to(row))
    made = after.state == "was there"
    return dataclasses.replace(after, state="done") if made else after


def result_of(steps: Sequence[Step]) -> str:
    """Return what one word says of *steps*; a refusal beats what nobody knows."""
    states = {step.state for step in steps}
    if worst := [each for each in ("refused", "unknown") if each in states]:
        return worst[0]
    open_ = states & {"left to you", "waits", "planned"}
    return "incomplete" if open_ else "connected"


def init_report(
    settings: Settings, steps: tuple[Step, ...], *, whole: bool = True
) -> Report:
    """Return the report of *steps*, done or only planned; not *whole*: cut short."""
    counts = Counter(step.state for step in steps)
    quiet = ("was there", "note")
    parts = [
        f"{counts[x]} {x}" for x in get_args(State) if counts[x] and x not in quiet
    ]
    if not counts["done"]:
        settled = whole and counts["was there"] + counts["note"] == len(steps)
        words = "nothing had to be changed" if settled else "nothing was changed"
        parts.insert(0, words)
    rows = tuple((step.name, step.state, step.detail) for step in steps)
    to_do = tuple(step.to_do for step in steps if step.to_do)
    return Report(
        headline=f"{settings.repository}: {', '.join(parts)}",
        sections=(
            Section("", table=Table(("step", "state", "detail"), rows)),
            Section("Left to you", to_do),
        ),
        data={
            "verdict": result_of(steps),
            "changed": counts["done"],
            "steps": [dataclasses.asdict(step) for step in steps],
        },
        outcome=_OUTCOMES[result_of(steps)],
    )
