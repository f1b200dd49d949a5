"""What each rule says, asked where REST, releases and pushes ask: in one place."""

import pytest

from sandbox.actors import Actor, key_actor
from sandbox.rules import matches, violations
from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api, grow
from tests.sandbox.cases import DEPLOY_KEY, PULL_REQUEST, rule, ruleset


def _admin(box: Sandbox) -> Actor:
    return box.state.actor("admin")


@pytest.mark.parametrize(
    ("pattern", "ref", "fits"),
    [
        ("~ALL", "refs/heads/a/b", True),
        ("~DEFAULT_BRANCH", "refs/heads/main", True),
        ("~DEFAULT_BRANCH", "refs/heads/x", False),
        ("refs/heads/env/*", "refs/heads/env/prod", True),
        ("refs/heads/env/*", "refs/heads/env/a/b", False),
        ("refs/tags/v*", "refs/tags/v1.0.0", True),
        ("refs/tags/v*", "refs/tags/v1/x", False),
        ("refs/heads/qa/**/*", "refs/heads/qa/a/b", True),
        ("refs/heads/qa/**", "refs/heads/qa/a/b", False),
    ],
)
def test_a_star_stops_at_a_slash(
    box: Sandbox, pattern: str, ref: str, *, fits: bool
) -> None:
    assert matches(box.state, pattern, ref) is fits


def test_linear_history_refuses_merges_assumed(
    api: Api, box: Sandbox, start: str
) -> None:
    side = grow(box, "feat: side", "refs/heads/feat/side")
    git = box.state.git
    author = ("Ann", "ann@example.com", "2026-11-02T10:00:00Z")
    tree = git.commit(start).tree
    merge = git.commit_tree(tree, [start, side], "merge", author=author)
    api("POST", "/rulesets", ruleset("main", rule("required_linear_history")))

    reasons = violations(box.state, _admin(box), "refs/heads/main", start, merge)

    assert reasons == ["This branch must not contain merge commits."]


def test_several_missing_checks_are_counted(api: Api, box: Sandbox, start: str) -> None:
    newer = grow(box, "feat: more", "refs/heads/feat/x")
    checks: Json = [{"context": "a"}, {"context": "b"}]
    required = rule(
        "required_status_checks",
        strict_required_status_checks_policy=False,
        required_status_checks=checks,
    )
    api("POST", "/rulesets", ruleset("main", required))

    reasons = violations(box.state, _admin(box), "refs/heads/main", start, newer)

    assert reasons == ["2 of 2 required status checks are expected."]


def test_a_green_commit_may_be_pushed(api: Api, box: Sandbox, start: str) -> None:
    newer = grow(box, "feat: more", "refs/heads/feat/x")
    required = rule(
        "required_status_checks",
        strict_required_status_checks_policy=True,
        required_status_checks=[{"context": "ci"}],
    )
    api("POST", "/rulesets", ruleset("main", required))
    api("POST", f"/statuses/{newer}", {"state": "success", "context": "ci"})

    assert violations(box.state, _admin(box), "refs/heads/main", start, newer) == []
    assert api("GET", f"/commits/{newer}/status")["state"] == "success"


def test_a_required_deployment_must_have_succeeded_assumed(
    api: Api, box: Sandbox, start: str
) -> None:
    required = rule("required_deployments", required_deployment_environments=["dev"])
    api("POST", "/rulesets", ruleset("main", required, ref="refs/heads/env/*"))
    ask = (box.state, _admin(box), "refs/heads/env/staging", None, start)
    before = violations(*ask)
    wanted: Json = {"ref": start, "environment": "dev", "required_contexts": []}
    number = api("POST", "/deployments", wanted)["id"]
    api("POST", f"/deployments/{number}/statuses", {"state": "success"})

    assert before == ["Required deployment to dev is expected."]
    assert violations(*ask) == []


def test_bypass_is_per_ruleset(api: Api, box: Sandbox, start: str) -> None:
    ref = "refs/tags/v*"
    api(
        "POST",
        "/rulesets",
        ruleset("a", rule("creation"), ref=ref, bypass=[DEPLOY_KEY]),
    )
    api("POST", "/rulesets", ruleset("b", rule("deletion"), ref=ref))
    key = key_actor(1, read_only=False)

    assert violations(box.state, key, "refs/tags/v1", None, start) == []
    assert violations(box.state, key, "refs/tags/v1", start, None) == [
        "Cannot delete this tag"
    ]


def test_a_disabled_ruleset_says_nothing(api: Api, box: Sandbox, start: str) -> None:
    off = ruleset("x", rule("creation"), ref="~ALL") | {"enforcement": "disabled"}
    api("POST", "/rulesets", off)

    assert violations(box.state, _admin(box), "refs/heads/a", None, start) == []


def test_an_excluded_ref_is_free(api: Api, box: Sandbox, start: str) -> None:
    refs: Json = {"include": ["~ALL"], "exclude": ["refs/heads/feat/*"]}
    body = ruleset("x", rule("creation")) | {"conditions": {"ref_name": refs}}
    api("POST", "/rulesets", body)

    assert violations(box.state, _admin(box), "refs/heads/feat/a", None, start) == []
    assert violations(box.state, _admin(box), "refs/heads/a", None, start) != []


@pytest.mark.parametrize(
    ("operator", "pattern", "negate", "allowed"),
    [
        ("starts_with", "v", False, True),
        ("ends_with", "v", False, False),
        ("contains", "1.0", True, False),
        ("regex", r"^v\d+\.\d+\.\d+$", False, True),
    ],
)
def test_a_tag_name_is_held_to_its_pattern_assumed(
    box: Sandbox, operator: str, pattern: str, *, negate: bool, allowed: bool
) -> None:
    name = rule(
        "tag_name_pattern", operator=operator, pattern=pattern, negate=negate, name=""
    )
    tags = ruleset("names", name, ref="refs/tags/*")
    assert Api(box)("POST", "/rulesets", tags).status == 201
    commit = grow(box, "feat: a")

    reasons = violations(box.state, _admin(box), "refs/tags/v1.0.0", None, commit)

    assert (reasons == []) is allowed


def test_pushing_needs_a_pull_request_creating_does_not(
    api: Api, box: Sandbox, start: str
) -> None:
    newer = grow(box, "feat: more", "refs/heads/feat/x")
    api("POST", "/rulesets", ruleset("main", rule("pull_request", **PULL_REQUEST)))
    admin = _admin(box)

    assert violations(box.state, admin, "refs/heads/main", None, newer) == []
    assert violations(box.state, admin, "refs/heads/main", start, newer) == [
        "Changes must be made through a pull request."
    ]
