"""What the gates of a promotion look at, and what they answer about the artifact.

Version, tag, release, images and the GitHub Environment; the gates about the move
itself are in ``gates``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monokeel.core.lookup import Absent, Found, Unknown
from monokeel.core.release import ReleaseRecord
from monokeel.core.settings import Environment, Freeze
from monokeel.core.trial import Trial
from monokeel.core.version import is_prerelease

GateStatus = Literal[
    "ok", "refused", "unknown", "not_asked", "overridden", "skipped", "warning"
]


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Nobody looked: ``status`` reads no release and no image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFact:
    """What the registry has at *image*:*tag*, where *wanted* is the released digest."""

    service: str
    image: str
    tag: str
    wanted: str
    answer: Found | Absent | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """The GitHub Environment: *exists*, and asks for an approval or not."""

    exists: bool
    reviewers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that the gates look at, read at one moment, *now* (GitHub's clock).

    *commit* is what *tag* peels to, ``None`` if the tag names no commit. *pointer* is
    the commit of the environment's branch, ``None`` before the first promotion, and
    *current* the version there. *on_main* and *descends* (from *pointer*) are ``None``
    where the clone cannot tell. *trial* is about *previous*, ``None`` without one.
    """

    version: str
    tag: str
    commit: str | None
    main: str
    environment: Environment
    now: datetime
    pointer: str | None
    current: str
    on_main: bool | None
    descends: bool | None
    previous: Environment | None = None
    trial: Trial | None = None
    release: ReleaseRecord | Absent | Unknown | NotAsked = NotAsked()
    images: tuple[ImageFact, ...] | NotAsked = NotAsked()
    protection: Protection | Unknown | NotAsked = NotAsked()
    freezes: tuple[Freeze, ...] = ()
    hold: str = ""
    rollback: bool = False


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


def span(length: timedelta) -> str:
    """Return *length* for people, in its two largest units: ``3d 4h``, ``20m``."""
    seconds = int(length.total_seconds())
    parts = [
        (seconds // 86_400, "d"),
        (seconds // 3_600 % 24, "h"),
        (seconds // 60 % 60, "m"),
        (seconds % 60, "s"),
    ]
    shown = [f"{count}{unit}" for count, unit in parts if count]
    return " ".join(shown[:2]) or "0s"


def setback(trial: Trial, now: datetime) -> str:
    """Return when and why a version was rolled back, ``""`` if it was not."""
    if trial.outcome != "rolled_back" or trial.ended is None:
        return ""
    return f"rolled back {span(now - trial.ended)} ago: {trial.why}"


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
