"""May this version go to this environment? One pure function for each gate."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import UsageError
from monokeel.ground.version import is_prerelease
from monokeel.ground.words import span
from monokeel.promotion.facts import ImageFact, NotAsked, Protection, Snapshot
from monokeel.release.record import ReleaseRecord

Verdict = Literal["ready", "refused", "unknown"]

OVERRIDABLE = ("order", "soak", "freeze", "hold")
_SKIPPED_BY_ROLLBACK = ("order", "soak")
_ALL_NAMES = (
    *("version", "tag", "on-main", "release", "images"),
    *("order", "soak", "freeze", "hold", "downgrade", "environment"),
)

GateStatus = Literal[
    "ok", "refused", "unknown", "not_asked", "overridden", "skipped", "warning"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The answer of one gate: *detail* names the fact, *fix* the way on."""

    name: str
    status: GateStatus
    detail: str
    fix: str = ""


def passed(name: str, detail: str) -> Gate:
    """Return that gate *name* lets it pass."""
    return Gate(name=name, status="ok", detail=detail)


def refused(name: str, detail: str, fix: str) -> Gate:
    """Return that gate *name* says no; *fix* says how to go on."""
    return Gate(name=name, status="refused", detail=detail, fix=fix)


def unclear(name: str, detail: str, fix: str) -> Gate:
    """Return that gate *name* cannot tell; *fix* says how it could."""
    return Gate(name=name, status="unknown", detail=detail, fix=fix)


def not_asked(name: str) -> Gate:
    """Return that gate *name* was not looked at."""
    return Gate(name=name, status="not_asked", detail="")


def check_version(at: Snapshot) -> Gate:
    """Refuse a pre-release where the environment takes none."""
    if is_prerelease(at.version) and not at.environment.prerelease:
        return refused(
            "version",
            f"{at.version} is a pre-release, and {at.environment.name} takes none",
            "Promote a full release.",
        )
    return passed("version", f"{at.version} may go to {at.environment.name}")


def check_tag(at: Snapshot) -> Gate:
    """Refuse a tag that names no commit."""
    if at.commit is None:
        return refused("tag", f"{at.tag} names no commit", "Release a new version.")
    return passed("tag", f"{at.tag} is commit {at.commit[:12]}")


def check_on_main(at: Snapshot) -> Gate:
    """Refuse a commit that is not in the history of the default branch."""
    if at.on_main is None:
        return unclear(
            "on-main",
            f"this clone cannot tell whether {at.tag} is on {at.main}",
            "Run: git fetch --unshallow --tags (or git fetch --tags)",
        )
    if not at.on_main:
        return refused(
            "on-main",
            f"{at.tag} is not on {at.main}",
            f"Merge it into {at.main} and release a new version.",
        )
    return passed("on-main", f"{at.tag} is on {at.main}")


def check_release(at: Snapshot) -> Gate:
    """Refuse unless a release of this very commit is published."""
    again = "Finish the release: ./inv release"
    match at.release:
        case NotAsked():
            return not_asked("release")
        case Unknown(reason=reason):
            return unclear("release", reason, "Run again once GitHub answers.")
        case Absent():
            return refused("release", f"{at.tag} has no published release.json", again)
        case ReleaseRecord(commit=commit) if commit != at.commit:
            tagged = at.commit or "no commit"
            return refused(
                "release",
                f"release.json of {at.tag} is for {commit[:12]}, not {tagged[:12]}",
                "Never use this version again: release a new one.",
            )
        case ReleaseRecord():
            return passed("release", f"{at.tag} is published")


def check_images(at: Snapshot) -> Gate:
    """Refuse unless every image is there with the released digest."""
    if isinstance(at.images, NotAsked):
        return not_asked("images")
    if not at.images:
        return unclear("images", "the release names no image", "Check release.json.")
    wrong, silent = _sort_out(at.images)
    if wrong:
        return refused(
            "images",
            "; ".join([*wrong, *silent]),
            "Repair the release (./inv release), or release a new version.",
        )
    if silent:
        return unclear(
            "images",
            f"cannot prove, refusing: {'; '.join(silent)}",
            "Run again once the registry answers.",
        )
    services = dict.fromkeys(fact.service for fact in at.images)
    return passed("images", f"{', '.join(services)}: there, with the released digests")


def check_environment(at: Snapshot) -> Gate:
    """Warn unless the GitHub Environment is set up as platform.toml says."""
    name = at.environment.name
    open_door = ": nobody approves this move" if at.environment.reviewers else ""
    match at.protection:
        case NotAsked():
            return not_asked("environment")
        case Unknown(reason=reason):
            return _warning(
                f"cannot see the GitHub Environment {name}: {reason}",
                "./inv doctor says what the token may see.",
            )
        case Protection(exists=False):
            return _warning(
                f"there is no GitHub Environment {name}{open_door}",
                "./inv init makes the Environments.",
            )
        case Protection(reviewers=False) if at.environment.reviewers:
            return _warning(
                f"the GitHub Environment {name} asks for no approval{open_door}",
                "Add reviewers to it; they need a public repository or a paid plan.",
            )
        case Protection():
            return passed("environment", f"the GitHub Environment {name} is set up")


def _sort_out(facts: Iterable[ImageFact]) -> tuple[list[str], list[str]]:
    wrong, silent = [], []
    for fact in facts:
        name = f"{fact.image}:{fact.tag}"
        match fact.answer:
            case Found(digest=digest):
                if digest != fact.wanted:
                    wrong.append(f"{name} is {digest}, released was {fact.wanted}")
            case Absent():
                wrong.append(f"{name} is not in the registry")
            case Unknown(reason=reason):
                silent.append(f"{name}: {reason}")
    return wrong, silent


def _warning(detail: str, fix: str) -> Gate:
    return Gate(name="environment", status="warning", detail=detail, fix=fix)


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
            known = name in _ALL_NAMES
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
