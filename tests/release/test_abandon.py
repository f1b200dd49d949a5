"""Taking back a half-finished release, as long as nothing of it can be seen."""

from dataclasses import replace

import pytest

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.release.publish import (
    Abandonment,
    abandon,
    abandonment_report,
    plan_abandonment,
)
from monokeel.release.reading import Reading
from tests.fakes.faults import KilledError
from tests.fakes.world import (
    COMMIT,
    OTHER,
    SERVICES,
    SETTINGS,
    World,
    candidate,
    killed,
)

CLAIM, DRAFT, RECORD, FIRST_NAME, LAST_NAME, TAG, PUBLICATION = 4, 5, 6, 7, 9, 10, 11


def take_back(world: World, skip: tuple[str, ...] = ()) -> Abandonment:
    now = replace(candidate(OTHER), settings=replace(SETTINGS, skip=skip))
    return abandon(Reading(now, world.outside))


@pytest.mark.parametrize("point", [CLAIM, DRAFT, RECORD])
def test_before_any_image_is_named_a_release_is_taken_back_for_free(point: int) -> None:
    world = World()
    killed(world, point)

    take_back(world)

    assert world.refs.refs == {}
    assert world.releases.releases == {}
    world.publish(OTHER)
    world.assert_complete(OTHER)


@pytest.mark.parametrize("point", range(FIRST_NAME, TAG))
def test_named_images_must_be_given_up_in_skip_first(point: int) -> None:
    world = World()
    killed(world, point)
    before = (dict(world.refs.refs), dict(world.releases.releases))

    with pytest.raises(RefusedError, match="a registry has no untag") as refusal:
        take_back(world)

    assert (world.refs.refs, world.releases.releases) == before
    assert '"1.4.0" to [release] skip' in refusal.value.fix
    take_back(world, skip=("1.4.0",))
    assert (world.refs.refs, world.releases.releases) == ({}, {})


@pytest.mark.parametrize("point", [TAG, PUBLICATION])
def test_after_the_git_tag_there_is_only_forward(point: int) -> None:
    world = World()
    killed(world, point)

    with pytest.raises(RefusedError, match="cannot be taken back") as refusal:
        take_back(world, skip=("1.4.0",))

    assert COMMIT in refusal.value.fix
    world.publish()
    world.assert_complete()


def test_nothing_to_take_back_is_no_error() -> None:
    world = World()

    done = take_back(world)

    assert world.faults.writes == []
    assert abandonment_report(done).headline == (
        "there is nothing of 1.4.0 to take back"
    )


def test_what_was_taken_back_is_listed() -> None:
    world = World()
    killed(world, RECORD)

    done = take_back(world)

    assert done.deleted == ("draft v1.4.0 (1)", "refs/tags/monokeel-claim/v1.4.0")
    assert abandonment_report(done).data == {
        "version": "1.4.0",
        "deleted": ["draft v1.4.0 (1)", "refs/tags/monokeel-claim/v1.4.0"],
        "kept": [],
    }


@pytest.mark.parametrize("services", [SERVICES[1:], (*SERVICES[1:], "mail")])
@pytest.mark.parametrize("silent", [False, True])
def test_the_images_of_a_service_that_was_dropped_since_are_looked_at(
    services: tuple[str, ...], *, silent: bool
) -> None:
    world = World()
    killed(world, FIRST_NAME)
    today = tuple(replace(SETTINGS.services[0], name=x) for x in services)
    begun = candidate(OTHER)
    now = replace(begun, settings=replace(begun.settings, services=today))
    if silent:
        world.images.silent.add("acme/shop/api")
    before = (dict(world.refs.refs), dict(world.releases.releases))

    error = (ServiceError, "503") if silent else (RefusedError, "acme/shop/api:1.4.0")
    with pytest.raises(error[0], match=error[1]):
        abandon(Reading(now, world.outside))

    assert (world.refs.refs, world.releases.releases) == before


@pytest.mark.parametrize("point", [CLAIM, FIRST_NAME])
def test_images_in_the_registry_of_yesterday_are_asked_for_nowhere(point: int) -> None:
    world = World()
    killed(world, point)
    begun = candidate(OTHER)
    moved = replace(begun, settings=replace(SETTINGS, registry_host="quay.io"))
    before = (dict(world.refs.refs), dict(world.releases.releases))

    with pytest.raises(
        ServiceError, match=r"ghcr\.io/acme/shop/api.* quay\.io"
    ) as told:
        abandon(Reading(moved, world.outside))

    assert 'host = "ghcr.io", images = "acme/shop/{service}"' in told.value.fix
    assert (world.refs.refs, world.releases.releases) == before
    unused = replace(moved.settings, skip=("1.4.0",))
    abandon(Reading(replace(moved, settings=unused), world.outside))
    assert (world.refs.refs, world.releases.releases) == ({}, {})


def test_a_claim_that_is_still_shown_is_not_called_taken_back() -> None:
    world = World()
    killed(world, CLAIM)
    claim = candidate(OTHER).claim
    world.faults.after = lambda: world.refs.put_tag(claim, OTHER, "")

    with pytest.raises(ServiceError, match=f"still there after .*: {claim}"):
        take_back(world)


def test_a_preview_names_what_would_go_and_changes_nothing() -> None:
    world = World()
    killed(world, RECORD)
    before = (dict(world.refs.refs), dict(world.releases.releases))
    now = Reading(candidate(OTHER), world.outside)

    planned = plan_abandonment(now)

    report = abandonment_report(planned, planned=True)
    assert report.headline == "1.4.0 can be taken back"
    assert report.sections[0].heading == "To delete"
    assert (world.refs.refs, world.releases.releases) == before
    assert planned == take_back(world)


@pytest.mark.parametrize("point", [TAG, PUBLICATION])
def test_a_preview_is_refused_as_the_deed_would_be(point: int) -> None:
    world = World()
    killed(world, point)

    with pytest.raises(RefusedError, match="cannot be taken back"):
        plan_abandonment(Reading(candidate(OTHER), world.outside))


def test_a_draft_made_by_hand_is_left_and_named() -> None:
    world = World()
    killed(world, CLAIM)
    world.releases.create_draft("v1.4.0", title="", body="by hand")

    done = take_back(world)

    assert done.kept == ("draft v1.4.0 (1)",)
    assert list(world.releases.releases) == [1]
    assert world.refs.refs == {}


@pytest.mark.parametrize("point", [1, 2])
def test_taking_back_cut_short_is_finished_by_the_same_command(point: int) -> None:
    world = World()
    killed(world, RECORD)
    world.faults.kill_after = RECORD + point
    with pytest.raises(KilledError):
        take_back(world)
    world.faults.kill_after = None

    take_back(world)

    assert (world.refs.refs, world.releases.releases) == ({}, {})


def test_a_registry_that_does_not_answer_leaves_everything_as_it_is() -> None:
    world = World()
    killed(world, RECORD)
    world.images.silent = {"acme/shop/api"}

    with pytest.raises(ServiceError):
        take_back(world)

    assert "refs/tags/monokeel-claim/v1.4.0" in world.refs.refs


def test_a_claim_that_github_keeps_is_explained() -> None:
    world = World()
    killed(world, CLAIM)
    world.refs.declined["refs/tags/monokeel-claim/v1.4.0"] = "no permission"

    with pytest.raises(RefusedError, match="refuses to delete") as refusal:
        take_back(world)

    assert "MONOKEEL_DEPLOY_KEY" in refusal.value.fix
