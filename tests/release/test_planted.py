"""What members with write can put down: none of it is in a release."""

from dataclasses import replace

import pytest

from monokeel.ground.answers import RemoteRef
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.settings import parse_settings
from monokeel.release.artifact import record_of_commit
from monokeel.release.record import marker
from tests.fakes.git import FakeRefs
from tests.fakes.world import COMMIT, OTHER, World, candidate, killed
from tests.release.test_publish_refusals import RECORD, draft_by_hand, record_for


def planted_draft(world: World, *, body: str, file: bytes, binary: str) -> None:
    draft = draft_by_hand(world, body=body)
    world.releases.releases[draft.id] = replace(draft, author="ben")
    if file:
        world.releases.attach(world.releases.releases[draft.id], file)
    if binary:
        now = world.releases.releases[draft.id]
        assets = {**now.assets, binary: 900}
        world.releases.releases[draft.id] = replace(now, assets=assets)


@pytest.mark.parametrize("point", [0, 3, 4, 9, 10], ids=lambda each: f"after {each}")
@pytest.mark.parametrize(
    ("body", "file", "binary"),
    [
        pytest.param(marker(COMMIT), b"", "", id="our mark"),
        pytest.param(marker(COMMIT), record_for(COMMIT), "", id="another record"),
        pytest.param(marker(COMMIT), b"{", "", id="no record"),
        pytest.param("", record_for(COMMIT), "shop-linux-amd64", id="a binary"),
        pytest.param(marker(OTHER), record_for(OTHER), "", id="another commit"),
    ],
)
def test_nothing_of_a_planted_draft_is_released(
    body: str, file: bytes, binary: str, point: int
) -> None:
    world = World()
    if point:
        killed(world, point)
    planted_draft(world, body=body, file=file, binary=binary)
    [planted] = [e for e in world.releases.releases.values() if e.author == "ben"]

    done = world.publish()

    world.check()  # the file of what is published is the record in the tag
    assert done.record == world.record()
    [out] = [e for e in world.releases.releases.values() if not e.draft]
    assert (out.author, out.title, out.body) == ("", "v1.4.0", candidate().body)
    kept = world.releases.releases.get(planted.id)
    assert (kept is None) == (not file and not binary)  # ours are empty and marked


def test_a_file_that_was_added_to_our_own_draft_is_not_released() -> None:
    world = World()
    killed(world, RECORD)
    draft = world.releases.releases[1]
    assets = {**draft.assets, "shop-linux-amd64": 900}
    world.releases.releases[1] = replace(draft, assets=assets)

    world.publish()

    world.check()  # release.json is the only file of what is published
    assert world.releases.releases[1].draft


def test_a_draft_with_our_record_and_another_text_is_published_with_our_text() -> None:
    world = World()
    killed(world, RECORD)
    draft = world.releases.releases[1]
    world.releases.releases[1] = replace(draft, title="hi", body="edited by somebody")

    world.publish()

    out = world.releases.releases[1]
    assert (out.title, out.body, out.draft) == ("v1.4.0", candidate().body, False)


@pytest.mark.parametrize("label", [COMMIT, OTHER, None])
def test_a_planted_version_is_refused_whatever_its_label_says(
    label: str | None,
) -> None:
    world = World()
    world.images.push("acme/shop/api", "1.4.0", f"sha256:{'2' * 64}", label)
    before = list(world.faults.writes)

    with pytest.raises(RefusedError, match=r"acme/shop/api:1\.4\.0 is taken"):
        world.publish()

    assert world.faults.writes == before


@pytest.mark.parametrize("point", [3, 4, 6, 8])
def test_a_planted_build_is_not_released(point: int) -> None:
    world = World()
    killed(world, point)
    planted = f"sha256:{'2' * 64}"
    world.images.push("acme/shop/api", f"sha-{COMMIT}", planted, COMMIT)

    done = world.publish()

    assert done.record.digest_of("api") != planted
    world.assert_complete()


@pytest.mark.parametrize("planted", ["v1/a", "monokeel-claim/v1.4.0/a"])
def test_no_tag_below_a_slash_is_read_for_a_build(planted: str) -> None:
    """Anybody makes thousands there, each with a message of any size."""

    class Planted(FakeRefs):
        def tag_message(self, ref: str, at: RemoteRef) -> str | None:
            if ref.endswith("/a"):
                raise ServiceError("too long to read")
            return super().tag_message(ref, at)

    toml = "[repository]\nowner = 'acme'\nname = 'shop'\n"
    settings, remote = parse_settings(toml), Planted()
    remote.put_tag(f"refs/tags/{planted}", COMMIT, "x")
    assert record_of_commit(remote, settings, COMMIT) is None

    record = record_for(COMMIT).decode()
    remote.put_tag("refs/tags/monokeel-claim/v1.4.0", COMMIT, record)

    assert record_of_commit(remote, settings, COMMIT) is not None
