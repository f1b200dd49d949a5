import pytest

from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api

_CUSTOM: Json = {"protected_branches": False, "custom_branch_policies": True}


def test_an_environment_keeps_its_protection(api: Api) -> None:
    body: Json = {
        "wait_timer": 5,
        "prevent_self_review": True,
        "reviewers": [{"type": "User", "id": 1002}],
        "deployment_branch_policy": _CUSTOM,
    }
    assert api("PUT", "/environments/prod", body).status == 200

    rules = api("GET", "/environments/prod")["protection_rules"]

    assert isinstance(rules, list)
    assert [rule["type"] for rule in rules if isinstance(rule, dict)] == [
        "wait_timer",
        "required_reviewers",
        "branch_policy",
    ]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"wait_timer": 43201}, id="wait"),
        pytest.param(
            {"reviewers": [{"type": "User", "id": n} for n in range(7)]}, id="seven"
        ),
        pytest.param(
            {
                "deployment_branch_policy": {
                    "protected_branches": True,
                    "custom_branch_policies": True,
                }
            },
            id="equal policies",
        ),
    ],
)
def test_a_protection_out_of_bounds_is_a_422(api: Api, body: Json) -> None:
    assert api("PUT", "/environments/prod", body).status == 422


def test_reviewers_of_a_public_repository_need_no_plan(api: Api, box: Sandbox) -> None:
    box.switches.plan = "free"

    assert api("PUT", "/environments/prod", {"reviewers": []}).status == 200


@pytest.mark.parametrize("plan", ["free", "free-private", "team"])
def test_reviewers_of_a_private_one_need_a_plan(
    api: Api, box: Sandbox, plan: str
) -> None:
    box.state.private, box.switches.plan = True, plan

    answer = api("PUT", "/environments/prod", {"reviewers": []})

    assert answer.status == 422
    assert answer.message.startswith("Failed to create the environment protection rule")


def test_a_branch_policy_exists_once(api: Api) -> None:
    api("PUT", "/environments/prod", {"deployment_branch_policy": _CUSTOM})
    path = "/environments/prod/deployment-branch-policies"

    answers = [api("POST", path, {"name": "main"}) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 303]
    assert api("GET", path)["total_count"] == 1


def test_a_slash_in_an_environment_is_escaped(api: Api) -> None:
    api("PUT", "/environments/a%2Fb", {})

    assert api("GET", "/environments/a%2Fb")["name"] == "a/b"


@pytest.mark.parametrize("path", ["/actions/variables", "/environments/dev/variables"])
def test_a_variable_lives_in_upper_case(api: Api, path: str) -> None:
    api("PUT", "/environments/dev", {})

    made = api("POST", path, {"name": "promote_hold", "value": "x"})
    again = api("POST", path, {"name": "PROMOTE_HOLD", "value": "y"})
    api("PATCH", f"{path}/PROMOTE_HOLD", {"value": "z"})

    assert (made.status, made.json()) == (201, {})
    assert again.status == 409  # of an environment: assumed
    assert again.message == "Already exists - Variable already exists"
    assert api("GET", f"{path}/PROMOTE_HOLD")["value"] == "z"


def test_a_missing_variable_is_a_404(api: Api) -> None:
    assert api("GET", "/actions/variables/NONE").status == 404


def test_variables_come_ten_a_page(api: Api) -> None:
    for number in range(11):
        api("POST", "/actions/variables", {"name": f"V{number}", "value": "x"})

    answer = api("GET", "/actions/variables")

    variables = answer["variables"]
    assert isinstance(variables, list)
    assert (answer["total_count"], len(variables)) == (11, 10)
    assert 'rel="next"' in answer.headers["Link"]


def test_secrets_show_their_names_only(api: Api, box: Sandbox) -> None:
    api("PUT", "/environments/release", {})
    environment = box.state.environments["release"]
    environment.secrets["MONOKEEL_DEPLOY_KEY"] = box.state.now()

    secrets = api("GET", "/environments/release/secrets")["secrets"]

    assert isinstance(secrets, list)
    assert [s["name"] for s in secrets if isinstance(s, dict)] == [
        "MONOKEEL_DEPLOY_KEY"
    ]
