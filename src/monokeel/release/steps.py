"""The steps of publishing: each says whether it is done, and how to do it.

``look`` only reads; what it says is the state of the outside and not of this run, so
a run cut short anywhere is finished by the next one. Step 2 of the design (attest)
belongs to the workflow: it needs the identity of the job.
"""

from monokeel.ground.answers import Absent, Declined, Found
from monokeel.ground.errors import RefusedError, UsageError
from monokeel.release.record import record_text
from monokeel.release.refusals import (
    claim_kept,
    claimed_by_another,
    foreign_draft,
    lost_digest,
    named_otherwise,
    other_record,
    other_revision,
    published_otherwise,
    ref_declined,
    release_declined,
    tagged_otherwise,
    withdrawn,
)
from monokeel.release.standing import (
    Conflict,
    Done,
    Standing,
    State,
    Step,
    Todo,
    commit_of,
    state_of,
)
from monokeel.release.target import TargetImage


def look_at_builds(now: Standing) -> State:
    """Say which images are not built; a record means that all of them were."""
    if now.record is not None:
        return Done()
    refusals, missing = [], []
    commit = now.target.commit
    for image in now.target.images:
        named, built = now.named[image.service], now.built[image.service]
        if isinstance(named, Found):  # its own draft was deleted by somebody
            if named.revision != commit:
                refusals.append(named_otherwise(now.target, image, named))
        elif isinstance(built, Absent):
            missing.append(f"{image.path}:{now.target.built_tag}")
        elif built.revision != commit:
            refusals.append(other_revision(now.target, image, built))
    return state_of(refusals, missing)


def build(now: Standing) -> None:
    """Build the images that are not there yet."""
    for image in now.target.images:
        if isinstance(now.named[image.service], Found):
            continue
        if isinstance(now.built[image.service], Absent):
            now.outside.builder.build(image.service, now.target.commit)


def look_at_claim(now: Standing) -> State:
    """Say whether the claim names this commit, or the version is out already."""
    target = now.target
    tagged, claimed = now.refs.get(target.tag_ref), now.refs.get(target.claim)
    if tagged not in (None, target.commit):
        return Conflict((tagged_otherwise(target, tagged),))
    if now.is_out or claimed == target.commit:
        return Done()
    if claimed is not None:
        return Conflict((claimed_by_another(target, claimed),))
    return Todo((target.claim,))


def claim(now: Standing) -> None:
    """Create the claim; give it back when another commit has finished meanwhile.

    The winner of the version may have made its tag and deleted its claim between our
    look and our push. Left there, ours would look like unfinished work.
    """
    target = now.target
    _create(now, target.claim)
    after = now.again()
    if after.refs.get(target.tag_ref) not in (None, target.commit):
        now.outside.refs.move_ref(target.claim, old=target.commit, new=None)


def look_at_draft(now: Standing) -> State:
    """Say whether there is a draft for this commit, or the release itself."""
    target = now.target
    if now.is_out:
        return Done()
    if now.published is not None:
        record = now.published_record
        return Conflict((published_otherwise(target, now.published, record),))
    refusals = [
        foreign_draft(target, draft, commit_of(draft, record))
        for draft, record in now.drafts
        if commit_of(draft, record) != target.commit
    ]
    missing = [] if now.own_drafts else [f"draft {target.tag}"]
    return state_of(refusals, missing)


def create_draft(now: Standing) -> None:
    """Create a draft, marked with the commit before it has any asset."""
    target = now.target
    try:
        now.outside.releases.create_draft(
            target.tag, title=target.tag, body=target.body
        )
    except RefusedError as error:
        raise release_declined(target, error) from error


def look_at_record(now: Standing) -> State:
    """Say whether ``release.json`` is there, and names these very images."""
    record = now.record
    if record is None:
        return Todo(("release.json",))
    wanted = {image.service: image.image for image in now.target.images}
    recorded = {image.service: image.image for image in record.images}
    if record.version != now.target.version or recorded != wanted:
        return Conflict((other_record(now.target, record),))
    return Done()


def attach_record(now: Standing) -> None:
    """Upload ``release.json``; the name is taken by the first of several runners."""
    draft = now.draft
    if draft is None:
        raise withdrawn(now.target)
    if draft.record_asset is not None:  # cut short: nothing usable is in it
        now.outside.releases.detach(draft.record_asset)
    text = record_text(now.proposal())
    now.outside.releases.attach(draft, text.encode())


def look_at_names(now: Standing) -> State:
    """Say which images lack the version, and refuse one at another digest."""
    record = now.record
    refusals, missing = [], []
    for image in now.target.images:
        named = now.named[image.service]
        digest = None if record is None else record.digest_of(image.service)
        if isinstance(named, Absent):
            missing.append(f"{image.path}:{now.target.version}")
            if digest is not None and not now.holds(image, digest):
                refusals.append(lost_digest(now.target, image, digest))
        elif not _is_ours(named, digest, now.target.commit):
            refusals.append(named_otherwise(now.target, image, named))
    return state_of(refusals, missing)


def name_images(now: Standing) -> None:
    """Give each recorded digest its version tag; an image that has one is left."""
    for image in now.target.images:
        if isinstance(now.named[image.service], Absent):
            digest = _digest(now, image)
            now.outside.images.give_tag(image.path, digest, now.target.version)


def look_at_tag(now: Standing) -> State:
    """Say whether the git tag peels to this commit."""
    tagged = now.refs.get(now.target.tag_ref)
    if tagged is None:
        return Todo((now.target.tag_ref,))
    if tagged != now.target.commit:
        return Conflict((tagged_otherwise(now.target, tagged),))
    return Done()


def create_tag(now: Standing) -> None:
    """Create the git tag, the commit point: all that it implies is read again first."""
    seen = now.again()
    if seen.refs.get(now.target.tag_ref) == now.target.commit:
        return
    names, claimed = look_at_names(seen), look_at_claim(seen)
    for state in (names, claimed):
        if isinstance(state, Conflict):
            raise state.refusals[0]
    if names != Done() or claimed != Done() or seen.record is None:
        raise withdrawn(now.target)
    _create(now, now.target.tag_ref)


def look_at_release(now: Standing) -> State:
    """Say whether the release is published, and its tag still the one meant."""
    if not now.is_out:
        return Todo((f"release {now.target.tag}",))
    if now.refs.get(now.target.tag_ref) is None:
        return Todo((now.target.tag_ref,))
    return look_at_tag(now)


def publish_draft(now: Standing) -> None:
    """Publish the draft; without a tag GitHub would make one where it likes.

    A draft that was deleted after the last look before the tag is made again: from
    the tag on there is only forward.
    """
    seen = now.again()
    if seen.is_out:
        return
    if seen.refs.get(now.target.tag_ref) != now.target.commit:
        raise withdrawn(now.target)
    if seen.draft is None:
        claim(seen)
        create_draft(seen)
        attach_record(seen.again())
    draft = now.again().draft
    if draft is None:
        raise withdrawn(now.target)
    try:
        now.outside.releases.publish(draft, latest=seen.is_highest())
    except RefusedError as error:
        raise release_declined(now.target, error) from error


def look_at_leftovers(now: Standing) -> State:
    """Say which claims and drafts are left of versions that are published."""
    drafts = [f"draft {each.tag} ({each.id})" for each in now.surplus_drafts()]
    claims = [ref for ref, _ in now.leftovers()]
    waiting = [] if now.is_out else [now.target.claim]
    return state_of([], list(dict.fromkeys(drafts + claims + waiting)))


def clean_up(now: Standing) -> None:
    """Delete surplus drafts, then the claims: a claim means unfinished work."""
    for draft in now.surplus_drafts():
        now.outside.releases.delete(draft)
    for ref, commit in now.leftovers():
        moved = now.outside.refs.move_ref(ref, old=commit, new=None)
        if isinstance(moved, Declined):
            raise claim_kept(ref, moved)


STEPS = (
    Step(name="build", look=look_at_builds, act=build),
    Step(name="claim", look=look_at_claim, act=claim),
    Step(name="draft", look=look_at_draft, act=create_draft),
    Step(name="record", look=look_at_record, act=attach_record),
    Step(name="images", look=look_at_names, act=name_images),
    Step(name="tag", look=look_at_tag, act=create_tag),
    Step(name="publish", look=look_at_release, act=publish_draft),
    Step(name="clean up", look=look_at_leftovers, act=clean_up),
)


def _is_ours(named: Found, digest: str | None, commit: str) -> bool:
    # Without a record yet, the label is all that tells whose the image is.
    return named.revision == commit if digest is None else named.digest == digest


def _create(now: Standing, ref: str) -> None:
    moved = now.outside.refs.move_ref(ref, old=None, new=now.target.commit)
    if isinstance(moved, Declined):
        raise ref_declined(now.target, ref, moved, now.outside.releases.latest())


def _digest(now: Standing, image: TargetImage) -> str:
    if now.record is None:
        raise withdrawn(now.target)
    digest = now.record.digest_of(image.service)
    if digest is None:
        raise UsageError(f"release.json has no service {image.service}")
    return digest
