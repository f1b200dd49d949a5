import pytest

from sandbox.records import Ruleset
from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api
from tests.sandbox.cases import (
    DEPLOY_KEY,
    ENV,
    MAIN,
    PULL_REQUEST,
    TAGS,
    rule,
    ruleset,
)


def test_the_list_has_no_rules_and_no_bypass(api: Api) -> None:
    api("POST", "/rulesets", ENV)

    (shown,) = api("GET", "/rulesets").items

    assert not {"rules", "conditions", "bypass_actors"} & set(shown)


@pytest.mark.parametrize(
    ("who", "seen"),
    [("admin", True), ("actions", False), ("reader", False), ("none", False)],
)
def test_bypass_actors_are_absent_without_the_right(
    api: Api, who: str, *, seen: bool
) -> None:
    number = api("POST", "/rulesets", ENV)["id"]

    shown = api("GET", f"/rulesets/{number}", who=who).json()

    assert isinstance(shown, dict)
    assert ("bypass_actors" in shown) is seen


def test_a_ruleset_reads_back_with_defaults_and_without_ids(api: Api) -> None:
    admin: Json = {"actor_id": 1, "actor_type": "OrganizationAdmin"}
    body = ruleset("main", rule("pull_request", **PULL_REQUEST), bypass=[admin])
    made = api("POST", "/rulesets", body)

    shown = api("GET", f"/rulesets/{made['id']}")

    assert shown["bypass_actors"] == [
        {
            "actor_id": None,
            "actor_type": "OrganizationAdmin",
            "bypass_mode": "always",
        }
    ]
    rules = shown["rules"]
    assert isinstance(rules, list)
    added: dict[str, Json] = {
        "required_reviewers": [],
        "dismissal_restriction": {"enabled": False, "allowed_actors": []},
        "require_extra_approval_for_unattributed_changes": True,
    }
    assert rules == [{"type": "pull_request", "parameters": added | PULL_REQUEST}]


def test_put_replaces_what_is_sent_and_keeps_the_rest(api: Api) -> None:
    number = api("POST", "/rulesets", ENV)["id"]

    kept = api("PUT", f"/rulesets/{number}", {"enforcement": "disabled"})
    cleared = api("PUT", f"/rulesets/{number}", {"bypass_actors": []})

    assert kept["bypass_actors"] == [DEPLOY_KEY | {"bypass_mode": "always"}]
    assert cleared["bypass_actors"] == []
    assert cleared["enforcement"] == "disabled"


def test_each_write_is_in_the_history_with_its_state(api: Api) -> None:
    number = api("POST", "/rulesets", ENV)["id"]
    api("PUT", f"/rulesets/{number}", {"enforcement": "disabled"})

    newest, oldest = api("GET", f"/rulesets/{number}/history").items

    assert newest["actor"] == {"id": 1001, "type": "User"}
    state = api("GET", f"/rulesets/{number}/history/{oldest['version_id']}")["state"]
    assert isinstance(state, dict)
    assert state["enforcement"] == "active"
    assert api("GET", "//user/1001")["login"] == "ada"


def test_there_is_no_patch(unchecked: Sandbox) -> None:
    api = Api(unchecked)
    number = api("POST", "/rulesets", ENV)["id"]

    assert (
        api("PATCH", f"/rulesets/{number}", {"enforcement": "disabled"}).status == 404
    )


@pytest.mark.parametrize(
    ("who", "status", "message"),
    [
        ("actions", 403, "Resource not accessible by integration"),
        ("reader", 403, "Resource not accessible by personal access token"),
        ("reviewer", 403, "Must have admin rights to Repository."),
        ("none", 401, "Requires authentication"),
    ],
)
def test_writing_needs_administration(
    api: Api, who: str, status: int, message: str
) -> None:
    answer = api("POST", "/rulesets", TAGS, who=who)

    assert (answer.status, answer.message) == (status, message)


def test_a_missing_right_can_also_hide_behind_404(api: Api, box: Sandbox) -> None:
    number = api("POST", "/rulesets", ENV)["id"]
    box.switches.hide_by_404 = True

    assert api("GET", f"/rulesets/{number}/history", who="actions").status == 404


def test_parents_are_listed_unless_told_otherwise(api: Api, box: Sandbox) -> None:
    moment = box.state.ruleset_now()
    box.state.rulesets.append(
        Ruleset(
            id=7,
            body=ruleset("org"),
            created_at=moment,
            updated_at=moment,
            source_type="Organization",
        )
    )

    (parent,) = api("GET", "/rulesets").items

    assert (parent["source_type"], parent["source"]) == ("Organization", "acme")
    assert api("GET", "/rulesets?includes_parents=false").items == []
    assert [r["name"] for r in api("GET", "//orgs/acme/rulesets").items] == ["org"]


def test_put_can_answer_200_without_effect(api: Api, box: Sandbox) -> None:
    number = api("POST", "/rulesets", TAGS)["id"]
    box.switches.put_without_effect = True

    answer = api("PUT", f"/rulesets/{number}", {"enforcement": "disabled"})

    assert (answer.status, answer["enforcement"]) == (200, "active")


def test_switches_change_what_is_read_not_what_is_stored(
    api: Api, box: Sandbox
) -> None:
    made = api("POST", "/rulesets", TAGS)
    box.switches.reorder = box.switches.null_conditions = True

    shown = api("GET", f"/rulesets/{made['id']}")

    assert shown["conditions"] is None
    rules = TAGS["rules"]
    assert isinstance(rules, list)
    assert shown["rules"] == rules[::-1]
    assert shown["updated_at"] == made["updated_at"]


def test_effective_rules_name_their_ruleset_and_no_bypass(api: Api) -> None:
    made = api("POST", "/rulesets", ENV)

    shown = api("GET", "/rules/branches/env/prod").items

    assert [entry["type"] for entry in shown] == ["creation", "update", "deletion"]
    assert {entry["ruleset_id"] for entry in shown} == {made["id"]}
    assert api("GET", "/rules/branches/main").items == []


def test_thirty_one_rulesets_need_a_second_page(api: Api) -> None:
    for number in range(31):
        api("POST", "/rulesets", TAGS | {"name": f"tags-{number}"})

    first = api("GET", "/rulesets")

    assert len(first.items) == 30
    next_page = first.headers["Link"].partition(">")[0].removeprefix("<")
    assert next_page.startswith(f"{api.box.url}/repositories/")
    assert len(api("GET", next_page).items) == 1


def test_a_repository_has_75_rulesets_at_most(api: Api) -> None:
    answers = [
        api("POST", "/rulesets", TAGS | {"name": f"tags-{number}"}).status
        for number in range(76)
    ]

    assert answers == [201] * 75 + [422]


def test_rule_suites_tell_who_was_refused(api: Api, start: str) -> None:
    api("POST", "/rulesets", ENV)
    api("POST", "/git/refs", {"ref": "refs/heads/env/prod", "sha": start})

    suite = api("GET", "/rulesets/rule-suites?ref=refs/heads/env/prod").items[0]

    assert (suite["result"], suite["actor_name"]) == ("fail", "ada")
    detail = api("GET", f"/rulesets/rule-suites/{suite['id']}")["rule_evaluations"]
    assert isinstance(detail, list)
    assert len(detail) == 3


def test_main_as_we_ship_it_is_accepted(api: Api) -> None:
    assert api("POST", "/rulesets", MAIN).status == 201


def test_user_actors_can_be_dropped_silently(api: Api, box: Sandbox) -> None:
    box.switches.drop_user_actors = True
    user: Json = {"actor_id": 1001, "actor_type": "User"}

    made = api("POST", "/rulesets", ruleset("x", bypass=[user]))

    assert (made.status, made["bypass_actors"]) == (201, [])


def test_names_can_be_taken_twice(api: Api, box: Sandbox) -> None:
    box.switches.duplicate_names = True

    answers = [api("POST", "/rulesets", TAGS) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 201]


def test_a_new_parameter_may_arrive_active(unchecked: Sandbox) -> None:
    api = Api(unchecked)  # no description knows it yet
    body = ruleset("main", rule("pull_request", **PULL_REQUEST))
    made = api("POST", "/rulesets", body)
    unchecked.switches.new_parameter = "require_moonlight"

    shown = api("GET", f"/rulesets/{made['id']}")

    assert '"require_moonlight": true' in shown.body.decode()
    assert shown["updated_at"] == made["updated_at"]


def test_a_ruleset_can_be_deleted_once(api: Api) -> None:
    path = f"/rulesets/{api('POST', '/rulesets', TAGS)['id']}"

    assert [api("DELETE", path).status for _ in range(2)] == [204, 404]
