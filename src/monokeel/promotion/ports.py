"""What promotion needs of the outside, each thing once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monokeel.ground.answers import Absent, RefAnswer, RemoteRef, Unknown
from monokeel.ground.freezes import Zones
from monokeel.promotion.records import BranchMove, Ledger, Note, Record
from monokeel.release.ports import ImageTags, TagMessages

Protection = bool | Absent | Unknown
"""Whether a GitHub Environment asks for an approval; absent: there is none."""


class Remote(TagMessages, Protocol):
    """A clone and its remote, for the questions about environments."""

    def remote_objects(self) -> dict[str, RemoteRef]:
        """Return full name → what it names, of every branch and tag on the remote."""

    def fetch(self) -> None:
        """Bring the remote's branches and tags into the clone."""

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names in the clone, or ``None``."""

    def file_at(self, commit: str, path: str) -> str | None:
        """Return the text of *path* in *commit*, ``None`` if it has no such file."""

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Say whether *ancestor* is *commit* or in its history, else ServiceError."""

    def tree_of(self, commit: str, path: str) -> str | None:
        """Return the object id of *path* in *commit*, ``None`` if it is not there."""

    def log(self, since: str | None, commit: str) -> Iterable[tuple[str, str]]:
        """Return (commit, message) of what *commit* has and *since* has not."""

    def commit_time(self, commit: str) -> datetime:
        """Return when *commit* was made; ServiceError if the clone does not have it."""

    def move_ref(self, ref: str, *, old: str | None, new: str | None) -> RefAnswer:
        """Point *ref* at *new* if it is at *old*; ``None`` means absent."""


class Records(Protocol):
    """The deployments on GitHub, and its Environments."""

    def newest(self, environments: Mapping[str, str], commits: Sequence[str]) -> Ledger:
        """Return the newest records of each environment, and all of each commit.

        *environments* is name on GitHub → name of ours. One request.
        """

    def history(self, environments: Mapping[str, str]) -> tuple[Record, ...]:
        """Return every record of *environments*, newest first; a request a page."""

    def create(
        self, environment: str, note: Note, *, tag: str, task: str, production: bool
    ) -> tuple[int, str]:
        """Make a record; return its id, and the commit that GitHub resolves *tag* to.

        *production* keeps GitHub from adding ``inactive`` to older records.
        """

    def settle(
        self, record: int, state: str, description: str, log_url: str = ""
    ) -> None:
        """Give *record* a state, and say why."""

    def protection(self, environment: str) -> Protection:
        """Say whether the GitHub Environment is there and asks for an approval."""

    def approvers(self, run: str) -> tuple[str, ...]:
        """Return who approved the workflow run."""

    def hold(self) -> str | Unknown:
        """Return the repository variable ``PROMOTE_HOLD``, ``""`` without one."""

    def push_refusals(self, branch: str, *, exists: bool) -> tuple[str, ...] | Unknown:
        """Return the rules that certainly keep this identity from moving *branch*."""

    def branch_moves(self, branch: str) -> tuple[BranchMove, ...]:
        """Return the newest moves of *branch* that GitHub saw itself, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that promotion reads and writes."""

    clone: Remote
    records: Records
    images: ImageTags
    zones: Zones
