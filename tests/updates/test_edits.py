"""Which edits an update has lost, decided on plain values."""

import pytest

from monokeel.ground.answers import Json
from monokeel.updates.edits import (
    Recorded,
    Render,
    changed_answers,
    edits,
    losses,
    newest,
    strays,
)


def make_render(files: dict[str, bytes]) -> Render:
    return Render(folder="", files=files, answers={})


def union(team: bytes, old: bytes, new: bytes) -> bytes | None:
    """Merge as git does where both have only added lines."""
    return None if b"<" in team else old + (team + new).replace(old, b"")


OLD = make_render({"a": b"1\n"})


@pytest.mark.parametrize(
    ("team", "theirs", "now", "reason"),
    [
        pytest.param(b"1\n2\n", b"1\n", b"1\n2\n", None, id="still there"),
        pytest.param(b"1\n2\n", b"1\n2\n", b"1\n2\n", None, id="template caught up"),
        pytest.param(b"1\n2\n", b"1\n3\n", b"1\n2\n3\n", None, id="merged"),
        pytest.param(None, None, None, None, id="deleted by both"),
        pytest.param(None, b"1\n3\n", None, None, id="stays deleted"),
        pytest.param(None, b"1\n3\n", b"1\n3\n", "brought it back", id="came back"),
        pytest.param(b"1\n2\n", None, None, "deleted or renamed", id="deleted"),
        pytest.param(b"1\n2\n", b"1\n3\n", None, "deleted or renamed", id="vanished"),
        pytest.param(b"1\n2\n", b"1\n3\n", b"1\n3\n", "unmerged", id="overwritten"),
        pytest.param(b"<\n", b"1\n3\n", b"1\n3\n", "unmerged", id="cannot merge"),
        pytest.param(b"1\xe9\n", b"1\n3\n", b"1\n3\n", "no UTF-8", id="not UTF-8"),
        pytest.param(b"1\xe9\n", b"1\n3\n", b"1\n?\n", "no UTF-8", id="garbled"),
    ],
)
def test_a_lost_edit_is_found_with_its_reason(
    team: bytes | None, theirs: bytes | None, now: bytes | None, reason: str | None
) -> None:
    new = make_render({} if theirs is None else {"a": theirs})
    here = {} if now is None else {"a": now}

    found = list(losses({"a": team}, here, OLD, new, union))

    assert [kept.path for kept in found] == ([] if reason is None else ["a"])
    assert all(str(reason) in kept.reason for kept in found)


def test_edits_are_what_differs_from_the_old_render() -> None:
    old = make_render({"same": b"1", "edited": b"1", "deleted": b"1"})
    new = make_render({"added by both": b"1"})

    mine = edits({"same": b"1", "edited": b"2", "added by both": b"3"}, old, new)

    assert mine == {"added by both": b"3", "deleted": None, "edited": b"2"}


def test_untouched_files_must_be_as_one_of_the_renders() -> None:
    old = make_render({"seed": b"1", "managed": b"1", "wrong": b"1", "mine": b"1"})
    new = make_render({"seed": b"2", "managed": b"2", "wrong": b"2", "mine": b"2"})
    here = {"seed": b"1", "managed": b"2", "wrong": b"?", "mine": b"?"}

    assert strays({"mine": b"?"}, here, old, new) == ("wrong",)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ((), None),
        (("latest", "v1", "api-v9.0.0", "v2.0.0-rc.1", "v3.0.0-1"), None),
        (("v1.9.0", "v1.10.0", "2026.01.01"), "1.10.0"),
    ],
)
def test_only_release_tags_are_versions(
    tags: tuple[str, ...], expected: str | None
) -> None:
    assert newest(tags) == expected


@pytest.mark.parametrize(
    ("commit", "version"),
    [("v1.2.0", "1.2.0"), ("v1.2.0-1-g0123456", None), ("1.2.0", None)],
)
def test_a_render_knows_its_release(commit: str, version: str | None) -> None:
    assert Recorded(source="", commit=commit, answers={}).version == version


def test_an_answer_that_came_out_otherwise_is_named() -> None:
    wanted: dict[str, Json] = {"owner": "acme", "gone": 1, "reviews": 2}

    assert changed_answers(wanted, {"owner": "acme", "reviews": 1}) == ("reviews",)
