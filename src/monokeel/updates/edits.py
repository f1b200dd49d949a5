"""A template update as values: renders, the team's edits, and what would be lost.

Copier deletes, overwrites or brings back some of a team's edits without a word; which
ones is decided here, from the pristine renders of the old and the new version.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from monokeel.ground.answers import Json
from monokeel.ground.version import newest_first

ANSWERS_FILE = ".copier-answers.yml"
_RELEASE = re.compile(r"v(\d+\.\d+\.\d+)\Z")

# (team's, old, new) → merged, or None on a conflict or for a binary file.
Merge = Callable[[bytes, bytes, bytes], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a repository says of its template: where from, which commit, answers.

    *commit* is a tag such as ``v1.2.0`` if the render was made from a release.
    """

    source: str
    commit: str
    answers: Mapping[str, Json]

    @property
    def version(self) -> str | None:
        """The version (``1.2.0``), ``None`` if it was not made from a release."""
        match = _RELEASE.match(self.commit)
        return match[1] if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Render:
    """A pristine render: path → content (without the answers file), and the answers.

    *folder* is where it stands, for comparisons that need files.
    """

    folder: str
    files: Mapping[str, bytes]
    answers: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An edit of the team's that Copier would have lost, and why.

    *renamed_to* is where the template has the file now, if it only moved it.
    """

    path: str
    reason: str
    renamed_to: str | None = None


def newest(tags: tuple[str, ...]) -> str | None:
    """Return the highest version (``1.10.0``) of *tags* ``vX.Y.Z``."""
    versions = [tag.removeprefix("v") for tag in tags if _RELEASE.match(tag)]
    return next(iter(newest_first(versions)), None)


def edits(
    here: Mapping[str, bytes], old: Render, new: Render
) -> dict[str, bytes | None]:
    """Return path → content (``None``: deleted) of what the team changed.

    *here* is what stands on disk now: files that Git ignores count.
    """
    paths = sorted({*old.files, *new.files})
    return {p: here.get(p) for p in paths if here.get(p) != old.files.get(p)}


def losses(
    mine: Mapping[str, bytes | None],
    here: Mapping[str, bytes],
    old: Render,
    new: Render,
    merge: Merge,
) -> Iterator[Kept]:
    """Yield those edits of *mine* that are gone from *here*, after Copier's update.

    A path in conflict still holds the edit and must not be in *mine*.
    """
    for path, team in sorted(mine.items()):
        now, theirs = here.get(path), new.files.get(path)
        if team in (now, theirs):
            continue  # still there, or the template has caught up
        if team is None:
            yield Kept(path=path, reason="deleted here, and the update brought it back")
        elif now is None:
            yield Kept(path=path, reason="the template deleted or renamed it")
        elif not _is_utf8(team):
            yield Kept(path=path, reason="it is no UTF-8 text, so Copier cannot merge")
        elif now == theirs and merge(team, old.files.get(path, b""), now) != now:
            yield Kept(path=path, reason="the template's version replaced it unmerged")


def strays(
    mine: Mapping[str, bytes | None],
    here: Mapping[str, bytes],
    old: Render,
    new: Render,
) -> tuple[str, ...]:
    """Return the untouched paths that are neither as the old nor as the new version.

    A seed stays as it was; everything else that nobody edited must be as rendered.
    """
    paths = sorted({*old.files, *new.files} - set(mine))
    return tuple(
        p for p in paths if here.get(p) not in (old.files.get(p), new.files.get(p))
    )


def changed_answers(
    wanted: Mapping[str, Json], rendered: Mapping[str, Json]
) -> tuple[str, ...]:
    """Return the names in *wanted* that the new version has answered otherwise.

    A question that is gone is no change.
    """
    return tuple(
        name
        for name, value in wanted.items()
        if name in rendered and rendered[name] != value
    )


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
