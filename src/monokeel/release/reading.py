"""What is outside for one version: refs, claim, drafts, record, images.

Each thing is asked once, when it is first needed, and its answer kept: also that
nobody answered. The plan and the publication judge one reading by the same steps.
"""

from collections.abc import Callable, Mapping
from copy import copy
from typing import Literal, TypeVar, cast

from monokeel.ground.answers import Found, ImageAnswer, RemoteRef, Unknown
from monokeel.ground.errors import NO_ANSWER, MonokeelError, ServiceError
from monokeel.ground.version import parse_version
from monokeel.release import record as records
from monokeel.release.ports import Outside
from monokeel.release.record import Candidate, GitHubRelease, ReleaseRecord
from monokeel.release.versions import versions_of

Part = Literal["refs", "releases", "images"]
T = TypeVar("T")
_TAGS = "refs/tags/"


class Reading:
    """One look at the outside for *candidate*.

    Every property raises ServiceError when its answer is missing: nothing may be
    written on a guess. *digests* are those of this run's own builds, by service; *refs*
    is an answer that somebody has already, *known* are all answers so far.
    """

    def __init__(
        self,
        candidate: Candidate,
        outside: Outside,
        *,
        refs: Mapping[str, RemoteRef] | Unknown | None = None,
        digests: Mapping[str, str] | None = None,
    ) -> None:
        self.candidate, self.outside = candidate, outside
        self.remote, self.releases = outside.remote, outside.releases
        self.images, self.digests = outside.images, dict(digests or {})
        self.known: dict[tuple[str, str], object] = {}
        if isinstance(refs, Unknown):
            self.known["refs", ""] = ServiceError(refs.reason)
        elif refs is not None:
            self.known["refs", ""] = refs

    def without(self, *parts: Part) -> "Reading":
        """Return this reading with *parts* to be asked anew."""
        other = copy(self)
        other.known = {k: x for k, x in self.known.items() if k[0] not in parts}
        return other

    def at(self, ref: str, now: str | None) -> "Reading":
        """Return this reading after a write left *ref* at the object *now*."""
        refs = {name: at for name, at in self.refs.items() if name != ref}
        if now is not None:
            refs[ref] = RemoteRef(object=now, commit=self.candidate.commit)
        other = self.without("refs")
        other.known["refs", ""] = refs
        return other

    # The remote

    @property
    def refs(self) -> Mapping[str, RemoteRef]:
        """Tags and claims on the remote, by full ref name."""
        prefixes = (_TAGS, self.candidate.settings.claim(""))
        return self._once("refs", "", lambda: self.remote.remote_objects(prefixes))

    @property
    def releases_begun(self) -> set[str]:
        """The release tags of this line on the remote, made or claimed."""
        settings, span = self.candidate.settings, self.candidate.span
        place = settings.claim("")
        tags = [ref.removeprefix(place).removeprefix(_TAGS) for ref in self.refs]
        found = versions_of(tags, settings.tag_prefix)
        return {tag for name, tag in found.items() if span.has(parse_version(name))}

    @property
    def tagged(self) -> RemoteRef | None:
        """What the git tag of this version names."""
        return self.refs.get(self.candidate.tag_ref)

    @property
    def claimed(self) -> RemoteRef | None:
        """What the claim of this version names."""
        return self.refs.get(self.candidate.claim)

    @property
    def record(self) -> ReleaseRecord | None:
        """The digests decided on for this commit: the tag's record, else the claim's.

        The rules let the writer alone make either ref, so nobody else decides.
        """
        ref = self.candidate.tag_ref if self.tagged else self.candidate.claim
        found = self.record_in(ref)
        return found if found and found.commit == self.candidate.commit else None

    def record_in(self, ref: str) -> ReleaseRecord | None:
        """Return the record in *ref*, ``None`` without the ref or a record in it."""
        at = self.refs.get(ref)
        if at is None:
            return None
        text = self._once("tags", at.object, lambda: self.remote.tag_message(ref, at))
        return records.record_in(text)

    def is_highest(self) -> bool:
        """Say whether no released version is above this one (prereleases aside)."""
        tags = [ref.removeprefix(_TAGS) for ref in self.refs]
        found = versions_of(tags, self.candidate.settings.tag_prefix)
        others, own = map(parse_version, found), parse_version(self.candidate.version)
        return not own.prerelease and all(x.prerelease or x <= own for x in others)

    @property
    def leftovers(self) -> list[tuple[str, RemoteRef]]:
        """The claims of no use: ours once it is out, and those of another's tag."""
        found = []
        for ref, at in sorted(self.refs.items()):
            tag = ref.removeprefix(self.candidate.settings.claim(""))
            tagged = self.refs.get(f"{_TAGS}{tag}")
            if tag != ref and tagged is not None:
                ours = tag == self.candidate.tag and self.is_out
                found += [(ref, at)] * (tagged.commit != at.commit or ours)
        return found

    # GitHub

    @property
    def published(self) -> GitHubRelease | None:
        """The published release of this version."""
        tag = self.candidate.tag
        return self._once("releases", tag, lambda: self.releases.published(tag))

    @property
    def drafts(self) -> list[GitHubRelease]:
        """The drafts of this version, the lowest id first."""
        listed = self._once("releases", "", self.releases.listed)
        found = [x for x in listed if x.draft and x.tag == self.candidate.tag]
        return sorted(found, key=lambda draft: draft.id)

    @property
    def own_drafts(self) -> list[GitHubRelease]:
        """The drafts with exactly the record decided on, and with nothing else."""
        plain = (each for each in self.drafts if not each.foreign_assets)
        return [x for x in plain if self.record and self._holds(x, self.record)]

    @property
    def is_out(self) -> bool:
        """Whether this version is published with the record decided on."""
        out = self.published
        return bool(out and self.record and self._holds(out, self.record))

    def is_left_of_ours(
        self, draft: GitHubRelease, wanted: ReleaseRecord | None = None
    ) -> bool:
        """Say whether *draft* has nothing in it but what a run of ours puts there.

        Our mark alone is no proof, but a draft without a file decides nothing. Its
        file is compared with *wanted*, by default the record decided on.
        """
        if draft.foreign_assets:
            return False
        if draft.file is None:
            return records.is_marked(draft.body)
        return self._holds(draft, wanted or self.record)

    @property
    def surplus_drafts(self) -> list[GitHubRelease]:
        """The drafts of ours that are left of this version once it is published."""
        if self.published is None or not self.is_out:
            return []
        # What is out may still have been a draft in the list.
        others = (each for each in self.drafts if each.id != self.published.id)
        return [each for each in others if self.is_left_of_ours(each)]

    def _holds(self, release: GitHubRelease, record: ReleaseRecord | None) -> bool:
        if release.file is None:
            return False
        key = f"asset {release.file}"
        text = self._once("files", key, lambda: self.releases.file_of(release))
        return record is not None and text == records.record_text(record)

    # The registry

    @property
    def named(self) -> dict[str, ImageAnswer]:
        """What carries this version in the registry, by service."""
        return self.images_at(self.candidate.version)

    def images_at(self, tag: str) -> dict[str, ImageAnswer]:
        """Return what carries *tag*, the version or where builds go, by service."""
        names = [(path, tag) for path in self.candidate.paths.values()]
        return self._by_service("images", tag, lambda: self.images.look_up_all(names))

    def has(self, path: str, digest: str) -> bool:
        """Say whether *digest* of *path* is there with every manifest it names."""
        key = f"{path}@{digest}"
        at = self._once("images", key, lambda: self.images.look_up(path, digest))
        if isinstance(at, Unknown):
            raise ServiceError(at.reason)
        return isinstance(at, Found) and at.digest == digest and not at.missing

    @property
    def access(self) -> dict[str, bool | Unknown]:
        """Whether the image of each service may be pushed."""
        paths = [*self.candidate.paths.values()]
        return self._by_service("access", "", lambda: self.images.may_push_all(paths))

    def _by_service(
        self, part: str, key: str, ask: Callable[[], list[T]]
    ) -> dict[str, T]:
        answers = self._once(part, key, ask)
        return dict(zip(self.candidate.images, answers, strict=True))

    def _once(self, part: str, name: str, ask: Callable[[], T]) -> T:
        key = (part, name)
        if key not in self.known:
            try:
                self.known[key] = ask()
            except NO_ANSWER as error:
                self.known[key] = error
        known = self.known[key]
        if isinstance(known, MonokeelError):
            raise known
        return cast("T", known)
