import hashlib
import json

import pytest

from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Answer, Api, grow
from tests.sandbox.cases import TAGS_CREATE

_DRAFT: dict[str, Json] = {"tag_name": "v1.0.0", "name": "1.0.0", "draft": True}
_NO_TAG: Json = {
    "resource": "Release",
    "code": "custom",
    "message": "Published releases must have a valid tag",
}
_RESTRICTED: Json = {
    "resource": "Release",
    "code": "custom",
    "field": "pre_receive",
    "message": "pre_receive Repository rule violations found\n\n"
    "Cannot create ref due to creations being restricted.\n\n",
}
_BURNED: Json = {
    "resource": "Release",
    "code": "custom",
    "field": "tag_name",
    "message": "tag_name was used by an immutable release",
}


def _upload(api: Api, release: Answer, content: bytes) -> Answer:
    url = str(release["upload_url"]).partition("{")[0]
    return api("POST", f"{url}?name=release.json", content)


def test_one_tag_can_have_two_drafts(api: Api, start: str) -> None:
    answers = [api("POST", "/releases", _DRAFT), api("POST", "/releases", _DRAFT)]

    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].headers["Location"] == answers[0]["url"]
    assert len(api("GET", "/releases").items) == 2
    assert start


def test_drafts_are_not_found_by_tag_and_not_seen_by_readers(
    api: Api, start: str
) -> None:
    number = api("POST", "/releases", _DRAFT)["id"]

    assert api("GET", "/releases/tags/v1.0.0").status == 404
    assert api("GET", "/releases", who="reader").items == []
    assert api("GET", f"/releases/{number}", who="none").status == 404
    assert start


def test_drafts_reach_the_list_after_a_lag(api: Api, box: Sandbox, start: str) -> None:
    box.switches.draft_lag_s = 60
    api("POST", "/releases", _DRAFT)

    before = api("GET", "/releases").items
    box.switches.clock_offset_s = 61

    assert before == []
    assert len(api("GET", "/releases").items) == 1
    assert start


def test_publishing_creates_the_missing_tag(api: Api, start: str) -> None:
    number = api("POST", "/releases", _DRAFT, who="actions")["id"]

    done = api("PATCH", f"/releases/{number}", {"draft": False}, who="actions")

    assert done["draft"] is False
    assert done["created_at"] == "2026-11-02T10:00:00Z"  # the commit's moment
    assert api("GET", "/commits/tags/v1.0.0")["sha"] == start


def test_a_published_release_takes_its_tag(api: Api, start: str) -> None:
    api("POST", "/releases", {"tag_name": "v1.0.0"})

    answer = api("POST", "/releases", {"tag_name": "v1.0.0"})

    assert answer.status == 422
    assert answer["errors"] == [
        {"resource": "Release", "code": "already_exists", "field": "tag_name"}
    ]
    assert start


def test_an_unknown_target_is_refused_assumed(api: Api, start: str) -> None:
    answer = api("POST", "/releases", _DRAFT | {"target_commitish": "nowhere"})

    assert answer["errors"] == [
        {"resource": "Release", "code": "invalid", "field": "target_commitish"}
    ]
    assert start


def test_a_restricted_tag_needs_to_be_there_first(api: Api, start: str) -> None:
    api("POST", "/rulesets", TAGS_CREATE)
    number = api("POST", "/releases", _DRAFT)["id"]

    refused = api("PATCH", f"/releases/{number}", {"draft": False})
    api.box.state.git.move("refs/tags/v1.0.0", start, None)
    done = api("PATCH", f"/releases/{number}", {"draft": False}, who="actions")

    assert (refused.status, refused["errors"]) == (422, [_RESTRICTED, _NO_TAG])
    assert done["draft"] is False


def test_the_name_of_a_deleted_immutable_release_is_burned(
    api: Api, start: str
) -> None:
    assert api("PUT", "/immutable-releases").status == 204
    number = api("POST", "/releases", {"tag_name": "v1.0.0"})["id"]
    kept = api("DELETE", "/git/refs/tags/v1.0.0")

    api("DELETE", f"/releases/{number}")
    freed = api("DELETE", "/git/refs/tags/v1.0.0")
    again = api("POST", "/releases", {"tag_name": "v1.0.0"})
    tag = api("POST", "/git/refs", {"ref": "refs/tags/v1.0.0", "sha": start})

    assert (kept.status, freed.status) == (422, 204)
    assert again["errors"] == [_RESTRICTED, _BURNED, _NO_TAG]
    assert "Cannot create ref due to creations being restricted." in tag.message


def test_what_an_immutable_release_refuses(api: Api, start: str) -> None:
    api("PUT", "/immutable-releases")
    draft = api("POST", "/releases", _DRAFT)
    asset = _upload(api, draft, b"{}")
    path = f"/releases/{draft['id']}"
    api("PATCH", path, {"draft": False})

    back = api("PATCH", path, {"draft": True})
    upload = _upload(api, draft, b"{}")
    gone = api("DELETE", f"/releases/assets/{asset['id']}")
    title = api("PATCH", path, {"name": "One"})

    assert back["errors"] == [
        {
            "resource": "Release",
            "code": "custom",
            "message": "state cannot be changed when release is immutable",
        }
    ]
    assert upload.message == "Cannot upload assets to an immutable release."
    assert gone.message == "Cannot delete asset from an immutable release"
    assert (title.status, title["immutable"]) == (200, True)
    assert start


def test_releases_from_before_the_setting_stay_mutable(api: Api, start: str) -> None:
    number = api("POST", "/releases", {"tag_name": "v1.0.0"})["id"]
    api("PUT", "/immutable-releases")

    assert api("GET", f"/releases/{number}")["immutable"] is False
    assert start


def test_immutable_releases_are_off_at_404(api: Api) -> None:
    assert api("GET", "/immutable-releases").status == 404

    api("PUT", "/immutable-releases")

    assert api("GET", "/immutable-releases").json() == {
        "enabled": True,
        "enforced_by_owner": False,
    }
    assert api("GET", "/immutable-releases", who="actions").status == 403


def test_the_owner_can_decide_about_immutable_releases(api: Api, box: Sandbox) -> None:
    box.switches.owner_decides_immutable = True

    assert api("PUT", "/immutable-releases").status == 409


def test_an_asset_comes_back_as_it_was_sent(api: Api, start: str) -> None:
    content = b'{"a": 1}'

    asset = _upload(api, api("POST", "/releases", _DRAFT), content)

    assert asset["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert (asset.status, asset["size"], asset["state"]) == (201, 8, "uploaded")
    assert start


@pytest.mark.parametrize("redirected", [False, True])
def test_asset_bytes_come_at_once_or_from_another_place(
    api: Api, box: Sandbox, start: str, *, redirected: bool
) -> None:
    asset = _upload(api, api("POST", "/releases", _DRAFT), b"{}")
    box.switches.asset_redirect = redirected
    path = f"/releases/assets/{asset['id']}"

    answer = api("GET", path, headers={"Accept": "application/octet-stream"})

    if redirected:
        assert answer.status == 302
        answer = api("GET", answer.headers["Location"], who="none")
    assert answer.body == b"{}"
    assert start


def test_an_asset_name_is_taken_once(api: Api, start: str) -> None:
    draft = api("POST", "/releases", _DRAFT)
    _upload(api, draft, b"1")

    answer = _upload(api, draft, b"2")

    assert answer.status == 422
    assert answer["errors"] == [
        {"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}
    ]
    assert "status" not in str(answer.json())
    assert start


def test_a_failed_upload_leaves_a_starter_asset(
    unchecked: Sandbox,
) -> None:
    api = Api(unchecked)  # `starter` is outside the description (its prose has it)
    grow(unchecked, "feat: start")
    draft = api("POST", "/releases", _DRAFT)
    unchecked.switches.starter_asset = True

    answer = _upload(api, draft, b"{}")

    assert answer.status == 502
    (left,) = api("GET", f"/releases/{draft['id']}/assets").items
    assert (left["state"], left["size"]) == ("starter", 0)


def test_latest_is_what_was_made_latest(api: Api, box: Sandbox, start: str) -> None:
    api("POST", "/releases", {"tag_name": "v2.0.0"})
    api("POST", "/releases", {"tag_name": "v1.9.9", "make_latest": "false"})

    assert api("GET", "/releases/latest")["tag_name"] == "v2.0.0"
    query = '{repository(owner: "acme", name: "shop") {releases(first: 9) {nodes '
    asked: Json = {"query": query + "{tagName isLatest}}}}"}
    said = json.dumps(api("POST", "//graphql", asked)["data"])
    assert '{"tagName": "v2.0.0", "isLatest": true}' in said
    assert start
    assert box.violations() == []


def test_a_target_with_other_workflows_needs_the_right(
    api: Api, box: Sandbox, start: str
) -> None:
    git = box.state.git
    author = ("Ann", "ann@example.com", "2026-11-02T10:00:00Z")
    for ref, text in (("refs/heads/main", b"on: push\n"), ("refs/heads/x", b"on: x\n")):
        tree = git.tree_with(start, ".github/workflows/ci.yml", text)
        commit = git.commit_tree(tree, [start], "ci: x", author=author)
        assert git.move(ref, commit, git.ref(ref))
    wanted: Json = {"tag_name": "v1.0.0", "target_commitish": "x"}

    answer = api("POST", "/releases", wanted, who="actions")

    assert answer.status == 403
    assert answer.message == "Resource not accessible by integration"
    assert git.ref("refs/tags/v1.0.0") is None
