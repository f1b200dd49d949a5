"""What drift needs from the outside."""

from dataclasses import dataclass
from typing import Protocol

from monokeel.ground.answers import Json, Unknown
from monokeel.policy.verdict import Change, LiveRulesets
from monokeel.promotion import ports as promotion


class Rulesets(Protocol):
    """The rulesets of the repository on GitHub."""

    def read_all(self) -> LiveRulesets:
        """Return every ruleset, with its rules; ServiceError if one is unreadable."""

    def last_change(self, number: int) -> Change | None:
        """Return who changed a ruleset last, ``None`` if we may not know."""

    def login(self, number: int) -> str | None:
        """Return the login of an account, ``None`` if nobody may know it."""


class Repository(Protocol):
    """The settings of the repository on GitHub."""

    def get_repository(self) -> dict[str, Json]:
        """Return the repository; what the token may not see is left out."""

    def write_keys(self) -> tuple[str, ...] | Unknown:
        """Return the titles of the deploy keys that may write."""

    def immutable_releases(self) -> bool | Unknown:
        """Say whether new releases are locked."""

    def newest_release_is_immutable(self) -> bool:
        """Say whether the latest release is locked."""

    def classic_protection(self, branch: str) -> bool | Unknown:
        """Say whether classic branch protection stands beside the rulesets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that drift reads."""

    rulesets: Rulesets
    repository: Repository
    promotion: promotion.Outside
