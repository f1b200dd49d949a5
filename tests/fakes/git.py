"""The refs of a remote, in memory: compare-and-swap as git does it."""

from collections.abc import Collection

from monokeel.ground.answers import Declined, Lost, Moved
from tests.fakes.faults import Faults


class _StaleError(Exception):
    """The ref is not where the lease says."""


class FakeRefs:
    """*declined* maps a full ref to the words with which the server refuses it."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.refs: dict[str, str] = {}
        self.declined: dict[str, str] = {}
        self._faults = faults or Faults()

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        self._faults.read()
        return {
            ref: commit
            for ref, commit in self.refs.items()
            if ref.startswith(tuple(prefixes))
        }

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        self._faults.read()
        now = self.refs.get(ref)
        if now == new:
            return Moved(now=new, changed=False)
        if now != old:
            return Lost(now=now)
        if ref in self.declined:
            return Declined(reason=self.declined[ref])
        try:
            with self._faults.write(f"{ref} {old} -> {new}"):
                self._swap(ref, old, new)
        except _StaleError:
            now = self.refs.get(ref)
            return Moved(now=now, changed=False) if now == new else Lost(now=now)
        return Moved(now=new, changed=True)

    def _swap(self, ref: str, old: str | None, new: str | None) -> None:
        # Others may have run since we looked: the server compares at this moment.
        if self.refs.get(ref) != old:
            raise _StaleError
        if new is None:
            del self.refs[ref]
        else:
            self.refs[ref] = new
