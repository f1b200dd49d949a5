"""What drift needs from the outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monokeel.ground.answers import Unknown
from monokeel.policy.ports import FileVersion, Rulesets
from monokeel.promotion.facts import Protection
from monokeel.promotion.records import BranchMove, Listed, Status
from monokeel.release.artifact import Images
from monokeel.release.record import GitHubRelease, ReleaseRecord
from monokeel.setup.ports import Repository


class Refs(Protocol):
    """The remote of the clone."""

    def remote_refs(self) -> dict[str, str]:
        """Return full ref name → peeled commit."""


class History(Protocol):
    """The history of the clone."""

    def versions_of(self, path: str, most: int) -> tuple[FileVersion, ...]:
        """Return the *most* newest versions of *path*, newest first."""


class Records(Protocol):
    """The records of promotion on GitHub."""

    def now(self) -> datetime:
        """Return GitHub's time."""

    def newest(self, environments: Sequence[str]) -> Listed:
        """Return our newest records."""

    def statuses(self, ids: Sequence[int]) -> Mapping[int, tuple[Status, ...]]:
        """Return record id → its statuses, oldest first."""

    def branch_moves(self, branch: str) -> tuple[BranchMove, ...]:
        """Return the moves of *branch* that GitHub saw itself, newest first."""

    def protection(self, environment: str) -> Protection | Unknown:
        """Say whether the GitHub Environment is there and asks for an approval."""


class Releases(Protocol):
    """The releases on GitHub."""

    def published(self, tag: str) -> GitHubRelease | None:
        """Return the published release of *tag*, ``None`` if there is none."""

    def record_of(self, release: GitHubRelease) -> ReleaseRecord | None:
        """Return what the ``release.json`` of *release* says."""


class OwnIssue(Protocol):
    """An issue that we opened."""

    @property
    def number(self) -> int:
        """Its number."""

    @property
    def is_open(self) -> bool:
        """Whether it is open."""

    @property
    def body(self) -> str:
        """Its text."""


class Issues(Protocol):
    """The issues that we opened; nobody else's are ever touched."""

    def newest(self, marker: str) -> OwnIssue | None:
        """Return our open issue with *marker*, else the newest closed one."""

    def create(self, marker: str, *, title: str, body: str) -> int:
        """Open an issue and return its number."""

    def change(self, number: int, marker: str, *, title: str, body: str) -> None:
        """Give an issue another text; one that is closed opens again."""

    def comment(self, number: int, text: str) -> None:
        """Comment on an issue."""

    def close(self, marker: str, *, comment: str) -> int | None:
        """Close the issue; ``None`` if none is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that drift reads."""

    rulesets: Rulesets
    repository: Repository
    refs: Refs
    history: History
    records: Records
    releases: Releases
    images: Images
