"""Which refs a pattern binds, and which patterns bind not what their writer means."""

import json

import pytest

from monokeel.ground.answers import Json
from monokeel.policy.lint import lint
from monokeel.policy.refs import binds, glob_matches
from monokeel.policy.rule_types import Finding
from monokeel.policy.rulesets import parse_policy
from tests.policy.test_policy import MAIN

QUEUE: Json = {
    "type": "merge_queue",
    "parameters": {
        "check_response_timeout_minutes": 5,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 1,
        "max_entries_to_merge": 1,
        "merge_method": "MERGE",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 1,
    },
}
LINEAR: Json = {"type": "required_linear_history"}
SQUASH: Json = {
    "type": "pull_request",
    "parameters": {
        "required_approving_review_count": 1,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": False,
        "require_last_push_approval": True,
        "required_review_thread_resolution": True,
        "allowed_merge_methods": ["squash", "merge"],
    },
}


def on(*include: str, exclude: tuple[str, ...] = ()) -> dict[str, Json]:
    refs: dict[str, Json] = {"include": [*include], "exclude": [*exclude]}
    return {"conditions": {"ref_name": refs}}


def found(*bodies: dict[str, Json]) -> list[Finding]:
    return lint(parse_policy(json.dumps(bodies)), None)


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("refs/heads/*", "refs/heads/main", True),
        ("refs/heads/*", "refs/heads/a/b", False),
        ("refs/heads/release/**", "refs/heads/release/a", True),
        ("refs/heads/release/**", "refs/heads/release/a/b", False),
        ("refs/heads/release/**/*", "refs/heads/release/a", True),
        ("refs/heads/release/**/*", "refs/heads/release/a/b/c", True),
        ("refs/heads/release/**/*", "refs/heads/release", False),
        ("refs/heads/v?", "refs/heads/v1", True),
        ("refs/heads/v?", "refs/heads/v/", False),
        ("refs/heads/[a-c]x", "refs/heads/bx", True),
        ("refs/heads/[a-c]x", "refs/heads/dx", False),
        ("refs/heads/v1.x", "refs/heads/v1-x", False),
        ("refs/heads/[z-a]", "refs/heads/b", False),
        ("refs/heads/a+", "refs/heads/aa", False),
    ],
)
def test_a_pattern_matches_as_github_says(
    pattern: str, name: str, *, matches: bool
) -> None:
    assert glob_matches(pattern, name) is matches


def test_a_ruleset_binds_what_it_includes_and_does_not_leave_out() -> None:
    [ruleset] = parse_policy(
        json.dumps([MAIN | on("~ALL", exclude=("~DEFAULT_BRANCH", "refs/heads/x/*"))])
    )

    assert binds(ruleset, "refs/heads/feat", "main")
    assert not binds(ruleset, "refs/heads/main", "main")
    assert not binds(ruleset, "refs/heads/x/y", "main")
    assert not binds(ruleset, "refs/tags/v1", "main")


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("refs/heads/release/**", "every level is refs/heads/release/**/*"),
        ("refs/heads/main ", "no ref can have such a name"),
        ("refs/heads//main", "no ref can have such a name"),
        ("refs/heads/a..b", "no ref can have such a name"),
        ("refs/heads/main.lock", "no ref can have such a name"),
        ("refs/heads/refs/heads/main", "stands there twice"),
        ("refs/heads/release-[0-9]+", "no regular expression"),
        ("refs/heads/main$", "no regular expression"),
        ("refs/heads/(main|trunk)", "no regular expression"),
        ("refs/heads/{main,trunk}", "no regular expression"),
        ("refs/heads/feat[", "no ref can have such a name"),
        ("refs/heads/\u200bmain", "cannot be seen"),
        ("refs/heads/a\u00a0b", "cannot be seen"),
        ("refs/heads/\u202emain*", "cannot be seen"),
    ],
)
def test_a_pattern_that_cannot_mean_what_it_says_is_told(
    pattern: str, says: str
) -> None:
    """P39 and P40."""
    findings = found(MAIN | on(pattern))

    assert any(says in each.problem for each in findings)


@pytest.mark.parametrize(
    "pattern",
    ["refs/heads/main", "refs/heads/release/*", "refs/heads/r/**/*", "refs/heads/c++"],
)
def test_a_sound_pattern_is_not_found(pattern: str) -> None:
    assert found(MAIN | on(pattern)) == []


def test_an_empty_include_is_in_the_headline() -> None:
    """P41."""
    assert "binds no ref at all" in found(MAIN | on())[0].problem


@pytest.mark.parametrize("pattern", ["~ALL", "refs/heads/release/*"])
def test_a_queue_with_a_wildcard_is_an_error(pattern: str) -> None:
    """P35."""
    errors = [
        x for x in found(MAIN | on(pattern) | {"rules": [QUEUE]}) if not x.warning
    ]

    assert [each.path for each in errors] == ["rules.merge_queue"]
    assert pattern in errors[0].problem


def test_a_queue_that_merges_where_history_is_linear_is_an_error() -> None:
    """P36: also from another ruleset of the same branch."""
    beside = MAIN | on("~DEFAULT_BRANCH") | {"name": "lines", "rules": [LINEAR]}

    findings = found(MAIN | {"rules": [QUEUE]}, beside)

    assert [(x.ruleset, x.path, x.warning) for x in findings] == [
        ("main", "rules.merge_queue.merge_method", False)
    ]


@pytest.mark.parametrize(
    ("methods", "warning"), [(["squash", "merge"], True), (["merge"], False)]
)
def test_merge_commits_where_history_is_linear_are_told(
    methods: list[Json], *, warning: bool
) -> None:
    """P36."""
    assert isinstance(SQUASH, dict)
    parameters = SQUASH["parameters"]
    assert isinstance(parameters, dict)
    rule: Json = {
        **SQUASH,
        "parameters": {**parameters, "allowed_merge_methods": methods},
    }

    [finding] = found(MAIN | {"rules": [rule, LINEAR]})

    assert finding.path == "rules.pull_request.allowed_merge_methods"
    assert finding.warning is warning


def test_a_freeze_of_the_queues_own_branches_is_told() -> None:
    """P42."""
    creation: list[Json] = [{"type": "creation"}]
    shallow = on("~ALL", exclude=("refs/heads/gh-readonly-queue/*",))
    deep = on("~ALL", exclude=("refs/heads/gh-readonly-queue/**/*",))
    queue: dict[str, Json] = {**MAIN, "rules": [QUEUE]}

    frozen = found(queue, MAIN | shallow | {"name": "all", "rules": creation})

    assert "gh-readonly-queue/**/*" in frozen[0].problem
    assert found(queue, MAIN | deep | {"name": "all", "rules": creation}) == []
