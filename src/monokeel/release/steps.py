"""The steps of publishing: each says whether it is done, and how to do it.

``judge`` only reads the state of the outside, so a run cut short anywhere is finished
by the next one. The plan shows what ``judge`` says, and the publication acts on it. To
attest (step 2 of the design) is the workflow's: it needs the identity of the job.

Who could have written what is read here: refs under the rules' namespaces, the writer
alone. Drafts, their files, tags and labels of images: everybody who may write, so that
they are compared with the record and never decide anything.
"""

from collections.abc import Callable
from dataclasses import dataclass

from monokeel.ground.answers import Absent, Declined, Found, Lost, Moved, Unknown
from monokeel.ground.errors import NO_ANSWER, RefusedError, ServiceError
from monokeel.release import refusals
from monokeel.release.plan import CheckName
from monokeel.release.reading import Reading
from monokeel.release.record import ReleaseRecord, record_text


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a step is found to be: done, where nothing is named here.

    *refusals* are what else is where it would write, one each; *unclear* says who did
    not answer what; *missing* is what it still has to write, one entry a write. The
    first of these that there is counts.
    """

    refusals: tuple[RefusedError, ...] = ()
    unclear: str = ""
    missing: tuple[str, ...] = ()


DONE = State()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: *act* writes what *judge* found missing; *check* of a plan shows it."""

    name: str
    check: CheckName
    judge: Callable[[Reading], State]
    act: Callable[[Reading], Reading]

    def state(self, now: Reading) -> State:
        """Return what ``judge`` says; a missing answer is Unclear."""
        try:
            return self.judge(now)
        except NO_ANSWER as error:
            return State(unclear=error.problem)


class OvertakenError(RefusedError):
    """Another commit was first: a new plan takes the next version, or none."""


def _builds_state(now: Reading) -> State:
    """Say which services have no digest of this run; with a record all had one."""
    if now.record is not None:
        return DONE
    taken = [  # named by no record: who may push can label it
        refusals.named_otherwise(now.candidate, path, answer)
        for service, path in now.candidate.paths.items()
        if isinstance(answer := now.named[service], Found)
    ]
    unbuilt = (x for x in now.candidate.images if x not in now.digests)
    missing, unclear = (
        tuple(f"digest of {x}" for x in unbuilt),
        "; ".join(_unclear(now)),
    )
    return State(refusals=tuple(taken), unclear=unclear, missing=missing)


def _build(now: Reading) -> Reading:
    for service in now.candidate.images:
        if service not in now.digests:
            now.digests[service] = now.outside.build(service, now.candidate.commit)
    return now.without()


def _claim_state(now: Reading) -> State:
    """Say whether the claim names this commit, or the version is tagged already."""
    candidate = now.candidate
    if now.tagged is not None:
        return _tag_state(now)
    if now.claimed is None:
        return _free(now, candidate.claim)
    if now.claimed.commit != candidate.commit:
        return _against(refusals.claimed_by_another(candidate, now.claimed.commit))
    return _record_state(now, candidate.claim)


def _claim(now: Reading) -> Reading:
    """Create the claim: from here on these digests are the version's."""
    seen = now.without("refs")
    news = sorted(seen.releases_begun - now.releases_begun - {now.candidate.tag})
    if news:  # made or begun since the plan counted: it is one of yesterday
        raise _overtaken(news)
    for service, path in now.candidate.paths.items():
        if not now.has(path, now.digests[service]):
            raise refusals.lost_build(path, now.digests[service])
    record = now.candidate.record(now.digests)
    after = _create(seen, now.candidate.claim, record).without("refs")
    claimed, commit = after.claimed, now.candidate.commit
    late = after.releases_begun - seen.releases_begun - {now.candidate.tag}
    beaten = after.tagged is not None and after.tagged.commit != commit
    mine = claimed if claimed and claimed.commit == commit else None
    if mine and (beaten or any(_contains(after, tag) for tag in late)):
        # Others were between our look and our push. Left there, our claim would look
        # like unfinished work, or put a lower version on what a higher one contains.
        now.remote.move_ref(now.candidate.claim, old=mine.object, new=None)
        if not beaten:
            raise _overtaken(sorted(late))
    return after


def _overtaken(tags: list[str]) -> OvertakenError:
    fix = "Run ./inv release again: it plans anew."
    return OvertakenError(f"{', '.join(tags)} was released or begun meanwhile", fix=fix)


def _contains(now: Reading, tag: str) -> bool:
    """Say whether the release *tag* contains our commit; one not here may do so."""
    refs = (f"refs/tags/{tag}", now.candidate.settings.claim(tag))
    others = {now.refs[ref].commit for ref in refs if ref in now.refs}
    history, commit = now.outside.history, now.candidate.commit
    known = history.known(others)
    return known != others or any(history.is_ancestor(commit, x) for x in known)


def _draft_state(now: Reading) -> State:
    """Say whether there is a draft with this record alone, or the release itself."""
    if now.published or now.own_drafts:
        return _published_state(now)
    return State(missing=(f"draft {now.candidate.tag}",))


def _create_draft(now: Reading) -> Reading:
    """Create a draft with the record; what others have put down is left alone."""
    candidate, record = now.candidate, now.record
    if record is None:
        raise refusals.withdrawn(candidate)
    tag, body = candidate.tag, candidate.body
    try:
        draft = now.releases.create_draft(tag, title=tag, body=body)
        now.releases.attach(draft, record_text(record).encode())
    except RefusedError as error:
        raise refusals.release_declined(candidate, error) from error
    return now.without("releases")


def _names_state(now: Reading) -> State:
    """Say which images lack the version, and refuse one at another digest."""
    candidate, against = now.candidate, list[RefusedError]()
    missing, unclear = _to_stage(now), _unclear(now)
    tagged = now.record_in(candidate.tag_ref) is not None
    decided = now.record.images if now.record else ()  # at other names: _record_state
    digests = {(x.service, x.image): x.digest for x in decided}
    for service, path in candidate.paths.items():
        named, whole = now.named[service], True
        digest = digests.get((service, candidate.images[service]))
        if isinstance(named, Found) and digest in {None, named.digest}:
            digest, whole = named.digest, not named.missing
        elif isinstance(named, Found):
            against.append(refusals.named_otherwise(candidate, path, named))
        elif isinstance(named, Absent):
            missing.append(f"{path}:{candidate.version}")
            try:
                whole = digest is None or now.has(path, digest)
            except ServiceError as error:
                unclear.append(error.problem)
        if not whole:
            lost = refusals.lost_digest(candidate, path, str(digest), tagged=tagged)
            against.append(lost)
    said = "; ".join(dict.fromkeys(unclear))
    return State(refusals=tuple(against), unclear=said, missing=tuple(missing))


def _name_images(now: Reading) -> Reading:
    """Give each recorded digest its tags; put a moved ``sha-<commit>`` back."""
    staging, behind = now.candidate.staging_tag, _to_stage(now)
    for service, path in now.candidate.paths.items():
        digest = now.record.digest_of(service) if now.record else None
        if digest is None:
            raise refusals.withdrawn(now.candidate)
        if isinstance(now.named[service], Absent):
            now.images.give_tag(path, digest, now.candidate.version)
        if f"{path}:{staging}" in behind:
            now.images.give_tag(path, digest, staging, moving=True)
    return now.without("images")


def _tag_state(now: Reading) -> State:
    """Say whether the git tag peels to this commit and carries the record."""
    candidate, tagged = now.candidate, now.tagged
    if tagged is None:
        return _free(now, candidate.tag_ref)
    if tagged.commit != candidate.commit:
        return _against(refusals.tagged_otherwise(candidate, tagged.commit))
    if now.record_in(candidate.tag_ref) is None:
        return _against(refusals.tagged_by_hand(candidate))
    return _record_state(now, candidate.tag_ref)


def _create_tag(now: Reading) -> Reading:
    """Create the git tag, the commit point: all that it implies is read again first."""
    seen = now.without("refs", "images")
    if seen.tagged is not None:
        return seen
    states = [_claim_state(seen), _names_state(seen)]
    for state in states:
        if state.refusals:
            raise state.refusals[0]
        if state.unclear:
            raise ServiceError(state.unclear)
    missing = {each for state in states for each in state.missing}
    if seen.record is None or missing - {*_to_stage(seen)}:
        raise refusals.withdrawn(now.candidate)
    return _create(seen, now.candidate.tag_ref, seen.record)


def _release_state(now: Reading) -> State:
    """Say whether the release is published, and its tag still the one meant."""
    if now.published is None:
        return State(missing=(f"release {now.candidate.tag}",))
    state = _published_state(now)
    return _tag_state(now) if state == DONE else state


def _publish_draft(now: Reading) -> Reading:
    """Publish the draft; without a tag GitHub would make one where it likes."""
    candidate, seen = now.candidate, now.without("refs", "releases")
    if seen.published is not None:
        return seen
    if seen.tagged is None or seen.tagged.commit != candidate.commit:
        raise refusals.withdrawn(candidate)
    # Deleted since: from the tag on there is only forward.
    seen = seen if seen.own_drafts else _create_draft(seen)
    if not seen.own_drafts:
        raise refusals.withdrawn(candidate)
    # Title and text are sent along: somebody may have written into the draft meanwhile.
    title, body, latest = candidate.tag, candidate.body, seen.is_highest()
    try:
        now.releases.publish(seen.own_drafts[0], title=title, body=body, latest=latest)
    except RefusedError as error:
        raise refusals.release_declined(candidate, error) from error
    return seen.without("releases")


def _leftovers_state(now: Reading) -> State:
    """Say which claims and drafts are left of versions that are published."""
    left = [f"draft {each.tag} ({each.id})" for each in now.surplus_drafts]
    left += [ref for ref, _ in now.leftovers]
    left += [] if now.is_out else [now.candidate.claim]
    return State(missing=tuple(dict.fromkeys(left)))


def _clean_up(now: Reading) -> Reading:
    """Delete surplus drafts, then the claims: a claim means unfinished work."""
    for draft in now.surplus_drafts:
        now.releases.delete(draft)
    seen = now
    for ref, at in now.leftovers:
        moved = now.remote.move_ref(ref, old=at.object, new=None)
        if isinstance(moved, Declined):
            raise refusals.claim_kept(ref, moved)
        seen = seen.at(ref, moved.now)
    return seen.without("releases") if now.surplus_drafts else seen


STEPS = (
    Step(name="build", check="images", judge=_builds_state, act=_build),
    Step(name="claim", check="tag", judge=_claim_state, act=_claim),
    Step(name="draft", check="release", judge=_draft_state, act=_create_draft),
    Step(name="images", check="images", judge=_names_state, act=_name_images),
    Step(name="tag", check="tag", judge=_tag_state, act=_create_tag),
    Step(name="publish", check="release", judge=_release_state, act=_publish_draft),
    Step(name="clean up", check="release", judge=_leftovers_state, act=_clean_up),
)


def done(now: Reading) -> tuple[str, ...]:
    """Return the names of the steps with nothing left to do."""
    return tuple(step.name for step in STEPS if step.state(now) == DONE)


def lost_names(now: Reading) -> State:
    """Say which names the images of a release lack, once its tag is one of ours."""
    try:
        return _names_state(now) if _tag_state(now) == DONE else DONE
    except NO_ANSWER as error:
        return State(unclear=error.problem)


def _free(now: Reading, ref: str) -> State:
    """Say that *ref* is to be made, unless git cannot have it beside what is there."""
    there = [x for x in now.refs if x.startswith(f"{ref}/") or ref.startswith(f"{x}/")]
    return _against(refusals.beside(ref, there)) if there else State(missing=(ref,))


def _against(refusal: RefusedError) -> State:
    return State(refusals=(refusal,))


def _unclear(now: Reading) -> list[str]:
    tags = [now.candidate.version, *([now.candidate.staging_tag] if now.record else [])]
    answers = [answer for tag in tags for answer in now.images_at(tag).values()]
    return list(dict.fromkeys(x.reason for x in answers if isinstance(x, Unknown)))


def _to_stage(now: Reading) -> list[str]:
    """Return the images whose ``sha-<commit>`` is not at the digest of the record."""
    return [
        f"{path}:{now.candidate.staging_tag}"
        for service, path in now.candidate.paths.items()
        if now.record is not None
        and isinstance(
            answer := now.images_at(now.candidate.staging_tag)[service], Absent | Found
        )
        and getattr(answer, "digest", None) != now.record.digest_of(service)
    ]


def _record_state(now: Reading, ref: str) -> State:
    """Say whether the record in *ref* is one of this version's services."""
    candidate, record = now.candidate, now.record_in(ref)
    if (
        record is not None
        and (record.version, record.commit) == (candidate.version, candidate.commit)
        and {each.service: each.image for each in record.images} == candidate.images
    ):
        return DONE
    return _against(refusals.other_record(candidate, record, ref))


def _published_state(now: Reading) -> State:
    if now.published is None or now.is_out:
        return DONE
    return _against(refusals.published_otherwise(now.candidate, now.published))


def _create(now: Reading, ref: str, record: ReleaseRecord) -> Reading:
    commit, text = now.candidate.commit, record_text(record)
    match moved := now.remote.create_tag(ref, commit=commit, message=text):
        case Declined():
            locked = any(each.immutable for each in now.releases.listed())
            raise refusals.ref_declined(now.candidate, ref, moved, locked=locked)
        case Moved(now=made):
            return now.at(ref, made)
        case Lost():
            return now.without("refs")
