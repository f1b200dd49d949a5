"""What GitHub has, written to a file; and an earlier version, brought back."""

import json

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.report import as_plain
from monokeel.policy.apply import apply
from monokeel.policy.lint import lint, lint_report
from monokeel.policy.plan import history_version, make_plan, plan_report, plan_rollback
from monokeel.policy.reading import Policy, export
from monokeel.policy.rulesets import parse_policy, policy_text
from tests.policy.test_policy import MAIN, NAMES, TAGS, WEAK, in_force, policy
from tests.rendered.renders import ROOT


def test_an_export_is_laid_out_as_people_write_the_file() -> None:
    """What GitHub was made to have is a change of a few lines, and not of all."""
    text = (ROOT / "infra/rulesets.json").read_text(encoding="utf-8")

    assert policy_text(json.loads(text)) == text


def test_an_export_plans_to_nothing() -> None:
    rulesets = in_force(MAIN, TAGS, NAMES)

    exported = parse_policy(export(rulesets))
    plan = make_plan(Policy(desired=exported, jobs=()), rulesets)

    assert plan.reading.verdict() == "in_sync"
    assert plan.writes == ()


def test_hidden_bypass_lists_are_never_exported_as_none() -> None:
    rulesets = in_force(MAIN)
    rulesets.hides_bypass = True

    with pytest.raises(ServiceError, match="hidden from this token in main"):
        export(rulesets)


def test_a_name_twice_is_not_exported() -> None:
    rulesets = in_force(MAIN, MAIN)

    with pytest.raises(RefusedError, match="more than one ruleset called main"):
        export(rulesets)


@pytest.mark.parametrize(("to", "rules"), [(None, 2), (1, 2)], ids=["before", "first"])
def test_a_ruleset_goes_back_to_an_earlier_version(to: int | None, rules: int) -> None:
    rulesets = in_force()
    rulesets.edit(100, rules=WEAK)

    apply(plan_rollback("main", to, rulesets, ()), rulesets)

    back = rulesets.bodies[100]["rules"]
    assert isinstance(back, list)
    assert len(back) == rules


def test_a_rollback_is_not_taken_back_by_the_same_command() -> None:
    """Its answer may have been lost: who runs it again means the same."""
    rulesets = in_force()
    rulesets.edit(100, rules=WEAK)
    apply(plan_rollback("main", None, rulesets, ()), rulesets)

    with pytest.raises(RefusedError) as caught:
        plan_rollback("main", None, rulesets, ())

    assert caught.value.problem == (
        "the newest change took ruleset 'main' back to version 1"
    )
    assert caught.value.fix.endswith("To have version 2 again: --to 2")
    assert len(plan_rollback("main", 2, rulesets, ()).writes) == 1
    rulesets.edit(100, enforcement="disabled")
    assert len(plan_rollback("main", None, rulesets, ()).writes) == 1


@pytest.mark.parametrize(
    ("name", "to", "problem", "fix"),
    [
        ("gone", None, "GitHub has no ruleset 'gone'", "--ruleset: main, tags. One"),
        ("", None, "no ruleset given", "--ruleset: main, tags. One"),
        ("main", 9, "ruleset 'main' has no version 9", "--to: 1 (newest first)."),
        (
            "tags",
            None,
            "ruleset 'tags' has no earlier version: 1 is the only one",
            "Correct infra/rulesets.json",
        ),
    ],
    ids=["no such ruleset", "no name", "no such version", "no earlier version"],
)
def test_a_rollback_to_nothing_says_what_there_is(
    name: str, to: int | None, problem: str, fix: str
) -> None:
    rulesets = in_force()
    rulesets.edit(100, rules=WEAK)

    with pytest.raises(UsageError) as caught:
        plan_rollback(name, to, rulesets, ())

    assert caught.value.problem == problem
    assert fix in caught.value.fix


@pytest.mark.parametrize("member", ["rules", "bypass_actors", "enforcement"])
def test_a_version_that_lacks_a_part_is_not_brought_back_without_it(
    member: str,
) -> None:
    rulesets = in_force()
    rulesets.edit(100, rules=WEAK)
    del rulesets.versions[100][0][member]

    with pytest.raises(ServiceError, match=f"a version without {member}"):
        plan_rollback("main", None, rulesets, ())


def test_a_version_is_a_number() -> None:
    assert (history_version(""), history_version("3")) == (None, 3)
    with pytest.raises(UsageError, match="not a version"):
        history_version("x")


def test_without_github_only_what_looks_like_a_slip_is_an_error() -> None:
    odd: dict[str, Json] = {
        **MAIN,
        "rules": [{"type": "moon_phase"}, {"type": "deletoin"}],
    }

    findings = lint(policy(odd).desired, ())

    report = lint_report(policy(odd).desired, findings)
    assert [each.path for each in findings if not each.warning] == ["rules.deletoin"]
    assert "rules.moon_phase" in as_plain(report)


def test_an_export_names_who_has_a_number_alone() -> None:
    """P49: the name is a comment; the file still says what GitHub has."""
    team: Json = {"actor_type": "Team", "actor_id": 9, "bypass_mode": "always"}
    rulesets = in_force({**MAIN, "bypass_actors": [team]})

    text = export(rulesets)

    assert '"_name": "platform"' in text
    plan = make_plan(Policy(desired=parse_policy(text), jobs=()), rulesets)
    assert plan.writes == ()


def test_a_rollback_speaks_of_its_version_and_of_the_next_apply() -> None:
    """P48."""
    rulesets = in_force()
    rulesets.edit(100, enforcement="disabled")
    rulesets.edit(100, enforcement="active")

    plan = plan_rollback("main", 2, rulesets, parse_policy(json.dumps([MAIN])))
    text = as_plain(plan_report(plan))

    assert "enforcement: GitHub has active, version 2 disabled" in text
    assert "the file" not in text.partition("To know")[0]
    assert "the next ./inv policy.apply takes this back" in text
