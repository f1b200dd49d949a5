"""The one version that a run is about, and what it will consist of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from monokeel.ground.settings import Settings
from monokeel.release.record import ReleasedImage, ReleaseRecord, marker
from monokeel.release.versions import WHOLE, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateImage:
    """One service's image: *path* has no host, *image* has the registry's name."""

    service: str
    path: str
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One version to publish once: *commit* is 40 hex digits, *claim* a full ref.

    Releases in *span* are those of the same line: one that comes meanwhile is news.
    *assets* may lie beside the record once it is out.
    """

    version: str
    tag: str
    tag_prefix: str
    claim: str
    commit: str
    notes: str
    images: tuple[CandidateImage, ...]
    span: Span = WHOLE
    assets: tuple[str, ...] = ()

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

    def record(self, digests: Mapping[str, str]) -> ReleaseRecord:
        """Return the record of this version with *digests*, one of each service."""
        images = [
            ReleasedImage(service=x.service, image=x.image, digest=digests[x.service])
            for x in self.images
        ]
        return ReleaseRecord(
            version=self.version, commit=self.commit, images=tuple(images)
        )


def candidate_of(
    settings: Settings, *, version: str, commit: str, notes: str, span: Span = WHOLE
) -> Candidate:
    """Return *version* of *commit*, with every service of *settings*."""
    tag, host = settings.tag(version), settings.registry_host
    return Candidate(
        version=version,
        tag=tag,
        tag_prefix=settings.tag_prefix,
        claim=settings.claim(tag),
        commit=commit,
        notes=notes,
        images=tuple(
            CandidateImage(service=service, path=path, image=f"{host}/{path}")
            for service, path in settings.images.items()
        ),
        span=span,
        assets=settings.assets,
    )


def candidate_of_record(
    settings: Settings, record: ReleaseRecord, *, notes: str
) -> Candidate:
    """Return the version of *record*, with the services that it had then."""
    version, host = record.version, f"{settings.registry_host}/"
    now = candidate_of(settings, version=version, commit=record.commit, notes=notes)
    images = [
        CandidateImage(
            service=x.service, path=x.image.removeprefix(host), image=x.image
        )
        for x in record.images
    ]
    return replace(now, images=tuple(images))
