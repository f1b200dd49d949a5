"""What somebody asked a promotion to do, and the gates that they lift."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from monokeel.ground.errors import UsageError
from monokeel.ground.version import parse_wanted
from monokeel.promotion.gates import OVERRIDABLE, RULES

_ANY = "|".join(rule.name for rule in RULES)
_PART = re.compile(
    rf"(?:^|[\s,;])(?:--override[= ])?\s*((?:{_ANY})(?:\s*,\s*(?:{_ANY}))*)\s*="
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for; an empty *version* is for a rollback only.

    *left* is the version that a rollback is to leave. *overrides* are ``GATE=REASON``
    texts, *emergency* the reason for all that can be overridden. *hold* stops every
    promotion; ``None``: ask GitHub. *run_url* names the workflow run, if there is
    one; *by_token* says that the branch is pushed with a token and not with
    the deploy key.
    """

    environment: str
    version: str = ""
    rollback: bool = False
    left: str = ""
    reason: str = ""
    overrides: tuple[str, ...] = ()
    emergency: str = ""
    hold: str | None = ""
    actor: str = ""
    run_url: str = ""
    by_token: bool = False

    def wanted_version(self, prefix: str) -> str:
        """Return the version without *prefix*, ``""`` where a rollback names none.

        Raises UsageError for what is missing, or does not go together.
        """
        if not self.environment:
            raise UsageError("no environment given", fix="Add --env NAME.")
        if self.left and not self.rollback:
            fix = "Add --rollback, or leave it out."
            raise UsageError("--from is what a rollback leaves", fix=fix)
        if self.version.strip():
            return parse_wanted(self.version.strip(), prefix=prefix)
        if self.rollback:
            return ""
        fix = "Add --version X, such as --version 1.4.0."
        raise UsageError("no version given", fix=fix)


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
            raise _wrong(text.partition("=")[0].strip())
        ends = [part.start() for part in parts[1:]] + [len(text)]
        for part, end in zip(parts, ends, strict=True):
            reason = text[part.end() : end].strip(" \t\r\n,;")
            for name in map(str.strip, part[1].split(",")):
                if not reason or name not in OVERRIDABLE:
                    raise _wrong(name)
                reasons[name] = reason
    return reasons


def _wrong(name: str) -> UsageError:
    if name in OVERRIDABLE:
        return UsageError(
            f"the override of {name!r} has no reason",
            fix=f'Write --override {name}="why", it goes into the record.',
        )
    problem = f"no gate {name[:40]!r}"
    if name in [rule.name for rule in RULES]:
        problem = f"the gate {name!r} has no override"
    fix = f"Gates that can be overridden: {', '.join(OVERRIDABLE)}."
    if name == "downgrade":
        fix = "Use --rollback to move back to an older version."
    return UsageError(problem, fix=fix)
