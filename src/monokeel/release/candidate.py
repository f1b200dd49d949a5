"""The one version that a run is about, and what it will consist of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from monokeel.ground.settings import Settings
from monokeel.ground.version import is_prerelease
from monokeel.release.record import ReleasedImage, ReleaseRecord, marker


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateImage:
    """One service's image: *path* has no host, *image* has the registry's name."""

    service: str
    path: str
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One version to publish once: *commit* is 40 hex digits, *claim* a full ref."""

    version: str
    tag: str
    tag_prefix: str
    claim: str
    commit: str
    notes: str
    images: tuple[CandidateImage, ...]

    @property
    def tag_ref(self) -> str:
        """The full ref of the git tag."""
        return f"refs/tags/{self.tag}"

    @property
    def claim_prefix(self) -> str:
        """What every claim begins with, such as ``refs/tags/monokeel-claim/``."""
        return self.claim.removesuffix(self.tag)

    @property
    def staging_tag(self) -> str:
        """The tag under which builds push each image; the record decides what stays."""
        return f"sha-{self.commit}"

    @property
    def body(self) -> str:
        """The draft's text: the notes, and the comment that names the commit."""
        return f"{self.notes.rstrip()}\n\n{marker(self.commit)}\n".lstrip()

    @property
    def is_prerelease(self) -> bool:
        """Whether the version is one, such as ``1.5.0-rc.1``."""
        return is_prerelease(self.version)

    def record(self, digests: Mapping[str, str]) -> ReleaseRecord:
        """Return the record of this version with *digests*, one of each service."""
        return ReleaseRecord(
            version=self.version,
            commit=self.commit,
            images=tuple(
                ReleasedImage(
                    service=each.service,
                    image=each.image,
                    digest=digests[each.service],
                )
                for each in self.images
            ),
        )


def candidate_of(
    settings: Settings, *, version: str, commit: str, notes: str
) -> Candidate:
    """Return *version* of *commit*, with every service of *settings*."""
    tag = settings.tag(version)
    return Candidate(
        version=version,
        tag=tag,
        tag_prefix=settings.tag_prefix,
        claim=settings.claim(tag),
        commit=commit,
        notes=notes,
        images=tuple(
            CandidateImage(
                service=service, path=path, image=f"{settings.registry_host}/{path}"
            )
            for service, path in settings.images.items()
        ),
    )


def candidate_of_record(
    settings: Settings, record: ReleaseRecord, *, notes: str
) -> Candidate:
    """Return the version of *record*, with the services that it had then."""
    host = f"{settings.registry_host}/"
    now = candidate_of(
        settings, version=record.version, commit=record.commit, notes=notes
    )
    return replace(
        now,
        images=tuple(
            CandidateImage(
                service=each.service,
                path=each.image.removeprefix(host),
                image=each.image,
            )
            for each in record.images
        ),
    )
