"""Releases: the fake tells the truth."""

from collections.abc import Iterator

import pytest

from monokeel.ground.errors import RefusedError
from monokeel.release.record import marker, record_text
from sandbox.server import Sandbox
from tests.adapters.release_places import (
    Place,
    empty,
    place_on,
    push_first_commit,
)
from tests.fakes.releases import FakeReleases


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        push_first_commit(sandbox, tmp_path_factory.mktemp("clone"))
        yield sandbox
        assert sandbox.violations() == []


@pytest.fixture
def real(box: Sandbox) -> Place:
    empty(box)
    return place_on(box)


@pytest.fixture(params=["fake", "sandbox"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "fake":
        return Place(FakeReleases({}), "a" * 40)
    found: Place = request.getfixturevalue("real")
    return found


def test_before_the_first_release_there_is_none(place: Place) -> None:
    assert place.releases.listed() == ()
    assert place.releases.published("v1.4.0") is None
    assert place.latest() is None


def test_a_draft_is_listed_and_not_found_by_its_tag(place: Place) -> None:
    draft = place.draft()

    [listed] = place.releases.listed()

    assert (listed.id, listed.tag, listed.draft) == (draft.id, "v1.4.0", True)
    assert listed.body == f"notes\n\n{marker(place.commit)}\n"
    assert place.releases.published("v1.4.0") is None


def test_a_second_draft_of_a_tag_is_made_without_a_word(place: Place) -> None:
    first, second = place.draft(), place.draft()

    assert first.id < second.id
    assert {each.id for each in place.releases.listed()} == {first.id, second.id}


def test_a_record_comes_back_as_it_was_attached(place: Place) -> None:
    draft = place.draft()
    assert place.releases.file_of(draft) is None

    place.releases.attach(draft, record_text(place.record()).encode())

    [listed] = place.releases.listed()
    assert place.releases.file_of(listed) == record_text(place.record())


def test_the_name_of_an_asset_is_taken_by_the_first_upload(place: Place) -> None:
    draft = place.draft()
    place.releases.attach(draft, record_text(place.record()).encode())

    with pytest.raises(RefusedError, match="422"):
        place.releases.attach(draft, b"{}")

    [listed] = place.releases.listed()
    assert place.releases.file_of(listed) == record_text(place.record())


def test_a_release_is_published_with_the_text_that_is_given(place: Place) -> None:
    draft = place.draft()
    place.tag("v1.4.0")

    place.releases.publish(draft, title="v1.4.0", body="ours", latest=True)

    found = place.releases.published("v1.4.0")
    assert found is not None
    assert (found.title, found.body) == ("v1.4.0", "ours")


def test_the_record_of_a_draft_that_is_gone_is_none(place: Place) -> None:
    draft = place.draft()
    place.releases.attach(draft, record_text(place.record()).encode())
    [listed] = place.releases.listed()
    place.releases.delete(draft)

    assert place.releases.file_of(listed) is None


def test_a_published_release_is_found_by_its_tag_and_is_the_latest(
    place: Place,
) -> None:
    published = place.publish()

    found = place.releases.published("v1.4.0")

    assert found is not None
    assert (found.id, found.draft) == (published.id, False)
    assert place.releases.file_of(found) == record_text(place.record())
    assert place.latest() == "v1.4.0"


def test_a_tag_has_one_published_release(place: Place) -> None:
    place.publish()
    second = place.draft()

    with pytest.raises(RefusedError, match="already_exists"):
        place.releases.publish(second, title="", body="", latest=True)


def test_a_draft_can_be_deleted_twice(place: Place) -> None:
    draft = place.draft()

    place.releases.delete(draft)
    place.releases.delete(draft)

    assert place.releases.listed() == ()


def test_a_release_published_meanwhile_is_not_deleted(place: Place) -> None:
    draft = place.draft()
    place.tag("v1.4.0")
    place.releases.publish(draft, title="", body="", latest=True)

    with pytest.raises(RefusedError, match="is published"):
        place.releases.delete(draft)

    assert place.releases.published("v1.4.0") is not None


def test_an_older_version_does_not_become_the_latest(place: Place) -> None:
    place.publish("2.0.0")
    draft = place.draft("1.9.9")
    place.tag("v1.9.9")

    place.releases.publish(draft, title="", body="", latest=False)

    assert place.latest() == "v2.0.0"
