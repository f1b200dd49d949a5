"""What drift needs from the outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monokeel.ground.answers import Json, Unknown
from monokeel.policy.ports import Rulesets
from monokeel.promotion.facts import Protection
from monokeel.promotion.records import BranchMove, Listed, Status
from monokeel.release.artifact import Images
from monokeel.release.record import GitHubRelease, ReleaseRecord
from monokeel.setup.ports import DeployKey


class Repository(Protocol):
    """The settings of the repository on GitHub."""

    def get_repository(self) -> dict[str, Json]:
        """Return the repository; what the token may not see is left out."""

    def deploy_keys(self) -> tuple[DeployKey, ...] | Unknown:
        """Return the deploy keys."""

    def immutable_releases(self) -> bool | Unknown:
        """Say whether new releases are locked."""

    def newest_release_is_immutable(self) -> bool:
        """Say whether the latest release is locked."""

    def classic_protection(self, branch: str) -> bool | Unknown:
        """Say whether classic branch protection stands beside the rulesets."""


class Refs(Protocol):
    """The remote of the clone."""

    def remote_refs(self) -> dict[str, str]:
        """Return full ref name → peeled commit."""


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


class Issues(Protocol):
    """The one issue that is open while drift lasts."""

    def keep_open(self, marker: str, *, title: str, body: str) -> int:
        """Open the issue, or bring it up to date; return its number."""

    def close(self, marker: str, *, comment: str) -> int | None:
        """Close the issue; ``None`` if none is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that drift reads."""

    rulesets: Rulesets
    repository: Repository
    refs: Refs
    records: Records
    releases: Releases
    images: Images
