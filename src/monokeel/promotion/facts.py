"""What the gates of a promotion look at, read at one moment."""

from dataclasses import dataclass
from datetime import datetime

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.settings import Environment, Freeze
from monokeel.promotion.track_record import Trial
from monokeel.release.record import ReleaseRecord


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
