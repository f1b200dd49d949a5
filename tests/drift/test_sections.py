"""Settings, environment branches and live images, each spoilt in turn."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.drift.report import drift_report
from monokeel.drift.sections import ALLOWED
from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.report import as_json, as_plain
from monokeel.policy.rule_types import Finding
from monokeel.promotion.records import BranchMove
from monokeel.release.record import record_text
from tests.fakes.place import Place, drift_in
from tests.fakes.pointers import Shop, commit_named
from tests.fakes.unconnected import START
from tests.policy.test_policy import TAGS


@pytest.fixture
def place() -> Place:
    return Place()


def open_to_all(place: Place) -> None:
    found = place.repository.environments["release"]
    place.repository.environments["release"] = {
        **found,
        "deployment_branch_policy": None,
    }


def another_branch(place: Place) -> None:
    place.repository.add_branch_policy("dev", "feat/*")


def second_key(place: Place) -> None:
    place.repository.create_deploy_key("monokeel", "ssh-ed25519 T1RIRVI=")


def wide_secret(place: Place) -> None:
    place.repository.secret_times[""] = START


ROWS: dict[str, tuple[Callable[[Place], object], str]] = {
    "every branch may use an Environment": (
        open_to_all,
        "Environment release: takes every branch",
    ),
    "one more branch may": (another_branch, "Environment dev: also takes feat/*"),
    "an Environment is gone": (
        lambda place: place.repository.environments.pop("policy"),
        "Environment policy: is not there",
    ),
    "a secret is gone": (
        lambda place: place.repository.secret_times.pop("prod"),
        "secret in prod: not set",
    ),
    "the secret for every branch": (wide_secret, "is a secret of the repository, too"),
    "no key": (lambda place: place.repository.keys.clear(), "writer: no writable"),
    "another key of our title": (second_key, "beside ours: monokeel (id 1, SHA256:"),
    "merged branches are deleted": (
        lambda place: place.repository.settings.update(delete_branch_on_merge=True),
        "delete_branch_on_merge is true, not false",
    ),
    "the title that was checked is not merged": (
        lambda place: place.repository.settings.update(
            squash_merge_commit_title="COMMIT_OR_PR_TITLE"
        ),
        "squash_merge_commit_title is COMMIT_OR_PR_TITLE, not PR_TITLE",
    ),
    "another default branch": (
        lambda place: setattr(place.repository, "default_branch", "trunk"),
        "GitHub's default branch is trunk, infra/platform.toml says main",
    ),
    "workflows approve": (
        lambda place: setattr(place.repository, "approves", True),
        "workflows may approve pull requests",
    ),
    "workflows write": (
        lambda place: setattr(place.repository, "workflows", "write"),
        "a workflow that names no permissions may write",
    ),
    "releases are not locked": (
        lambda place: setattr(place.repository, "locked", False),
        "immutable releases: off",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_the_rules_rest_on_is_watched(place: Place, row: str) -> None:
    spoil, said = ROWS[row]
    assert place.read("settings").verdict == "in_sync"

    spoil(place)

    lines = drift_in(place.read(), "settings")
    assert any(said in line for line in lines)


def test_files_that_do_not_agree_are_drift(place: Place) -> None:
    """P22: a tag that no rule guards is nobody's tampering, and as open."""
    place.disagreements = [
        Finding("tag_prefix", "differs", ruleset="infra/platform.toml")
    ]

    lines = drift_in(place.read("settings"), "settings")

    assert lines[0].startswith("infra/platform.toml: tag_prefix differs")


def test_an_environment_that_asks_nobody_is_drift_where_the_file_asks(
    place: Place,
) -> None:
    """P2: before a first promotion, too."""
    prod = place.repository.environments["prod"]
    place.repository.environments["prod"] = {**prod, "protection_rules": []}

    lines = drift_in(place.read("settings"), "settings")

    assert any("approval in prod: asks nobody for an approval" in x for x in lines)


def test_every_row_that_a_token_cannot_see_is_named(place: Place) -> None:
    """Never silence: what is not seen is not in sync."""
    place.repository.admin = False

    found = place.read("settings", allowed=("bypass_actors",))

    assert found.verdict == "in_sync_as_seen"
    assert {each.item for each in found.whole.unverified} == set(ALLOWED) - {
        "bypass_actors"
    }


def test_foreign_keys_matter_only_where_deploy_keys_pass(place: Place) -> None:
    place.repository.create_deploy_key("ci", "ssh-ed25519 T1RIRVI=")
    place.policy = [TAGS]

    assert place.read("settings").verdict == "in_sync"


def test_classic_protection_is_a_note(place: Place) -> None:
    place.repository.classic = True

    assert "classic branch protection" in as_plain(drift_report(place.read("settings")))


def test_a_copy_of_the_record_that_nobody_shows_is_unverified(place: Place) -> None:
    place.shop.hides_copies = True

    found = place.read("releases")

    assert (found.verdict, found.whole.drift) == ("unverifiable", [])


@pytest.mark.parametrize(
    "copy", [None, "", "{", '{"schema": 1}', "another digest", "another version"]
)
def test_a_copy_of_the_record_that_somebody_changed_is_drift(
    place: Place, copy: str | None
) -> None:
    """R30, S4: nobody of ours believes it, people and other tools do."""
    record = place.shop.releases.records["v1.4.0"]
    api, worker = record.images
    forged = {
        "another digest": replace(record, images=(replace(api, digest=worker.digest),)),
        "another version": replace(record, version="7.7.7"),
    }
    place.shop.copies["v1.4.0"] = record_text(forged[copy]) if copy in forged else copy

    found = place.read()

    [line] = drift_in(found, "releases")
    assert line.startswith("release.json of v1.4.0 is missing or is not the record")
    assert "gh release upload v1.4.0" in as_plain(drift_report(found))


def test_a_pointer_moved_by_hand_is_drift_with_its_mover(place: Place) -> None:
    commit = commit_named("1.3.2")
    place.shop.push_by_hand("dev", commit)
    place.shop.records.moves = [
        BranchMove(
            before=commit_named("1.4.0"),
            after=commit,
            actor="eve",
            at=place.shop.records.clock,
            kind="force_push",
        )
    ]

    found = place.read()

    assert drift_in(found, "pointers") == [
        ("env/dev moved to 1.3.2 without a record (by eve at 2026-05-01 12:00Z)")
    ]
    entries = json.loads(as_json(drift_report(found)))["pointers"]
    assert entries[0]["moved_by"] == {"by": "eve", "at": "2026-05-01T12:00:00Z"}


def test_the_way_back_from_a_newer_version_is_a_whole_command(place: Place) -> None:
    place.shop.release("1.5.0")
    place.shop.push_by_hand("dev", commit_named("1.5.0"))

    back = './inv promote --env dev --rollback --version 1.4.0 --reason "why"'
    assert f"what the last record says: {back}\n" in as_plain(
        drift_report(place.read())
    )


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
    assert "nothing promoted yet" in as_plain(drift_report(found))


def test_a_later_environment_that_is_newer_is_a_note(place: Place) -> None:
    place.shop.records.wait(timedelta(hours=1))
    place.shop.place("prod", "1.4.0")

    text = as_plain(drift_report(place.read("pointers")))

    assert "env/prod (1.4.0) is newer than the environment before it (1.3.2)" in text


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
    assert words in as_plain(drift_report(found))


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
        "v1.4.0 is live, but its tag carries no record"
        in (drift_in(place.read(), "releases")[0])
    )


def test_a_release_of_another_commit_than_its_tag_is_drift(place: Place) -> None:
    record = place.shop.releases.records["v1.4.0"]
    place.shop.releases.records["v1.4.0"] = replace(record, commit="f" * 40)

    assert "carries no record of a release" in drift_in(place.read(), "releases")[0]


def test_where_a_branch_is_gone_something_was_promoted(place: Place) -> None:
    place.shop.clone.refs = {
        ref: at
        for ref, at in place.shop.clone.refs.items()
        if not ref.startswith("refs/heads/env/")
    }

    found = place.read("pointers")

    assert "nothing promoted yet" not in as_plain(drift_report(found))
