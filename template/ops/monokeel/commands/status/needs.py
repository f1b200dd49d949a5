"""What the questions about environments need from the outside."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from monokeel.core.deployments import BranchMove, Ledger, Listed, Record, Status
from monokeel.core.settings import Settings, parse_settings
from monokeel.errors import CommandError

POLICY = "infra/platform.toml"


class Clone(Protocol):
    """A clone and its remote."""

    def remote_refs(self) -> dict[str, str]:
        """Return full name → peeled commit of every branch and tag on the remote."""

    def fetch(self) -> None:
        """Bring the remote's branches and tags into the clone."""

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names in the clone, or ``None``."""

    def file_at(self, commit: str, path: str) -> str | None:
        """Return the text of *path* in *commit*, ``None`` if it has no such file."""

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Say whether *ancestor* is *commit* or in its history, else ServiceError."""


class Records(Protocol):
    """The deployments on GitHub."""

    def now(self) -> datetime:
        """Return the time of GitHub's newest answer."""

    def newest(self, environments: Sequence[str]) -> Listed:
        """Return our newest records, at least the newest of each environment."""

    def history(self, environment: str, commit: str = "") -> tuple[Record, ...]:
        """Return every record of *environment* (and *commit*), newest first."""

    def branch_moves(self, branch: str) -> tuple[BranchMove, ...]:
        """Return the moves of *branch* that GitHub saw itself, newest first."""

    def statuses(self, ids: Sequence[int]) -> Mapping[int, tuple[Status, ...]]:
        """Return record id → its statuses, oldest first."""


def policy_at(clone: Clone, commit: str) -> Settings:
    """Return the policy that *commit* holds; raise CommandError if there is none."""
    text = clone.file_at(commit, POLICY)
    if text is None:
        raise CommandError(
            f"{POLICY} is not on the default branch ({commit[:12]})",
            fix="Merge it first: the rules of promotion are read from there.",
        )
    return parse_settings(text)


def read_on(
    ledger: Ledger, records: Records, ask: Callable[[Ledger], tuple[int, ...]]
) -> Ledger:
    """Return *ledger* with the statuses that *ask* wants, until it wants none."""
    while ids := ask(ledger):
        ledger = ledger.knowing(records.statuses(ids))
    return ledger
