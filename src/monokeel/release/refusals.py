"""What forbids a release, each conflict put in words, with the way out."""

from monokeel.ground.answers import Declined, Found
from monokeel.ground.errors import RefusedError
from monokeel.release.record import GitHubRelease, ReleaseRecord
from monokeel.release.target import Target, TargetImage

_BURNED = (
    "immutable release",
    "must have a valid tag",
)


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
