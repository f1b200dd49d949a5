"""A clone that nobody may ask: each fake answers what its room asks, and no more."""

from collections.abc import Collection
from datetime import datetime

from monokeel.ground.answers import RefAnswer, RemoteRef
from monokeel.ground.clone import Log


class UnaskedClone:
    """Fails the test for every question that the fake at hand does not know."""

    def head(self) -> str:
        raise NotImplementedError

    def branch(self) -> str | None:
        raise NotImplementedError

    def branch_tip(self, name: str) -> str | None:
        raise NotImplementedError

    def is_shallow(self) -> bool:
        raise NotImplementedError

    def known(self, commits: Collection[str]) -> set[str]:
        raise NotImplementedError

    def commit_of(self, ref: str) -> str | None:
        raise NotImplementedError

    def commit_time(self, commit: str) -> datetime:
        raise NotImplementedError

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        raise NotImplementedError

    def log(self, since: str | None, commit: str) -> Log:
        raise NotImplementedError

    def file_at(self, commit: str, path: str) -> str | None:
        raise NotImplementedError

    def tree_of(self, commit: str, path: str) -> str | None:
        raise NotImplementedError

    def tags(self, merged: str | None = None) -> dict[str, str]:
        raise NotImplementedError

    def written_address(self) -> str | None:
        raise NotImplementedError

    def remote_objects(self, prefixes: Collection[str] = ()) -> dict[str, RemoteRef]:
        raise NotImplementedError

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        raise NotImplementedError

    def tag_message(self, ref: str, at: RemoteRef) -> str | None:
        raise NotImplementedError

    def fetch(self) -> None:
        raise NotImplementedError

    def fetch_commit(self, commit: str) -> None:
        raise NotImplementedError

    def create_tag(self, ref: str, *, commit: str, message: str) -> RefAnswer:
        raise NotImplementedError

    def move_ref(self, ref: str, *, old: str | None, new: str | None) -> RefAnswer:
        raise NotImplementedError
