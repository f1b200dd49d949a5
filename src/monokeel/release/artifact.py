"""One release against the registry: each digest of its record under both of its tags.

The only place that asks this: the release itself, the gate ``images`` of a promotion
and the section ``releases`` of drift all judge what is read here.
"""

from dataclasses import dataclass

from monokeel.ground.answers import Absent, Found, ImageAnswer, RemoteRef, Unknown, ask
from monokeel.ground.clone import Clone
from monokeel.ground.settings import Settings
from monokeel.release.ports import ImageTags
from monokeel.release.record import ReleaseRecord, record_in

NOTHING = "no image"


def read_record(
    tags: Clone, tag: str, at: RemoteRef | None
) -> ReleaseRecord | Absent | Unknown:
    """Return the record that the git tag *tag* (``v1.4.0``), which is *at*, carries.

    *at* is ``None`` where there is no such tag. Absent: it was made before Monokeel, or
    by hand, and cannot be promoted. Nothing else is believed: everybody who may write
    can replace ``release.json``; the rules let the writer alone make a version's tag.
    """
    if at is None:
        return Absent()
    message = ask(lambda: tags.tag_message(f"refs/tags/{tag}", at))
    if isinstance(message, Unknown):
        return message
    record = record_in(message)
    # A record of another commit was taken from another tag.
    return record if record and record.commit == at.commit else Absent()


def record_of_commit(
    remote: Clone, settings: Settings, commit: str
) -> ReleaseRecord | None:
    """Return the record of a release of *commit*, made or begun, if there is one.

    Only the writer's refs are believed. Raises ServiceError if the remote is silent.
    """
    # Only these: whoever may push can put thousands of other tags on a commit.
    made, begun = f"refs/tags/{settings.tag('')}", settings.claim("")
    for ref, at in remote.remote_objects((made, begun)).items():
        below = "/" in ref.removeprefix(begun).removeprefix(made)  # no rule's matter
        if below or at.commit != commit or at.object == commit:
            continue
        found = record_in(remote.tag_message(ref, at))
        tag = settings.tag(found.version) if found else ""
        if found and ref in {f"refs/tags/{tag}", settings.claim(tag)}:
            return found if found.commit == commit else None
    return None


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
    answer: ImageAnswer

    @property
    def name(self) -> str:
        """The image with its tag, as people write it."""
        return f"{self.image}:{self.tag}"

    @property
    def wrong(self) -> str:
        """What differs from the record, in one line; empty if nothing is known to."""
        match self.answer:
            case Found(digest=digest) if digest != self.released:
                said = f"{self.name} is {digest}, its record says {self.released}:"
                return f"{said} the tag was moved, or the record changed"
            case Found(missing=missing) if missing:
                lost = ", ".join(missing)
                return f"{self.name} is an index whose manifests are gone: {lost}"
            case Absent():
                return f"{self.name} is gone, its record says {self.released}"
            case Found() | Unknown():
                return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A record and what the registry has of it; *misnamed* ones were not asked for."""

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
        answers = ((each.name, each.answer) for each in self.images)
        return tuple(f"{n}: {x.reason}" for n, x in answers if isinstance(x, Unknown))

    @property
    def services(self) -> tuple[str, ...]:
        """The services that were asked about, in the order of the record."""
        return tuple(dict.fromkeys(each.service for each in self.images))


def read_artifact(
    record: ReleaseRecord, settings: Settings, images: ImageTags, *, version: str
) -> Artifact:
    """Return *record*, the record of the release *version*, beside the registry.

    Asked once for both tags of every service, ``X.Y.Z`` and ``sha-<commit>``. Raises
    nothing: what nobody answered is ``unclear``. An image of a service that the record
    does not name is wrong if it is there, and of a newer service if it is not.
    """
    said, named = (
        f"the record of {version}",
        {x.service: x.image for x in record.images},
    )
    misnamed = [f"{said} is one of version {record.version}"]
    misnamed *= record.version != version
    asked = list[tuple[str, str, str]]()
    for service in dict.fromkeys((*named, *settings.images)):
        path = settings.image(service)
        wanted = f"{settings.registry_host}/{path}"
        if (image := named.get(service, wanted)) != wanted:
            misnamed.append(f"{said} names {image} for {service}, and not {wanted}")
        else:
            asked += [(service, path, tag) for tag in (version, f"sha-{record.commit}")]
    answers = images.look_up_all([(path, tag) for _, path, tag in asked])
    tagged = (
        TaggedImage(
            service=service,
            image=path,
            tag=tag,
            released=record.digest_of(service) or NOTHING,
            answer=answer,
        )
        for (service, path, tag), answer in zip(asked, answers, strict=True)
    )
    found = tuple(x for x in tagged if (x.released, x.answer) != (NOTHING, Absent()))
    return Artifact(record=record, images=found, misnamed=tuple(misnamed))
