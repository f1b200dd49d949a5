"""What is to be published, and what that needs from the outside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from monokeel.ground.answers import Absent, Declined, Found, Lost, Moved, Unknown
from monokeel.ground.settings import Settings
from monokeel.release.build import Builder
from monokeel.release.record import Asset, GitHubRelease, ReleaseRecord, marker


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetImage:
    """One service's image: *path* has no host, *image* has the registry's name."""

    service: str
    path: str
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One version to publish once: *commit* is 40 hex digits, *claim* a full ref."""

    version: str
    tag: str
    tag_prefix: str
    claim: str
    commit: str
    notes: str
    images: tuple[TargetImage, ...]

    @property
    def tag_ref(self) -> str:
        """The full ref of the git tag."""
        return f"refs/tags/{self.tag}"

    @property
    def claim_prefix(self) -> str:
        """What every claim begins with, such as ``refs/releases/``."""
        return self.claim.removesuffix(self.tag)

    @property
    def built_tag(self) -> str:
        """The tag under which the build pushed each image."""
        return f"sha-{self.commit}"

    @property
    def body(self) -> str:
        """The draft's text: the notes, and the comment that names the commit."""
        return f"{self.notes.rstrip()}\n\n{marker(self.commit)}\n".lstrip()


def target_of(settings: Settings, *, version: str, commit: str, notes: str) -> Target:
    """Return *version* of *commit* as a target, with every service of *settings*."""
    tag = settings.tag(version)
    return Target(
        version=version,
        tag=tag,
        tag_prefix=settings.tag_prefix,
        claim=settings.claim(tag),
        commit=commit,
        notes=notes,
        images=tuple(
            TargetImage(
                service=service.name,
                path=settings.image(service.name),
                image=f"{settings.registry_host}/{settings.image(service.name)}",
            )
            for service in settings.services
        ),
    )


class Refs(Protocol):
    """The refs on the remote."""

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        """Return full ref name → peeled commit of the refs under *prefixes*."""

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        """Point *ref* at *new* if it is at *old*; ``None`` means absent."""


class Releases(Protocol):
    """The releases on GitHub, drafts included."""

    def listed(self) -> tuple[GitHubRelease, ...]:
        """Return every release and draft."""

    def published(self, tag: str) -> GitHubRelease | None:
        """Return the published release of *tag*."""

    def latest(self) -> GitHubRelease | None:
        """Return the release that GitHub calls the latest."""

    def create_draft(self, tag: str, *, title: str, body: str) -> GitHubRelease:
        """Create a draft; there may be others of the same tag."""

    def attach(self, release: GitHubRelease, content: bytes) -> Asset:
        """Upload ``release.json``; refused when *release* has one."""

    def detach(self, asset: Asset) -> None:
        """Delete *asset*."""

    def record_of(self, release: GitHubRelease) -> ReleaseRecord | None:
        """Return what the ``release.json`` of *release* says."""

    def publish(self, release: GitHubRelease, *, latest: bool) -> GitHubRelease:
        """Publish a draft."""

    def delete(self, release: GitHubRelease) -> None:
        """Delete a draft."""


class Images(Protocol):
    """The container images in the registry."""

    def look_up(self, image: str, tag: str) -> Found | Absent | Unknown:
        """Say what is at *tag* (or digest) of *image* (``acme/shop/api``)."""

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        """Say what is at each (image, tag), in that order, asked at the same time."""

    def give_tag(self, image: str, digest: str, tag: str) -> None:
        """Put the manifest of *digest* under *tag*, unchanged; never overwrite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that publishing reads and writes."""

    refs: Refs
    releases: Releases
    images: Images
    builder: Builder
