"""Is there a newer template, and who is told of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.report import Report, Section
from monokeel.ground.version import is_newer
from monokeel.updates.edits import Recorded, Render, newest

MARKER = "template-update"


class Versions(Protocol):
    """What the repository was made from, and what the template offers."""

    def recorded(self) -> Recorded:
        """Return source, version and answers as the repository has them."""

    def address(self) -> str:
        """Return where the template is read from."""

    def versions(self) -> tuple[str, ...]:
        """Return the release tags of the template."""


class Issues(Protocol):
    """The one issue that speaks of template updates, found by a marker."""

    def keep_open(self, marker: str, *, title: str, body: str) -> int:
        """Open the issue, or bring it up to date; return its number."""

    def close(self, marker: str, *, comment: str) -> int | None:
        """Close the issue; return its number, ``None`` if none is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The version here, the newest one, and where it comes from."""

    current: str
    latest: str
    source: str

    @property
    def available(self) -> bool:
        """Whether there is something newer than what is here."""
        return is_newer(self.latest, self.current)


def check(template: Versions) -> Standing:
    """Return the version here and the newest one.

    Raises RefusedError for a repository that was not made from a release, and
    ServiceError when the template shows no version.
    """
    current = released_version(template.recorded())
    latest = newest(template.versions())
    if latest is None:
        raise ServiceError(
            f"the template at {template.address()} has no version tag (vX.Y.Z)",
            fix="Check --source or TEMPLATE_SOURCE.",
        )
    return Standing(current=current, latest=latest, source=template.address())


def released_version(recorded: Recorded) -> str:
    """Return the version of *recorded*; RefusedError if it is not a released one."""
    if recorded.version is None:
        raise RefusedError(
            f"this repository was made from template commit {recorded.commit!r},"
            " which is no release",
            fix="Set _commit in .copier-answers.yml to the release it came from, such"
            " as v1.2.0, and commit that.",
        )
    return recorded.version


def follow_up(standing: Standing, issues: Issues) -> str:
    """Keep one issue open while an update is there; return a line that says so."""
    if not standing.available:
        closed = issues.close(MARKER, comment=f"Now at v{standing.current}.")
        return f"issue #{closed} is closed" if closed else "no issue is open"
    title = f"Template update available: v{standing.latest}"
    body = (
        f"This repository is at v{standing.current} of its template;"
        f" v{standing.latest} is there ({standing.source}).\n\n"
        "Run `./inv template.update`: it works on a branch and loses no edit."
    )
    return f"issue #{issues.keep_open(MARKER, title=title, body=body)} is open"


def check_report(standing: Standing, *followed: str) -> Report:
    """Return the report of *standing*, with what was done about it."""
    if standing.available:
        headline = f"Template v{standing.latest} is available; v{standing.current} here"
        lines = ("Run ./inv template.update", *followed)
    else:
        headline = f"The template is current: v{standing.current}"
        lines = followed
    return Report(
        headline=headline,
        sections=(Section(heading="", lines=(f"from {standing.source}", *lines)),),
        data={
            "verdict": "available" if standing.available else "current",
            "available": standing.available,
            "current": standing.current,
            "latest": standing.latest,
            "source": standing.source,
            "notes": list(followed),
        },
        outcome="difference" if standing.available else "done",
    )


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
