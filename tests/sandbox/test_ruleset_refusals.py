import pytest

from sandbox.actors import ACTIONS_APP
from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Answer, Api
from tests.sandbox.cases import ENV, TAGS, rule, ruleset

_NO_MATCH = "Invalid property /rules/0: data matches no possible input."
_FOREIGN_ACTOR = (
    "Actor GitHub Actions integration must be part of the ruleset source or owner "
    "organization"
)
_NO_APP = (
    "Invalid rule 'required_status_checks': Invalid parameter required_status_checks: "
    "Invalid integration ids"
)


@pytest.mark.parametrize(
    ("body", "message", "errors"),
    [
        pytest.param(
            ruleset("x", rule("pull_request"), ref="refs/tags/v*"),
            "Validation Failed",
            ["Invalid rule 'pull_request': "],
            id="rule not for this target",
        ),
        pytest.param(
            ruleset("x", ref="refs/heads/a") | {"target": "tag"},
            "Validation Failed",
            ["Invalid target patterns: 'refs/heads/a'"],
            id="wrong prefix",
        ),
        pytest.param(
            ruleset("x", ref="main"),
            "Validation Failed",
            ["Invalid target patterns: 'main'"],
            id="bare ref",
        ),
        pytest.param(
            ruleset("env-pointers"),
            "Validation Failed",
            ["Name must be unique"],
            id="name taken",
        ),
        pytest.param(
            ruleset("x") | {"rules": [{"type": "deletion", "parameters": None}]},
            "Invalid request.\n\n" + _NO_MATCH,
            None,
            id="parameters null",
        ),
        pytest.param(
            ruleset(
                "x",
                bypass=[
                    {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": None}
                ],
            ),
            "Invalid request.\n\n" + _NO_MATCH.replace("rules", "bypass_actors"),
            None,
            id="bypass mode null",
        ),
        pytest.param(
            ruleset("x", rule("moon_phase", severity="all")),
            "Invalid request.\n\n" + _NO_MATCH,
            None,
            id="unknown type",
        ),
        pytest.param(
            ruleset(
                "x",
                bypass=[{"actor_id": ACTIONS_APP, "actor_type": "Integration"}],
            ),
            "Validation Failed",
            [_FOREIGN_ACTOR],
            id="actor, shape assumed",
        ),
        pytest.param(
            ruleset(
                "x",
                rule(
                    "required_status_checks",
                    strict_required_status_checks_policy=False,
                    required_status_checks=[{"context": "c", "integration_id": 1}],
                ),
            ),
            "Validation Failed",
            [_NO_APP],
            id="app not installed",
        ),
    ],
)
def test_an_invalid_ruleset_is_refused_in_githubs_words(
    api: Api, body: Json, message: str, errors: Json
) -> None:
    api("POST", "/rulesets", ENV)

    answer = api("POST", "/rulesets", body)

    assert (answer.status, answer.message) == (422, message)
    value = answer.json()
    assert isinstance(value, dict)
    assert value.get("errors") == errors


def _refused(answer: Answer) -> tuple[int, str, Json]:
    value = answer.json()
    assert isinstance(value, dict)
    return answer.status, answer.message, value.get("errors")


def test_a_plan_without_pattern_rules_says_nothing_after_the_colon(
    api: Api, box: Sandbox
) -> None:
    box.switches.plan = "free"
    pattern = rule("branch_name_pattern", operator="regex", pattern="^x$")

    answer = api("POST", "/rulesets", ruleset("names", pattern, ref="~ALL"))

    errors: Json = ["Invalid rule 'branch_name_pattern': "]
    assert _refused(answer) == (422, "Validation Failed", errors)


def test_evaluate_needs_enterprise(api: Api, box: Sandbox) -> None:
    box.switches.plan = "free"

    answer = api("POST", "/rulesets", TAGS | {"enforcement": "evaluate"})

    assert answer.status == 422
    assert answer.message.startswith("Enforcement evaluate option is not supported")


def test_a_private_repository_on_a_free_plan_has_no_rulesets(
    api: Api, box: Sandbox
) -> None:
    box.switches.plan = "free-private"

    answers = [api("GET", "/rulesets"), api("POST", "/rulesets", TAGS)]

    text = (
        "Upgrade to GitHub Pro or make this repository public to enable this feature."
    )
    assert [(a.status, a.message) for a in answers] == [(403, text)] * 2


@pytest.mark.parametrize("ref", ["refs/heads/release/*", "~ALL"])
def test_a_queue_needs_exact_names(api: Api, ref: str) -> None:
    numbers = dict.fromkeys(
        (
            "check_response_timeout_minutes",
            "max_entries_to_build",
            "max_entries_to_merge",
            "min_entries_to_merge",
            "min_entries_to_merge_wait_minutes",
        ),
        1,
    )
    queue = rule(
        "merge_queue", grouping_strategy="ALLGREEN", merge_method="SQUASH", **numbers
    )

    answer = api("POST", "/rulesets", ruleset("queue", queue, ref=ref))

    assert answer.status == 422
    assert "Wildcard ref names are not supported" in str(_refused(answer))
