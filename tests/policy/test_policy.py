import copy
import json

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.report import as_plain
from monokeel.ground.settings import PolicySettings
from monokeel.policy.apply import apply
from monokeel.policy.plan import Plan, make_plan, plan_report
from monokeel.policy.reading import Policy
from monokeel.policy.rulesets import parse_policy
from tests.fakes.rulesets import FakeRulesets

MAIN: dict[str, Json] = {
    "name": "main",
    "target": "branch",
    "enforcement": "active",
    "bypass_actors": [{"actor_type": "DeployKey", "bypass_mode": "always"}],
    "conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}},
    "rules": [{"type": "deletion"}, {"type": "non_fast_forward"}],
}
TAGS: dict[str, Json] = {
    "name": "tags",
    "target": "tag",
    "enforcement": "active",
    "bypass_actors": [],
    "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
    "rules": [{"type": "creation"}],
}
PATTERN: Json = {
    "type": "branch_name_pattern",
    "parameters": {"operator": "regex", "pattern": "^main$"},
}
NAMES: dict[str, Json] = {**MAIN, "name": "names", "rules": [PATTERN]}
OPTIONAL = ("branch_name_pattern",)
WEAK: Json = [{"type": "deletion"}]


def policy(*bodies: dict[str, Json], delete: bool = False) -> Policy:
    return Policy(
        desired=parse_policy(json.dumps(bodies or [MAIN, TAGS])),
        keys=PolicySettings(optional_rules=OPTIONAL),
        jobs=(),
        delete_unmanaged=delete,
    )


def in_force(*bodies: dict[str, Json]) -> FakeRulesets:
    rulesets = FakeRulesets()
    for body in bodies or (MAIN, TAGS):
        rulesets.add(body)
    return rulesets


def shown(plan: Plan) -> str:
    return as_plain(plan_report(plan))


def test_a_plan_changes_nothing_and_names_each_write() -> None:
    rulesets = in_force(MAIN)

    plan = make_plan(policy(), rulesets)

    assert [(each.verb, each.name) for each in plan.writes] == [("create", "tags")]
    assert plan.reading.verdict() == "drift"
    assert rulesets.faults.writes == []


def test_a_plan_shows_old_and_new_with_names_beside_numbers() -> None:
    rulesets = in_force(MAIN, TAGS)
    role: Json = {"actor_id": 5, "actor_type": "RepositoryRole"}
    users: list[Json] = [{"actor_id": n, "actor_type": "User"} for n in (7, 8)]
    rulesets.edit(100, bypass_actors=[role, *users], enforcement="disabled")

    text = shown(make_plan(policy(), rulesets))

    assert "update main" in text
    assert "bypass_actors[RepositoryRole 5 (admin)]" in text
    assert "bypass_actors[User 7 (gus)]" in text
    assert "bypass_actors[User 8]" in text
    assert "enforcement: GitHub has disabled, the file active (severe)" in text


def test_a_plan_names_the_rules_that_it_adds_and_counts_what_is_right() -> None:
    plan = make_plan(policy(MAIN, TAGS, NAMES), in_force(TAGS))

    assert shown(plan).splitlines() == [
        "acme/shop: 2 rulesets to write",
        "",
        "Writes",
        "  create main, adds: deletion, non_fast_forward",
        (
            "  create names, adds: branch_name_pattern"
            " (optional: GitHub's plan may refuse it)"
        ),
        "",
        "  1 other is as the file says",
        "",
        "  2 to create, 0 to update, 0 to delete",
    ]


def test_a_policy_that_is_in_force_is_one_line() -> None:
    rulesets = in_force()

    plan = make_plan(policy(), rulesets)

    assert shown(plan) == "acme/shop: in sync, nothing to write"
    assert as_plain(apply(plan, rulesets)) == ("acme/shop: in sync, nothing written")


def test_a_bypass_without_audit_is_called_severe() -> None:
    rulesets = in_force()
    exempt: Json = {
        "actor_id": None,
        "actor_type": "DeployKey",
        "bypass_mode": "exempt",
    }
    rulesets.edit(100, bypass_actors=[exempt])

    text = shown(make_plan(policy(), rulesets))

    assert (
        "GitHub has exempt, the file always (severe: exempt leaves no audit entry)"
    ) in text


def test_an_applied_policy_plans_to_nothing() -> None:
    rulesets = FakeRulesets()

    applied = apply(make_plan(policy(), rulesets), rulesets)

    assert applied.data["written"] == ["created main", "created tags"]
    assert make_plan(policy(), rulesets).reading.verdict() == "in_sync"
    assert make_plan(policy(), rulesets).writes == ()


def test_a_second_apply_writes_nothing() -> None:
    rulesets = in_force()
    rulesets.edit(100, rules=WEAK)
    apply(make_plan(policy(), rulesets), rulesets)
    writes = len(rulesets.faults.writes)

    applied = apply(make_plan(policy(), rulesets), rulesets)

    assert applied.data["written"] == []
    assert len(rulesets.faults.writes) == writes == 1


def test_one_change_among_two_rulesets_is_one_write() -> None:
    rulesets = in_force()
    rulesets.edit(101, enforcement="disabled")

    apply(make_plan(policy(), rulesets), rulesets)

    assert rulesets.faults.writes == ["update tags"]


def test_a_bypass_list_is_cleared_to_the_last_actor() -> None:
    rulesets = in_force()
    rulesets.edit(101, bypass_actors=[{"actor_id": 1, "actor_type": "Team"}])

    apply(make_plan(policy(), rulesets), rulesets)

    assert rulesets.bodies[101]["bypass_actors"] == []


def test_an_unknown_rule_survives_and_stays_listed() -> None:
    rulesets = in_force()
    alien: Json = {"type": "moon_phase", "parameters": {"severity": "all"}}
    rulesets.edit(100, rules=[{"type": "deletion"}, alien])

    applied = apply(make_plan(policy(), rulesets), rulesets)

    rules = rulesets.bodies[100]["rules"]
    assert isinstance(rules, list)
    assert alien in rules
    assert {"type": "non_fast_forward"} in rules
    assert "rules.moon_phase" in as_plain(applied)
    assert make_plan(policy(), rulesets).writes == ()


def test_an_unmanaged_ruleset_is_left_alone_and_reported() -> None:
    rulesets = in_force(MAIN, TAGS, {**TAGS, "name": "extra"})

    applied = apply(make_plan(policy(), rulesets), rulesets)

    assert rulesets.names() == ["main", "tags", "extra"]
    assert applied.problems == ("ruleset extra is on GitHub, but in no file",)


def test_an_unmanaged_ruleset_is_deleted_only_when_asked() -> None:
    rulesets = in_force(MAIN, TAGS, {**TAGS, "name": "extra"})

    applied = apply(make_plan(policy(delete=True), rulesets), rulesets)

    assert rulesets.names() == ["main", "tags"]
    assert applied.data["written"] == ["deleted extra"]
    assert applied.problems == ()


def test_a_renamed_entry_is_announced_as_new_and_orphan() -> None:
    rulesets = in_force(MAIN, TAGS)

    plan = make_plan(policy({**MAIN, "name": "trunk"}, TAGS), rulesets)

    assert "new trunk; unmanaged main" in shown(plan)


def test_a_name_twice_is_refused_before_any_write() -> None:
    rulesets = in_force(MAIN, MAIN)
    plan = make_plan(policy(), rulesets)

    with pytest.raises(RefusedError, match="more than one ruleset called main"):
        apply(plan, rulesets)

    assert rulesets.faults.writes == []


def test_hidden_bypass_lists_forbid_every_write() -> None:
    rulesets = in_force(MAIN)
    rulesets.hides_bypass = True
    plan = make_plan(policy(), rulesets)

    with pytest.raises(ServiceError, match=r"bypass_actors is hidden.* in main"):
        apply(plan, rulesets)

    assert make_plan(policy(MAIN), rulesets).reading.verdict() == "unverifiable"
    assert make_plan(policy(MAIN), rulesets).reading.verdict(("bypass_actors",)) == (
        "in_sync_as_seen"
    )
    assert rulesets.faults.writes == []


def test_a_list_that_fails_leads_to_no_plan() -> None:
    rulesets = FakeRulesets()
    rulesets.silent = True

    with pytest.raises(ServiceError, match="500"):
        make_plan(policy(), rulesets)


def test_a_wrong_file_is_refused_before_any_write() -> None:
    rulesets = FakeRulesets()
    wrong = copy.deepcopy(MAIN) | {
        "enforcement": "enabled",
        "rules": [{"type": "deletoin"}],
    }

    with pytest.raises(UsageError, match="wrong in 2 places: main: enforcement"):
        make_plan(policy(wrong), rulesets)


def test_optional_rules_that_the_plan_refuses_are_a_gap() -> None:
    rulesets = FakeRulesets()
    rulesets.not_on_plan = OPTIONAL

    applied = apply(make_plan(policy(NAMES, TAGS), rulesets), rulesets)

    assert rulesets.names() == ["tags"]
    assert applied.data["gaps"] == [
        "names: branch_name_pattern is not on GitHub's plan, or not for it",
    ]
    assert applied.problems == ()


def test_an_optional_rule_beside_others_is_left_out() -> None:
    rulesets = FakeRulesets()
    rulesets.not_on_plan = OPTIONAL
    mixed: dict[str, Json] = {**MAIN, "rules": [PATTERN, {"type": "deletion"}]}

    apply(make_plan(policy(mixed), rulesets), rulesets)
    again = make_plan(policy(mixed), rulesets)

    assert rulesets.bodies[100]["rules"] == [{"type": "deletion"}]
    assert (again.reading.verdict(), again.writes) == ("in_sync", ())


def test_a_rule_that_is_not_optional_is_refused_by_name() -> None:
    rulesets = FakeRulesets()
    rulesets.not_on_plan = ("creation",)

    with pytest.raises(RefusedError, match="written: created main; refused: tags"):
        apply(make_plan(policy(), rulesets), rulesets)


def test_a_queue_where_a_person_owns_the_repository_is_refused_before_any_write() -> (
    None
):
    """P36: GitHub has merge queues for organizations alone."""
    queue: Json = {
        "type": "merge_queue",
        "parameters": {
            "check_response_timeout_minutes": 60,
            "grouping_strategy": "ALLGREEN",
            "max_entries_to_build": 5,
            "max_entries_to_merge": 5,
            "merge_method": "SQUASH",
            "min_entries_to_merge": 1,
            "min_entries_to_merge_wait_minutes": 5,
        },
    }
    queued: dict[str, Json] = {**MAIN, "rules": [{"type": "deletion"}, queue]}
    rulesets = in_force()
    assert make_plan(policy(queued), rulesets).writes != ()

    rulesets.of_a_person = True

    with pytest.raises(UsageError, match="a person owns this one"):
        make_plan(policy(queued), rulesets)


def test_what_is_deleted_is_known_by_its_number_whatever_its_actors_are_called() -> (
    None
):
    rulesets = in_force()
    team: Json = {"actor_type": "Team", "actor_id": 9, "bypass_mode": "always"}
    rulesets.add({**TAGS, "name": "extra", "bypass_actors": [team]})

    apply(make_plan(policy(delete=True), rulesets), rulesets)

    assert rulesets.names() == ["main", "tags"]


def test_what_is_deleted_is_printed_in_full_before() -> None:
    """P47: a ruleset that is gone has no history."""
    rulesets = in_force()
    rulesets.add({**TAGS, "name": "extra"})

    text = shown(make_plan(policy(delete=True), rulesets))

    body = text.partition("Deleted with extra, keep it if in doubt\n")[2]
    printed = body.partition("\n\n")[0]
    kept = parse_policy("\n".join(line[2:] for line in printed.splitlines()))
    assert [(x.name, x.kinds) for x in kept] == [("extra", ["creation"])]
