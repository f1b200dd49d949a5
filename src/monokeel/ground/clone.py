"""The clone and its remote, as every room asks them; each question stated once.

Commits are 40 lower-case hex digits. What nobody can tell is a ServiceError.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from monokeel.ground.answers import RefAnswer, RemoteRef


class Log(Protocol):
    """The commits since some commit."""

    @property
    def reached(self) -> bool:
        """Say, after all were read, whether history leads to where they begin."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield (commit, message), newest first."""


class Clone(Protocol):
    """The clone at hand, whose files nothing changes, and the refs on its remote."""

    def head(self) -> str:
        """Return the commit that is checked out."""

    def branch(self) -> str | None:
        """Return the branch that is checked out, ``None`` on a detached HEAD."""

    def branch_tip(self, name: str) -> str | None:
        """Return the commit of branch *name* as last seen on the remote, else here."""

    def is_shallow(self) -> bool:
        """Say whether history is cut off."""

    def known(self, commits: Collection[str]) -> set[str]:
        """Return those of *commits* that this clone has."""

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names here, or ``None``."""

    def commit_time(self, commit: str) -> datetime:
        """Return when *commit* was made; ServiceError if the clone does not have it."""

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Say whether *ancestor* is *commit* or stands in its history."""

    def log(self, since: str | None, commit: str) -> Log:
        """Return the commits from *commit* back to the commit *since*."""

    def file_at(self, commit: str, path: str) -> str | None:
        """Return the text of *path* in *commit*, ``None`` if it has no such file."""

    def tree_of(self, commit: str, path: str) -> str | None:
        """Return the object id of *path* in *commit*, ``None`` if it is not there."""

    def tags(self, merged: str | None = None) -> dict[str, str]:
        """Return tag name → commit; only those in the history of *merged*."""

    def written_address(self) -> str | None:
        """Return the remote's address as the clone has it, before ``insteadOf``."""

    def remote_objects(self, prefixes: Collection[str] = ...) -> dict[str, RemoteRef]:
        """Return ref → what it names on the remote; by default of branches and tags."""

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        """Return full ref name → commit of the remote's refs under *prefixes*."""

    def tag_message(self, ref: str, at: RemoteRef) -> str | None:
        """Return the message of the annotated tag *ref*, ``None`` of another ref."""

    def fetch(self) -> None:
        """Bring the remote's branches and tags into the clone."""

    def fetch_commit(self, commit: str) -> None:
        """Bring *commit* into the clone, on no branch."""

    def create_tag(self, ref: str, *, commit: str, message: str) -> RefAnswer:
        """Create *ref* on *commit* if it is not there; believe the server in Moved."""

    def move_ref(self, ref: str, *, old: str | None, new: str | None) -> RefAnswer:
        """Point *ref* at the object *new* if it is at *old*; ``None`` is absent."""
