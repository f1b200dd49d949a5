"""What following the template needs of the outside."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from monokeel.ground.answers import Declined, Json
from monokeel.updates.merge import File, Merged, Render, Tree
from monokeel.updates.records import Leftovers, Recorded

# Path → mode and blob, as git lists a file: "100755 3d3c42e5…".
Listing = Mapping[str, str]


class Versions(Protocol):
    """What is recorded, and offered; *moved*: where the server says it is now."""

    moved: str

    def recorded(self) -> Recorded:
        """Return source, version and answers as the repository has them."""

    def address(self) -> str:
        """Return where the template is read from."""

    def versions(self) -> tuple[str, ...]:
        """Return the versions with the recorded one; commits where none is tagged."""

    def notes(self, current: str, version: str) -> str:
        """Return what the template says of those after *current*, to *version*."""

    def compared(self, current: str, version: str) -> str:
        """Return what differs in a render of *version*: a line a file, and the sum."""

    def leftovers(self) -> Leftovers:
        """Return what earlier updates left open in the repository."""


class Issues(Protocol):
    """The one issue that speaks of template updates, found by a marker."""

    def keep_open(self, marker: str, *, title: str, body: str) -> int:
        """Open the issue, or bring it up to date; return its number."""

    def close(self, marker: str, *, comment: str) -> int | None:
        """Close the issue; return its number, ``None`` if none is open."""


class Template(Versions, Protocol):
    """The template: its questions, and its pristine renders."""

    def questions(self, version: str) -> frozenset[str]:
        """Return the names of the questions that *version* asks."""

    def render(self, version: str, answers: Mapping[str, Json]) -> Render:
        """Return what a new repository gets from *version*."""

    def seeds(self, version: str, paths: Collection[str]) -> frozenset[str]:
        """Return those of *paths* that belong to the team once they are written."""

    def renamed(self, old: Render, new: Render) -> dict[str, str]:
        """Return old path → new path of the files that the template renamed."""


class Commits(Protocol):
    """What made the commits of the clone."""

    def is_ours(self, commit: str) -> bool:
        """Say whether an update made *commit*, and nobody changed it."""

    def same_files(self, commit: str, other: str) -> bool:
        """Say whether both commits have the same files and the same parent."""


class Repository(Commits, Protocol):
    """The commits of the clone, and its branches."""

    def head(self) -> str:
        """Return the commit that is checked out."""

    def listed(self, commit: str) -> Listing:
        """Return mode and blob of every file of *commit*."""

    def files(self, commit: str, paths: Iterable[str]) -> Tree:
        """Return those of *paths* that *commit* has."""

    def commit(
        self, parent: str, changes: Mapping[str, File | None], message: str
    ) -> str:
        """Return a new commit on *parent* with *changes*."""

    def branch(self, name: str) -> str | None:
        """Return the commit of the local branch *name*."""

    def merge(self, team: bytes, old: bytes, new: bytes) -> Merged | None:
        """Return the three-way merge, conflicts to the team; ``None`` for no text."""

    def is_part_of(self, commit: str, other: str) -> bool:
        """Say whether *commit* is in the history of *other*."""


class Pulls(Protocol):
    """The pull requests of the repository, to its default branch."""

    def open_from(self, prefix: str) -> Mapping[str, int]:
        """Return branch → number of those open from branches with *prefix*."""

    def rejected(self, branch: str) -> int | None:
        """Return the number of the last one of *branch*, if closed unmerged."""

    def create(self, branch: str, *, title: str, body: str) -> int | Declined:
        """Open a pull request from *branch* and return its number."""

    def edit(self, number: int, *, title: str, body: str) -> None:
        """Give a pull request another title and body."""

    def close(self, number: int, *, comment: str) -> None:
        """Close a pull request, saying why."""


class Files(Protocol):
    """The files of the repository."""

    def on_disk(self, paths: Iterable[str]) -> Listing:
        """Return mode and blob of those of *paths* that are on disk."""

    def in_index(self, paths: Iterable[str]) -> Listing:
        """Return mode and blob of those of *paths* that git's index has."""

    def contents(self, paths: Iterable[str]) -> Mapping[str, tuple[bytes, ...]]:
        """Return what *paths* hold on disk and in git's index."""


class Release(Protocol):
    """The recorded release of the template."""

    def name(self) -> str:
        """Return tag and address, ``v1.4.0 of https://…``."""

    def delivered(self) -> Listing:
        """Return mode and blob of its managed files; ServiceError if out of reach."""

    def contents(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the content of those of its files."""
