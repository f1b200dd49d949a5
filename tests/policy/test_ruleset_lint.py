"""What is refused before a write, and what is let through."""

import copy
import json

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import MonokeelError, RefusedError, UsageError
from monokeel.policy.checks import WorkflowJob, jobs_of
from monokeel.policy.lint import lint
from monokeel.policy.ports import Refusal
from monokeel.policy.rulesets import parse_policy, read_live
from tests.policy.ruleset_cases import FILE, Edit, adds, drops, live_body, sets

SLIP = "require_code_owner_reviews"
JOBS = (
    WorkflowJob(name="all-green", pattern="all-green"),
    WorkflowJob(name="lint", pattern="lint"),
)
PULL = ("rules", "pull_request", "parameters")
CHECKS = ("rules", "required_status_checks", "parameters", "required_status_checks")
REFS = ("conditions", "ref_name")
ACTOR = ("bypass_actors", 2)
QUEUE: Json = {
    "type": "merge_queue",
    "parameters": {
        "check_response_timeout_minutes": 5,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 1,
        "max_entries_to_merge": 1,
        "merge_method": "squash",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 1,
    },
}


def actor(kind: str, number: Json, mode: str = "always") -> Json:
    return {"actor_type": kind, "actor_id": number, "bypass_mode": mode}


def refused(name: str, edit: Edit, problem: str) -> object:
    return pytest.param(edit, problem, id=name)


WRONG = [
    refused("no enforcement", drops("enforcement"), "enforcement is missing"),
    refused("enforcement enabled", sets("enforcement", to="enabled"), "is 'enabled'"),
    refused("target repository", sets("target", to="repository"), "is 'repository'"),
    refused("no rules", drops("rules"), "rules is missing"),
    refused("no conditions", drops("conditions"), "ref_name is missing"),
    refused("conditions null", sets("conditions", to=None), "ref_name is missing"),
    refused("no exclude", drops(*REFS, "exclude"), "exclude is missing"),
    refused("include null", sets(*REFS, "include", to=None), "include is missing"),
    refused("include empty text", sets(*REFS, "include", to=[""]), "a full ref"),
    refused("a count that is a switch", sets(*PULL, "required_approving_review_count",
            to=True), "is true, not a whole number"),
    refused("groups without end", sets("rules", "branch_name_pattern", "parameters",
            "pattern", to="(" * 3000 + ")" * 3000), "nested too deep"),
    refused("organization conditions", sets("conditions", "repository_name", to={}),
            "repository_name is for an organization"),
    refused("unknown key", sets("bypas_actors", to=[]), "did you mean bypass_actors"),
    refused("read-only key", sets("id", to=1), "id is GitHub's own"),
    refused("unknown rule", adds("rules", item={"type": "deletoin"}), "mean deletion"),
    refused("count of 11", sets(*PULL, "required_approving_review_count", to=11),
            "is 11, not from 0 to 10"),
    refused("count as text", sets(*PULL, "required_approving_review_count", to="1"),
            "not a whole number"),
    refused("count as flag", sets(*PULL, "required_approving_review_count", to=True),
            "not a whole number"),
    refused("required parameter missing", drops(*PULL, "require_code_owner_review"),
            "require_code_owner_review is missing"),
    refused("misspelt parameter", sets(*PULL, "required_aproving_review_count", to=1),
            "did you mean required_approving_review_count"),
    refused("parameter where none is", sets("rules", "deletion", "parameters",
            to={"x": 1}), "nothing may stand here"),
    refused("upper case merge method", sets(*PULL, "allowed_merge_methods",
            to=["MERGE"]), "is 'MERGE', not one of"),
    refused("no merge method", sets(*PULL, "allowed_merge_methods", to=[]),
            "is an empty list"),
    refused("lower case queue method", adds("rules", item=QUEUE), "is 'squash'"),
    refused("null integration", sets(*CHECKS, 1, "integration_id", to=None),
            "is null: leave it out"),
    refused("integration as text", sets(*CHECKS, 0, "integration_id", to="15368"),
            "not a whole number"),
    refused("no checks", sets(*CHECKS, to=[]), "is an empty list"),
    refused("no parameters at all", drops("rules", "pull_request", "parameters"),
            "required_approving_review_count is missing"),
    refused("parameters that are a list", sets("rules", "pull_request", "parameters",
            to=[]), "rules.pull_request is [], not an object"),
    refused("push rule on branches", adds("rules", item={"type": "max_file_size",
            "parameters": {"max_file_size": 1}}), "a rule for push, not for branch"),
    refused("file of 101 MB", adds("rules", item={"type": "max_file_size",
            "parameters": {"max_file_size": 101}}), "is 101, not from 1 to 100"),
    refused("201 paths", adds("rules", item={"type": "file_path_restriction",
            "parameters": {"restricted_file_paths": ["x"] * 201}}), "200 entries"),
    refused("tag rule on branches", adds("rules", item={"type": "tag_name_pattern",
            "parameters": {"operator": "regex", "pattern": "x"}}), "rule for tag"),
    refused("branch rule on tags", sets("target", to="tag"), "pull_request is a rule"),
    refused("actor id as text", sets(*ACTOR, "actor_id", to="5"), "not a whole number"),
    refused("bypass null", sets("bypass_actors", to=None), "is null: leave"),
    refused("actor is a text", adds("bypass_actors", item="me"), "not an object"),
    refused("unknown actor", adds("bypass_actors", item=actor("Teams", 1)),
            "mean Team"),
    refused("unknown mode", sets(*ACTOR, "bypass_mode", to="never"), "is 'never'"),
    refused("team without id", adds("bypass_actors", item=actor("Team", None)),
            "needs an actor_id"),
    refused("deploy key with id", adds("bypass_actors", item=actor("DeployKey", 1)),
            "deploy keys have none"),
    refused("the same actor twice", adds("bypass_actors",
            item=actor("RepositoryRole", 5)), "is there twice"),
    refused("a name with a blank at its end", sets("name", to="main "),
            "name is 'main ': leave out the blanks"),
    refused("the same check twice", adds(*CHECKS, item={"context": "lint"}),
            "required_status_checks[lint] is there twice"),
    refused("one merge method twice", sets(*PULL, "allowed_merge_methods",
            to=["merge", "squash", "merge"]), "methods[merge] is there twice"),
    refused("one ref twice", sets(*REFS, "exclude", to=["refs/heads/a"] * 2),
            "exclude[refs/heads/a] is there twice"),
    refused("GitHub Actions", adds("bypass_actors", item=actor("Integration", 15368)),
            "is GitHub Actions"),
    refused("deploy key by pull request", adds("bypass_actors",
            item=actor("DeployKey", None, "pull_request")), "cannot have bypass_mode"),
    refused("pull request mode on tags", sets("target", to="tag"),
            "for branch rulesets only"),
    refused("bare ref", sets(*REFS, "include", 0, to="main"), "a full ref"),
    refused("foreign ref", sets(*REFS, "include", 0, to="refs/releases/*"),
            "a full ref"),
    refused("tag ref on branches", sets(*REFS, "include", 0, to="refs/tags/v*"),
            "a full ref"),
    refused("unknown symbol", sets(*REFS, "exclude", to=["~MAIN"]),
            "write one of ~ALL"),
    refused("extended pattern", sets(*REFS, "include", 0, to="refs/heads/+(a|b)"),
            "no backslash"),
    refused("ref that is a number", sets(*REFS, "include", 0, to=1), "not a string"),
    refused("pattern that is none", sets("rules", "branch_name_pattern", "parameters",
            "pattern", to="("), "no regular expression"),
    refused("lookahead", sets("rules", "branch_name_pattern", "parameters", "pattern",
            to="^(?!main).*$"), "RE2 has no lookaround"),
    refused("back-reference", sets("rules", "branch_name_pattern", "parameters",
            "pattern", to=r"(a)\1"), "RE2 has no lookaround"),
    refused("a check that nobody reports",
            sets(*CHECKS, 1, to={"context": "gone", "integration_id": 15368}),
            "no job of .github/workflows is called 'gone'"),
]  # fmt: skip


def errors(edit: Edit) -> list[str]:
    file = copy.deepcopy(FILE)
    edit(file)
    findings = lint(parse_policy(json.dumps([file])), JOBS)
    return [f"{x.path} {x.problem}" for x in findings if not x.warning]


@pytest.mark.parametrize(("edit", "problem"), WRONG)
def test_what_github_would_refuse_is_found_here(edit: Edit, problem: str) -> None:
    found = errors(edit)

    assert [line for line in found if problem in line]


def test_a_good_file_has_no_finding() -> None:
    assert lint(parse_policy(json.dumps([FILE])), JOBS) == []


@pytest.mark.parametrize(
    ("edit", "warning"),
    [
        (sets(*ACTOR, "bypass_mode", to="exempt"), "exempt leaves no audit entry"),
        (sets("enforcement", to="evaluate"), "nothing is enforced"),
        (sets(*REFS, "include", to=[]), "binds no ref at all"),
        (adds("rules", item={"type": "moon_phase"}), "GitHub decides"),
        (
            adds(
                "rules",
                item={
                    "type": "copilot_code_review_analysis_tools",
                    "parameters": {"tools": [{"name": "CodeQL"}]},
                },
            ),
            "GitHub decides",
        ),
        (
            sets(
                "rules",
                "required_deployments",
                "parameters",
                "required_deployment_environments",
                to=[],
            ),
            "is an empty list",
        ),
        (sets("rules", "deletion", "mode", to=1), "GitHub decides"),
        (sets(*PULL, "moon", to=True), "GitHub decides"),
        (adds("bypass_actors", item=actor("EnterpriseOwner", None)), "GitHub decides"),
        (sets("moon", to=True), "GitHub decides"),
        (sets(*CHECKS, 1, to={"context": "jenkins"}), "external_checks"),
    ],
    ids=[
        "exempt",
        "evaluate",
        "no refs",
        "new rule",
        "new rule, longer than one that is known",
        "a rule that asks for nothing",
        "new member",
        "new parameter",
        "new actor",
        "new field",
        "a token's check",
    ],
)
def test_what_is_allowed_but_weak_is_a_warning(edit: Edit, warning: str) -> None:
    file = copy.deepcopy(FILE)
    edit(file)

    findings = lint(parse_policy(json.dumps([file])), JOBS)

    assert [each.warning for each in findings] == [True]
    assert warning in findings[0].problem


def test_a_check_of_another_app_needs_no_job() -> None:
    assert errors(sets(*CHECKS, 1, to={"context": "sonar", "integration_id": 7})) == []


def test_without_workflows_at_hand_no_check_is_missed() -> None:
    assert lint(parse_policy(json.dumps([FILE])), None) == []


def test_what_github_already_holds_is_no_slip() -> None:
    live, file = live_body(), copy.deepcopy(FILE)
    for body in (live, file):
        sets(*PULL, SLIP, to=True)(body)
        adds("rules", item={"type": "moon_phase"})(body)
    sets("enforcement", to="disabled")(live)
    policy = parse_policy(json.dumps([file]))

    findings = lint(policy, JOBS, [read_live(live)])

    assert [each.warning for each in findings] == [True, True]


def test_a_slip_in_a_ruleset_that_is_written_stops_the_write() -> None:
    file = copy.deepcopy(FILE)
    sets(*PULL, SLIP, to=True)(file)
    policy = parse_policy(json.dumps([file]))

    findings = lint(policy, JOBS, [read_live(live_body())])

    assert [x.path for x in findings if not x.warning] == [f"rules.pull_request.{SLIP}"]


PLAN = "Validation Failed: Invalid rule 'branch_name_pattern':"
BAD_CHECK = (
    "Validation Failed: Invalid rule 'required_status_checks': Invalid parameter"
    " required_status_checks: Invalid integration ids"
)


@pytest.mark.parametrize(
    ("words", "rule"),
    [(PLAN, "branch_name_pattern"), (BAD_CHECK, None), ("Name must be unique", None)],
    ids=["plan", "parameter", "name"],
)
def test_a_rule_that_the_plan_lacks_is_told_from_a_wrong_one(
    words: str, rule: str | None
) -> None:
    assert Refusal(status=422, words=words).rule_without_plan == rule


@pytest.mark.parametrize(
    ("words", "family", "fix"),
    [
        pytest.param(PLAN, RefusedError, "optional_rules", id="plan"),
        pytest.param(BAD_CHECK, RefusedError, "install it", id="app"),
        pytest.param(
            "Upgrade to GitHub Pro or make", RefusedError, "plan of this", id="pro"
        ),
        pytest.param(
            "Resource not accessible by integration",
            RefusedError,
            "administration: write",
            id="token",
        ),
        pytest.param(
            "Invalid target patterns: 'main'", UsageError, "full refs", id="ref"
        ),
        pytest.param(
            "data matches no possible input", UsageError, "schema", id="schema"
        ),
        pytest.param("Name must be unique", RefusedError, "policy.plan", id="name"),
        pytest.param(
            "something new", RefusedError, "Correct the ruleset", id="new words"
        ),
    ],
)
def test_githubs_words_become_the_way_on(
    words: str, family: type[MonokeelError], fix: str
) -> None:
    error = Refusal(status=422, words=words).error("main")

    assert type(error) is family
    assert words in error.problem
    assert fix in error.fix


def test_a_name_that_is_taken_is_recognised() -> None:
    assert Refusal(status=422, words="x: Name must be unique").is_name_taken
    assert not Refusal(status=422, words=PLAN).is_name_taken


def test_no_workflow_reports_nothing() -> None:
    assert jobs_of({}) == ()


@pytest.mark.parametrize("include", [None, "refs/heads/main", {}, 7])
def test_one_mistake_in_a_list_of_refs_is_told_once(include: Json) -> None:
    file = copy.deepcopy(FILE)
    sets(*REFS, "include", to=include)(file)

    found = lint(parse_policy(json.dumps([file])), None)

    assert [x.path for x in found] == ["conditions.ref_name.include"]


@pytest.mark.parametrize("path", [["conditions"], ["conditions", "ref_name"]])
def test_conditions_that_are_null_are_told_once(path: list[str]) -> None:
    file = copy.deepcopy(FILE)
    sets(*path, to=None)(file)

    found = lint(parse_policy(json.dumps([file])), None)

    assert [x.path for x in found] == ["conditions.ref_name"]


def test_a_member_that_stands_twice_is_named() -> None:
    text = json.dumps([FILE]).replace('"target"', '"enforcement": "active", "target"')

    with pytest.raises(UsageError, match="one object has twice: enforcement"):
        parse_policy(text)
