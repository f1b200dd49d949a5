"""What is to be published, what that needs from the outside, and what forbids it.

Each conflict is put in words, with the way out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from monokeel.commands.release.images import Builder
from monokeel.core.lookup import Absent, Declined, Found, Lost, Moved, Unknown
from monokeel.core.release import Asset, GitHubRelease, ReleaseRecord, marker
from monokeel.core.settings import Settings
from monokeel.errors import RefusedError

_BURNED = (
    "immutable release",
    "must have a valid tag",
)


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


def tagged_otherwise(target: Target, commit: str | None) -> RefusedError:
    """Refuse: the git tag names another commit."""
    return RefusedError(
        f"{target.tag} is the tag of commit {commit}, not of {target.commit}",
        fix="Run ./inv release again: the plan takes the next free version.",
    )


def claimed_by_another(target: Target, commit: str) -> RefusedError:
    """Refuse: another commit has begun to release this version."""
    return RefusedError(
        f"{target.tag} is claimed by commit {commit} ({target.claim}):"
        f" a release of that commit is running or was cut short",
        fix=f"Run the release of {commit} again, which finishes it, or take it back:"
        f" ./inv release --abandon {target.version}",
    )


def foreign_draft(
    target: Target, draft: GitHubRelease, commit: str | None
) -> RefusedError:
    """Refuse: a draft of this version is not for this commit."""
    whose = f"for commit {commit}" if commit else "made by hand (it names no commit)"
    fix = (
        f"Run the release of {commit} again, or: ./inv release --abandon"
        f" {target.version}"
        if commit
        else f"Keep its text, then delete it: {draft.page}"
    )
    return RefusedError(f"draft {target.tag} ({draft.id}) is {whose}", fix=fix)


def published_otherwise(
    target: Target, release: GitHubRelease, record: ReleaseRecord | None
) -> RefusedError:
    """Refuse: the version is published, and not as this commit."""
    whose = (
        f"from commit {record.commit}" if record else "without release.json, by hand"
    )
    return RefusedError(
        f"{target.tag} is published already {whose}: {release.page}",
        fix="A published version is never replaced. Run ./inv release again for the"
        f' next one; if the plan still gives {target.version}, add "{target.version}"'
        " to [release] skip in infra/platform.toml.",
    )


def other_record(target: Target, record: ReleaseRecord) -> RefusedError:
    """Refuse: the record is for this commit but not for these images."""
    images = ", ".join(image.image for image in record.images) or "no image"
    return RefusedError(
        f"the release.json of {target.tag} is for version {record.version} with"
        f" {images}, which is not what infra/platform.toml names",
        fix=f"Take it back: ./inv release --abandon {target.version}; then release"
        " again.",
    )


def other_revision(target: Target, image: TargetImage, found: Found) -> RefusedError:
    """Refuse: the image built for this commit is labelled with another one."""
    label = found.revision or "no commit at all"
    return RefusedError(
        f"{image.path}:{target.built_tag} ({found.digest}) is labelled with {label},"
        f" not with {target.commit}",
        fix="Give the build the label org.opencontainers.image.revision (the presets"
        " do), delete that image, and run ./inv release again.",
    )


def named_otherwise(target: Target, image: TargetImage, found: Found) -> RefusedError:
    """Refuse: the version is the name of other content."""
    return RefusedError(
        f"{image.path}:{target.version} is taken by {found.digest}"
        f" (revision {found.revision or 'unknown'}); nothing was overwritten",
        fix=f'Add "{target.version}" to [release] skip in infra/platform.toml: the'
        " next version is taken instead.",
    )


def lost_digest(target: Target, image: TargetImage, digest: str) -> RefusedError:
    """Refuse: the registry no longer has what the draft promises."""
    return RefusedError(
        f"the registry has lost {image.path}@{digest}, which the release.json of"
        f" {target.tag} names",
        fix=f"Restore that image, or take the release back: ./inv release --abandon"
        f" {target.version}",
    )


def withdrawn(target: Target) -> RefusedError:
    """Refuse: the claim, the draft or an image went away during the release."""
    return RefusedError(
        f"the release of {target.tag} was changed while it ran: its claim, its draft"
        " or an image is gone",
        fix="Was it abandoned by somebody? If not, run ./inv release again.",
    )


def ref_declined(
    target: Target, ref: str, declined: Declined, latest: GitHubRelease | None
) -> RefusedError:
    """Refuse: GitHub keeps *ref* from us; *latest* hints if names get burned."""
    problem = f"GitHub refuses to create {ref}: {declined.reason}"
    if "workflow" in declined.reason:
        return RefusedError(
            problem,
            fix="The workflows of this commit differ from those on the default branch,"
            " and GITHUB_TOKEN may not release such a commit. Set MONOKEEL_DEPLOY_KEY,"
            f" or push by hand: git push --force-with-lease={ref}: origin"
            f" {target.commit}:{ref}",
        )
    fix = "Set MONOKEEL_DEPLOY_KEY: the rules let the deploy key alone create it."
    if ref == target.tag_ref and latest is not None and latest.immutable is True:
        fix += (
            " If the key is set, the name was burned by a deleted immutable release:"
            f' add "{target.version}" to [release] skip in infra/platform.toml.'
        )
    return RefusedError(problem, fix=fix)


def claim_kept(ref: str, declined: Declined) -> RefusedError:
    """Refuse: GitHub does not let us delete the claim *ref*."""
    return RefusedError(
        f"GitHub refuses to delete {ref}: {declined.reason}",
        fix="Set MONOKEEL_DEPLOY_KEY and run the same command again.",
    )


def release_declined(target: Target, error: RefusedError) -> RefusedError:
    """Explain GitHub's 422 to a draft or its publication, where that is possible."""
    if any(words in error.problem for words in _BURNED):
        return RefusedError(
            error.problem,
            fix=f"{target.tag} was the name of a deleted immutable release and can"
            f' never be used again: add "{target.version}" to [release] skip in'
            " infra/platform.toml.",
        )
    if "creations being restricted" in error.problem:
        return RefusedError(
            error.problem,
            fix=f"GitHub tried to create the tag {target.tag} itself: push it first,"
            " with MONOKEEL_DEPLOY_KEY, by running ./inv release again.",
        )
    return error
