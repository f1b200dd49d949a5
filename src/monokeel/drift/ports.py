"""What drift needs from the outside."""

from dataclasses import dataclass
from typing import Protocol

from monokeel.ground.answers import Json, Unknown
from monokeel.policy.ports import Rulesets
from monokeel.promotion import ports as promotion
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
    promotion: promotion.Outside
