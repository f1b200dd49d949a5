"""What an update needs from the outside."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from monokeel.commands.template.check import Versions
from monokeel.core.lookup import Json
from monokeel.core.upgrade import Render


class Template(Versions, Protocol):
    """The template: pristine renders, and Copier's own update."""

    def questions(self, version: str) -> frozenset[str]:
        """Return the names of the questions that tag *version* asks."""

    def render(self, version: str, answers: Mapping[str, Json]) -> Render:
        """Return what a new repository gets from tag *version*."""

    def apply(self, version: str, answers: Mapping[str, Json]) -> None:
        """Let Copier update the working tree to tag *version*."""

    def merge(self, team: bytes, old: bytes, new: bytes) -> bytes | None:
        """Return the three-way merge, ``None`` on a conflict."""

    def renamed(self, old: Render, new: Render) -> dict[str, str]:
        """Return old path → new path of the files that the template renamed."""


class Tree(Protocol):
    """The working tree of the repository."""

    def is_clean(self) -> bool:
        """Say whether nothing is changed, staged or untracked."""

    def branch(self) -> str:
        """Return the branch that is checked out."""

    def has_branch(self, name: str) -> bool:
        """Say whether there is a local branch *name*."""

    def start_branch(self, name: str) -> None:
        """Make branch *name* here and check it out."""

    def give_up(self, branch: str, *, back_to: str) -> None:
        """Throw *branch* away and check out *back_to*."""

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the content of those of *paths* that exist."""

    def restore(self, path: str, content: bytes) -> None:
        """Put *content* back at *path*; ends a conflict there."""

    def remove(self, path: str) -> None:
        """Delete *path*."""

    def conflicts(self) -> set[str]:
        """Return the paths that are in conflict."""

    def drop_rejects(self, path: str) -> None:
        """Delete the ``.rej`` file beside *path*."""

    def changed_paths(self) -> tuple[str, ...]:
        """Return the paths that differ from the last commit."""

    def commit(self, message: str) -> str:
        """Commit all changes and return the new commit."""
