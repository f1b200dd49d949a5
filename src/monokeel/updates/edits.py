"""What a repository says of its template, and what the template makes of answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from monokeel.ground.answers import Json
from monokeel.ground.version import newest_first
from monokeel.updates.merge import Tree

ANSWERS_FILE = ".copier-answers.yml"
_RELEASE = re.compile(r"v(\d+\.\d+\.\d+)\Z")


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
    """A pristine render: path → file, and the answers as it recorded them.

    *folder* is where it stands, for comparisons that need files.
    """

    folder: str
    files: Tree
    answers: Mapping[str, Json]


def newest(tags: tuple[str, ...]) -> str | None:
    """Return the highest version (``1.10.0``) of *tags* ``vX.Y.Z``."""
    versions = [tag.removeprefix("v") for tag in tags if _RELEASE.match(tag)]
    return next(iter(newest_first(versions)), None)


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
