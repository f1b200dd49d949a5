"""What a ruleset may hold: its rule types, actors, refs, and their defaults, as data.

Types, required members, enumerations and ranges are those of GitHub's OpenAPI
description (npm ``@octokit/openapi`` 23.0.2, ``api.github.com``); a test compares
every line with it. The description has no default for any rule parameter: the
defaults stand here by hand, each as GitHub adds it when a ruleset is read back.
"""

from collections.abc import Mapping

from monokeel.policy.shape import (
    NEEDED_FLAG,
    NEEDED_NUMBER,
    NEEDED_TEXT,
    NUMBER,
    TEXT,
    RuleType,
    Shape,
    any_of,
    choice,
    count,
    flag,
    record,
    some,
)

TARGETS = ("branch", "tag", "push")
ENFORCEMENTS = ("disabled", "active", "evaluate")
WRITABLE = ("name", "target", "enforcement", "bypass_actors", "conditions", "rules")
READ_ONLY = (
    *("id", "node_id", "source", "source_type", "created_at", "updated_at", "_links"),
    "current_user_can_bypass",
)

# Source of the two defaults: read-backs in public issues (rules "on read").
_PATTERN = {
    "name": Shape(kind="string", default=""),
    "negate": flag(),
    "operator": choice("starts_with", "ends_with", "contains", "regex"),
    "pattern": NEEDED_TEXT,
}
_STATUS_CHECK = record({"context": NEEDED_TEXT, "integration_id": NUMBER})
_WORKFLOW = record(
    {"path": NEEDED_TEXT, "ref": TEXT, "repository_id": NEEDED_NUMBER, "sha": TEXT}
)
_SCANNING_TOOL = record(
    {
        "alerts_threshold": choice("none", "errors", "errors_and_warnings", "all"),
        "security_alerts_threshold": choice(
            "none", "critical", "high_or_higher", "medium_or_higher", "all"
        ),
        "tool": NEEDED_TEXT,
    }
)
_REVIEWER = record(
    {
        "file_patterns": Shape(kind="array", required=True, item=TEXT, ordered=True),
        "minimum_approvals": NEEDED_NUMBER,
        "reviewer": Shape(
            kind="object",
            required=True,
            members={"id": NEEDED_NUMBER, "type": choice("Team")},
        ),
    }
)
_MAY_DISMISS = choice("User", "Team", "IntegrationInstallation", "RepositoryRole")
_DISMISSAL = {
    "allowed_actors": any_of(
        record({"id": NEEDED_NUMBER, "type": _MAY_DISMISS}), "type", "id"
    ),
    "enabled": NEEDED_FLAG,
}
# Not in the OpenAPI description, but read back by live GitHub; default true
# (developerz-ai/wurk#488, hebbianai/dure#43). Without it a fresh repository drifts.
BEYOND_OPENAPI = (("pull_request", "require_extra_approval_for_unattributed_changes"),)

_PULL_REQUEST = {
    "allowed_merge_methods": Shape(
        kind="array",
        default=["merge", "squash", "rebase"],
        item=Shape(kind="string", allowed=("merge", "squash", "rebase")),
        empty=False,
    ),
    "dismiss_stale_reviews_on_push": NEEDED_FLAG,
    "dismissal_restriction": Shape(
        kind="object",
        default={"enabled": False, "allowed_actors": []},
        members=_DISMISSAL,
    ),
    "require_code_owner_review": NEEDED_FLAG,
    "require_extra_approval_for_unattributed_changes": flag(default=True),
    "require_last_push_approval": NEEDED_FLAG,
    "required_approving_review_count": count(0, 10),
    "required_review_thread_resolution": NEEDED_FLAG,
    "required_reviewers": any_of(_REVIEWER, "reviewer"),
}
_MERGE_QUEUE = {
    "check_response_timeout_minutes": count(1, 360),
    "grouping_strategy": choice("ALLGREEN", "HEADGREEN"),
    "max_entries_to_build": count(0, 100),
    "max_entries_to_merge": count(0, 100),
    "merge_method": choice("MERGE", "SQUASH", "REBASE"),
    "min_entries_to_merge": count(0, 100),
    "min_entries_to_merge_wait_minutes": count(0, 360),
}
# Required by the schema, yet GitHub may send the rule without: then false.
_FETCH = Shape(kind="boolean", required=True, default=False)

_BY_TARGET: tuple[tuple[tuple[str, ...], Mapping[str, Mapping[str, Shape]]], ...] = (
    (
        ("branch", "tag"),
        {
            "creation": {},
            "update": {"update_allows_fetch_and_merge": _FETCH},
            "deletion": {},
            "non_fast_forward": {},
            "required_linear_history": {},
            "required_signatures": {},
            "required_status_checks": {
                "do_not_enforce_on_create": flag(),
                "required_status_checks": some(
                    _STATUS_CHECK, "context", "integration_id"
                ),
                "strict_required_status_checks_policy": NEEDED_FLAG,
            },
            "required_deployments": {"required_deployment_environments": some(TEXT)},
            "commit_message_pattern": _PATTERN,
            "commit_author_email_pattern": _PATTERN,
            "committer_email_pattern": _PATTERN,
        },
    ),
    (
        ("branch",),
        {
            "license_compliance_scanning": {},
            "pull_request": _PULL_REQUEST,
            "merge_queue": _MERGE_QUEUE,
            "branch_name_pattern": _PATTERN,
            "workflows": {
                "do_not_enforce_on_create": flag(),
                "workflows": some(_WORKFLOW, "repository_id", "path"),
            },
            "code_scanning": {"code_scanning_tools": some(_SCANNING_TOOL, "tool")},
            # Both defaults are unconfirmed on live GitHub.
            "copilot_code_review": {
                "review_draft_pull_requests": flag(),
                "review_on_push": flag(),
            },
        },
    ),
    (("tag",), {"tag_name_pattern": _PATTERN}),
    (
        ("push",),
        {
            "file_path_restriction": {"restricted_file_paths": some(TEXT)},
            "file_extension_restriction": {"restricted_file_extensions": some(TEXT)},
            "max_file_path_length": {"max_file_path_length": count(1, 32767)},
            "max_file_size": {"max_file_size": count(1, 100)},
        },
    ),
)
RULE_TYPES: Mapping[str, RuleType] = {
    kind: RuleType(targets=targets, parameters=parameters)
    for targets, kinds in _BY_TARGET
    for kind, parameters in kinds.items()
}

_REFS = {"include": any_of(TEXT), "exclude": any_of(TEXT)}
CONDITIONS = record({"ref_name": Shape(kind="object", default={}, members=_REFS)})
ACTOR = record(
    {
        "actor_id": NUMBER,
        "actor_type": choice(
            *("Integration", "OrganizationAdmin", "RepositoryRole", "Team"),
            *("DeployKey", "User"),
        ),
        "bypass_mode": Shape(
            kind="string",
            default="always",
            allowed=("always", "pull_request", "exempt"),
        ),
    }
)
