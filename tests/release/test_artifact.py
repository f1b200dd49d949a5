"""A release against the registry: both tags, every service, all of an index."""

from collections.abc import Sequence

import pytest

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.settings import Settings, parse_settings
from monokeel.release.artifact import Artifact, read_artifact
from monokeel.release.record import ReleasedImage, ReleaseRecord

COMMIT = "a" * 40
BUILT = f"sha-{COMMIT}"
API, WEB = "sha256:" + "1" * 64, "sha256:" + "2" * 64
OTHER = "sha256:" + "9" * 64
SETTINGS = parse_settings(
    '[repository]\nowner = "acme"\nname = "shop"\n'
    '[[services]]\nname = "api"\nkind = "api"\n'
    '[[services]]\nname = "web"\nkind = "web"\n'
)


class Tags:
    """What is at each (image, tag); what is not there is absent."""

    def __init__(self) -> None:
        self.there: dict[tuple[str, str], Found | Unknown] = {}
        for tag in ("1.4.0", BUILT):
            self.there["acme/shop/api", tag] = Found(digest=API)
            self.there["acme/shop/web", tag] = Found(digest=WEB)

    def look_up_all(
        self, names: Sequence[tuple[str, str]]
    ) -> list[Found | Absent | Unknown]:
        return [self.there.get(name, Absent()) for name in names]


def record(**images: str) -> ReleaseRecord:
    named = images or {"api": API, "web": WEB}
    return ReleaseRecord(
        version="1.4.0",
        commit=COMMIT,
        images=tuple(
            ReleasedImage(
                service=service, image=f"ghcr.io/acme/shop/{service}", digest=digest
            )
            for service, digest in named.items()
        ),
    )


def read(
    tags: Tags, released: ReleaseRecord | None = None, settings: Settings = SETTINGS
) -> Artifact:
    return read_artifact(released or record(), settings, tags, version="1.4.0")


def test_a_release_that_is_all_there_has_nothing_wrong() -> None:
    artifact = read(Tags())

    assert (artifact.wrong, artifact.unclear) == ((), ())
    assert artifact.services == ("api", "web")


@pytest.mark.parametrize("tag", ["1.4.0", BUILT])
def test_a_tag_that_was_moved_is_wrong_whichever_of_the_two_it_is(tag: str) -> None:
    tags = Tags()
    tags.there["acme/shop/web", tag] = Found(digest=OTHER)

    assert read(tags).wrong == (
        (
            f"acme/shop/web:{tag} is {OTHER}, its record says {WEB}:"
            " the tag was moved, or the record changed"
        ),
    )


@pytest.mark.parametrize("tag", ["1.4.0", BUILT])
def test_a_tag_that_is_gone_is_wrong(tag: str) -> None:
    tags = Tags()
    del tags.there["acme/shop/web", tag]

    assert read(tags).wrong == (f"acme/shop/web:{tag} is gone, its record says {WEB}",)


def test_an_answer_that_did_not_come_is_unclear_and_never_fine() -> None:
    tags = Tags()
    tags.there["acme/shop/web", BUILT] = Unknown(reason="503")

    artifact = read(tags)

    assert artifact.wrong == ()
    assert artifact.unclear == (f"acme/shop/web:{BUILT}: 503",)


def test_an_index_without_one_of_its_manifests_is_wrong() -> None:
    tags = Tags()
    tags.there["acme/shop/api", "1.4.0"] = Found(digest=API, missing=(OTHER,))

    assert read(tags).wrong == (
        f"acme/shop/api:1.4.0 is an index whose manifests are gone: {OTHER}",
    )


def test_an_image_of_the_version_that_the_record_does_not_name_is_wrong() -> None:
    assert read(Tags(), record(api=API)).wrong == (
        (
            f"acme/shop/web:1.4.0 is {WEB}, its record says no image:"
            " the tag was moved, or the record changed"
        ),
        (
            f"acme/shop/web:{BUILT} is {WEB}, its record says no image:"
            " the tag was moved, or the record changed"
        ),
    )


def test_a_service_that_came_after_the_release_is_not_missing() -> None:
    tags = Tags()
    for tag in ("1.4.0", BUILT):
        del tags.there["acme/shop/web", tag]

    artifact = read(tags, record(api=API))

    assert artifact.wrong == ()
    assert artifact.services == ("api",)


def test_a_record_that_names_another_image_is_wrong_and_nobody_is_asked_there() -> None:
    swapped = ReleaseRecord(
        version="1.4.0",
        commit=COMMIT,
        images=(
            ReleasedImage(
                service="api", image="ghcr.io/acme/shop/worker", digest=OTHER
            ),
            ReleasedImage(service="web", image="evil.example/acme/web", digest=OTHER),
        ),
    )

    artifact = read(Tags(), swapped)

    assert artifact.images == ()
    assert artifact.wrong == (
        (
            "the record of 1.4.0 names ghcr.io/acme/shop/worker for api, and not"
            " ghcr.io/acme/shop/api"
        ),
        (
            "the record of 1.4.0 names evil.example/acme/web for web, and not"
            " ghcr.io/acme/shop/web"
        ),
    )


def test_a_record_of_another_version_is_wrong() -> None:
    artifact = read_artifact(record(), SETTINGS, Tags(), version="7.7.7")

    assert "the record of 7.7.7 is one of version 1.4.0" in artifact.wrong
