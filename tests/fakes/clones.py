"""Real repositories: a clone, its bare remote, and the plan of what it holds."""

from dataclasses import replace
from pathlib import Path

from monokeel.adapters.git import Git
from monokeel.adapters.process import run
from monokeel.release.plan import ReleasePlan
from monokeel.release.planner import plan_release
from monokeel.release.ports import offline
from monokeel.release.record import Candidate, record_text
from tests.fakes.plans import DIGEST, SETTINGS


class Clone:
    """A clone of a bare remote; every commit is a minute younger than the last."""

    def __init__(self, folder: Path) -> None:
        self.remote, self.root = folder / "remote.git", folder / "clone"
        self._minutes = 0
        run(["git", "init", "--quiet", "--bare", "-b", "main", str(self.remote)])
        run(["git", "clone", "--quiet", str(self.remote), str(self.root)])
        self.git("switch", "--quiet", "--orphan", "main")
        self.commit("feat: all", tag="v1.0.0")

    def git(self, *args: str) -> str:
        when = f"2026-01-01T00:{self._minutes:02}:00Z"
        dates = {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
        return run(["git", *args], cwd=self.root, env=dates).stdout.strip()

    def commit(self, message: str, *, tag: str | None = None) -> str:
        self._minutes += 1
        self.git(
            "commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-m", message
        )
        if tag is not None:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def claim(self, tag: str, commit: str) -> str:
        """Claim *tag* for *commit* on the remote, as another clone does; return it."""
        version = tag.removeprefix("v")
        candidate = Candidate(settings=SETTINGS, version=version, commit=commit)
        record = candidate.record({"api": DIGEST, "web": DIGEST})
        ref = candidate.claim
        tree = self.root.parent / "elsewhere"
        run(["git", "clone", "--quiet", str(self.remote), str(tree)])
        Git(tree).create_tag(ref, commit=commit, message=record_text(record))
        return run(["git", "rev-parse", ref], cwd=self.remote).stdout.strip()

    def push(self) -> None:
        self.git("push", "--quiet", "--tags", "origin", "main")

    def plan(
        self, *, root: Path | None = None, rules: str = "conventionalcommits"
    ) -> ReleasePlan:
        settings = replace(SETTINGS, rules=rules)
        return plan_release(settings, offline(Git(root or self.root), "not asked"))

    def plan_online(self) -> ReleasePlan:
        git = Git(self.root)
        return plan_release(SETTINGS, replace(offline(git, "not asked"), remote=git))
