"""The gates of a promotion: one table, from which every list of them is taken."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from monokeel.ground.errors import UsageError
from monokeel.promotion import checks
from monokeel.promotion.checks import Gate
from monokeel.promotion.facts import MoveFacts

Verdict = Literal["ready", "refused", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table of gates; *refuses* says when, for the documents.

    *overridable*: with a reason. *asked_of_rollback*: also on the way back.
    """

    name: str
    check: Callable[[MoveFacts], Gate]
    refuses: str
    overridable: bool = False
    asked_of_rollback: bool = True


RULES = (
    Rule(
        name="version",
        check=checks.check_version,
        refuses="it is a pre-release, and the environment has `prerelease = false`",
    ),
    Rule(
        name="on-main",
        check=checks.check_on_main,
        refuses="the commit is not in the history of the default branch",
    ),
    Rule(
        name="release",
        check=checks.check_release,
        refuses="there is no published release of that commit",
    ),
    Rule(
        name="images",
        check=checks.check_images,
        refuses="an image is not there, or not as it was released, under the version"
        " or under `sha-<commit>`",
    ),
    Rule(
        name="order",
        check=checks.check_order,
        refuses="it has not been good in the environment before, or was rolled back"
        " there",
        overridable=True,
        asked_of_rollback=False,
    ),
    Rule(
        name="soak",
        check=checks.check_soak,
        refuses="it was live there for less than `soak`",
        overridable=True,
        asked_of_rollback=False,
    ),
    Rule(
        name="freeze",
        check=checks.check_freeze,
        refuses="a `[[freezes]]` window of this environment is open",
        overridable=True,
    ),
    Rule(
        name="hold",
        check=checks.check_hold,
        refuses="the variable `PROMOTE_HOLD` is not empty",
        overridable=True,
    ),
    Rule(
        name="downgrade",
        check=checks.check_downgrade,
        refuses="it is older than what is there; `--rollback` moves back",
    ),
    Rule(
        name="environment",
        check=checks.check_environment,
        refuses="never: what is missing at the GitHub Environment is a warning",
    ),
)
OVERRIDABLE = tuple(rule.name for rule in RULES if rule.overridable)
LEFT_OUT_BY_ROLLBACK = tuple(r.name for r in RULES if not r.asked_of_rollback)


def evaluate(
    facts: MoveFacts, overrides: Mapping[str, str] | None = None
) -> tuple[Gate, ...]:
    """Return the answer of every gate, in the order of the table.

    *overrides* is gate → reason (``parse_overrides``); it turns a refusal, and only
    that, into ``overridden``.
    """
    return tuple(_answer(rule, facts, overrides or {}) for rule in RULES)


def _answer(rule: Rule, facts: MoveFacts, reasons: Mapping[str, str]) -> Gate:
    if facts.rollback and not rule.asked_of_rollback:
        return Gate(name=rule.name, status="skipped", detail="not asked of a rollback")
    gate = rule.check(facts)
    if gate.status != "refused" or not rule.overridable or rule.name not in reasons:
        return gate
    said = f"{gate.detail}; overridden: {reasons[rule.name]}"
    return replace(gate, status="overridden", detail=said, fix="")


def verdict_of(gates: Iterable[Gate]) -> Verdict:
    """Return what *gates* say together: a certain "no" wins over "cannot tell"."""
    statuses = {gate.status for gate in gates}
    if "refused" in statuses:
        return "refused"
    return "unknown" if "unknown" in statuses else "ready"


def parse_overrides(texts: Iterable[str]) -> dict[str, str]:
    """Return gate → reason for ``GATE=REASON`` texts.

    Raises UsageError for another shape, an unknown gate, a gate that cannot be
    overridden, or an empty reason.
    """
    reasons: dict[str, str] = {}
    for text in texts:
        name, equals, reason = text.partition("=")
        if name == "downgrade":
            raise UsageError(
                "the gate 'downgrade' has no override",
                fix="Use --rollback to move back to an older version.",
            )
        if name not in OVERRIDABLE:
            known = name in [rule.name for rule in RULES]
            raise UsageError(
                f"the gate {name!r} has no override" if known else f"no gate {name!r}",
                fix=f"Gates that can be overridden: {', '.join(OVERRIDABLE)}.",
            )
        if not equals or not reason.strip():
            raise UsageError(
                f"the override of {name!r} has no reason",
                fix=f'Write --override {name}="why", it goes into the record.',
            )
        reasons[name] = reason.strip()
    return reasons
