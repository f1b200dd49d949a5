"""A branch on which commits land, and runs of the release that stand on any of them."""

from contextlib import suppress
from dataclasses import replace

from monokeel.ground.settings import Settings
from monokeel.release.plan import ReleasePlan, refuse_blocked, refuse_unknown
from monokeel.release.planner import plan_release
from monokeel.release.ports import Outside
from monokeel.release.publish import Run, release_commit
from tests.fakes.faults import KilledError
from tests.fakes.history import FakeHistory
from tests.fakes.world import SETTINGS, World

MAIN = "refs/heads/main"


class Lane(World):
    """*history* is what landed on main; every run has a clone of it of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.settings: Settings = SETTINGS

    def land(self, message: str) -> str:
        """Land a commit on main; return its hash."""
        commit = self.history.commit(message)
        self.refs.refs[MAIN] = commit
        return commit

    def clone_at(self, commit: str) -> Outside:
        """Return the outside of a run that has checked out *commit*, as a job does."""
        clone = FakeHistory()
        clone.commits, clone.beside = self.history.commits, self.history.beside
        clone.all_tags = self.history.all_tags
        clone.at, clone.checked_out = commit, None
        return replace(self.outside, history=clone)

    def plan(self, commit: str) -> ReleasePlan:
        return plan_release(self.settings, self.clone_at(commit))

    def run(self, commit: str, digests: dict[str, str] | None = None) -> Run:
        tell, clone = self.told.append, self.clone_at(commit)
        return release_commit(self.settings, clone, accept, tell, digests or {})

    def kill(self, commit: str, point: int) -> None:
        """Run a release of *commit* that ends after its write number *point*."""
        self.faults.kill_after = len(self.faults.writes) + point
        with suppress(KilledError):
            self.run(commit)
        self.faults.kill_after = None

    def released(self) -> dict[str, str]:
        """Return version → commit of the release tags."""
        return {
            ref.removeprefix("refs/tags/v"): commit
            for ref, commit in self.refs.commits().items()
            if ref.startswith("refs/tags/v")
        }

    def assert_settled(self) -> None:
        """Assert that nothing is half there, and that no commit has two versions."""
        self.check()
        released = self.released()
        assert len(set(released.values())) == len(released)
        assert [ref for ref in self.refs.refs if "monokeel-claim" in ref] == []
        published = [e.tag for e in self.releases.releases.values() if not e.draft]
        assert sorted(published) == sorted(f"v{version}" for version in released)


def accept(plan: ReleasePlan) -> None:
    """Refuse as the task does."""
    refuse_blocked(plan)
    refuse_unknown(plan)
