from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api, grow

_PLAIN: dict[str, Json] = {
    "ref": "main",
    "auto_merge": False,
    "required_contexts": [],
    "environment": "dev",
}


def _deploy(api: Api, state: str, **more: Json) -> Json:
    number = api("POST", "/deployments", _PLAIN | more, who="actions")["id"]
    path = f"/deployments/{number}/statuses"
    assert api("POST", path, {"state": state}, who="actions").status == 201
    return number


def test_a_deployment_has_a_commit_and_no_state(api: Api, start: str) -> None:
    answer = api("POST", "/deployments", _PLAIN | {"payload": {"tool": "monokeel"}})

    assert (answer.status, answer["sha"]) == (201, start)
    assert answer["payload"] == {"tool": "monokeel"}
    value = answer.json()
    assert isinstance(value, dict)
    assert "state" not in value
    assert api("GET", "/environments/dev")["name"] == "dev"


def test_contexts_that_are_not_green_are_a_409(api: Api, start: str) -> None:
    api("POST", f"/statuses/{start}", {"state": "pending", "context": "ci"})

    answer = api("POST", "/deployments", {"ref": "main", "auto_merge": False})

    assert answer.status == 409
    assert answer.message == "Conflict: Commit status checks failed for main."
    assert answer["errors"] == [
        {
            "contexts": [{"context": "ci", "state": "pending"}],
            "resource": "Deployment",
            "field": "required_contexts",
            "code": "invalid",
        }
    ]


def test_a_branch_behind_main_is_merged_and_not_recorded(
    api: Api, box: Sandbox, start: str
) -> None:
    api("POST", "/git/refs", {"ref": "refs/heads/feat/x", "sha": start})
    grow(box, "feat: more")

    answer = api("POST", "/deployments", {"ref": "feat/x", "required_contexts": []})

    assert answer.status == 202
    assert answer.message == "Auto-merged main into feat/x on deployment."
    assert api("GET", "/deployments").items == []


def test_an_unknown_ref_is_refused_unconfirmed(api: Api, start: str) -> None:
    answer = api("POST", "/deployments", _PLAIN | {"ref": "none"})

    assert (answer.status, answer.message) == (422, "No ref found for: none")
    assert start


def test_success_retires_earlier_successes_of_the_environment(
    api: Api, start: str
) -> None:
    failed = _deploy(api, "failure")
    old = _deploy(api, "success")
    elsewhere = _deploy(api, "success", environment="staging")
    new = _deploy(api, "success")

    states = {
        number: api("GET", f"/deployments/{number}/statuses").items[0]["state"]
        for number in (failed, old, elsewhere, new)
    }

    assert list(states.values()) == ["failure", "inactive", "success", "success"]
    assert start


def test_production_keeps_its_successes(api: Api, start: str) -> None:
    old = _deploy(api, "success", environment="production")
    _deploy(api, "success", environment="production")

    newest = api("GET", f"/deployments/{old}/statuses").items[0]

    assert newest["state"] == "success"
    assert start


def test_an_active_deployment_is_not_deleted_beside_others_assumed(
    api: Api, start: str
) -> None:
    old, new = _deploy(api, "success"), _deploy(api, "success")

    answers = [api("DELETE", f"/deployments/{number}") for number in (new, old, new)]

    # The first is active beside another; `old` is inactive; then `new` is alone.
    assert [answer.status for answer in answers] == [422, 204, 204]
    assert start


def test_a_payload_may_come_back_as_text(api: Api, box: Sandbox, start: str) -> None:
    box.switches.payload_as_text = True

    answer = api("POST", "/deployments", _PLAIN | {"payload": {"a": 1}})

    assert answer["payload"] == '{"a": 1}'
    assert start


def test_the_newest_come_first_and_a_switch_takes_that_away(
    api: Api, box: Sandbox, start: str
) -> None:
    for _ in range(8):
        api("POST", "/deployments", _PLAIN)

    items = api("GET", "/deployments").items
    box.switches.deployments_shuffled = True
    others = api("GET", "/deployments").items

    numbers = [int(str(item["id"])) for item in items]
    assert numbers == sorted(numbers, reverse=True)
    assert {item["id"] for item in others} == {*numbers}
    assert [item["id"] for item in others] not in (numbers, numbers[::-1])
    assert start


def test_deployments_of_one_environment_are_selected(api: Api, start: str) -> None:
    api("POST", "/deployments", _PLAIN)

    assert api("GET", "/deployments?environment=prod").items == []
    assert len(api("GET", f"/deployments?environment=dev&sha={start}").items) == 1
