"""All rulesets of a repository together: missing, unmanaged, twice, optional."""

import copy
import json

import pytest

from monokeel.ground.answers import Json, as_list
from monokeel.ground.errors import ServiceError, UsageError
from monokeel.policy.comparison import Comparison, compare_policies, is_inactive
from monokeel.policy.reading import Unverified, judge
from monokeel.policy.refs import branch_pattern
from monokeel.policy.rulesets import (
    body_of,
    exported,
    is_own,
    parse_policy,
    policy_text,
    read_live,
)
from tests.policy.ruleset_cases import FILE, adds, at, drops, live_body, sets

NAMES: dict[str, Json] = {
    "name": "branch-names",
    "target": "branch",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}},
    "rules": [
        {
            "type": "branch_name_pattern",
            "parameters": {"operator": "regex", "pattern": "^(main|feat/.+)$"},
        }
    ],
}
OPTIONAL = ("branch_name_pattern",)
PULL = ("rules", "pull_request", "parameters")


def look(
    *live: dict[str, Json], file: Json = None, optional: tuple[str, ...] = ()
) -> tuple[Comparison, ...]:
    policy = parse_policy(json.dumps([FILE] if file is None else file))
    own = [read_live({"id": 9, **each}) for each in live if is_own(each)]
    return compare_policies(policy, own, optional)


def states(*comparisons: Comparison) -> list[tuple[str, str, bool]]:
    return [(each.name, each.state, each.drifts) for each in comparisons]


def test_a_ruleset_in_no_file_is_drift() -> None:
    extra = {**NAMES, "name": "extra"}

    assert states(*look(live_body(), extra)) == [
        ("main", "same", False),
        ("extra", "unmanaged", True),
    ]


def test_an_empty_repository_lacks_every_rule() -> None:
    found = look()

    assert states(*found) == [("main", "missing", True)]
    assert len(found[0].differences) == 10


def test_a_name_twice_on_github_is_drift_of_its_own() -> None:
    assert states(*look(live_body(), live_body())) == [("main", "duplicate", True)]


def test_a_ruleset_of_the_organization_is_not_unmanaged() -> None:
    parent = {**live_body(), "name": "org", "source_type": "Organization"}

    assert states(*look(live_body(), parent)) == [("main", "same", False)]


def test_a_ruleset_of_the_organization_is_not_ours_by_its_name() -> None:
    parent = {**live_body(), "source_type": "Organization"}

    assert states(*look(parent)) == [("main", "missing", True)]


def test_a_ruleset_renamed_on_github_is_missing_and_unmanaged() -> None:
    assert states(*look({**live_body(), "name": "other"})) == [
        ("main", "missing", True),
        ("other", "unmanaged", True),
    ]


def test_a_ruleset_of_optional_rules_alone_may_be_missing() -> None:
    found = look(file=[NAMES], optional=OPTIONAL)

    assert states(*found) == [("branch-names", "missing", False)]
    assert found[0].is_gap


def test_an_optional_rule_that_another_ruleset_holds_is_missing() -> None:
    held = {**NAMES, "name": "renamed"}

    found = look(held, file=[NAMES], optional=OPTIONAL)

    assert states(*found)[0] == ("branch-names", "missing", True)


def test_an_optional_rule_beside_others_may_be_missing() -> None:
    live = live_body()
    drops("rules", "branch_name_pattern")(live)

    found = look(live, optional=OPTIONAL)

    assert states(*found) == [("main", "changed", False)]
    assert [each.kind for each in found[0].differences] == ["gap"]


def test_an_optional_rule_taken_out_of_its_own_ruleset_is_drift() -> None:
    found = look({**NAMES, "rules": []}, file=[NAMES], optional=OPTIONAL)

    assert states(*found) == [("branch-names", "changed", True)]


def test_an_optional_rule_that_differs_is_drift() -> None:
    live = copy.deepcopy(NAMES)
    sets("rules", "branch_name_pattern", "parameters", "pattern", to=".*")(live)

    found = look(live, file=[NAMES], optional=OPTIONAL)

    assert states(*found) == [("branch-names", "changed", True)]


def test_a_push_ruleset_needs_no_conditions() -> None:
    push: dict[str, Json] = {
        "name": "sizes",
        "target": "push",
        "enforcement": "active",
        "rules": [{"type": "max_file_size", "parameters": {"max_file_size": 10}}],
    }

    found = look({**push, "conditions": None, "bypass_actors": []}, file=[push])

    assert states(*found) == [("sizes", "same", False)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("[", "is not JSON", id="broken"),
        pytest.param("{}", "is not a JSON array", id="an object"),
        pytest.param("[{}]", "entry 0 has no name", id="no name"),
        pytest.param("[1]", "entry 0 has no name", id="no object"),
        pytest.param('[{"name":"a"},{"name":"a"}]', "twice: a", id="a name twice"),
        pytest.param(
            '[{"name":"a","rules":[{"type":"x"},{"type":"x"}]}]',
            "two rules of one type: x",
            id="a rule twice",
        ),
        pytest.param(
            '[{"name":"a","rules":[{}]}]', "without a type", id="a rule without type"
        ),
        pytest.param('[{"name":"a","rules":{}}]', "without a type", id="rules object"),
    ],
)
def test_a_file_of_another_shape_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        parse_policy(text)


@pytest.mark.parametrize("member", ["name", "id", "enforcement", "rules"])
def test_an_answer_that_is_no_ruleset_is_not_believed(member: str) -> None:
    with pytest.raises(ServiceError, match="without name, id, enforcement or rules"):
        read_live({x: y for x, y in live_body().items() if x != member})


def test_a_write_echoes_what_nobody_here_knows() -> None:
    live = live_body()
    sets(*PULL, "moon", to=True)(live)
    adds("rules", item={"type": "moon_phase", "parameters": {"severity": "x"}})(live)
    sets("conditions", "repository_name", to={"include": ["x"]})(live)

    body = body_of(parse_policy(json.dumps([FILE]))[0], read_live(live))

    assert at(body, *PULL, "moon") is True
    assert at(body, "rules", "moon_phase", "parameters", "severity") == "x"
    assert at(body, "conditions", "repository_name") == {"include": ["x"]}


def test_a_write_resets_a_known_parameter_that_the_file_omits() -> None:
    live = live_body()
    sets(*PULL, "dismissal_restriction", "enabled", to=True)(live)
    extra = "require_extra_approval_for_unattributed_changes"
    sets(*PULL, extra, to=False)(live)

    body = body_of(parse_policy(json.dumps([FILE]))[0], read_live(live))

    assert at(body, *PULL, "dismissal_restriction", "enabled") is False
    assert at(body, *PULL, extra) is True


def test_a_write_resets_a_known_parameter_that_is_null_in_the_file() -> None:
    file, live = copy.deepcopy(FILE), live_body()
    negate = ("rules", "branch_name_pattern", "parameters", "negate")
    sets(*negate, to=None)(file)
    sets(*negate, to=True)(live)

    body = body_of(parse_policy(json.dumps([file]))[0], read_live(live))

    assert at(body, *negate) is False


def test_a_write_gives_no_number_to_who_has_none() -> None:
    body = body_of(parse_policy(json.dumps([FILE]))[0], read_live(live_body()))

    actors = as_list(body["bypass_actors"])
    numbers = {str(at(x, "actor_type")): at(x, "actor_id") for x in actors}
    assert numbers == {
        "DeployKey": None,
        "OrganizationAdmin": None,
        "RepositoryRole": 5,
    }


def test_a_second_rule_of_a_type_is_known_and_written_over() -> None:
    live = live_body()
    adds("rules", item={"type": "deletion", "parameters": {"x": 1}})(live)

    [found] = look(live)[0].differences

    assert (found.path, found.kind) == ("rules.deletion#2", "added")


def test_an_object_in_the_place_of_a_list_is_never_an_empty_one() -> None:
    live = live_body()
    sets("bypass_actors", to=[])(live)

    [found] = look(live, file=[{**FILE, "bypass_actors": {}}])[0].differences

    assert (found.path, found.desired, found.live) == ("bypass_actors", [{}], [])


def test_a_write_removes_a_known_rule_that_the_file_does_not_have() -> None:
    live = live_body()
    adds("rules", item={"type": "required_signatures"})(live)

    body = body_of(parse_policy(json.dumps([FILE]))[0], read_live(live))

    rules = body["rules"]
    assert isinstance(rules, list)
    assert "required_signatures" not in [at(rule, "type") for rule in rules]


def test_a_write_always_sends_both_lists_and_the_bypass_list() -> None:
    body = body_of(parse_policy('[{"name":"a","enforcement":"active"}]')[0])

    assert body["bypass_actors"] == []
    assert body["conditions"] == {"ref_name": {"include": [], "exclude": []}}
    assert body["rules"] == []


@pytest.mark.parametrize("empty", [None, {}])
def test_a_write_sends_no_null_for_what_may_be_left_out(empty: Json) -> None:
    file = copy.deepcopy(FILE)
    sets("bypass_actors", 2, "bypass_mode", to=None)(file)
    sets("rules", "update", "parameters", to=empty)(file)

    body = body_of(parse_policy(json.dumps([file]))[0])

    assert at(body, "bypass_actors", 2, "bypass_mode") == "always"
    assert at(body, "rules", "update") == {"type": "update"}


def test_an_export_has_no_read_only_member_and_no_null_id() -> None:
    live = live_body()
    checks = ("rules", "required_status_checks", "parameters", "required_status_checks")
    sets(*checks, 1, "integration_id", to=None)(live)

    entry = exported(read_live(live))

    assert {*entry} == {*FILE}
    assert at(entry, *checks, 1) == {"context": "lint"}
    assert policy_text([entry]) == policy_text([exported(read_live(live))])


def test_the_pattern_of_branch_names_is_read_from_its_rule() -> None:
    assert branch_pattern(parse_policy(json.dumps([NAMES]))) == "^(main|feat/.+)$"


@pytest.mark.parametrize(
    "parameters",
    [{"operator": "contains"}, {"negate": True}, {"pattern": 1}],
    ids=["no regex", "negated", "no text"],
)
def test_a_pattern_that_is_no_plain_regex_is_refused(parameters: Json) -> None:
    assert isinstance(parameters, dict)
    rules = {"operator": "regex", "pattern": "x", **parameters}
    ruleset: Json = {"name": "a", "rules": [{"type": "branch_name_pattern"}]}
    sets("rules", "branch_name_pattern", "parameters", to=rules)(ruleset)

    with pytest.raises(UsageError, match="no plain regex"):
        branch_pattern(parse_policy(json.dumps([ruleset])))


@pytest.mark.parametrize(
    ("value", "inactive"),
    [
        (None, True),
        (0, True),
        ("", True),
        ([], True),
        ({}, True),
        ({"enabled": False, "who": []}, True),
        ({"enabled": False, "who": [1]}, False),
        ({"enabled": True}, False),
        ({"who": []}, False),
        (1, False),
        ([0], False),
    ],
    ids=repr,
)
def test_inactive_is_what_switches_nothing_on(value: Json, *, inactive: bool) -> None:
    assert is_inactive(value) is inactive


HIDDEN = Unverified(item="bypass_actors", subject="main", reason="hidden")
KEYS = Unverified(item="deploy_keys", subject="repository", reason="hidden")
SILENT = Unverified(item="rulesets", subject="", reason="500", hidden=False)


@pytest.mark.parametrize(
    ("drifts", "unverified", "allowed", "verdict"),
    [
        pytest.param(False, (), (), "in_sync", id="all seen"),
        pytest.param(True, (HIDDEN,), (), "drift", id="drift beats unverified"),
        pytest.param(False, (HIDDEN,), (), "unverifiable", id="hidden"),
        pytest.param(
            False,
            (HIDDEN, KEYS),
            ("bypass_actors",),
            "in_sync_as_seen",
            id="hidden, accepted",
        ),
        pytest.param(
            False, (HIDDEN, KEYS), ("deploy_keys",), "unverifiable", id="half accepted"
        ),
        pytest.param(
            False, (SILENT,), ("bypass_actors",), "unverifiable", id="no answer"
        ),
    ],
)
def test_no_answer_is_never_accepted(
    *,
    drifts: bool,
    unverified: tuple[Unverified, ...],
    allowed: tuple[str, ...],
    verdict: str,
) -> None:
    assert judge([1] * drifts, unverified, allowed) == verdict
