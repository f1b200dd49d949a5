"""May this version go to this environment? One pure function for each gate."""

from dataclasses import dataclass
from typing import Literal

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.version import is_prerelease
from monokeel.ground.words import span
from monokeel.promotion.facts import MoveFacts, NotAsked
from monokeel.promotion.ports import Protection
from monokeel.release.artifact import Artifact
from monokeel.release.record import ReleaseRecord

GateStatus = Literal[
    "ok", "refused", "unknown", "not_asked", "overridden", "skipped", "warning"
]

_FETCH = "Run: git fetch --unshallow --tags (or git fetch --tags)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The answer of one gate: *detail* names the fact, *fix* the way on.

    The table of gates gives the *name*.
    """

    name: str = ""
    status: GateStatus
    detail: str
    fix: str = ""


def passed(detail: str) -> Gate:
    """Return that a gate lets it pass."""
    return Gate(status="ok", detail=detail)


def refused(detail: str, fix: str) -> Gate:
    """Return that a gate says no; *fix* says how to go on."""
    return Gate(status="refused", detail=detail, fix=fix)


def unclear(detail: str, fix: str) -> Gate:
    """Return that a gate cannot tell; *fix* says how it could."""
    return Gate(status="unknown", detail=detail, fix=fix)


def not_asked() -> Gate:
    """Return that nobody asked."""
    return Gate(status="not_asked", detail="")


def check_version(at: MoveFacts) -> Gate:
    """Refuse a pre-release where the environment takes none."""
    if is_prerelease(at.version) and not at.environment.prerelease:
        return refused(
            f"{at.version} is a pre-release, and {at.environment.name} takes none",
            "Promote a full release.",
        )
    return passed(f"{at.version} may go to {at.environment.name}")


def check_line(at: MoveFacts) -> Gate:
    """Refuse a commit that is in the history of no line of releases."""
    lines = ", ".join(at.lines)
    if at.on_line is None:
        return unclear(f"this clone cannot tell whether {at.tag} is on {lines}", _FETCH)
    if at.on_line:
        return passed(f"{at.tag} is on {lines}")
    if at.rollback and at.here.outcome == "good":
        return passed(f"{at.tag} is not on {lines}, and was good here before")
    return refused(
        f"{at.tag} is not on {lines}",
        f"Merge it into {at.lines[0]} and release a new version, or name its branch in"
        " [release] lines.",
    )


def check_blocked(at: MoveFacts) -> Gate:
    """Refuse a version that somebody knows to be bad."""
    if not at.blocked:
        return passed("no")
    return refused(
        f"{at.version} is blocked: {at.blocked}",
        "Promote another version, or take it out of [promotion] blocked.",
    )


def check_release(at: MoveFacts) -> Gate:
    """Refuse unless the tag carries the record of a release of this very commit."""
    match at.release:
        case NotAsked():
            return not_asked()
        case Unknown(reason=reason):
            return unclear(reason, "Run again once the remote answers.")
        case Absent():
            return refused(
                f"the tag {at.tag} carries no record of a release",
                "It was made before Monokeel came, or by hand: release a new version"
                " (./inv release).",
            )
        case ReleaseRecord():
            return passed(f"{at.tag} carries its record")


def check_images(at: MoveFacts) -> Gate:
    """Refuse unless every image is there with the released digest."""
    if isinstance(at.artifact, NotAsked):
        return not_asked()
    wrong, silent = at.artifact.wrong, at.artifact.unclear
    if wrong:
        return refused("; ".join([*wrong, *silent]), _image_fix(at.artifact))
    if silent:
        return unclear(
            f"cannot prove, refusing: {'; '.join(silent)}",
            "Run again once the registry answers.",
        )
    if not at.artifact.images:
        return unclear("the release names no image", "Read the message of the tag.")
    services = ", ".join(at.artifact.services)
    return passed(f"{services}: there, with the released digests")


def _image_fix(artifact: Artifact) -> str:
    # The version still names the very digest: only the other tag was cleaned up.
    whole = {each.image for each in artifact.images if isinstance(each.answer, Found)}
    lost = [each for each in artifact.images if isinstance(each.answer, Absent)]
    if len(lost) != len(artifact.wrong) or not all(e.image in whole for e in lost):
        return "Repair the release (./inv release), or release a new version."
    full = {each.service: each.image for each in artifact.record.images}
    return "Give the tag back: " + " && ".join(
        f"docker buildx imagetools create --tag {full[each.service]}:{each.tag}"
        f" {full[each.service]}@{each.released}"
        for each in lost
    )


def check_order(at: MoveFacts) -> Gate:
    """Refuse unless the version has been good in the previous environment."""
    if at.previous is None or at.before is None:
        return passed(f"{at.environment.name} is the first environment")
    before = at.previous.name
    first = f"First: ./inv promote --env {before} --version {at.version}"
    match at.before.outcome:
        case "good":
            return passed(f"{at.version} is or was good in {before}")
        case "rolled_back":
            return refused(
                f"{at.version} was rolled back in {before}: {at.before.why}",
                'Promote another version, or --override order="why".',
            )
        case "unconfirmed" | "never" if at.unchecked:
            return unclear(at.unchecked, "Use a token that may read the activity.")
        case "unconfirmed":
            return refused(
                f"the move of {before} to {at.version} is unconfirmed", first
            )
        case "never":
            return refused(f"{at.version} has not been in {before}", first)


def check_soak(at: MoveFacts) -> Gate:
    """Refuse unless it was live long enough in the previous environment."""
    if at.previous is None or at.before is None:
        return passed(f"{at.environment.name} is the first environment")
    wanted, lived = at.environment.soak, at.before.live_for
    said = f"live in {at.previous.name} for {span(lived)} of {span(wanted)}"
    if lived >= wanted:
        return passed(said if wanted else "none asked for")
    if not at.before.live:
        return refused(f"{said}, and no longer", 'Or --override soak="why".')
    earliest = at.now + (wanted - lived)
    return refused(
        f"{said}; {span(wanted - lived)} left, earliest {earliest:%Y-%m-%d %H:%MZ}",
        'Wait, or --override soak="why".',
    )


def check_setback(at: MoveFacts) -> Gate:
    """Refuse a version that was taken back in this very environment."""
    if at.here.outcome != "rolled_back" or at.here.ended is None:
        return passed("none")
    return refused(
        f"{at.version} was rolled back here {span(at.now - at.here.ended)} ago:"
        f" {at.here.why}",
        'Promote another version, or --override setback="why".',
    )


def check_freeze(at: MoveFacts) -> Gate:
    """Refuse while a freeze window of this environment is open."""
    if not at.frozen:
        return passed("none")
    end, reason = max(at.frozen)
    return refused(
        f"{at.environment.name} is frozen until {end:%Y-%m-%d %H:%MZ}: {reason}",
        'Wait, or --override freeze="why".',
    )


def check_hold(at: MoveFacts) -> Gate:
    """Refuse while somebody has stopped all promotions."""
    if isinstance(at.hold, Unknown):
        return unclear(
            f"nobody can tell whether promotions are on hold: {at.hold.reason}",
            'Let the token read variables, or --override hold="why".',
        )
    if not at.hold:
        return passed("none")
    return refused(
        f"all promotions are on hold: {at.hold}",
        'Empty the variable PROMOTE_HOLD, or --override hold="why".',
    )


def check_downgrade(at: MoveFacts) -> Gate:
    """Refuse to move back without a rollback, or forward with one."""
    name, there = at.environment.name, at.left_version or (at.left or "")[:12]
    if at.direction is None:
        said = f"cannot tell whether {at.version} is newer than {there}"
        return unclear(f"this clone {said}", _FETCH)
    if at.direction == "first" and at.rollback:
        return refused(f"nothing is in {name} yet", "Promote to it first.")
    if at.direction == "forward" and at.rollback:
        return refused(
            f"{at.version} is newer than {there}: this is no rollback",
            "Leave out --rollback.",
        )
    if at.direction == "back" and not at.rollback:
        place = "the last" if at.pointer is None else "which is"
        return refused(
            f"{at.version} is older than {there}, {place} in {name}", _way_back(at)
        )
    return passed(
        {
            "first": f"the first promotion to {name}",
            "same": f"{name} is at {at.version} already",
        }.get(at.direction, f"{there} -> {at.version}")
    )


def _way_back(at: MoveFacts) -> str:
    restore = f"./inv promote --env {at.environment.name} --version {at.left_version}"
    if at.pointer is None and at.left_version:
        return f"Put back what was there: {restore}"
    if not at.left_version:
        return (
            f"env/{at.environment.name} was moved by hand to no release; back to"
            f" {at.version}: add --rollback."
        )
    return "To move back on purpose add --rollback."


def check_approval(at: MoveFacts) -> Gate:
    """Refuse where platform.toml wants an approval and GitHub asks for none."""
    name, wanted = at.environment.name, at.environment.reviewers
    match at.protection:
        case NotAsked():
            return not_asked()
        case Unknown(reason=reason):
            said = f"cannot see the GitHub Environment {name}: {reason}"
            fix = "./inv doctor says what the token may see."
            return unclear(said, fix) if wanted else _warning(said, fix)
        case Protection(exists=False):
            said = f"there is no GitHub Environment {name}"
            fix = "./inv init makes the Environments."
            return (
                refused(f"{said}: nobody approves", fix)
                if wanted
                else (_warning(said, fix))
            )
        case Protection(reviewers=False) if wanted:
            return refused(
                f"the GitHub Environment {name} asks for no approval:"
                " nobody approves this move",
                "Add reviewers to it; they need a public repository or a paid plan.",
            )
        case Protection():
            return passed(f"the GitHub Environment {name} is set up")


def check_push(at: MoveFacts) -> Gate:
    """Refuse what GitHub would certainly refuse, before a record is written."""
    if not at.push_refusal:
        return passed("nothing speaks against it")
    ref = f"refs/heads/env/{at.environment.name}"
    return refused(
        at.push_refusal,
        "Push with the deploy key (MONOKEEL_DEPLOY_KEY). By hand, whoever has it:"
        f" git push --force-with-lease={ref}:{at.pointer or ''}"
        f" git@github.com:{at.repository}.git {at.commit}:{ref}",
    )


def _warning(detail: str, fix: str) -> Gate:
    return Gate(status="warning", detail=detail, fix=fix)
