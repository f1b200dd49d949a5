"""What a promotion needs from the outside, and what it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monokeel.core.deployments import Listed, NewRecord, Record, Status
from monokeel.core.lookup import Absent, Declined, Found, Lost, Moved, Unknown
from monokeel.core.release import GitHubRelease, ReleaseRecord
from monokeel.core.snapshot import Protection


class Clone(Protocol):
    """A clone and its remote."""

    def remote_refs(self) -> dict[str, str]:
        """Return full name → peeled commit of every branch and tag on the remote."""

    def fetch(self) -> None:
        """Bring the remote's branches and tags into the clone."""

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names in the clone, or ``None``."""

    def file_at(self, commit: str, path: str) -> str | None:
        """Return the text of *path* in *commit*, ``None`` if it has no such file."""

    def tree_of(self, commit: str, path: str) -> str | None:
        """Return the object id of *path* in *commit*, ``None`` if it is not there."""

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Say whether *ancestor* is *commit* or in its history, else ServiceError."""

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        """Point *ref* at *new* if it is at *old*; ``None`` means absent."""


class Records(Protocol):
    """The deployments on GitHub, and its Environments."""

    def now(self) -> datetime:
        """Return the time of GitHub's newest answer."""

    def newest(self, environments: Sequence[str]) -> Listed:
        """Return our newest records, at least the newest of each environment."""

    def history(self, environment: str, commit: str = "") -> tuple[Record, ...]:
        """Return every record of *environment* (and *commit*), newest first."""

    def statuses(self, ids: Sequence[int]) -> Mapping[int, tuple[Status, ...]]:
        """Return record id → its statuses, oldest first."""

    def create(self, wanted: NewRecord) -> Record:
        """Make a record and return it, with the commit that GitHub resolved."""

    def settle(
        self, record: int, state: str, description: str, log_url: str = ""
    ) -> None:
        """Give *record* a state, and say why."""

    def protection(self, environment: str) -> Protection | Unknown:
        """Say whether the GitHub Environment is there and asks for an approval."""

    def approvers(self, run: str) -> tuple[str, ...]:
        """Return who approved the workflow run."""


class Releases(Protocol):
    """The releases on GitHub."""

    def published(self, tag: str) -> GitHubRelease | None:
        """Return the published release of *tag*, ``None`` if there is none."""

    def record_of(self, release: GitHubRelease) -> ReleaseRecord | None:
        """Return what the ``release.json`` of *release* says, ``None`` without one."""


class Images(Protocol):
    """The container images in the registry."""

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        """Say what is at each (image, tag), in that order, asked at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that a promotion reads and writes."""

    clone: Clone
    records: Records
    releases: Releases
    images: Images


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for; an empty *version* is for a rollback only.

    *overrides* are ``GATE=REASON`` texts. *hold* stops every promotion unless it is
    empty. *run_id* and *run_url* name the workflow run, if there is one; *by_token*
    says that the branch is pushed with a token and not with the deploy key.
    """

    environment: str
    version: str = ""
    rollback: bool = False
    reason: str = ""
    overrides: tuple[str, ...] = ()
    hold: str = ""
    actor: str = ""
    run_id: str = ""
    run_url: str = ""
    by_token: bool = False
