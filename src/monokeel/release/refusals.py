"""What forbids a release, each conflict put in words, with the way out."""

import shlex

from monokeel.ground.answers import Declined, Found
from monokeel.ground.errors import RefusedError
from monokeel.release.record import Candidate, GitHubRelease, ReleaseRecord

_SHOWN = 10
_BURNED = ("immutable release", "must have a valid tag")
_WORKFLOWS = (
    "The workflows of this commit differ from those on the default branch, and"
    " GITHUB_TOKEN may not release such a commit. Set MONOKEEL_DEPLOY_KEY."
)


def _skip(candidate: Candidate) -> str:
    return f'add "{candidate.version}" to [release] skip in infra/platform.toml'


def tagged_otherwise(candidate: Candidate, commit: str) -> RefusedError:
    """Refuse: the git tag names another commit, or what is none."""
    fix = f"To take the next version instead, {_skip(candidate)}."
    named = f"{candidate.tag} is the tag of {commit}"
    return RefusedError(f"{named}, not of commit {candidate.commit}", fix=fix)


def claimed_by_another(candidate: Candidate, commit: str) -> RefusedError:
    """Refuse: another commit has begun to release this version."""
    problem = f"{candidate.tag} is claimed by commit {commit} ({candidate.claim}):"
    problem += " a release of that commit is running or was cut short"
    fix = f"Run the release of {commit} again, which finishes it, or take it back:"
    fix += f" ./inv release --abandon {candidate.version}"
    return RefusedError(problem, fix=fix)


def beside(ref: str, others: list[str]) -> RefusedError:
    """Refuse: git takes *ref* for a folder where there are *others*, or them for one.

    Who may write can make them: the patterns of the rules end at a slash.
    """
    problem = f"git cannot have {ref} beside {', '.join(others[:_SHOWN])}"
    fix = f"git push origin --delete {shlex.join(others[:_SHOWN])}"
    return RefusedError(problem, fix=f"Delete what nobody of us made: {fix}")


def tagged_by_hand(candidate: Candidate) -> RefusedError:
    """Refuse: the git tag is on this commit and carries no record of ours."""
    problem = f"{candidate.tag} is a tag on this commit without a release record: it"
    fix = f"To take the next version instead, {_skip(candidate)}."
    return RefusedError(f"{problem} was made by hand", fix=fix)


def published_otherwise(candidate: Candidate, release: GitHubRelease) -> RefusedError:
    """Refuse: the version is published, and not with the record decided on."""
    who = f" by {release.author}" if release.author else ""
    problem = f"{candidate.tag} is published{who}, and not with the release record of"
    fix = "A published version is never replaced. If somebody published it by hand,"
    fix += " delete that release (keep the tag) and run this again; else"
    fix += f" {_skip(candidate)}."
    return RefusedError(f"{problem} this commit: {release.page}", fix=fix)


def other_record(
    candidate: Candidate, record: ReleaseRecord | None, ref: str
) -> RefusedError:
    """Refuse: the record in *ref* is not one of this version and these images."""
    holds = "holds no release record"
    if record is not None:
        images = ", ".join(image.image for image in record.images) or "no image"
        holds = f"is for version {record.version} with {images}"
    tagged = ref == candidate.tag_ref
    back = f"./inv release --abandon {candidate.version}; then release again."
    fix = f"Take it back: {back}"
    if tagged:
        fix = f"A tag stays. To take the next version instead, {_skip(candidate)}."
    if record and record.version == candidate.version and record.images:
        fix = "To finish it, name services and images there as it does:"
        fix += f" {record.images[0].setting}."
        fix += " A tag stays." if tagged else f" Or take it back: {back}"
    problem = f"{ref} {holds}, which is not what infra/platform.toml names"
    return RefusedError(problem, fix=fix)


def named_otherwise(candidate: Candidate, path: str, found: Found) -> RefusedError:
    """Refuse: the version is the name of other content."""
    problem = f"{path}:{candidate.version} is taken by {found.digest}"
    problem += f" (revision {found.revision or 'unknown'}); nothing was overwritten"
    fix = f"To take the next version instead, {_skip(candidate)}."
    return RefusedError(problem, fix=fix)


def lost_digest(
    candidate: Candidate, path: str, digest: str, *, tagged: bool
) -> RefusedError:
    """Refuse: the registry no longer has what the record promises."""
    back = f"or take the release back: ./inv release --abandon {candidate.version}"
    if tagged:
        back = "or release a new version: a tag stays."
    problem = f"the registry has lost {path}@{digest}, or a part of it, which the"
    problem += f" record of {candidate.tag} names"
    return RefusedError(problem, fix=f"Restore that image, {back}")


def lost_build(path: str, digest: str) -> RefusedError:
    """Refuse: what this run was to release is not in the registry; nothing is begun."""
    problem = f"the registry has not {path}@{digest}, or a part of it, which this run"
    fix = "Run ./inv release again without --built: it builds what is missing."
    return RefusedError(f"{problem} has built or was handed over", fix=fix)


def withdrawn(candidate: Candidate) -> RefusedError:
    """Refuse: the claim, the draft or an image went away during the release."""
    problem = f"the release of {candidate.tag} was changed while it ran: its claim,"
    fix = "Was it abandoned by somebody? If not, run ./inv release again."
    return RefusedError(f"{problem} its draft or an image is gone", fix=fix)


def ref_declined(
    candidate: Candidate, ref: str, declined: Declined, *, locked: bool
) -> RefusedError:
    """Refuse: GitHub keeps *ref* from us; where releases are *locked* names burn."""
    fix = "Set MONOKEEL_DEPLOY_KEY: the rules let the deploy key alone create it."
    if "workflow" in declined.reason:
        fix = _WORKFLOWS
    elif ref == candidate.tag_ref and locked:
        fix += " If the key is set, the name was burned by a deleted immutable release:"
        fix += f" {_skip(candidate)}."
    return RefusedError(f"GitHub refuses to create {ref}: {declined.reason}", fix=fix)


def claim_kept(ref: str, declined: Declined) -> RefusedError:
    """Refuse: GitHub does not let us delete the claim *ref*."""
    fix = "Set MONOKEEL_DEPLOY_KEY and run the same command again."
    return RefusedError(f"GitHub refuses to delete {ref}: {declined.reason}", fix=fix)


def release_declined(candidate: Candidate, error: RefusedError) -> RefusedError:
    """Explain GitHub's 422 to a draft or its publication, where that is possible."""
    fix = error.fix
    if any(words in error.problem for words in _BURNED):
        fix = f"{candidate.tag} was the name of a deleted immutable release and can"
        fix += f" never be used again: {_skip(candidate)}."
    elif "creations being restricted" in error.problem:
        fix = f"GitHub tried to create the tag {candidate.tag} itself: push it first,"
        fix += " with MONOKEEL_DEPLOY_KEY, by running ./inv release again."
    return RefusedError(error.problem, fix=fix)
