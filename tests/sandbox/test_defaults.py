"""How a sandbox starts, and what GitHub refuses by default."""

from dataclasses import fields

import pytest

from sandbox.defaults import GITHUB, Defaults
from sandbox.registry_access import Switches as ImageSwitches
from sandbox.server import Sandbox
from sandbox.switches import Switches
from sandbox.wire import Json
from tests.sandbox.calls import Api, grow

_POLICY: Json = {"protected_branches": False, "custom_branch_policies": True}
_ENVIRONMENT: dict[str, Json] = {"deployment_branch_policy": _POLICY}
_KEY: Json = {"title": "monokeel", "key": "ssh-ed25519 AAAA", "read_only": False}


@pytest.mark.parametrize("name", [item.name for item in fields(Defaults)])
def test_each_default_is_a_switch_that_starts_so(name: str) -> None:
    switches = ImageSwitches() if name.startswith("images_") else Switches()

    assert getattr(switches, name) == getattr(GITHUB, name)


def test_a_new_organization_takes_no_deploy_key(api: Api, box: Sandbox) -> None:
    answer = api("POST", "/keys", _KEY)

    assert answer.status == 422
    assert answer["errors"] == [
        {
            "resource": "PublicKey",
            "code": "custom",
            "message": "Deploy keys are disabled for this repository",
        }
    ]
    assert box.state.keys == []


def test_a_person_may_have_deploy_keys(api: Api, box: Sandbox) -> None:
    box.state.owner_type = "User"

    assert api("POST", "/keys", _KEY).status == 201


def test_forbidding_deploy_keys_disables_those_that_are_there(
    api: Api, box: Sandbox
) -> None:
    box.allow_deploy_keys()
    api("POST", "/keys", _KEY)
    before = api("GET", "/keys").items

    box.switches.organization_deploy_keys = False

    assert [key["enabled"] for key in before] == [True]
    assert [key["enabled"] for key in api("GET", "/keys").items] == [False]


@pytest.mark.parametrize(
    ("private", "plan", "status"),
    [
        (True, "free", 422),
        (False, "free-private", 422),
        (True, "team", 200),
        (False, "free", 200),
    ],
)
def test_a_branch_policy_of_a_private_repository_needs_a_plan(
    api: Api, box: Sandbox, *, private: bool, plan: str, status: int
) -> None:
    box.state.private, box.switches.plan = private, plan

    answer = api("PUT", "/environments/prod", _ENVIRONMENT)

    assert answer.status == status
    assert ("prod" in box.state.environments) == (status == 200)
    if status == 422:
        assert answer.message == (
            "Fail to create protected rule, please ensure billing plan include "
            "protected branch gate."
        )


def test_an_environment_without_policy_needs_no_plan(api: Api, box: Sandbox) -> None:
    box.state.private, box.switches.plan = True, "free"

    assert api("PUT", "/environments/prod", {}).status == 200


@pytest.mark.parametrize("path", ["", "/prod", "/prod/deployment-branch-policies"])
def test_environments_of_a_private_repository_need_actions_read(
    api: Api, box: Sandbox, path: str
) -> None:
    api("PUT", "/environments/prod", _ENVIRONMENT)
    box.state.private = True
    box.limit("fine", "contents:read", "administration:write", "environments:write")

    answer = api("GET", f"/environments{path}", who="fine")

    text = "Resource not accessible by personal access token"
    assert (answer.status, answer.message) == (403, text)
    assert answer.headers["X-Accepted-GitHub-Permissions"] == "actions=read"
    box.limit("fine", "actions:read")
    assert api("GET", f"/environments{path}", who="fine").status == 200


@pytest.mark.parametrize(
    ("path", "longest", "resource"),
    [("/releases", 125_000, "Release"), ("/issues", 65_536, "Issue")],
)
def test_a_text_has_a_longest_length(
    api: Api, path: str, longest: int, resource: str
) -> None:
    body: dict[str, Json] = {"title": "x"} if path == "/issues" else {"tag_name": "v1"}
    body |= {"draft": True} if path == "/releases" else {}

    good = api("POST", path, body | {"body": "é" * longest})
    bad = api("POST", path, body | {"body": "e" * (longest + 1)})
    number = good["number" if path == "/issues" else "id"]
    edited = api("PATCH", f"{path}/{number}", {"body": "e" * (longest + 1)})

    assert [good.status, bad.status, edited.status] == [201, 422, 422]
    assert bad["errors"] == [
        {
            "resource": resource,
            "code": "custom",
            "field": "body",
            "message": f"body is too long (maximum is {longest} characters)",
        }
    ]


def test_a_title_has_a_longest_length(api: Api, box: Sandbox, start: str) -> None:
    """In the words of opencode#3723, for a pull request as for an issue."""
    box.state.git.git("update-ref", "refs/heads/more", start)
    grow(box, "feat: more", "refs/heads/more")
    pull: dict[str, Json] = {"head": "more", "base": "main"}
    long: dict[str, Json] = {"title": "e" * 257}

    good = [
        api("POST", "/issues", {"title": "é" * 256}),
        api("POST", "/pulls", pull | {"title": "é" * 256}),
    ]
    bad = [
        api("POST", "/issues", long),
        api("POST", "/pulls", pull | long),
        api("PATCH", f"/issues/{good[0]['number']}", long),
        api("PATCH", f"/pulls/{good[1]['number']}", long),
    ]

    assert [answer.status for answer in (*good, *bad)] == [201, 201, *[422] * 4]
    assert {str(answer["errors"]) for answer in bad} == {
        (
            "[{'resource': 'Issue', 'code': 'custom', 'field': 'title',"
            " 'message': 'title is too long (maximum is 256 characters)'}]"
        )
    }


def test_a_comment_and_a_pull_request_are_as_short_as_an_issue(
    api: Api, box: Sandbox, start: str
) -> None:
    box.state.git.git("update-ref", "refs/heads/more", start)
    grow(box, "feat: more", "refs/heads/more")
    text = "e" * 65_537
    pull: Json = {"title": "x", "head": "more", "base": "main", "body": text}
    api("POST", "/issues", {"title": "x"})
    good: Json = {"title": "x", "head": "more", "base": "main"}

    answers = [
        api("POST", "/pulls", pull),
        api("PATCH", f"/pulls/{api('POST', '/pulls', good)['number']}", {"body": text}),
        api("POST", "/issues/1/comments", {"body": text}),
    ]

    assert [answer.status for answer in answers] == [422, 422, 422]


def test_a_branch_that_is_not_there_has_no_activity(api: Api, start: str) -> None:
    assert start

    assert api("GET", "/activity?ref=nowhere").status == 422
    assert api("GET", "/activity?ref=main").status == 200


def test_a_deploy_key_passes_rules_always_or_not_at_all(api: Api) -> None:
    actor: Json = {
        "actor_id": None,
        "actor_type": "DeployKey",
        "bypass_mode": "pull_request",
    }
    body: Json = {"name": "x", "enforcement": "disabled", "bypass_actors": [actor]}

    assert api("POST", "/rulesets", body).status == 422
    assert api("GET", "/rulesets").items == []
