"""Every trap of a naive comparison: a live answer and a file, and the verdict."""

import sys

import pytest

from monokeel.ground.answers import Json
from tests.policy.ruleset_cases import (
    Case,
    adds,
    compared,
    drops,
    put,
    sets,
    turns,
    verdict_of,
)

PULL = ("rules", "pull_request", "parameters")
CHECKS = ("rules", "required_status_checks", "parameters", "required_status_checks")
REFS = ("conditions", "ref_name")
EXTRA = "require_extra_approval_for_unattributed_changes"
GREEN = "rules.required_status_checks.required_status_checks"
REVIEWER = "rules.pull_request.required_reviewers[Team 9]"


def in_sync(name: str, **edits: object) -> Case:
    return Case(id=name, verdict="in_sync", **edits)  # type: ignore[arg-type]  # edits


def drift(name: str, *paths: str, **edits: object) -> Case:
    return Case(id=name, verdict="drift", paths=paths, **edits)  # type: ignore[arg-type]  # edits


def quality(severity: str) -> Json:
    return {"type": "moon_phase", "parameters": {"severity": severity}}


def swap_check(body: Json) -> None:
    put(*CHECKS, 1)(body, {"context": "other"})


CLEAN = [
    in_sync("a short file against expanded defaults"),
    in_sync("rules in another order", live=turns("rules")),
    in_sync("checks in another order", live=turns(*CHECKS)),
    in_sync("actors in another order", live=turns("bypass_actors")),
    in_sync("refs in another order", live=turns(*REFS, "include")),
    in_sync(
        "merge methods in another order",
        live=turns(*PULL, "allowed_merge_methods"),
    ),
    in_sync(
        "environments in another order",
        live=turns(
            "rules",
            "required_deployments",
            "parameters",
            "required_deployment_environments",
        ),
    ),
    in_sync(
        "a new inactive parameter",
        live=sets(*PULL, "require_moon_phase", to=False),
        notes=("rules.pull_request.require_moon_phase",),
    ),
    in_sync(
        "a new inactive object parameter",
        live=sets(*PULL, "moon", to={"enabled": False, "phases": []}),
        notes=("rules.pull_request.moon",),
    ),
    in_sync(
        "a new null parameter on a rule that has none",
        live=sets("rules", "deletion", "parameters", to={"new": None}),
        notes=("rules.deletion.new",),
    ),
    in_sync(
        "empty parameters of a rule that has none",
        live=sets("rules", "deletion", "parameters", to={}),
    ),
    in_sync(
        "update with its parameter spelt out",
        live=sets(
            "rules", "update", "parameters", to={"update_allows_fetch_and_merge": False}
        ),
    ),
    in_sync("a null integration id", live=sets(*CHECKS, 1, "integration_id", to=None)),
    in_sync(
        "an organization admin with id 1",
        live=sets("bypass_actors", 1, "actor_id", to=1),
    ),
    in_sync(
        "a mode that is the default", live=drops("bypass_actors", 0, "bypass_mode")
    ),
    in_sync(
        "a null list of reviewers in the file of none",
        live=sets(*PULL, "required_reviewers", to=None),
        file=drops(*PULL, "required_reviewers"),
    ),
    in_sync(
        "a token that may bypass", live=sets("current_user_can_bypass", to="always")
    ),
    in_sync(
        "a newer updated_at alone", live=sets("updated_at", to="2027-01-01T00:00:00Z")
    ),
    in_sync(
        "a new field of the ruleset", live=sets("audit", to="on"), notes=("audit",)
    ),
    in_sync(
        "a new field that both have",
        live=sets("audit", to="on"),
        file=sets("audit", to="on"),
    ),
    in_sync("a comment in the file", file=sets("_why", to="incident 42")),
    in_sync(
        "a comment in a rule",
        file=sets("rules", "deletion", "_why", to="incident 42"),
    ),
    in_sync(
        "an actor of a new type that both have",
        live=adds("bypass_actors", item={"actor_id": 1, "actor_type": "Robot"}),
        file=adds("bypass_actors", item={"actor_id": 1, "actor_type": "Robot"}),
    ),
    in_sync(
        "an enterprise owner, whatever the number",
        live=adds(
            "bypass_actors", item={"actor_id": None, "actor_type": "EnterpriseOwner"}
        ),
        file=adds(
            "bypass_actors", item={"actor_id": 1, "actor_type": "EnterpriseOwner"}
        ),
    ),
    in_sync("an empty exclude left out", live=drops(*REFS, "exclude")),
    in_sync(
        "an unknown rule that both have",
        live=adds("rules", item=quality("x")),
        file=adds("rules", item=quality("x")),
    ),
    in_sync(
        "an unknown parameter that both have, its list in another order",
        live=sets(*PULL, "moon", to=[1, 2]),
        file=sets(*PULL, "moon", to=[2, 1]),
        notes=("rules.pull_request.moon",),
    ),
]

DRIFT = [
    drift("a rule removed", "rules.deletion", live=drops("rules", "deletion")),
    drift("a known rule added", "rules.required_signatures",
          live=adds("rules", item={"type": "required_signatures"})),
    drift("an unknown rule added", "rules.moon_phase",
          live=adds("rules", item={"type": "moon_phase"})),
    drift("a rule twice on GitHub", "rules.deletion#2",
          live=adds("rules", item={"type": "deletion", "parameters": {"x": 1}})),
    drift("one review less", "rules.pull_request.required_approving_review_count",
          live=sets(*PULL, "required_approving_review_count", to=0)),
    drift("true in place of one review",
          "rules.pull_request.required_approving_review_count",
          live=sets(*PULL, "required_approving_review_count", to=True)),
    drift("thread resolution off",
          "rules.pull_request.required_review_thread_resolution",
          live=sets(*PULL, "required_review_thread_resolution", to=False)),
    drift("last push approval gone", "rules.pull_request.require_last_push_approval",
          live=drops(*PULL, "require_last_push_approval")),
    drift("merge methods narrowed",
          "rules.pull_request.allowed_merge_methods[merge]",
          live=sets(*PULL, "allowed_merge_methods", to=["squash", "rebase"])),
    drift("extra approval switched off",
          f"rules.pull_request.{EXTRA}",
          live=sets(*PULL, EXTRA, to=False)),
    drift("a parameter that the file omits turned on",
          "rules.pull_request.dismissal_restriction.enabled",
          live=sets(*PULL, "dismissal_restriction", "enabled", to=True)),
    drift("somebody allowed to dismiss reviews",
          "rules.pull_request.dismissal_restriction.allowed_actors[User 3]",
          live=sets(*PULL, "dismissal_restriction", "allowed_actors",
                    to=[{"id": 3, "type": "User"}])),
    drift("an unknown parameter turned on", "rules.pull_request.moon",
          live=sets(*PULL, "moon", to=True)),
    drift("an unknown object parameter turned on", "rules.pull_request.moon",
          live=sets(*PULL, "moon", to={"enabled": True})),
    drift("an unknown parameter with another value", "rules.pull_request.moon",
          live=sets(*PULL, "moon", to=[1]), file=sets(*PULL, "moon", to=[2])),
    drift("an unknown member of a rule", "rules.deletion.@mode",
          live=sets("rules", "deletion", "mode", to="soft")),
    drift("an unknown rule with another value", "rules.moon_phase",
          live=adds("rules", item=quality("x")),
          file=adds("rules", item=quality("y"))),
    drift("a required reviewer removed", REVIEWER,
          live=sets(*PULL, "required_reviewers", to=[])),
    drift("fewer approvals of a team", f"{REVIEWER}.minimum_approvals",
          live=sets(*PULL, "required_reviewers", 0, "minimum_approvals", to=0)),
    drift("file patterns in another order", f"{REVIEWER}.file_patterns",
          live=turns(*PULL, "required_reviewers", 0, "file_patterns")),
    drift("a check removed", f"{GREEN}[lint]", live=drops(*CHECKS, 1)),
    drift("a check added", f"{GREEN}[sonar]",
          live=adds(*CHECKS, item={"context": "sonar"})),
    drift("a check renamed", f"{GREEN}[lint]", f"{GREEN}[other]", live=swap_check),
    drift("a check unpinned", f"{GREEN}[all-green, app 15368 (github-actions)]",
          f"{GREEN}[all-green]", live=drops(*CHECKS, 0, "integration_id")),
    drift("a check pinned to another app",
          f"{GREEN}[all-green, app 15368 (github-actions)]",
          f"{GREEN}[all-green, app 66]",
          live=sets(*CHECKS, 0, "integration_id", to=66)),
    drift("checks that need not be up to date",
          "rules.required_status_checks.strict_required_status_checks_policy",
          live=sets(*CHECKS[:-1], "strict_required_status_checks_policy", to=False)),
    drift("checks not enforced on creation",
          "rules.required_status_checks.do_not_enforce_on_create",
          live=sets(*CHECKS[:-1], "do_not_enforce_on_create", to=True)),
    drift("an environment no longer required",
          "rules.required_deployments.required_deployment_environments[dev]",
          live=sets("rules", "required_deployments", "parameters",
                    "required_deployment_environments", to=["staging"])),
    drift("a scanner more lenient",
          "rules.code_scanning.code_scanning_tools[CodeQL].alerts_threshold",
          live=sets("rules", "code_scanning", "parameters", "code_scanning_tools", 0,
                    "alerts_threshold", to="none")),
    drift("a workflow at another ref",
          "rules.workflows.workflows[repository 1, a.yml].ref",
          live=sets("rules", "workflows", "parameters", "workflows", 0, "ref", to="x")),
    drift("a review by copilot on push", "rules.copilot_code_review.review_on_push",
          live=sets("rules", "copilot_code_review", "parameters", "review_on_push",
                    to=True)),
    drift("updates that may be merged from upstream",
          "rules.update.update_allows_fetch_and_merge",
          live=sets("rules", "update", "parameters",
                    to={"update_allows_fetch_and_merge": True})),
    drift("a pattern loosened", "rules.branch_name_pattern.pattern",
          live=sets("rules", "branch_name_pattern", "parameters", "pattern", to=".*")),
    drift("a pattern negated", "rules.branch_name_pattern.negate",
          live=sets("rules", "branch_name_pattern", "parameters", "negate", to=True)),
    drift("a pattern rule removed", "rules.branch_name_pattern",
          live=drops("rules", "branch_name_pattern")),
    drift("all rules null", *(f"rules.{x}" for x in (
        "branch_name_pattern", "code_scanning", "copilot_code_review", "deletion",
        "non_fast_forward", "pull_request", "required_deployments",
        "required_status_checks", "update", "workflows")), live=sets("rules", to=None)),
]  # fmt: skip

WHO = [
    drift("enforcement disabled", "enforcement",
          live=sets("enforcement", to="disabled")),
    drift("enforcement evaluated only", "enforcement",
          live=sets("enforcement", to="evaluate")),
    drift("another target", "target", live=sets("target", to="tag")),
    drift("a role added", "bypass_actors[RepositoryRole 4 (write)]",
          live=adds("bypass_actors",
                    item={"actor_id": 4, "actor_type": "RepositoryRole"})),
    drift("a deploy key added", "bypass_actors[DeployKey]",
          file=drops("bypass_actors", 0)),
    drift("an organization admin removed", "bypass_actors[OrganizationAdmin]",
          live=drops("bypass_actors", 1)),
    drift("always turned into exempt", "bypass_actors[DeployKey].bypass_mode",
          live=sets("bypass_actors", 0, "bypass_mode", to="exempt")),
    drift("the same id with another type", "bypass_actors[RepositoryRole 5 (admin)]",
          "bypass_actors[Team 5]",
          live=sets("bypass_actors", 2, "actor_type", to="Team")),
    drift("the same type with another id", "bypass_actors[RepositoryRole 2 (maintain)]",
          "bypass_actors[RepositoryRole 5 (admin)]",
          live=sets("bypass_actors", 2, "actor_id", to=2)),
    drift("a bypass list cleared in the file", "bypass_actors[DeployKey]",
          "bypass_actors[OrganizationAdmin]", "bypass_actors[RepositoryRole 5 (admin)]",
          file=sets("bypass_actors", to=[])),
    drift("an actor of an unknown type", "bypass_actors[Robot 1]",
          live=adds("bypass_actors", item={"actor_id": 1, "actor_type": "Robot"})),
    drift("an actor of a new type removed", "bypass_actors[Robot 1]",
          file=adds("bypass_actors", item={"actor_id": 1, "actor_type": "Robot"})),
    drift("a new field that GitHub dropped", "audit", file=sets("audit", to="on")),
    drift("a new field with another value", "audit",
          live=sets("audit", to="off"), file=sets("audit", to="on")),
    drift("an unknown rule that GitHub dropped", "rules.moon_phase",
          file=adds("rules", item=quality("x"))),
    drift("a ref excluded", "conditions.ref_name.exclude[refs/heads/main]",
          live=sets(*REFS, "exclude", to=["refs/heads/main"])),
    drift("a ref replaced", "conditions.ref_name.include[refs/heads/main]",
          "conditions.ref_name.include[~DEFAULT_BRANCH]",
          live=sets(*REFS, "include", 0, to="~DEFAULT_BRANCH")),
    drift("conditions null", "conditions.ref_name.include[refs/heads/main]",
          "conditions.ref_name.include[refs/heads/release/*]",
          live=sets("conditions", to=None)),
    drift("a condition of an unknown kind", "conditions.repository_name",
          live=sets("conditions", "repository_name", to={"include": ["~ALL"]})),
    drift("drift beside hidden actors", "enforcement",
          live=lambda body: [drops("bypass_actors")(body),
                             sets("enforcement", to="disabled")(body)]),
    Case(id="hidden actors", verdict="unverifiable", live=drops("bypass_actors")),
    Case(id="null for actors", verdict="unverifiable",
         live=sets("bypass_actors", to=None)),
    drift("a rule of no readable type", 'rules.{"type": []}',
          live=adds("rules", item={"type": []})),
]  # fmt: skip

CASES = [*CLEAN, *DRIFT, *WHO]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_the_verdict_names_every_path_and_no_other(case: Case) -> None:
    found = compared(case)

    assert verdict_of(found) == case.verdict
    assert tuple(x.path for x in found.differences if x.counts) == tuple(
        sorted(case.paths)
    )
    assert tuple(x.path for x in found.differences if not x.counts) == case.notes


def test_the_suite_has_at_least_sixty_scenarios(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nruleset comparison: {len(CASES)} scenarios\n")

    assert len(CASES) >= 60
