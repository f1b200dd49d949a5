"""May this version go to this environment? One pure function per gate.

All gates run over one Snapshot and every refusal is shown. ``promote``, its dry run
and ``status`` use the same ``evaluate``: two implementations would come to disagree.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Literal

from monokeel.core.snapshot import (
    Gate,
    Snapshot,
    check_environment,
    check_images,
    check_on_main,
    check_release,
    check_tag,
    check_version,
    passed,
    refused,
    span,
    unclear,
)
from monokeel.errors import CommandError

Verdict = Literal["ready", "refused", "unknown"]

OVERRIDABLE = ("order", "soak", "freeze", "hold")
_SKIPPED_BY_ROLLBACK = ("order", "soak")
_ALL_NAMES = (
    *("version", "tag", "on-main", "release", "images"),
    *("order", "soak", "freeze", "hold", "downgrade", "environment"),
)


def evaluate(
    snapshot: Snapshot, overrides: Mapping[str, str] | None = None
) -> tuple[Gate, ...]:
    """Return the answer of every gate, in a fixed order.

    *overrides* is gate → reason (``parse_overrides``); it turns a refusal, and only
    that, into ``overridden``.
    """
    reasons = overrides or {}
    answers = [gate(snapshot) for gate in _GATES]
    return tuple(
        replace(
            each,
            status="overridden",
            detail=f"{each.detail}; overridden: {reasons[each.name]}",
            fix="",
        )
        if each.status == "refused" and each.name in reasons
        else each
        for each in answers
    )


def verdict_of(gates: Iterable[Gate]) -> Verdict:
    """Return what *gates* say together: a certain "no" wins over "cannot tell"."""
    statuses = {gate.status for gate in gates}
    if "refused" in statuses:
        return "refused"
    return "unknown" if "unknown" in statuses else "ready"


def parse_overrides(texts: Iterable[str]) -> dict[str, str]:
    """Return gate → reason for ``GATE=REASON`` texts.

    Raises CommandError for another shape, an unknown gate, a gate that cannot be
    overridden, or an empty reason.
    """
    reasons: dict[str, str] = {}
    for text in texts:
        name, equals, reason = text.partition("=")
        if name == "downgrade":
            raise CommandError(
                "the gate 'downgrade' has no override",
                fix="Use --rollback to move back to an older version.",
            )
        if name not in OVERRIDABLE:
            known = name in _ALL_NAMES
            raise CommandError(
                f"the gate {name!r} has no override" if known else f"no gate {name!r}",
                fix=f"Gates that can be overridden: {', '.join(OVERRIDABLE)}.",
            )
        if not equals or not reason.strip():
            raise CommandError(
                f"the override of {name!r} has no reason",
                fix=f'Write --override {name}="why", it goes into the record.',
            )
        reasons[name] = reason.strip()
    return reasons


def check_order(at: Snapshot) -> Gate:
    """Refuse unless the version has been good in the previous environment."""
    early = _without_trial(at, "order")
    if early is not None or at.previous is None or at.trial is None:
        return early or passed(
            "order", f"{at.environment.name} is the first environment"
        )
    before = at.previous.name
    first = f"First: ./inv promote --env {before} --version {at.version}"
    match at.trial.outcome:
        case "good":
            return passed("order", f"{at.version} is or was good in {before}")
        case "rolled_back":
            return refused(
                "order",
                f"{at.version} was rolled back in {before}: {at.trial.why}",
                'Promote another version, or --override order="why".',
            )
        case "unconfirmed":
            return refused(
                "order", f"the move of {before} to {at.version} is unconfirmed", first
            )
        case "never":
            return refused("order", f"{at.version} has not been in {before}", first)


def check_soak(at: Snapshot) -> Gate:
    """Refuse unless it was live long enough in the previous environment."""
    early = _without_trial(at, "soak")
    if early is not None or at.previous is None or at.trial is None:
        return early or passed(
            "soak", f"{at.environment.name} is the first environment"
        )
    wanted, lived = at.environment.soak, at.trial.live_for
    said = f"live in {at.previous.name} for {span(lived)} of {span(wanted)}"
    if lived >= wanted:
        return passed("soak", said if wanted else "none asked for")
    if not at.trial.live:
        return refused("soak", f"{said}, and no longer", 'Or --override soak="why".')
    earliest = at.now + (wanted - lived)
    return refused(
        "soak",
        f"{said}; {span(wanted - lived)} left, earliest {earliest:%Y-%m-%d %H:%MZ}",
        'Wait, or --override soak="why".',
    )


def check_freeze(at: Snapshot) -> Gate:
    """Refuse while a freeze window of this environment is open."""
    name = at.environment.name
    running = [
        freeze
        for freeze in at.freezes
        if name in freeze.environments and freeze.start <= at.now < freeze.end
    ]
    if not running:
        return passed("freeze", "none")
    latest = max(running, key=lambda freeze: freeze.end)
    return refused(
        "freeze",
        f"{name} is frozen until {latest.end:%Y-%m-%d %H:%MZ}: {latest.reason}",
        'Wait, or --override freeze="why".',
    )


def check_hold(at: Snapshot) -> Gate:
    """Refuse while somebody has stopped all promotions."""
    if not at.hold:
        return passed("hold", "none")
    return refused(
        "hold",
        f"all promotions are on hold: {at.hold}",
        'Empty the variable PROMOTE_HOLD, or --override hold="why".',
    )


def check_downgrade(at: Snapshot) -> Gate:
    """Refuse to move back without a rollback, or forward with one."""
    name = at.environment.name
    if at.pointer is None or at.pointer == at.commit:
        return _check_nothing_to_leave(at)
    there = at.current or at.pointer[:12]
    if at.descends is None:
        return unclear(
            "downgrade",
            f"this clone cannot tell whether {at.version} is newer than {there}",
            "Run: git fetch --unshallow --tags (or git fetch --tags)",
        )
    if at.descends and at.rollback:
        return refused(
            "downgrade",
            f"{at.version} is newer than {there}: this is no rollback",
            "Leave out --rollback.",
        )
    if at.descends or at.rollback:
        return passed("downgrade", f"{there} -> {at.version}")
    return refused(
        "downgrade",
        f"{at.version} is older than {there}, which is in {name}",
        "To move back on purpose add --rollback.",
    )


_GATES: tuple[Callable[[Snapshot], Gate], ...] = (
    *(check_version, check_tag, check_on_main, check_release, check_images),
    *(check_order, check_soak, check_freeze, check_hold),
    *(check_downgrade, check_environment),
)


def _check_nothing_to_leave(at: Snapshot) -> Gate:
    name = at.environment.name
    if at.pointer is not None:
        return passed("downgrade", f"{name} is at {at.version} already")
    if at.rollback:
        return refused("downgrade", f"nothing is in {name} yet", "Promote to it first.")
    return passed("downgrade", f"the first promotion to {name}")


def _without_trial(at: Snapshot, name: str) -> Gate | None:
    if at.rollback and name in _SKIPPED_BY_ROLLBACK:
        return Gate(name=name, status="skipped", detail="not asked of a rollback")
    if at.previous is not None and at.trial is None:
        return unclear(
            name,
            f"nobody looked how {at.version} did in {at.previous.name}",
            "Run again; ./inv history lists the moves of an environment.",
        )
    return None
