"""Publishing where something else stands: what is refused, healed or cleaned up."""

import shlex
from dataclasses import replace

import pytest

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.release.publish import publish
from monokeel.release.reading import Reading
from monokeel.release.record import (
    GitHubRelease,
    ReleasedImage,
    ReleaseRecord,
    marker,
    record_text,
)
from monokeel.release.steps import STEPS
from tests.fakes.world import (
    CLAIMS,
    COMMIT,
    OTHER,
    SERVICES,
    World,
    candidate,
    killed,
)

RECORD = 6
TAG = 10
PUBLICATION = 11


def record_for(
    commit: str, digest: str = "1", services: tuple[str, ...] = SERVICES
) -> bytes:
    images = tuple(
        ReleasedImage(
            service=service,
            image=f"ghcr.io/acme/shop/{service}",
            digest=f"sha256:{digest * 64}",
        )
        for service in services
    )
    record = ReleaseRecord(version="1.4.0", commit=commit, images=images)
    return record_text(record).encode()


def draft_by_hand(world: World, body: str = "my notes") -> GitHubRelease:
    return world.releases.create_draft("v1.4.0", title="v1.4.0", body=body)


def test_every_conflict_is_named_before_anything_is_written() -> None:
    world = World()
    world.faults.after = lambda: None
    world.refs.refs["refs/tags/v1.4.0"] = OTHER
    world.images.push("acme/shop/web", "1.4.0", f"sha256:{'2' * 64}", OTHER)
    draft_by_hand(world)
    before = list(world.faults.writes)

    with pytest.raises(RefusedError) as refusal:
        world.publish()

    assert world.faults.writes == before
    for part in ("is the tag of", "acme/shop/web:1.4.0"):
        assert part in refusal.value.problem
    assert '"1.4.0" to [release] skip' in refusal.value.fix


def test_a_draft_whose_file_is_for_this_commit_is_ours_without_its_comment() -> None:
    world = World()
    killed(world, RECORD)
    draft = world.releases.releases[1]
    world.releases.releases[1] = replace(draft, body="edited by somebody")

    world.publish()

    world.assert_complete()


def test_a_release_published_by_hand_is_refused() -> None:
    world = World()
    world.faults.after = lambda: None
    world.refs.refs["refs/tags/v1.4.0"] = COMMIT
    by_hand = draft_by_hand(world)
    world.releases.publish(by_hand, title="mine", body="mine", latest=True)

    with pytest.raises(RefusedError, match="not with the release record"):
        world.publish()


def test_a_tag_made_by_hand_is_refused_before_anything_is_published() -> None:
    world = World()
    world.faults.after = lambda: None
    world.refs.refs["refs/tags/v1.4.0"] = COMMIT

    with pytest.raises(RefusedError, match="without a release record"):
        world.publish()

    assert world.releases.releases == {}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="no record"),
        pytest.param("begun by hand", id="another message"),
        pytest.param(record_for(OTHER).decode(), id="another commit"),
        pytest.param(record_for(COMMIT, services=("api",)).decode(), id="services"),
    ],
)
def test_a_claim_that_holds_another_record_is_refused(text: str) -> None:
    world = World()
    world.refs.put_tag(f"{CLAIMS}v1.4.0", COMMIT, text)
    before = list(world.faults.writes)

    with pytest.raises(RefusedError, match=r"not what infra/platform\.toml names"):
        world.publish()

    assert world.faults.writes == before


@pytest.mark.parametrize("lost", ["all of it", "a manifest of its index"])
def test_a_recorded_image_that_the_registry_lost_is_refused(lost: str) -> None:
    world = World()
    text = record_for(COMMIT).decode()
    world.refs.put_tag(f"{CLAIMS}v1.4.0", COMMIT, text)
    digest = f"sha256:{'1' * 64}"
    for service in SERVICES:
        world.images.push(f"acme/shop/{service}", f"sha-{COMMIT}", digest, COMMIT)
    if lost == "all of it":
        del world.images.revisions["acme/shop/api", digest]
    else:
        world.images.indexes.add(digest)
        world.images.lost.add(f"sha256:{'9' * 64}")

    with pytest.raises(RefusedError, match="has lost acme/shop/api@sha256:1111"):
        world.publish()

    assert [tag for _, tag in world.images.tags if tag == "1.4.0"] == []


@pytest.mark.parametrize("place", [f"{CLAIMS}v1.4.0", "refs/tags/v1.4.0"])
@pytest.mark.parametrize("harm", ["another record", "a lost image"])
def test_a_release_that_is_tagged_is_never_told_to_be_taken_back(
    place: str, harm: str
) -> None:
    """--abandon refuses from the tag on: advice that cannot help is a defect."""
    world = World()
    world.faults.after = lambda: None
    services = ("api",) if harm == "another record" else SERVICES
    world.refs.put_tag(place, COMMIT, record_for(COMMIT, services=services).decode())

    with pytest.raises(RefusedError) as refusal:
        world.publish()

    assert ("--abandon 1.4.0" in refusal.value.fix) is (place != "refs/tags/v1.4.0")
    assert ("a tag stays" in refusal.value.fix.lower()) is ("claim" not in place)


def test_a_digest_that_was_handed_over_and_is_not_there_begins_nothing() -> None:
    world = World()
    digests = dict.fromkeys(SERVICES, f"sha256:{'7' * 64}")

    with pytest.raises(RefusedError, match="built or was handed over") as refusal:
        publish(Reading(candidate(), world.outside, digests=digests), world.told.append)

    assert "--built" in refusal.value.fix
    assert world.refs.refs == {}


def test_a_recorded_digest_wins_over_a_new_build() -> None:
    world = World()
    killed(world, RECORD)
    world.builder.build("api", COMMIT)  # moves sha-<commit> to another digest

    done = world.publish()

    assert done.record.digest_of("api") == f"sha256:{1:064x}"
    world.assert_complete()


def test_a_named_image_whose_draft_was_deleted_keeps_its_digest() -> None:
    world = World()
    killed(world, TAG - 1)
    world.releases.releases.clear()
    world.builder.build("api", COMMIT)

    world.publish()

    world.assert_complete()


def test_an_upload_cut_short_is_replaced() -> None:
    world = World()
    world.releases.uploads_cut = 1
    with pytest.raises(ServiceError, match="502"):
        world.publish()

    world.publish()

    world.assert_complete()


def test_a_version_burned_by_an_immutable_release_is_said_to_be_taken_for_ever() -> (
    None
):
    world = World()
    world.releases.burned.add("v1.4.0")

    with pytest.raises(RefusedError, match="immutable release") as refusal:
        world.publish()

    assert '"1.4.0" to [release] skip' in refusal.value.fix
    assert [tag for _, tag in world.images.tags if tag == "1.4.0"] == []


def test_immutable_releases_get_their_file_before_they_are_published() -> None:
    world = World()
    world.releases.immutable = True

    world.publish()

    world.assert_complete()


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        pytest.param("Cannot create ref due to creations being restricted.",
                     "MONOKEEL_DEPLOY_KEY", id="rules"),
        pytest.param("refusing to allow a GitHub App to create or update workflow"
                     " without workflows permission",
                     "MONOKEEL_DEPLOY_KEY", id="workflows"),
    ],
)  # fmt: skip
def test_a_tag_that_github_refuses_is_explained(words: str, advice: str) -> None:
    world = World()
    world.refs.declined["refs/tags/v1.4.0"] = words

    with pytest.raises(RefusedError, match="refuses to create") as refusal:
        world.publish()

    assert advice in refusal.value.fix
    world.refs.declined.clear()
    world.publish()
    world.assert_complete()


def test_where_releases_are_immutable_a_refused_tag_may_be_a_burned_name() -> None:
    world = World()
    world.releases.immutable = True
    world.publish(OTHER, "1.3.0")
    world.refs.declined["refs/tags/v1.4.0"] = "creations being restricted"

    with pytest.raises(RefusedError) as refusal:
        world.publish()

    assert 'immutable release: add "1.4.0" to [release] skip' in refusal.value.fix


def test_a_name_that_is_taken_is_refused_whatever_else_nobody_can_see() -> None:
    world = World()
    text = record_for(COMMIT).decode()
    world.refs.put_tag(f"{CLAIMS}v1.4.0", COMMIT, text)
    other = f"sha256:{'2' * 64}"
    world.images.push("acme/shop/worker", "1.4.0", other, OTHER)
    world.images.silent = {f"sha256:{'1' * 64}"}
    now = Reading(candidate(), world.outside)
    [images] = [step for step in STEPS if step.name == "images"]

    state = images.state(now)

    assert [each.problem for each in state.refusals if other[:14] in each.problem]


def test_a_registry_that_does_not_answer_stops_before_anything_is_written() -> None:
    world = World()
    world.images.silent = {"acme/shop/web"}

    with pytest.raises(ServiceError, match="503 Service Unavailable"):
        world.publish()

    assert world.faults.writes == []


def test_the_highest_version_becomes_the_latest() -> None:
    world = World()
    world.publish(OTHER, "1.3.0")

    world.publish(COMMIT, "1.4.0")

    assert world.releases.latest_tag == "v1.4.0"


@pytest.mark.parametrize("version", ["1.2.9", "1.4.0-rc.1"])
def test_a_lower_version_or_a_prerelease_does_not(version: str) -> None:
    world = World()
    world.publish(OTHER, "1.3.0")

    world.publish(COMMIT, version)

    assert world.releases.latest_tag == "v1.3.0"


def test_a_prerelease_above_does_not_keep_a_release_from_being_the_latest() -> None:
    world = World()
    world.publish(OTHER, "2.0.0-rc.1")

    world.publish(COMMIT, "1.4.0")

    assert world.releases.latest_tag == "v1.4.0"


def test_a_claim_that_can_never_be_used_is_cleaned_up_by_the_next_release() -> None:
    world = World()
    world.publish(OTHER, "1.3.0")
    world.refs.refs["refs/tags/monokeel-claim/v1.3.0"] = "c" * 40

    world.publish()

    assert [ref for ref in world.refs.refs if "-claim/" in ref] == []


def test_a_claim_and_drafts_of_a_published_version_are_cleaned_up() -> None:
    world = World()
    world.publish(OTHER, "1.3.0")
    world.refs.put_tag(f"{CLAIMS}v1.3.0", OTHER, "")
    world.releases.create_draft("v1.3.0", title="v1.3.0", body=marker(OTHER))
    by_hand = world.releases.create_draft("v1.3.0", title="", body="by hand")

    world.publish(OTHER, "1.3.0")

    assert [ref for ref in world.refs.refs if "-claim/" in ref] == []
    drafts = [each for each in world.releases.releases.values() if each.draft]
    assert drafts == [by_hand]


def test_the_claim_of_another_release_is_left_to_its_own_run() -> None:
    world = World()
    world.publish(OTHER, "1.3.0")
    world.refs.put_tag(f"{CLAIMS}v1.3.0", OTHER, "")

    world.publish()

    assert world.refs.commits()[f"{CLAIMS}v1.3.0"] == OTHER


def test_an_open_claim_of_another_version_is_left_alone() -> None:
    world = World()
    world.refs.refs["refs/tags/monokeel-claim/v1.3.1"] = OTHER

    world.publish()

    assert world.refs.refs["refs/tags/monokeel-claim/v1.3.1"] == OTHER


def test_a_claim_that_github_keeps_is_explained_and_the_release_is_out() -> None:
    world = World()
    killed(world, PUBLICATION)
    world.refs.declined["refs/tags/monokeel-claim/v1.4.0"] = "deletion not allowed"

    with pytest.raises(
        RefusedError, match="refuses to delete refs/tags/monokeel-claim/v1"
    ):
        world.publish()

    assert world.releases.published("v1.4.0") is not None


@pytest.mark.parametrize(
    "planted",
    [
        "refs/tags/v1.4.0/x",
        "refs/tags/monokeel-claim",
        "refs/tags/monokeel-claim/v1.4.0/x;$(id)",
    ],
)
def test_a_tag_that_git_cannot_have_beside_ours_is_named_before_a_build(
    planted: str,
) -> None:
    """No rule on ``v*`` reaches below a slash: anybody who may write can make it."""
    world = World()
    world.refs.refs[planted] = OTHER

    with pytest.raises(RefusedError) as refusal:
        world.publish()

    assert world.faults.writes == []
    assert planted in refusal.value.problem
    assert f"git push origin --delete {shlex.quote(planted)}" in refusal.value.fix

    del world.refs.refs[planted]
    world.publish()

    world.assert_complete()
