"""Releases to try the adapter on: the fake, and the real thing in a sandbox."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from monokeel.adapters.github import GitHub
from monokeel.adapters.releases import Releases
from monokeel.adapters.session import Session
from monokeel.release.record import (
    GitHubRelease,
    ReleasedImage,
    ReleaseRecord,
    marker,
    parse_release,
    record_text,
)
from sandbox.server import Sandbox
from tests.fakes.releases import FakeReleases


@dataclass(slots=True)
class Place:
    """Releases, fake or in a sandbox, and the commit of its only branch."""

    releases: FakeReleases | Releases
    commit: str
    box: Sandbox | None = None
    github: GitHub | None = None

    def latest(self) -> str | None:
        """Return the tag of the release that GitHub calls the latest."""
        if isinstance(self.releases, FakeReleases) or self.github is None:
            return getattr(self.releases, "latest_tag", None)
        found = self.github.found("/releases/latest")
        return None if found is None else parse_release(found).tag

    def tag(self, name: str) -> None:
        """Point the git tag *name* at the commit."""
        if isinstance(self.releases, FakeReleases):
            self.releases.tags[f"refs/tags/{name}"] = self.commit
        elif self.box is not None:
            git(self.box.bare, "update-ref", f"refs/tags/{name}", self.commit)

    def record(self, version: str = "1.4.0") -> ReleaseRecord:
        image = ReleasedImage(
            service="api", image="ghcr.io/acme/shop/api", digest=f"sha256:{'1' * 64}"
        )
        return ReleaseRecord(version=version, commit=self.commit, images=(image,))

    def draft(self, version: str = "1.4.0") -> GitHubRelease:
        return self.releases.create_draft(
            f"v{version}", title=f"v{version}", body=f"notes\n\n{marker(self.commit)}\n"
        )

    def publish(self, version: str = "1.4.0") -> GitHubRelease:
        """Publish *version* with its record and its tag."""
        draft = self.draft(version)
        self.releases.attach(draft, record_text(self.record(version)).encode())
        self.tag(f"v{version}")
        self.releases.publish(draft, title=draft.tag, body=draft.body, latest=True)
        return draft


def place_on(box: Sandbox) -> Place:
    """Return the releases of *box*, asked with the token of an administrator."""
    github = GitHub(
        Session(tries=1),
        api=box.url,
        repository=box.repository,
        token=box.tokens["admin"],
    )
    releases = Releases(github, sleep=lambda _: None)
    return Place(releases, git(box.bare, "rev-parse", "main"), box, github)


def push_first_commit(box: Sandbox, path: Path) -> None:
    """Give *box* a main branch with one commit, made in the empty folder *path*."""
    git(path, "init", "--quiet")
    git(path, "commit", "--quiet", "--allow-empty", "--message", "feat: a shop")
    git(path, "push", "--quiet", str(box.bare), "HEAD:refs/heads/main")


def empty(box: Sandbox) -> None:
    """Leave no release and no tag in *box*."""
    box.state.releases.clear()
    for ref in git(box.bare, "for-each-ref", "--format=%(refname)").split():
        if ref.startswith("refs/tags/"):
            git(box.bare, "update-ref", "-d", ref)
    box.switches.faults.clear()


def box_of(place: Place) -> Sandbox:
    assert place.box is not None
    return place.box


def git(where: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=where, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
