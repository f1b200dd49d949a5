"""What promotion needs of the outside, each thing once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monokeel.ground.answers import Absent, Unknown
from monokeel.ground.clone import Clone
from monokeel.ground.freezes import Zones
from monokeel.promotion.records import BranchMove, Ledger, Note, Record
from monokeel.release.ports import ImageTags

Protection = bool | Absent | Unknown
"""Whether a GitHub Environment asks for an approval; absent: there is none."""


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

    def settle(self, record: int, state: str, said: str, log_url: str = "") -> None:
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

    clone: Clone
    records: Records
    images: ImageTags
    zones: Zones
