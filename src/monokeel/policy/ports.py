"""What the rooms need of a repository's rulesets on GitHub."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from monokeel.ground.answers import Json
from monokeel.policy.refusal import Refusal
from monokeel.policy.rulesets import Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version in a ruleset's history; *actor_type* is ``User`` or another."""

    id: int
    updated_at: str
    actor_id: int
    actor_type: str


class Rulesets(Protocol):
    """The rulesets of *repository* (``owner/repo``) on GitHub."""

    repository: str

    def read_all(self) -> tuple[tuple[Ruleset, ...], tuple[str, ...]]:
        """Return its own rulesets, and those from above, not ours to change.

        The latter as ``name (organization)``. ServiceError if one is unreadable.
        """

    def named(self, name: str) -> tuple[int, ...]:
        """Return the ids of the rulesets called *name*."""

    def read(self, number: int) -> Ruleset:
        """Return one ruleset as it is now."""

    def create(self, body: Mapping[str, Json]) -> int | Refusal:
        """Create a ruleset; ServiceError when the answer got lost."""

    def update(self, number: int, body: Mapping[str, Json]) -> Refusal | None:
        """Replace a ruleset's members; ServiceError when the answer got lost."""

    def delete(self, number: int) -> Refusal | None:
        """Delete a ruleset."""

    def history(self, number: int) -> tuple[Version, ...]:
        """Return the versions of a ruleset, newest first."""

    def state_at(self, number: int, version: int) -> dict[str, Json]:
        """Return a ruleset as it was at one version."""

    def name_of(self, kind: str, number: int) -> str | None:
        """Return the name of a ``User``, ``Team`` or ``Integration``.

        ``""`` for one that is not there, ``None`` if nobody may know it.
        """

    def owner_is_person(self) -> bool:
        """Say whether the repository belongs to a person, not to an organization."""
