"""What a ruleset may hold: 23 rule types, actors, refs, and their defaults, as data.

Types, required members, enumerations and ranges are those of GitHub's OpenAPI
description (npm ``@octokit/openapi`` 23.0.2, ``api.github.com``); a test compares
every line with it. The description has no default for any rule parameter: the
defaults stand here by hand, each as GitHub adds it when a ruleset is read back.
"""

from collections.abc import Mapping

from monokeel.policy.shape import TEXT, RuleType, Shape, choice, count, flag, texts

_NEEDED = Shape(kind="string", required=True)
_NUMBER = Shape(kind="integer", required=True)

_GIT = ("branch", "tag")
_BRANCH = ("branch",)
_PUSH = ("push",)

# Source of the two defaults: read-backs in public issues (rules "on read").
_PATTERN: Mapping[str, Shape] = {
    "name": Shape(kind="string", default=""),
    "negate": flag(),
    "operator": choice("starts_with", "ends_with", "contains", "regex"),
    "pattern": _NEEDED,
}

_STATUS_CHECK = Shape(
    kind="object",
    members={
        "context": _NEEDED,
        "integration_id": Shape(kind="integer"),
    },
)

_REVIEWER = Shape(
    kind="object",
    members={
        "file_patterns": Shape(kind="array", required=True, item=TEXT, ordered=True),
        "minimum_approvals": _NUMBER,
        "reviewer": Shape(
            kind="object",
            required=True,
            members={"id": _NUMBER, "type": choice("Team")},
        ),
    },
)

_DISMISSAL_ACTOR = Shape(
    kind="object",
    members={
        "id": _NUMBER,
        "type": choice("User", "Team", "IntegrationInstallation", "RepositoryRole"),
    },
)

_WORKFLOW = Shape(
    kind="object",
    members={
        "path": _NEEDED,
        "ref": Shape(kind="string"),
        "repository_id": _NUMBER,
        "sha": Shape(kind="string"),
    },
)

_SCANNING_TOOL = Shape(
    kind="object",
    members={
        "alerts_threshold": choice("none", "errors", "errors_and_warnings", "all"),
        "security_alerts_threshold": choice(
            "none", "critical", "high_or_higher", "medium_or_higher", "all"
        ),
        "tool": _NEEDED,
    },
)

# Not in the OpenAPI description, but read back by live GitHub; default true
# (developerz-ai/wurk#488, hebbianai/dure#43). Without it a fresh repository drifts.
BEYOND_OPENAPI = (("pull_request", "require_extra_approval_for_unattributed_changes"),)

_PULL_REQUEST: Mapping[str, Shape] = {
    "allowed_merge_methods": Shape(
        kind="array",
        default=["merge", "squash", "rebase"],
        item=Shape(kind="string", allowed=("merge", "squash", "rebase")),
        empty=False,
    ),
    "dismiss_stale_reviews_on_push": flag(required=True),
    "dismissal_restriction": Shape(
        kind="object",
        default={"enabled": False, "allowed_actors": []},
        members={
            "allowed_actors": Shape(
                kind="array",
                default=[],
                item=_DISMISSAL_ACTOR,
                identity=("type", "id"),
            ),
            "enabled": flag(required=True),
        },
    ),
    "require_code_owner_review": flag(required=True),
    "require_extra_approval_for_unattributed_changes": flag(default=True),
    "require_last_push_approval": flag(required=True),
    "required_approving_review_count": count(0, 10),
    "required_review_thread_resolution": flag(required=True),
    "required_reviewers": Shape(
        kind="array", default=[], item=_REVIEWER, identity=("reviewer",)
    ),
}

_MERGE_QUEUE: Mapping[str, Shape] = {
    "check_response_timeout_minutes": count(1, 360),
    "grouping_strategy": choice("ALLGREEN", "HEADGREEN"),
    "max_entries_to_build": count(0, 100),
    "max_entries_to_merge": count(0, 100),
    "merge_method": choice("MERGE", "SQUASH", "REBASE"),
    "min_entries_to_merge": count(0, 100),
    "min_entries_to_merge_wait_minutes": count(0, 360),
}

RULE_TYPES: Mapping[str, RuleType] = {
    "creation": RuleType(targets=_GIT),
    "update": RuleType(
        targets=_GIT,
        # Required by the schema, yet GitHub may send the rule without: then false.
        parameters={
            "update_allows_fetch_and_merge": Shape(
                kind="boolean", required=True, default=False
            )
        },
    ),
    "deletion": RuleType(targets=_GIT),
    "non_fast_forward": RuleType(targets=_GIT),
    "required_linear_history": RuleType(targets=_GIT),
    "required_signatures": RuleType(targets=_GIT),
    "license_compliance_scanning": RuleType(targets=_BRANCH),
    "pull_request": RuleType(targets=_BRANCH, parameters=_PULL_REQUEST),
    "required_status_checks": RuleType(
        targets=_GIT,
        parameters={
            "do_not_enforce_on_create": flag(),
            "required_status_checks": Shape(
                kind="array",
                required=True,
                item=_STATUS_CHECK,
                identity=("context", "integration_id"),
                empty=False,
            ),
            "strict_required_status_checks_policy": flag(required=True),
        },
    ),
    "merge_queue": RuleType(targets=_BRANCH, parameters=_MERGE_QUEUE),
    "required_deployments": RuleType(
        targets=_GIT,
        parameters={"required_deployment_environments": texts(empty=False)},
    ),
    "commit_message_pattern": RuleType(targets=_GIT, parameters=_PATTERN),
    "commit_author_email_pattern": RuleType(targets=_GIT, parameters=_PATTERN),
    "committer_email_pattern": RuleType(targets=_GIT, parameters=_PATTERN),
    "branch_name_pattern": RuleType(targets=_BRANCH, parameters=_PATTERN),
    "tag_name_pattern": RuleType(targets=("tag",), parameters=_PATTERN),
    "workflows": RuleType(
        targets=_BRANCH,
        parameters={
            "do_not_enforce_on_create": flag(),
            "workflows": Shape(
                kind="array",
                required=True,
                item=_WORKFLOW,
                identity=("repository_id", "path"),
                empty=False,
            ),
        },
    ),
    "code_scanning": RuleType(
        targets=_BRANCH,
        parameters={
            "code_scanning_tools": Shape(
                kind="array",
                required=True,
                item=_SCANNING_TOOL,
                identity=("tool",),
                empty=False,
            )
        },
    ),
    "copilot_code_review": RuleType(
        targets=_BRANCH,
        # Both defaults are unconfirmed on live GitHub.
        parameters={"review_draft_pull_requests": flag(), "review_on_push": flag()},
    ),
    "file_path_restriction": RuleType(
        targets=_PUSH, parameters={"restricted_file_paths": texts(empty=False)}
    ),
    "file_extension_restriction": RuleType(
        targets=_PUSH, parameters={"restricted_file_extensions": texts(empty=False)}
    ),
    "max_file_path_length": RuleType(
        targets=_PUSH, parameters={"max_file_path_length": count(1, 32767)}
    ),
    "max_file_size": RuleType(
        targets=_PUSH, parameters={"max_file_size": count(1, 100)}
    ),
}

CONDITIONS = Shape(
    kind="object",
    members={
        "ref_name": Shape(
            kind="object",
            default={},
            members={
                "include": Shape(kind="array", item=TEXT, default=[]),
                "exclude": Shape(kind="array", item=TEXT, default=[]),
            },
        )
    },
)

ACTOR = Shape(
    kind="object",
    members={
        "actor_id": Shape(kind="integer"),
        "actor_type": choice(
            "Integration",
            "OrganizationAdmin",
            "RepositoryRole",
            "Team",
            "DeployKey",
            "User",
        ),
        "bypass_mode": Shape(
            kind="string",
            default="always",
            allowed=("always", "pull_request", "exempt"),
        ),
    },
)

TARGETS = ("branch", "tag", "push")
ENFORCEMENTS = ("disabled", "active", "evaluate")
WRITABLE = ("name", "target", "enforcement", "bypass_actors", "conditions", "rules")
READ_ONLY = (
    "id",
    "node_id",
    "source",
    "source_type",
    "created_at",
    "updated_at",
    "_links",
    "current_user_can_bypass",
)
