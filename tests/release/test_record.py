"""``release.json``: read back as it was written, and nothing else is believed."""

import json

import pytest

from monokeel.ground.answers import Json
from monokeel.release.record import (
    ReleasedImage,
    ReleaseRecord,
    is_marked,
    marker,
    parse_release,
    record_in,
    record_text,
)

COMMIT = "a" * 40
DIGEST = f"sha256:{'1' * 64}"
RECORD = ReleaseRecord(
    version="1.4.0",
    commit=COMMIT,
    images=(
        ReleasedImage(service="api", image="ghcr.io/acme/shop/api", digest=DIGEST),
        ReleasedImage(service="web", image="ghcr.io/acme/shop/web", digest=DIGEST),
    ),
)
CONTENT: dict[str, Json] = {
    "schema": 1,
    "version": "1.4.0",
    "commit": COMMIT,
    "services": {
        "api": f"ghcr.io/acme/shop/api@{DIGEST}",
        "web": f"ghcr.io/acme/shop/web@{DIGEST}",
    },
}


def test_a_record_is_readable_json() -> None:
    assert json.loads(record_text(RECORD)) == CONTENT


def test_a_record_comes_back_as_it_was_written() -> None:
    assert record_in(record_text(RECORD)) == RECORD


def test_the_order_of_services_does_not_change_the_text() -> None:
    turned = ReleaseRecord(
        version="1.4.0", commit=COMMIT, images=tuple(reversed(RECORD.images))
    )

    assert record_text(turned) == record_text(RECORD)


@pytest.mark.parametrize("pattern", ["acme/shop/{service}", "p/{service}/app"])
def test_an_image_says_how_it_is_named_in_the_settings(pattern: str) -> None:
    image = f"ghcr.io/{pattern.format(service='api')}"

    wanted = ReleasedImage(service="api", image=image, digest=DIGEST).setting

    assert wanted == f'[registry] host = "ghcr.io", images = "{pattern}"'


def test_a_digest_is_found_by_its_service() -> None:
    assert RECORD.digest_of("web") == DIGEST
    assert RECORD.digest_of("worker") is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"schema": 2}, id="another schema"),
        pytest.param({"commit": "abc"}, id="a short commit"),
        pytest.param({"version": None}, id="no version"),
        pytest.param({"services": ["api"]}, id="services as a list"),
        pytest.param({"services": {"api": "ghcr.io/a/b:1.4.0"}}, id="a tag"),
        pytest.param({"services": {"api": "x@sha256:12"}}, id="a short digest"),
        pytest.param({"services": {"api": f"@{DIGEST}"}}, id="a digest of nothing"),
    ],
)
def test_a_file_of_another_shape_is_not_believed(change: dict[str, Json]) -> None:
    assert record_in(json.dumps(CONTENT | change)) is None


@pytest.mark.parametrize("text", ["", "not json", "[]", "null"])
def test_a_file_that_is_no_object_is_not_believed(text: str) -> None:
    assert record_in(text) is None


def test_the_marker_names_the_commit_within_any_text() -> None:
    assert is_marked(f"## Features\r\n\r\n{marker(COMMIT)}\r\n")


def test_a_text_by_hand_names_no_commit() -> None:
    assert not is_marked("released from commit " + COMMIT)


def test_a_release_without_notes_and_assets_is_read() -> None:
    release = parse_release(
        {
            "id": 7,
            "tag_name": "v1.4.0",
            "name": None,
            "body": None,
            "draft": True,
            "prerelease": False,
            "assets": [],
            "upload_url": "https://uploads.github.com/x{?name,label}",
            "html_url": "https://github.com/acme/shop/releases/tag/v1.4.0",
            "published_at": None,
        }
    )

    assert (release.id, release.draft, release.body) == (7, True, "")
    assert not release.immutable
    assert release.file is None
