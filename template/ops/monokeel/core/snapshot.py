"""What the gates of a promotion look at, and what each of them answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monokeel.core.lookup import Absent, Found, Unknown
from monokeel.core.release import ReleaseRecord
from monokeel.core.settings import Environment, Freeze
from monokeel.core.trial import Trial

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
