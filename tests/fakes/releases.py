"""GitHub's releases, in memory: second drafts, hidden drafts, locked names."""

from dataclasses import replace

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.release.record import RECORD_NAME, GitHubRelease
from tests.fakes.faults import Faults


class FakeReleases:
    """*tags* are the remote's refs: publishing makes a missing tag, as GitHub does.

    *lag* is how many lists a new draft stays out of; *burned* are names of deleted
    immutable releases; *uploads_cut* is how many uploads leave a ``starter``.
    """

    def __init__(self, tags: dict[str, str], faults: Faults | None = None) -> None:
        self.tags = tags
        self.releases: dict[int, GitHubRelease] = {}
        self.files: dict[int, bytes] = {}
        self.lag = 0
        self.burned: set[str] = set()
        self.immutable = False
        self.uploads_cut = 0
        self.latest_tag: str | None = None
        self.default_branch = "f" * 40
        self._hidden: dict[int, int] = {}
        self._next = 1
        self._faults = faults or Faults()

    def listed(self) -> tuple[GitHubRelease, ...]:
        self._faults.read()
        hidden = set(self._hidden)
        self._hidden = {key: left - 1 for key, left in self._hidden.items() if left > 1}
        return tuple(
            release
            for identity, release in sorted(self.releases.items(), reverse=True)
            if identity not in hidden
        )

    def published(self, tag: str) -> GitHubRelease | None:
        self._faults.read()
        return self._published(tag)

    def create_draft(self, tag: str, *, title: str, body: str) -> GitHubRelease:
        with self._faults.write(f"POST draft {tag}"):
            if tag in self.burned:
                raise RefusedError(
                    "GitHub answered 422: tag_name was used by an immutable release"
                )
            release = GitHubRelease(
                id=self._number(),
                tag=tag,
                title=title,
                body=body,
                draft=True,
                immutable=False,
                page=f"https://github.com/acme/shop/releases/tag/{tag}",
                upload_url="",
                assets={},
            )
            self.releases[release.id] = release
            if self.lag:
                self._hidden[release.id] = self.lag
        return release

    def attach(self, release: GitHubRelease, content: bytes) -> None:
        with self._faults.write(f"upload to {release.id}"):
            now = self._get(release.id)
            if now.immutable:
                raise RefusedError(
                    "GitHub answered 422: Cannot upload assets to an immutable release."
                )
            if RECORD_NAME in now.assets:
                raise RefusedError("GitHub answered 422: already_exists")
            cut = self.uploads_cut > 0
            self.uploads_cut -= cut
            made = self._number()
            self.files[made] = b"" if cut else content
            files = {RECORD_NAME: None if cut else made}
            self.releases[now.id] = replace(now, assets=files)
        if cut:
            raise ServiceError("GitHub answered 502 to the upload")

    def file_of(self, release: GitHubRelease) -> str | None:
        self._faults.read()
        if release.file not in [each.file for each in self.releases.values()]:
            return None
        return None if release.file is None else self.files[release.file].decode()

    def publish(
        self, release: GitHubRelease, *, title: str, body: str, latest: bool
    ) -> None:
        with self._faults.write(f"publish {release.id}"):
            now = self._get(release.id)
            if now.tag in self.burned:
                raise RefusedError(
                    "GitHub answered 422: tag_name was used by an immutable release"
                )
            other = self._published(now.tag)
            if other is not None and other.id != now.id:
                raise RefusedError("GitHub answered 422: already_exists")
            self.tags.setdefault(f"refs/tags/{now.tag}", self.default_branch)
            published = replace(
                now,
                title=title,
                body=body,
                draft=False,
                immutable=self.immutable,
            )
            self.releases[now.id] = published
            if latest:
                self.latest_tag = now.tag

    def delete(self, release: GitHubRelease) -> None:
        self._faults.read()
        now = self.releases.get(release.id)
        if now is None:
            return
        if not now.draft:
            raise RefusedError(f"release {release.tag} is published")
        with self._faults.write(f"delete draft {release.id}"):
            self.releases.pop(release.id, None)

    def _published(self, tag: str) -> GitHubRelease | None:
        for release in self.releases.values():
            if release.tag == tag and not release.draft:
                return release
        return None

    def _get(self, identity: int) -> GitHubRelease:
        if identity not in self.releases:
            raise ServiceError(f"GitHub answered 404 to release {identity}")
        return self.releases[identity]

    def _number(self) -> int:
        self._next += 1
        return self._next - 1
