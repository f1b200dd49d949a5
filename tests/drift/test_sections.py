"""Settings, environment branches and live images, each spoilt in turn."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.drift.report import drift_report
from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.report import as_json, as_text
from monokeel.promotion.ports import Protection
from monokeel.promotion.records import BranchMove
from tests.fakes.place import Place, drift_in
from tests.fakes.pointers import Shop, commit_named
from tests.policy.test_policy import TAGS


@pytest.fixture
def place() -> Place:
    return Place()


def test_branches_deleted_after_a_merge_would_take_the_pointer(place: Place) -> None:
    place.repository.deletes_merged = True

    assert "delete_branch_on_merge is on" in drift_in(place.read(), "settings")[0]


def test_foreign_deploy_keys_are_named(place: Place) -> None:
    place.repository.keys = ["ci", "monokeel", "old"]

    assert "beside ours: ci, old" in drift_in(place.read(), "settings")[0]


def test_foreign_keys_matter_only_where_deploy_keys_pass(place: Place) -> None:
    place.repository.keys = ["ci"]
    place.policy = [TAGS]

    assert place.read("settings").verdict == "in_sync"


@pytest.mark.parametrize(
    ("keys", "newest_locked"),
    [(["monokeel"], False), ([], True)],
    ids=["init was here", "a release is locked"],
)
def test_locking_of_releases_that_was_switched_off_is_drift(
    place: Place, keys: list[str], *, newest_locked: bool
) -> None:
    place.repository.immutable = False
    place.repository.keys = keys
    place.repository.newest_locked = newest_locked

    assert "Somebody switched them off" in drift_in(place.read(), "settings")[0]


def test_locking_that_was_never_on_is_a_note(place: Place) -> None:
    place.repository.immutable = False
    place.repository.keys = []

    found = place.read("settings")

    assert found.verdict == "in_sync"
    assert "immutable releases are off" in as_text(drift_report(found))


def test_classic_protection_is_a_note(place: Place) -> None:
    place.repository.classic = True

    assert "classic branch protection" in as_text(drift_report(place.read("settings")))


def test_a_pointer_moved_by_hand_is_drift_with_its_mover(place: Place) -> None:
    commit = commit_named("1.3.2")
    place.shop.push_by_hand("dev", commit)
    place.shop.records.moves = [
        BranchMove(
            before=commit_named("1.4.0"),
            after=commit,
            actor="eve",
            at=place.shop.records.now(),
            kind="force_push",
        )
    ]

    found = place.read()

    assert drift_in(found, "pointers") == [
        "env/dev moved to 1.3.2 without a record (by eve at 2026-05-01 12:00Z)"
    ]
    entries = json.loads(as_json(drift_report(found)))["pointers"]
    assert entries[0]["moved_by"] == {"by": "eve", "at": "2026-05-01T12:00:00Z"}


def test_a_pointer_at_no_release_is_drift(place: Place) -> None:
    place.shop.push_by_hand("dev", commit_named("elsewhere"))

    assert any("is no release" in line for line in drift_in(place.read(), "pointers"))


def test_a_pointer_that_is_gone_is_drift(place: Place) -> None:
    del place.shop.clone.refs["refs/heads/env/dev"]

    assert "env/dev is gone" in drift_in(place.read(), "pointers")[0]


def test_before_the_first_promotion_nothing_is_wrong(place: Place) -> None:
    place.shop = Shop()

    found = place.read("pointers", "releases")

    assert found.verdict == "in_sync"
    assert "nothing promoted yet" in as_text(drift_report(found))


def test_a_later_environment_that_is_newer_is_a_note(place: Place) -> None:
    place.shop.records.wait(timedelta(hours=1))
    place.shop.place("prod", "1.4.0")

    text = as_text(drift_report(place.read("pointers")))

    assert "env/prod (1.4.0) is newer than the environment before it (1.3.2)" in text


def test_an_environment_without_its_approval_is_a_note(place: Place) -> None:
    place.shop.records.protected["prod"] = Protection(exists=True, reviewers=False)

    found = place.read("pointers")

    assert found.verdict == "in_sync"
    assert "prod asks for no approval" in as_text(drift_report(found))


@pytest.mark.parametrize(
    ("answer", "words", "verdict"),
    [
        (Found(digest="sha256:" + "f" * 64), "the tag was moved", "drift"),
        (Absent(), "is gone", "drift"),
        (Unknown(reason="503"), "503", "unverifiable"),
    ],
    ids=["moved", "gone", "no answer"],
)
def test_a_live_image_has_the_digest_of_its_release(
    place: Place, answer: Found | Absent | Unknown, words: str, verdict: str
) -> None:
    images = place.shop.images.there
    del images["acme/shop/api", "1.4.0"]
    if not isinstance(answer, Absent):
        images["acme/shop/api", "1.4.0"] = answer

    found = place.read("releases")

    assert found.verdict == verdict
    assert words in as_text(drift_report(found))


def test_a_moved_image_of_the_commit_is_drift_as_promotion_refuses_it(
    place: Place,
) -> None:
    built = f"sha-{commit_named('1.4.0')}"
    moved = "sha256:" + "f" * 64
    place.shop.images.there["acme/shop/api", built] = Found(digest=moved)

    assert (
        f"acme/shop/api:{built} is {moved}" in (drift_in(place.read(), "releases")[0])
    )


def test_a_live_version_without_a_release_is_drift(place: Place) -> None:
    del place.shop.releases.records["v1.4.0"]

    assert (
        "v1.4.0 is live, but is not published"
        in (drift_in(place.read(), "releases")[0])
    )


def test_a_release_of_another_commit_than_its_tag_is_drift(place: Place) -> None:
    record = place.shop.releases.records["v1.4.0"]
    place.shop.releases.records["v1.4.0"] = replace(record, commit="f" * 40)

    assert "is of commit ffffffffffff" in drift_in(place.read(), "releases")[0]
