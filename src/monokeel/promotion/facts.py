"""The facts of one version in one environment: all that the gates judge."""

from dataclasses import dataclass
from datetime import datetime

from monokeel.ground.answers import Absent, Unknown
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Environment, Freeze, Settings
from monokeel.promotion.pointers import Pointers, descends
from monokeel.promotion.ports import Outside, Protection, Remote
from monokeel.promotion.reading import Reading
from monokeel.promotion.track_record import TrackRecord
from monokeel.release.artifact import Artifact, read_artifact
from monokeel.release.record import ReleaseRecord


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Nobody looked: ``status`` reads no release and no image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFacts:
    """What is known about moving *environment* to *version*, at *now* (GitHub's clock).

    *commit* is what *tag* peels to. *pointer* is the commit of the environment's
    branch, ``None`` before the first promotion, and *current* the version there.
    *on_main* and *descends* (from *pointer*) are ``None`` where the clone cannot tell.
    *before* is about *previous*, ``None`` without one; *here* about the environment
    itself. An *artifact* is there only where the release is of this commit.
    """

    version: str
    tag: str
    commit: str
    main: str
    environment: Environment
    now: datetime
    pointer: str | None
    current: str
    on_main: bool | None
    descends: bool | None
    here: TrackRecord
    previous: Environment | None = None
    before: TrackRecord | None = None
    release: ReleaseRecord | Absent | Unknown | NotAsked = NotAsked()
    artifact: Artifact | NotAsked = NotAsked()
    protection: Protection | Unknown | NotAsked = NotAsked()
    freezes: tuple[Freeze, ...] = ()
    hold: str = ""
    rollback: bool = False


def facts_of(
    reading: Reading, clone: Remote, version: str, environment: str, *, hold: str
) -> MoveFacts:
    """Return the facts that *reading* and *clone* hold; release and images are not."""
    settings, pointers = reading.settings, reading.pointers
    commit = pointers.releases[version]
    place, previous = reading.place(environment), reading.previous(environment)
    before = None
    if previous is not None:
        before = reading.track_record(version, previous.name)
    return MoveFacts(
        version=version,
        tag=settings.tag(version),
        commit=commit,
        main=settings.default_branch,
        environment=place.environment,
        now=reading.now,
        pointer=place.commit,
        current=place.version,
        on_main=descends(clone.is_ancestor, commit, pointers.main),
        descends=descends(clone.is_ancestor, place.commit, commit),
        here=reading.track_record(version, environment),
        previous=previous.environment if previous is not None else None,
        before=before,
        freezes=settings.freezes,
        hold=hold,
    )


def read_release(
    outside: Outside, settings: Settings, pointers: Pointers, version: str
) -> tuple[ReleaseRecord | Absent | Unknown, Artifact | NotAsked]:
    """Return the record of *version* and what the registry has of it."""
    tag = settings.tag(version)
    try:
        release = outside.releases.published(tag)
        record = outside.releases.record_of(release) if release is not None else None
    except NO_ANSWER as error:
        return Unknown(reason=error.problem), NotAsked()
    if record is None:
        return Absent(), NotAsked()
    if record.commit != pointers.releases[version]:
        return record, NotAsked()
    return record, read_artifact(record, settings, outside.images, version=version)
