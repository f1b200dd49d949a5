"""The refs of a remote, in memory: compare-and-swap as git does it."""

from collections.abc import Callable, Collection
from hashlib import sha1

from monokeel.ground.answers import Declined, Lost, Moved, RemoteRef
from tests.fakes.faults import Faults
from tests.fakes.unasked import UnaskedClone


class _StaleError(Exception):
    """The ref is not where the lease says."""


class FakeRefs(UnaskedClone):
    """*declined* maps a full ref to the words with which the server refuses it.

    *refs* is full name → object; *objects* holds the annotated tags among them, as
    object → (commit, message). *counted* is how many lists of refs were asked for.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.refs: dict[str, str] = {}
        self.objects: dict[str, tuple[str, str]] = {}
        self.declined: dict[str, str] = {}
        self.counted = 0
        self.on_fetch: Callable[[], None] = lambda: None
        self._faults = faults or Faults()

    def commits(self) -> dict[str, str]:
        """Return full ref name → peeled commit."""
        return {ref: self._peeled(at) for ref, at in self.refs.items()}

    def remote_objects(self, prefixes: Collection[str] = ()) -> dict[str, RemoteRef]:
        self._faults.read()
        self.counted += 1
        return {
            ref: RemoteRef(object=at, commit=self._peeled(at))
            for ref, at in self.refs.items()
            if ref.startswith(tuple(prefixes))
        }

    def tag_message(self, ref: str, at: RemoteRef) -> str | None:
        self._faults.read()
        assert ref.startswith("refs/")
        return self.objects[at.object][1] if at.object in self.objects else None

    def create_tag(
        self, ref: str, *, commit: str, message: str
    ) -> Moved | Lost | Declined:
        made = self.annotate(ref, commit, message)
        counted = self.counted
        moved = self.move_ref(ref, old=None, new=made)
        self.counted = counted  # an accepted push of a tag is not read back
        return moved

    def annotate(self, ref: str, commit: str, message: str) -> str:
        """Write a tag object, as ``git hash-object`` does: no ref is on it yet."""
        content = f"{ref} {commit} {message}".encode()
        made = sha1(content, usedforsecurity=False).hexdigest()
        self.objects[made] = (commit, message)
        return made

    def put_tag(self, ref: str, commit: str, message: str) -> None:
        """Put an annotated tag there, past all that is counted or in the way."""
        self.refs[ref] = self.annotate(ref, commit, message)

    def fetch(self) -> None:
        self.on_fetch()

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        self._faults.read()
        now = self.refs.get(ref)
        if now == new:
            return Moved(now=new, changed=False)
        if now != old:
            return Lost(now=now)
        near = [x for x in self.refs if x.startswith(f"{ref}/")]
        near += [x for x in self.refs if ref.startswith(f"{x}/")]
        declined = self.declined.get(ref) or ("directory file conflict" * bool(near))
        if declined:
            return Declined(reason=declined)
        try:
            with self._faults.write(f"{ref} {self._named(old)} -> {self._named(new)}"):
                self._swap(ref, old, new)
        except _StaleError:
            now = self.refs.get(ref)
            return Moved(now=now, changed=False) if now == new else Lost(now=now)
        self.counted += 1  # the result is read back
        return Moved(now=new, changed=True)

    def _named(self, at: str | None) -> str | None:
        return None if at is None else self._peeled(at)

    def _peeled(self, at: str) -> str:
        return self.objects[at][0] if at in self.objects else at

    def _swap(self, ref: str, old: str | None, new: str | None) -> None:
        # Others may have run since we looked: the server compares at this moment.
        if self.refs.get(ref) != old:
            raise _StaleError
        if new is None:
            del self.refs[ref]
        else:
            self.refs[ref] = new
