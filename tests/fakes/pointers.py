"""A remote with a straight main branch, release tags and environment branches."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from hashlib import sha1
from typing import Literal
from zoneinfo import ZoneInfo

from monokeel.ground.answers import (
    Absent,
    Declined,
    Found,
    Lost,
    Moved,
    RemoteRef,
    Unknown,
)
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import Settings, parse_settings
from monokeel.promotion.ports import Outside
from monokeel.release.record import ReleasedImage, ReleaseRecord, record_text
from tests.fakes.deployments import START, FakeDeployments
from tests.fakes.fuse import Fuse
from tests.fakes.history import FakeLog
from tests.fakes.unasked import UnaskedClone

POLICY = """\
[repository]
owner = "acme"
name = "shop"

[[services]]
name = "api"
kind = "api"

[[services]]
name = "worker"
kind = "worker"

[[environments]]
name = "dev"
prerelease = true

[[environments]]
name = "staging"
soak = "{soak}"

[[environments]]
name = "prod"
reviewers = true
"""
SERVICES = ("api", "worker")


def commit_named(name: str) -> str:
    """A commit id that belongs to *name*."""
    return sha1(name.encode(), usedforsecurity=False).hexdigest()


def digest_of(service: str, version: str) -> str:
    return "sha256:" + commit_named(f"{service} {version}") + "0" * 24


class FakeRecords:
    """The records that tags carry, by tag."""

    def __init__(self) -> None:
        self.records: dict[str, ReleaseRecord] = {}
        self.silent = False


class FakeClone(UnaskedClone):
    """A clone of that remote; refs move by compare-and-swap."""

    def __init__(self, fuse: Fuse, policy: str) -> None:
        self.fuse = fuse
        self.policy = policy
        self.main: list[str] = [commit_named("start")]
        self.refs: dict[str, str] = {}
        self.apart: set[str] = set()
        self.parents: dict[str, str] = {}
        self.workflows: dict[str, str] = {}
        self.shallow = False
        self.records = FakeRecords()
        self.declining = ""
        self.unreachable = False
        self.before_push: Callable[[], None] = lambda: None
        self.unheard: Literal["", "second", "every"] = ""  # pushes without an answer

    def remote_objects(self, prefixes: Collection[str] = ()) -> dict[str, RemoteRef]:
        assert not prefixes
        self.fuse.turn()
        if self.unreachable:
            raise ServiceError("github.com did not answer")
        refs = {**self.refs, "refs/heads/main": self.main[-1]}
        return {
            ref: RemoteRef(
                object=commit_named(ref) if ref.startswith("refs/tags/") else commit,
                commit=commit,
            )
            for ref, commit in refs.items()
        }

    def tag_message(self, ref: str, at: RemoteRef) -> str | None:
        if self.records.silent:
            raise ServiceError("github.com did not answer")
        record = self.records.records.get(ref.removeprefix("refs/tags/"))
        return None if record is None or at.object == at.commit else record_text(record)

    def fetch(self) -> None:
        if self.unreachable:
            raise ServiceError("github.com did not answer")

    def commit_of(self, ref: str) -> str | None:
        return ref

    def file_at(self, commit: str, path: str) -> str | None:
        known = commit == self.main[-1] and path == "infra/platform.toml"
        return self.policy if known else None

    def log(self, since: str | None, commit: str) -> FakeLog:
        if self.shallow or since is None or {since, commit} & self.apart:
            raise ServiceError("this clone is shallow")
        first, last = self.main.index(since), self.main.index(commit)
        between = self.main[first + 1 : last + 1][::-1]
        told = [(each, f"feat: {self.version_at(each)}") for each in between]
        return FakeLog(told, since=since)

    def commit_time(self, commit: str) -> datetime:
        if self.shallow and commit not in self.main:
            raise ServiceError("the commit is not in this clone")
        return START

    def tree_of(self, commit: str, path: str) -> str | None:
        return self.workflows.get(commit, "same") if path else None

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        if self.shallow:
            raise ServiceError("this clone is shallow")
        if ancestor == commit:
            return True
        if ancestor in self.apart or commit in self.apart:
            return self.parents.get(commit) == ancestor
        return self.main.index(ancestor) < self.main.index(commit)

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        # No turn of others here: what remains between the last reading and the push is
        # the one gap that a lease on a value leaves.
        self.before_push()
        if self.unreachable:
            raise ServiceError("github.com did not answer")
        now = self.refs.get(ref)
        if now == new:
            return Moved(now=new, changed=None if self.unheard else False)
        if now != old:
            return Lost(now=now)
        if self.declining or new is None:
            return Declined(reason=self.declining or "deletion is not for promote")
        self.refs[ref] = new
        self.fuse.written(f"{ref} {self.version_at(new)}")
        return Moved(now=new, changed=None if self.unheard == "every" else True)

    def version_at(self, commit: str | None) -> str:
        tags = [ref for ref, sha in self.refs.items() if sha == commit]
        names = [ref for ref in tags if ref.startswith("refs/tags/v")]
        return names[-1].removeprefix("refs/tags/v") if names else "nothing"

    def at(self, environment: str) -> str:
        """The version that the branch of *environment* is at."""
        return self.version_at(self.refs.get(f"refs/heads/env/{environment}"))


class FakeImages:
    """Images by (image, tag); what is not there is absent."""

    def __init__(self) -> None:
        self.there: dict[tuple[str, str], Found | Unknown] = {}

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        return [self.there.get(name, Absent()) for name in names]


class Shop:
    """The whole outside of a promotion, with a history to tell in a few words."""

    def __init__(self, *, soak: str = "0s") -> None:
        self.fuse = Fuse()
        self.clone = FakeClone(self.fuse, POLICY.format(soak=soak))
        self.records = FakeDeployments(
            lambda tag: self.clone.refs.get(f"refs/tags/{tag}"), self.fuse
        )
        self.records.protected["prod"] = True
        self.releases = self.clone.records
        self.images = FakeImages()
        self.hides_copies = False
        self.copies: dict[str, str | None] = {}  # of release.json, where changed

    @property
    def outside(self) -> Outside:
        return Outside(
            clone=self.clone,
            records=self.records,
            images=self.images,
            zones=ZoneInfo,
        )

    @property
    def settings(self) -> Settings:
        return parse_settings(self.clone.policy)

    def copy_of(self, tag: str) -> str | None:
        """Return the ``release.json`` of the release *tag*."""
        if self.hides_copies:
            raise ServiceError("GitHub answered 503")
        if tag in self.copies:
            return self.copies[tag]
        record = self.releases.records.get(tag)
        return None if record is None else record_text(record)

    def release(self, *versions: str) -> None:
        """Release each of *versions*, one commit after the other."""
        for version in versions:
            commit = commit_named(version)
            self.clone.main.append(commit)
            self.clone.refs[f"refs/tags/v{version}"] = commit
            images = []
            for service in SERVICES:
                digest = digest_of(service, version)
                path = f"acme/shop/{service}"
                images.append(
                    ReleasedImage(
                        service=service, image=f"ghcr.io/{path}", digest=digest
                    )
                )
                for tag in (version, f"sha-{commit}"):
                    self.images.there[path, tag] = Found(digest=digest)
            self.releases.records[f"v{version}"] = ReleaseRecord(
                version=version, commit=commit, images=tuple(images)
            )

    def hotfix(self, version: str, *, after: str, line: str) -> None:
        """Release *version* on the branch *line*, which leaves main at *after*."""
        self.release(version)
        commit = self.clone.main.pop()
        self.clone.apart.add(commit)
        self.clone.parents[commit] = commit_named(after)
        self.clone.refs[f"refs/heads/{line}"] = commit

    def place(self, environment: str, version: str) -> None:
        """Put *version* into *environment*, with its record, as promote does."""
        commit = commit_named(version)
        digests = {each: digest_of(each, version) for each in SERVICES}
        record = self.records.remember(environment, version, commit, digests=digests)
        self.clone.refs[f"refs/heads/env/{environment}"] = commit
        self.records.rename_actor(record, "ana")

    def push_by_hand(self, environment: str, commit: str) -> None:
        """Move the branch of *environment* without a record."""
        self.clone.refs[f"refs/heads/env/{environment}"] = commit
