"""What releasing needs of the outside, each thing stated once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from monokeel.ground.answers import ImageAnswer, Unknown
from monokeel.ground.clone import Clone
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.release.commits import Merge
from monokeel.release.record import GitHubRelease

WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)  # until what was accepted is shown


class Releases(Protocol):
    """The releases on GitHub, drafts included."""

    def listed(self) -> tuple[GitHubRelease, ...]:
        """Return every release and draft that the token may see."""

    def published(self, tag: str) -> GitHubRelease | None:
        """Return the published release of *tag*."""

    def create_draft(self, tag: str, *, title: str, body: str) -> GitHubRelease:
        """Create a draft; there may be others of the same tag."""

    def attach(self, release: GitHubRelease, content: bytes) -> None:
        """Upload ``release.json``; refused when *release* has one."""

    def file_of(self, release: GitHubRelease) -> str | None:
        """Return the text of the ``release.json`` of *release*, if it has one."""

    def publish(
        self, release: GitHubRelease, *, title: str, body: str, latest: bool
    ) -> None:
        """Publish a draft with this title and text."""

    def delete(self, release: GitHubRelease) -> None:
        """Delete a draft."""


class ImageTags(Protocol):
    """What is in the registry; images are such as ``acme/shop/api``, without host."""

    def look_up_all(self, names: Sequence[tuple[str, str]]) -> list[ImageAnswer]:
        """Say what is at each (image, tag), in that order, asked at the same time."""


class Images(ImageTags, Protocol):
    """The container images in the registry."""

    def settled_all(self, names: Sequence[tuple[str, str]]) -> list[ImageAnswer]:
        """Say it as look_up_all does; "not there" only after some more looks."""

    def look_up(self, image: str, tag: str) -> ImageAnswer:
        """Say what is at *tag* (or digest) of *image*."""

    def may_push_all(self, images: Sequence[str]) -> list[bool | Unknown]:
        """Say of each whether an upload would be accepted; leave nothing there."""

    def give_tag(
        self, image: str, digest: str, tag: str, *, moving: bool = False
    ) -> None:
        """Put *digest* under *tag*; only a *moving* tag leaves another digest."""


class Silent:
    """A part of the outside that cannot be asked, for *reason*."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __getattr__(self, name: str) -> NoReturn:
        """Raise ServiceError, whatever *name* is."""
        raise ServiceError(self._reason)


def _unbuilt(*_: str) -> NoReturn:
    raise ServiceError("nothing is built here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that a release reads and writes.

    A part that cannot be asked is Silent, with the reason. *build* makes the image of
    (service, commit), pushes it and returns its digest; *wait* lets seconds pass.
    *merge* says that HEAD is no commit of a branch yet. *waiting* returns the page of a
    release run that waits to begin on (commit, branch), empty if there is none.
    *server* is where notes link to; *misplaced*: not all names of the repository agree.
    """

    history: Clone
    remote: Clone
    releases: Releases
    images: Images
    build: Callable[[str, str], str] = _unbuilt
    wait: Callable[[float], None] = lambda _: None
    merge: Merge | None = None
    waiting: Callable[[str, str], str] = lambda _commit, _branch: ""
    server: str = "https://github.com"
    misplaced: RefusedError | None = None


def offline(history: Clone, reason: str) -> Outside:
    """Return the clone alone: whatever else there is is not asked, for *reason*."""
    silent = Silent(reason)
    return Outside(history=history, remote=silent, releases=silent, images=silent)
