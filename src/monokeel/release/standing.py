"""What stands on the remote, on GitHub and in the registry for one version.

A step of publishing says what it finds of it, and how it goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.version import is_newer, is_prerelease
from monokeel.release.record import (
    GitHubRelease,
    ReleasedImage,
    ReleaseRecord,
    marked_commit,
)
from monokeel.release.target import Outside, Target, TargetImage
from monokeel.release.versions import versions_of

S = TypeVar("S")
T = TypeVar("T")


class Once(Generic[S, T]):
    """A property that is read once, as ``functools.cached_property`` without its lock.

    Before Python 3.12 that lock is one for all instances: two runners in one process
    would wait for each other.
    """

    def __init__(self, read: Callable[[S], T]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    def __get__(self, instance: S, owner: type[S]) -> T:
        """Read, and leave the value where the next access finds it first."""
        value = self._read(instance)
        vars(instance)[self._read.__name__] = value
        return value


class Standing:
    """One look at the outside; each thing is read when asked for, and only once.

    Every property raises ServiceError when the answer is missing: nothing may be
    written on a guess.
    """

    def __init__(self, target: Target, outside: Outside) -> None:
        self.target = target
        self.outside = outside

    def again(self) -> "Standing":
        """Return a new look that has read nothing yet."""
        return Standing(self.target, self.outside)

    @Once
    def refs(self) -> dict[str, str]:
        """Return tags and claims on the remote: full ref name → peeled commit."""
        return self.outside.refs.remote_refs(("refs/tags/", self.target.claim_prefix))

    @Once
    def listed(self) -> tuple[GitHubRelease, ...]:
        """Return every release and draft, whatever its tag."""
        return self.outside.releases.listed()

    @Once
    def published(self) -> GitHubRelease | None:
        """Return the published release of this version."""
        return self.outside.releases.published(self.target.tag)

    @Once
    def published_record(self) -> ReleaseRecord | None:
        """Return what the published release says, ``None`` without a file."""
        if self.published is None:
            return None
        return self.outside.releases.record_of(self.published)

    @Once
    def is_out(self) -> bool:
        """Say whether this version of this commit is published, with its record."""
        record = self.published_record
        return record is not None and record.commit == self.target.commit

    @Once
    def drafts(self) -> tuple[tuple[GitHubRelease, ReleaseRecord | None], ...]:
        """Return this version's drafts and what each says, the lowest id first."""
        of_this_version = [
            each for each in self.listed if each.draft and each.tag == self.target.tag
        ]
        return tuple(
            (draft, self.outside.releases.record_of(draft))
            for draft in sorted(of_this_version, key=lambda draft: draft.id)
        )

    @property
    def own_drafts(self) -> list[GitHubRelease]:
        """The drafts of this version for this commit, the lowest id first."""
        return [
            draft
            for draft, record in self.drafts
            if commit_of(draft, record) == self.target.commit
        ]

    @property
    def draft(self) -> GitHubRelease | None:
        """The draft that will be published: of several the lowest id wins."""
        return next(iter(self.own_drafts), None)

    @Once
    def record(self) -> ReleaseRecord | None:
        """Return the digests decided on: the published release's, else the draft's."""
        if self.is_out:
            return self.published_record
        for draft, record in self.drafts:
            if self.draft is not None and draft.id == self.draft.id:
                return record
        return None

    @Once
    def built(self) -> dict[str, Found | Absent]:
        """Return what the build of this commit pushed, by service."""
        return self._look_up(self.target.built_tag)

    @Once
    def named(self) -> dict[str, Found | Absent]:
        """Return what carries this version in the registry, by service."""
        return self._look_up(self.target.version)

    def holds(self, image: TargetImage, digest: str) -> bool:
        """Say whether the registry still has *digest* of *image*."""
        answer = self.outside.images.look_up(image.path, digest)
        if isinstance(answer, Unknown):
            raise _unclear([f"{image.path}@{digest}: {answer.reason}"])
        return isinstance(answer, Found)

    def proposal(self) -> ReleaseRecord:
        """Return the record of what is built now; an image named already wins.

        Raises ServiceError when an image is not there (any more).
        """
        images = []
        for image in self.target.images:
            found = self.named[image.service]
            if isinstance(found, Absent):
                found = self.built[image.service]
            if isinstance(found, Absent):
                raise ServiceError(
                    f"{image.path}:{self.target.built_tag} is not in the registry",
                    fix="Run the same command again: it builds what is missing.",
                )
            images.append(
                ReleasedImage(
                    service=image.service, image=image.image, digest=found.digest
                )
            )
        return ReleaseRecord(
            version=self.target.version,
            commit=self.target.commit,
            images=tuple(images),
        )

    def is_highest(self) -> bool:
        """Say whether no released version is above this one (prereleases aside)."""
        tags = [ref.removeprefix("refs/tags/") for ref in self.refs]
        others = versions_of(tags, prefix=self.target.tag_prefix)
        return not is_prerelease(self.target.version) and not any(
            is_newer(other, self.target.version) and not is_prerelease(other)
            for other in others
        )

    def leftovers(self) -> tuple[tuple[str, str], ...]:
        """Return the claims (ref, commit) that nobody needs any more.

        This version's own once it is out, and those of versions that were published,
        or whose tag belongs to another commit: their claimant can never finish.
        """
        out = {each.tag for each in self.listed if not each.draft}
        if self.is_out:
            out.add(self.target.tag)
        claims = []
        for ref, commit in sorted(self.refs.items()):
            tag = ref.removeprefix(self.target.claim_prefix)
            if tag == ref:
                continue
            tagged = self.refs.get(f"refs/tags/{tag}")
            if tagged is not None and (tag in out or tagged != commit):
                claims.append((ref, commit))
        return tuple(claims)

    def surplus_drafts(self) -> tuple[GitHubRelease, ...]:
        """Return the drafts of ours whose version is published already."""
        out = {each.tag for each in self.listed if not each.draft}
        surplus = {
            each.id: each
            for each in self.listed
            if each.draft and each.tag in out and marked_commit(each.body) is not None
        }
        if self.is_out:
            surplus |= {draft.id: draft for draft in self.own_drafts}
        if self.published is not None:  # it was still a draft when the list was read
            surplus.pop(self.published.id, None)
        return tuple(surplus[identity] for identity in sorted(surplus))

    def _look_up(self, tag: str) -> dict[str, Found | Absent]:
        images = self.target.images
        found = self.outside.images.look_up_all([(each.path, tag) for each in images])
        answers: dict[str, Found | Absent] = {}
        unclear = []
        for image, answer in zip(images, found, strict=True):
            if isinstance(answer, Unknown):
                unclear.append(f"{image.path}:{tag}: {answer.reason}")
            else:
                answers[image.service] = answer
        if unclear:
            raise _unclear(unclear)
        return answers


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do in this step."""


@dataclass(frozen=True, slots=True)
class Todo:
    """*missing* names what the step still has to write, one entry a write."""

    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something else is where this step would write: *refusals*, one each."""

    refusals: tuple[RefusedError, ...]


State = Done | Todo | Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: *act* writes what *look* found missing and reads nothing back."""

    name: str
    look: Callable[[Standing], State]
    act: Callable[[Standing], None]


def state_of(refusals: list[RefusedError], missing: list[str]) -> State:
    """Return the state of a step with these *refusals* and *missing* writes."""
    if refusals:
        return Conflict(tuple(refusals))
    return Todo(tuple(missing)) if missing else Done()


def commit_of(draft: GitHubRelease, record: ReleaseRecord | None) -> str | None:
    """Return the commit that *draft* is for; one made by hand says none."""
    return record.commit if record is not None else marked_commit(draft.body)


def _unclear(reasons: list[str]) -> ServiceError:
    return ServiceError(
        "the registry cannot tell: " + "; ".join(reasons),
        fix="Run the same command again once the registry answers.",
    )
