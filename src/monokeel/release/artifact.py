"""One release against the registry: each digest of its record under both of its tags.

The only place that asks this: the release itself, the gate ``images`` of a promotion
and the section ``releases`` of drift all judge what is read here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monokeel.ground.answers import Absent, Found, RemoteRef, Unknown
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.release.record import ReleasedImage, ReleaseRecord, record_in

NOTHING = "no image"


class Images(Protocol):
    """The container images in the registry."""

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        """Say what is at each (image, tag), in that order, asked at the same time."""


class Tags(Protocol):
    """The messages of annotated tags on the remote."""

    def tag_message(self, ref: str, at: RemoteRef) -> str | None:
        """Return the message of the annotated tag *ref*, ``None`` of another ref."""


def read_record(
    tags: Tags, tag: str, at: RemoteRef | None
) -> ReleaseRecord | Absent | Unknown:
    """Return the record that the git tag *tag* (``v1.4.0``) carries: the digests.

    *at* is what ``remote_objects`` said of ``refs/tags/<tag>``, ``None`` where there is
    no such tag. Absent means that the tag carries no record: it was made before
    Monokeel came, or by hand, and counts as a version that cannot be promoted. Nothing
    else is believed: ``release.json`` on the release is a copy, which everybody who may
    write can replace, while the rules let the writer alone make a version's tag. A
    clone that has fetched the tags is not asked again. Raises nothing.
    """
    if at is None:
        return Absent()
    try:
        message = tags.tag_message(f"refs/tags/{tag}", at)
    except NO_ANSWER as error:
        return Unknown(reason=error.problem)
    record = record_in(message)
    # A record of another commit was taken from another tag.
    return record if record and record.commit == at.commit else Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedImage:
    """What the registry has at one tag of one service's image.

    *image* has no host (``acme/shop/api``); *tag* is ``1.4.0`` or ``sha-<commit>``;
    *released* is the digest in the record, or ``NOTHING`` for a service that the
    record does not name and that should therefore not be there.
    """

    service: str
    image: str
    tag: str
    released: str
    answer: Found | Absent | Unknown

    @property
    def name(self) -> str:
        """The image with its tag, as people write it."""
        return f"{self.image}:{self.tag}"

    @property
    def wrong(self) -> str:
        """What differs from the record, in one line; empty if nothing is known to."""
        match self.answer:
            case Found(digest=digest) if digest != self.released:
                return (
                    f"{self.name} is {digest}, released was {self.released}:"
                    " the tag was moved, or the record changed"
                )
            case Found(missing=missing) if missing:
                lost = ", ".join(missing)
                return f"{self.name} is an index whose manifests are gone: {lost}"
            case Absent():
                return f"{self.name} is gone, released was {self.released}"
            case Found() | Unknown():
                return ""

    @property
    def unclear(self) -> str:
        """Why nobody can tell, in one line; empty if the registry answered."""
        if isinstance(self.answer, Unknown):
            return f"{self.name}: {self.answer.reason}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A release record and what the registry has of it, read at one moment.

    *misnamed* are images of the record that are not those of ``platform.toml``: the
    registry was not asked about them.
    """

    record: ReleaseRecord
    images: tuple[TaggedImage, ...]
    misnamed: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is not as it was released, one line each: a reason to refuse (3)."""
        return (*self.misnamed, *filter(None, (each.wrong for each in self.images)))

    @property
    def unclear(self) -> tuple[str, ...]:
        """What the registry did not say, one line each: nobody can tell (4)."""
        return tuple(filter(None, (each.unclear for each in self.images)))

    @property
    def services(self) -> tuple[str, ...]:
        """The services that were asked about, in the order of the record."""
        return tuple(dict.fromkeys(each.service for each in self.images))


def read_artifact(
    record: ReleaseRecord, settings: Settings, images: Images, *, version: str
) -> Artifact:
    """Return *record*, the record of the release *version*, beside the registry.

    One question for both tags of every service: ``X.Y.Z`` and ``sha-<commit>``. Raises
    nothing: an answer that did not come is in ``unclear``, and never counts as fine.
    A release names every image that it gave its version, so one that is in the
    registry under this version and not in the record is wrong as well.
    """
    host = f"{settings.registry_host}/"
    released = [
        (each.service, each.image.removeprefix(host), each.digest)
        for each in _with_unnamed(
            record,
            {service: f"{host}{path}" for service, path in settings.images.items()},
        )
        if _is_ours(each.image, each.service, settings)
    ]
    asked = [
        (service, path, tag, digest)
        for service, path, digest in released
        for tag in (version, f"sha-{record.commit}")
    ]
    answers = images.look_up_all([(path, tag) for _, path, tag, _ in asked])
    return Artifact(
        record=record,
        images=tuple(
            TaggedImage(
                service=service, image=path, tag=tag, released=digest, answer=answer
            )
            for (service, path, tag, digest), answer in zip(asked, answers, strict=True)
            if digest != NOTHING or not isinstance(answer, Absent)
        ),
        misnamed=tuple(_misnamed(record, settings, version)),
    )


def _with_unnamed(
    record: ReleaseRecord, images: Mapping[str, str]
) -> tuple[ReleasedImage, ...]:
    """Return the images of *record*, and those of *images* that it does not name.

    *images* is service → image; the digest of the latter is ``NOTHING``. A release
    names every image that it gave its version: one that is in the registry all the
    same shows that ``release.json`` was changed; one that is not is of a newer service.
    """
    named = {image.service for image in record.images}
    return (
        *record.images,
        *(
            ReleasedImage(service=service, image=image, digest=NOTHING)
            for service, image in images.items()
            if service not in named
        ),
    )


def _is_ours(image: str, service: str, settings: Settings) -> bool:
    """Say whether *image* (with host) is where this repository puts *service*."""
    return image == f"{settings.registry_host}/{settings.image(service)}"


def _misnamed(record: ReleaseRecord, settings: Settings, version: str) -> Iterator[str]:
    if record.version != version:
        yield f"the record of {version} is one of version {record.version}"
    for each in record.images:
        if not _is_ours(each.image, each.service, settings):
            wanted = f"{settings.registry_host}/{settings.image(each.service)}"
            yield (
                f"the record of {version} names {each.image} for {each.service},"
                f" and not {wanted}"
            )
