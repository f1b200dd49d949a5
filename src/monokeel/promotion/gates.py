"""The gates of a promotion: one table, from which every list of them is taken."""

import re
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
        name="line",
        check=checks.check_line,
        refuses="the commit is neither on the default branch nor on one of `lines`",
    ),
    Rule(
        name="blocked",
        check=checks.check_blocked,
        refuses="`[promotion] blocked` names the version",
        overridable=True,
    ),
    Rule(
        name="release",
        check=checks.check_release,
        refuses="the tag carries no record of a release of that commit",
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
        refuses="it was live there for less than `soak` since its last start",
        overridable=True,
        asked_of_rollback=False,
    ),
    Rule(
        name="setback",
        check=checks.check_setback,
        refuses="it was rolled back in this environment",
        overridable=True,
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
        name="approval",
        check=checks.check_approval,
        refuses="`reviewers = true`, and the GitHub Environment asks for no approval",
        overridable=True,
    ),
    Rule(
        name="push",
        check=checks.check_push,
        refuses="GitHub would certainly refuse the push of this identity",
    ),
)
OVERRIDABLE = tuple(rule.name for rule in RULES if rule.overridable)
_ANY = "|".join(rule.name for rule in RULES)
_PART = re.compile(
    rf"(?:^|[\s,;])(?:--override[= ])?\s*((?:{_ANY})(?:\s*,\s*(?:{_ANY}))*)\s*="
)


def evaluate(
    facts: MoveFacts, overrides: Mapping[str, str] | None = None
) -> tuple[Gate, ...]:
    """Return the answer of every gate, in the order of the table.

    *overrides* is gate → reason (``parse_overrides``); it turns a refusal, or that
    nobody can tell, into ``overridden``.
    """
    return tuple(_answer(rule, facts, overrides or {}) for rule in RULES)


def _answer(rule: Rule, facts: MoveFacts, reasons: Mapping[str, str]) -> Gate:
    if facts.rollback and not rule.asked_of_rollback:
        return Gate(name=rule.name, status="skipped", detail="not asked of a rollback")
    gate = replace(rule.check(facts), name=rule.name)
    stops = gate.status in {"refused", "unknown"}
    if not stops or not rule.overridable or rule.name not in reasons:
        return gate
    said = f"{gate.detail}; overridden: {reasons[rule.name]}"
    return replace(gate, status="overridden", detail=said, fix="")


def verdict_of(gates: Iterable[Gate]) -> Verdict:
    """Return what *gates* say together: a certain "no" wins over "cannot tell"."""
    statuses = {gate.status for gate in gates}
    if "refused" in statuses:
        return "refused"
    return "unknown" if "unknown" in statuses else "ready"


def parse_overrides(texts: Iterable[str], emergency: str = "") -> dict[str, str]:
    """Return gate → reason for texts such as ``freeze,hold=why``.

    Several may stand in one text, also one a line: a part that names a gate is never
    taken for the reason of another. *emergency* is the reason for all that can be
    overridden. Raises UsageError for another shape, an unknown gate, a gate that cannot
    be overridden, or an empty reason.
    """
    reasons = dict.fromkeys(OVERRIDABLE, emergency.strip()) if emergency.strip() else {}
    for text in filter(str.strip, texts):
        parts = [*_PART.finditer(text)]
        if not parts or text[: parts[0].start()].strip():
            raise _not_understood(text)
        ends = [part.start() for part in parts[1:]] + [len(text)]
        for part, end in zip(parts, ends, strict=True):
            reason = text[part.end() : end].strip(" \t\r\n,;")
            for name in part[1].split(","):
                reasons[_overridable(name.strip(), reason)] = reason
    return reasons


def _overridable(name: str, reason: str) -> str:
    if name == "downgrade":
        raise UsageError(
            "the gate 'downgrade' has no override",
            fix="Use --rollback to move back to an older version.",
        )
    if name not in OVERRIDABLE:
        raise UsageError(
            f"the gate {name!r} has no override",
            fix=f"Gates that can be overridden: {', '.join(OVERRIDABLE)}.",
        )
    if not reason:
        raise UsageError(
            f"the override of {name!r} has no reason",
            fix=f'Write --override {name}="why", it goes into the record.',
        )
    return name


def _not_understood(text: str) -> UsageError:
    name = text.partition("=")[0].strip()
    if name in OVERRIDABLE:
        _overridable(name, "")
    return UsageError(
        f"no gate {name[:40]!r}",
        fix=f"Gates that can be overridden: {', '.join(OVERRIDABLE)}.",
    )
