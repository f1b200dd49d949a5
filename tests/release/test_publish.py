from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.settings import parse_settings
from monokeel.release.publish import hidden_images, publication_report, publish
from monokeel.release.reading import Reading
from monokeel.release.record import record_text
from tests.fakes import world as worlds
from tests.fakes.world import CLAIMS, COMMIT, OTHER, SERVICES, World, candidate, killed

LAST_WRITE = 12
"""3 builds, claim, draft, release.json, 3 names, tag, publication, end of the claim."""
CLAIM = 4
DRAFT = 5
TAG = 10
POINTS = range(1, LAST_WRITE + 1)


def test_a_release_is_complete_and_ends_without_its_claim() -> None:
    world = World()

    done = world.publish()

    world.assert_complete()
    assert done.record == world.record()
    assert done.page == "https://github.com/acme/shop/releases/tag/v1.4.0"


def test_images_come_before_the_tag_and_the_tag_before_the_release() -> None:
    world = World()

    world.publish()

    assert world.faults.writes == [
        *(f"acme/shop/{service}:sha-{COMMIT}" for service in SERVICES),
        f"{CLAIMS}v1.4.0 None -> {COMMIT}",
        "POST draft v1.4.0",
        "upload to 1",
        *(f"acme/shop/{service}:1.4.0" for service in SERVICES),
        f"refs/tags/v1.4.0 None -> {COMMIT}",
        "publish 1",
        f"{CLAIMS}v1.4.0 {COMMIT} -> None",
    ]
    assert len(world.faults.writes) == LAST_WRITE


def test_a_finished_release_run_again_writes_nothing() -> None:
    world = World()
    world.publish()

    done = world.publish()

    assert len(world.faults.writes) == LAST_WRITE
    assert done.written == ()


@pytest.mark.parametrize(("assets", "told"), [((), 1), (("sbom.json",), 0)])
def test_a_file_beside_the_record_is_told_unless_it_is_named_as_ours(
    assets: tuple[str, ...], told: int
) -> None:
    world = World()
    world.publish()
    [(number, out)] = world.releases.releases.items()
    files = {**out.assets, "sbom.json": 99}
    world.releases.releases[number] = replace(out, assets=files)

    named = replace(candidate(), settings=replace(worlds.SETTINGS, assets=assets))
    done = publish(Reading(named, world.outside), world.told.append)

    assert len(done.warnings) == told


def test_each_step_that_wrote_is_told_once() -> None:
    world = World()

    done = world.publish()

    assert done.written == (
        *("build", "claim", "draft", "images", "tag", "publish", "clean up"),
    )
    assert world.told == [f"v1.4.0: {step}: done" for step in done.written]


def test_the_digests_of_other_jobs_of_this_run_are_released_as_they_are() -> None:
    world = World()
    digests = {each: world.builder.build(each, COMMIT) for each in SERVICES}

    done = publish(
        Reading(candidate(), world.outside, digests=digests), world.told.append
    )

    assert {each.service: each.digest for each in done.record.images} == digests
    assert world.builder.count == len(SERVICES)


def test_what_was_pushed_before_is_no_build_of_this_run() -> None:
    world = World()
    planted = world.builder.build("web", COMMIT)

    done = world.publish()

    assert done.record.digest_of("web") != planted
    world.assert_complete()


def test_claim_and_tag_carry_the_record() -> None:
    world = World()
    killed(world, CLAIM)
    claimed = world.refs.objects[world.refs.refs[f"{CLAIMS}v1.4.0"]]

    done = world.publish()

    assert claimed == (COMMIT, record_text(done.record))
    assert world.record() == done.record


@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_after_any_write_is_finished_by_the_next(point: int) -> None:
    world = World()
    killed(world, point)

    world.publish()

    world.assert_complete()
    done = len(world.faults.writes)
    world.publish()
    assert len(world.faults.writes) == done


@pytest.mark.parametrize("second", range(1, LAST_WRITE))
@pytest.mark.parametrize("first", range(1, LAST_WRITE))
def test_a_run_killed_twice_is_finished_by_the_third(first: int, second: int) -> None:
    world = World()
    killed(world, first)
    killed(world, min(first + second, LAST_WRITE))

    world.publish()

    world.assert_complete()


@pytest.mark.parametrize("point", POINTS)
def test_a_lost_answer_is_healed_by_looking_again(point: int) -> None:
    world = World()
    world.faults.lose_answer = point

    world.publish()

    world.assert_complete()


@pytest.mark.parametrize("point", range(1, CLAIM))
def test_before_the_claim_another_commit_may_have_the_version(point: int) -> None:
    world = World()
    killed(world, point)

    world.publish(OTHER)

    world.assert_complete(OTHER)


@pytest.mark.parametrize("point", range(CLAIM, LAST_WRITE + 1))
def test_from_the_claim_on_another_commit_is_refused_and_named(point: int) -> None:
    world = World()
    killed(world, point)

    with pytest.raises(RefusedError, match=COMMIT):
        world.publish(OTHER)

    world.publish()
    world.assert_complete()


@pytest.mark.parametrize("point", POINTS)
def test_a_run_of_the_same_commit_may_come_in_between_anywhere(point: int) -> None:
    world = World()
    once_before(world, point, world.publish)

    world.publish()

    world.assert_complete()


@pytest.mark.parametrize("point", POINTS)
def test_a_run_of_another_commit_in_between_leaves_one_winner(point: int) -> None:
    world = World()
    winners: list[str] = []

    def try_to_release(commit: str) -> None:
        try:
            world.publish(commit)
            winners.append(commit)
        except RefusedError:
            pass

    once_before(world, point, lambda: try_to_release(OTHER))

    try_to_release(COMMIT)

    assert len(winners) == 1
    world.assert_complete(winners[0])


def test_a_release_abandoned_while_it_runs_makes_no_tag() -> None:
    world = World()

    def withdraw(number: int) -> None:
        if number == TAG - 1:
            del world.refs.refs["refs/tags/monokeel-claim/v1.4.0"]

    world.faults.before = withdraw

    with pytest.raises(RefusedError, match="changed while it ran"):
        world.publish()

    assert "refs/tags/v1.4.0" not in world.refs.refs


def test_a_tag_that_vanishes_is_not_made_by_publishing() -> None:
    # GitHub would create a missing tag at the tip of the default branch.
    world = World()
    questions: list[int] = []

    def delete_after_the_look() -> None:
        if len(world.faults.writes) == TAG:
            questions.append(1)
        if len(questions) == 2:
            world.refs.refs.pop("refs/tags/v1.4.0", None)

    world.faults.turn = delete_after_the_look

    with pytest.raises(RefusedError, match="changed while it ran"):
        world.publish()

    assert "refs/tags/v1.4.0" not in world.refs.refs


def test_a_release_abandoned_at_the_moment_of_its_tag_is_completed() -> None:
    world = World()
    world.faults.after = lambda: None  # for a moment there is a tag and no record

    def withdraw() -> None:
        del world.refs.refs["refs/tags/monokeel-claim/v1.4.0"]
        world.releases.releases.clear()

    once_before(world, TAG, withdraw)

    world.publish()

    world.assert_complete()


def once_before(world: World, point: int, act: Callable[[], object]) -> None:
    """Let *act* happen right before write number *point* takes effect."""

    def before(number: int) -> None:
        if number == point:
            world.faults.before = lambda _: None
            act()

    world.faults.before = before


@dataclass
class Nobody:
    """A registry that shows *public* images to whoever comes, and *silent* ones not."""

    public: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        return [self.look_up(image) for image, _ in names]

    def look_up(self, image: str) -> Found | Absent | Unknown:
        if image in self.public:
            return Found(digest="sha256:1")
        return Unknown(reason="401", hidden=image not in self.silent)


@pytest.mark.parametrize(("host", "asks"), [("ghcr.io", True), ("quay.io", False)])
def test_a_release_whose_images_are_private_says_so(host: str, *, asks: bool) -> None:
    """R14: a new package on GHCR is private; elsewhere that is meant so."""
    settings = parse_settings(
        f'[repository]\nowner = "acme"\nname = "shop"\n[registry]\nhost = "{host}"\n'
    )
    images = [f"acme/shop/{service}" for service in SERVICES]
    nobody = Nobody(public=(images[0],), silent=(images[1],))

    done = World().publish()
    hidden = hidden_images(done.record, nobody, settings)

    assert hidden == (tuple(images[2:]) if asks else ())
    report = publication_report(done, hidden)
    [section] = [each for each in report.sections if each.heading == "Not public"]
    pages = [line.rpartition("/")[2] for line in section.lines[1:]]
    assert pages == (["shop%2Fworker"] if asks else [])
    assert ("gets 401" in "".join(section.lines)) is asks
    assert report.problems == ()


def test_a_remote_that_did_not_answer_the_plan_is_not_asked_again() -> None:
    world = World()
    now = Reading(candidate(), world.outside, refs=Unknown(reason="no route to host"))

    with pytest.raises(ServiceError, match="no route to host"):
        now.refs  # noqa: B018 - a property that raises

    assert world.refs.counted == 0
