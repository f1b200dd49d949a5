"""May this version go to this environment? One pure function for each gate."""

from dataclasses import dataclass
from typing import Literal

from monokeel.ground.answers import Absent, Unknown
from monokeel.ground.version import is_prerelease
from monokeel.ground.words import span
from monokeel.promotion.facts import MoveFacts, NotAsked
from monokeel.promotion.ports import Protection
from monokeel.release.record import ReleaseRecord

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


def check_version(at: MoveFacts) -> Gate:
    """Refuse a pre-release where the environment takes none."""
    if is_prerelease(at.version) and not at.environment.prerelease:
        return refused(
            "version",
            f"{at.version} is a pre-release, and {at.environment.name} takes none",
            "Promote a full release.",
        )
    return passed("version", f"{at.version} may go to {at.environment.name}")


def check_on_main(at: MoveFacts) -> Gate:
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


def check_release(at: MoveFacts) -> Gate:
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
            return refused(
                "release",
                f"release.json of {at.tag} is for {commit[:12]}, not {at.commit[:12]}",
                "Never use this version again: release a new one.",
            )
        case ReleaseRecord():
            return passed("release", f"{at.tag} is published")


def check_images(at: MoveFacts) -> Gate:
    """Refuse unless every image is there with the released digest."""
    if isinstance(at.artifact, NotAsked):
        return not_asked("images")
    wrong, silent = at.artifact.wrong, at.artifact.unclear
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
    if not at.artifact.images:
        return unclear("images", "the release names no image", "Check release.json.")
    services = ", ".join(at.artifact.services)
    return passed("images", f"{services}: there, with the released digests")


def check_environment(at: MoveFacts) -> Gate:
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


def _warning(detail: str, fix: str) -> Gate:
    return Gate(name="environment", status="warning", detail=detail, fix=fix)


def check_order(at: MoveFacts) -> Gate:
    """Refuse unless the version has been good in the previous environment."""
    if at.previous is None or at.before is None:
        return passed("order", f"{at.environment.name} is the first environment")
    before = at.previous.name
    first = f"First: ./inv promote --env {before} --version {at.version}"
    match at.before.outcome:
        case "good":
            return passed("order", f"{at.version} is or was good in {before}")
        case "rolled_back":
            return refused(
                "order",
                f"{at.version} was rolled back in {before}: {at.before.why}",
                'Promote another version, or --override order="why".',
            )
        case "unconfirmed":
            return refused(
                "order", f"the move of {before} to {at.version} is unconfirmed", first
            )
        case "never":
            return refused("order", f"{at.version} has not been in {before}", first)


def check_soak(at: MoveFacts) -> Gate:
    """Refuse unless it was live long enough in the previous environment."""
    if at.previous is None or at.before is None:
        return passed("soak", f"{at.environment.name} is the first environment")
    wanted, lived = at.environment.soak, at.before.live_for
    said = f"live in {at.previous.name} for {span(lived)} of {span(wanted)}"
    if lived >= wanted:
        return passed("soak", said if wanted else "none asked for")
    if not at.before.live:
        return refused("soak", f"{said}, and no longer", 'Or --override soak="why".')
    earliest = at.now + (wanted - lived)
    return refused(
        "soak",
        f"{said}; {span(wanted - lived)} left, earliest {earliest:%Y-%m-%d %H:%MZ}",
        'Wait, or --override soak="why".',
    )


def check_freeze(at: MoveFacts) -> Gate:
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


def check_hold(at: MoveFacts) -> Gate:
    """Refuse while somebody has stopped all promotions."""
    if not at.hold:
        return passed("hold", "none")
    return refused(
        "hold",
        f"all promotions are on hold: {at.hold}",
        'Empty the variable PROMOTE_HOLD, or --override hold="why".',
    )


def check_downgrade(at: MoveFacts) -> Gate:
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


def _check_nothing_to_leave(at: MoveFacts) -> Gate:
    name = at.environment.name
    if at.pointer is not None:
        return passed("downgrade", f"{name} is at {at.version} already")
    if at.rollback:
        return refused("downgrade", f"nothing is in {name} yet", "Promote to it first.")
    return passed("downgrade", f"the first promotion to {name}")
