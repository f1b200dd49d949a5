"""Runs of the release on several branches of one repository."""

from contextlib import suppress
from copy import copy
from dataclasses import replace

from monokeel.ground.settings import Settings
from monokeel.release.plan import ReleasePlan
from monokeel.release.planner import plan_release
from monokeel.release.ports import Outside
from monokeel.release.publish import Run, release_commit
from tests.fakes.branches import Branches
from tests.fakes.faults import KilledError
from tests.fakes.lane import accept
from tests.fakes.world import SETTINGS, World


class LineRuns(World):
    """*clone* is what everybody has; main has released 1.4.0 and 1.5.0."""

    def __init__(self, *lines: str) -> None:
        super().__init__()
        self.clone = Branches()
        self.settings: Settings = replace(SETTINGS, lines=lines or ("1.4.x",))
        self.land("main", "feat: begin")
        for version in ("1.4.0", "1.5.0"):
            self.land("main", "feat: more")
            self.give("v" + version)

    def give(self, tag: str, branch: str = "main") -> None:
        """Tag the tip of *branch*, as a release of before Monokeel."""
        self.clone.tag(tag, self.clone.heads[branch])
        self.refs.refs[f"refs/tags/{tag}"] = self.clone.heads[branch]

    def begin(self, line: str, at: str) -> None:
        """Begin the branch *line* at the tag *at*."""
        self.refs.refs[f"refs/heads/{line}"] = self.clone.all_tags[at]
        self.clone.heads[line] = self.clone.all_tags[at]

    def land(self, branch: str, message: str, merged: str = "") -> str:
        commit = self.clone.commit(branch, message, merged)
        self.refs.refs[f"refs/heads/{branch}"] = commit
        return commit

    def outside_at(self, branch: str) -> Outside:
        here = copy(self.clone)
        here.at = branch
        there = {
            ref.removeprefix("refs/tags/"): commit
            for ref, commit in self.refs.commits().items()
            if ref.startswith("refs/tags/v")
        }
        here.all_tags = {**self.clone.all_tags, **there}
        return replace(self.outside, history=here)

    def plan(self, branch: str) -> ReleasePlan:
        return plan_release(self.settings, self.outside_at(branch))

    def run(self, branch: str) -> Run:
        tell, clone = self.told.append, self.outside_at(branch)
        return release_commit(self.settings, clone, accept, tell, {})

    def kill(self, branch: str, point: int) -> None:
        """Run a release of *branch* that ends after its write number *point*."""
        self.faults.kill_after = len(self.faults.writes) + point
        with suppress(KilledError):
            self.run(branch)
        self.faults.kill_after = None

    def published(self) -> list[str]:
        return [x.tag for x in self.releases.releases.values() if not x.draft]

    def check(self) -> None:
        """Assert nothing: the tags of before Monokeel have no record."""
