"""What drift needs from the outside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from monokeel.ground.answers import FileVersion
from monokeel.policy.ports import Rulesets
from monokeel.promotion import ports as promotion
from monokeel.setup.ports import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnIssue:
    """An issue that we opened: *body* ends with its marker."""

    number: int
    is_open: bool
    title: str
    body: str


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
    """Everything that drift reads.

    *versions_of* gives the newest versions of a file of the clone, so many at most;
    *copy_of* the ``release.json`` of the release of a tag, ``None`` without one.
    """

    rulesets: Rulesets
    repository: Repository
    versions_of: Callable[[str, int], tuple[FileVersion, ...]]
    copy_of: Callable[[str], str | None]
    promotion: promotion.Outside
