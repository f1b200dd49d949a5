"""What releasing needs of the outside, each thing stated once."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from monokeel.ground.answers import ImageAnswer, RefAnswer, RemoteRef, Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.release.commits import Merge
from monokeel.release.record import GitHubRelease


class Log(Protocol):
    """The commits since some commit."""

    @property
    def reached(self) -> bool:
        """Say, after all were read, whether history leads to where they begin."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield (40 hex digits, message), newest first."""


class History(Protocol):
    """The clone at hand; nothing in it is changed."""

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

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Say whether *ancestor* is *commit* or stands in its history."""

    def tags(self, merged: str | None = None) -> dict[str, str]:
        """Return tag name → commit; only those in the history of *merged*."""

    def file_at(self, commit: str, path: str) -> str | None:
        """Return the text of *path* in *commit*, ``None`` if it has no such file."""

    def log(self, since: str | None, commit: str) -> Log:
        """Return the commits from *commit* back to the commit *since*."""


class TagMessages(Protocol):
    """The messages of annotated tags on the remote."""

    def tag_message(self, ref: str, at: RemoteRef) -> str | None:
        """Return the message of the annotated tag *ref*, ``None`` of another ref."""


class Remote(TagMessages, Protocol):
    """The refs on the remote."""

    def remote_objects(self, prefixes: Collection[str]) -> dict[str, RemoteRef]:
        """Return full ref name → what it names, of the refs under *prefixes*."""

    def fetch(self) -> None:
        """Bring the remote's branches and tags into the clone."""

    def create_tag(self, ref: str, *, commit: str, message: str) -> RefAnswer:
        """Create *ref* on *commit* if it is not there; believe the server in Moved."""

    def move_ref(self, ref: str, *, old: str | None, new: str | None) -> RefAnswer:
        """Point *ref* at the object *new* if it is at *old*; ``None`` is absent."""


class Releases(Protocol):
    """The releases on GitHub, drafts included."""

    def listed(self) -> tuple[GitHubRelease, ...]:
        """Return every release and draft that the token may see."""

    def published(self, tag: str) -> GitHubRelease | None:
        """Return the published release of *tag*."""

    def latest(self) -> GitHubRelease | None:
        """Return the release that GitHub calls the latest."""

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

    A part that cannot be asked is Silent, with the reason. *build* pushes the image of
    (service, commit), made from its files, and returns its digest; *wait* lets seconds
    pass.
    *merge* says that HEAD is no commit of a branch yet. *waiting* returns the page of a
    release run that waits to begin on (commit, branch), empty if there is none.
    *server* is where notes link to; *misplaced*: not all names of the repository agree.
    """

    history: History
    remote: Remote
    releases: Releases
    images: Images
    build: Callable[[str, str], str] = _unbuilt
    wait: Callable[[float], None] = lambda _: None
    merge: Merge | None = None
    waiting: Callable[[str, str], str] = lambda _commit, _branch: ""
    server: str = "https://github.com"
    misplaced: RefusedError | None = None


def offline(history: History, reason: str) -> Outside:
    """Return the clone alone: whatever else there is is not asked, for *reason*."""
    silent = Silent(reason)
    return Outside(history=history, remote=silent, releases=silent, images=silent)
