"""Where updates are told and proposed: fakes that keep state."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.errors import RefusedError
from monokeel.updates.merge import CONFLICT, File, MergedTree, Open, Render
from monokeel.updates.propose import (
    Places,
)
from monokeel.updates.records import Leftover
from monokeel.updates.update import UpdatePlan
from tests.fakes.unasked import UnaskedClone

COMMIT, OTHER, THEIRS = "a" * 40, "b" * 40, "c" * 40
BRANCH = "template/v1.3.0"
REF = f"refs/heads/{BRANCH}"
NOTHING = Render(ref="v1.3.0", folder="/old", files={}, answers={})
LEFT = Open(path="inv", reason=CONFLICT, missing=("    # SECURITY FIX\n",))


def made_plan(*left: Open, pins: tuple[str, ...] = ()) -> UpdatePlan:
    return UpdatePlan(
        source="https://github.com/acme/monokeel.git",
        current="1.2.0",
        version="1.3.0",
        branch=BRANCH,
        head="d" * 40,
        before=None,
        old=NOTHING,
        new=NOTHING,
        merged=MergedTree(changes={}, left=left, pins=pins),
        open={
            each.path: Leftover(base="1.2.0", since="1.3.0", reason=each.reason)
            for each in left
        },
        changed={"inv": File(content=b"")},
    )


@dataclass
class FakeIssues:
    opened: dict[str, tuple[str, str]] = field(default_factory=dict)
    off: bool = False  # switched off: GitHub answers 410 to each question

    def keep_open(self, marker: str, *, title: str, body: str) -> int:
        self._require_on()
        self.opened[marker] = (title, body)
        return 5

    def close(self, marker: str, *, comment: str) -> int | None:
        assert comment
        self._require_on()
        return 5 if self.opened.pop(marker, None) else None

    def _require_on(self) -> None:
        if self.off:
            raise RefusedError("GitHub answered 410: Issues are disabled")


@dataclass
class FakeRemote(UnaskedClone):
    refs: dict[str, str] = field(default_factory=dict)
    declines: str = ""
    fetched: set[str] = field(default_factory=set)

    def fetch_commit(self, commit: str) -> None:
        assert commit in self.refs.values()
        self.fetched.add(commit)

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        return {r: c for r, c in self.refs.items() if r.startswith(tuple(prefixes))}

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        if self.declines:
            return Declined(reason=self.declines)
        if self.refs.get(ref) != old or new is None:
            return Lost(now=self.refs.get(ref))
        self.refs[ref] = new
        return Moved(now=new, changed=True)


@dataclass
class FakePulls:
    opened: dict[str, int] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)
    bodies: dict[int, str] = field(default_factory=dict)
    declines: str = ""

    def open_from(self, prefix: str) -> Mapping[str, int]:
        return {b: n for b, n in self.opened.items() if b.startswith(prefix)}

    def rejected(self, branch: str) -> int | None:
        return self.closed.get(branch)

    def create(self, branch: str, *, title: str, body: str) -> int | Declined:
        if self.declines:
            return Declined(reason=self.declines)
        self.opened[branch] = 10 + len(self.opened)
        self.bodies[self.opened[branch]] = f"{title}\n{body}"
        return self.opened[branch]

    def edit(self, number: int, *, title: str, body: str) -> None:
        assert number in self.opened.values()
        self.bodies[number] = f"{title}\n{body}"

    def close(self, number: int, *, comment: str) -> None:
        assert comment
        self.opened = {b: n for b, n in self.opened.items() if n != number}


class FakeCommits:
    """Commits of updates are COMMIT and OTHER; what was not fetched is not known."""

    def __init__(self, remote: "FakeRemote") -> None:
        self.remote = remote

    def is_ours(self, commit: str) -> bool:
        assert commit in self.remote.fetched
        return commit in {COMMIT, OTHER}

    def same_files(self, commit: str, other: str) -> bool:
        return commit == other


def make_places(
    remote: "FakeRemote | None" = None,
    pulls: FakePulls | None = None,
    issues: "FakeIssues | None" = None,
) -> Places:
    remote = remote or FakeRemote()
    return Places(
        remote=remote,
        commits=FakeCommits(remote),
        pulls=pulls or FakePulls(),
        issues=issues or FakeIssues(),
    )
