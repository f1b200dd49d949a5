"""What a ruleset may hold: its rule types, actors, refs, and their defaults, as data.

Types, required members, enumerations and ranges are those of GitHub's OpenAPI
description (npm ``@octokit/openapi`` 23.0.2, ``api.github.com``); a test compares
every line with it. The description has no default for any rule parameter: the
defaults stand here by hand, each as GitHub adds it when a ruleset is read back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from monokeel.ground.answers import Json

Kind = Literal["boolean", "integer", "string", "array", "object"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One JSON value: its type, its limits, and what an absent one means.

    *identity* names the members that tell two items of an array apart (none: the item
    itself); an *ordered* array is compared as a sequence, any other as a set. Without
    a *default* an absent member is not the same as any value.
    """

    kind: Kind
    required: bool = False
    default: Json = None
    allowed: tuple[str, ...] = ()
    limits: tuple[int, int] | None = None
    item: "Shape | None" = None
    identity: tuple[str, ...] = ()
    ordered: bool = False
    empty: bool = True
    members: Mapping[str, "Shape"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleType:
    """A rule type: its parameters and the targets it may stand in."""

    targets: tuple[str, ...]
    parameters: Mapping[str, Shape]


TEXT = Shape(kind="string")
NUMBER = Shape(kind="integer")
NEEDED_TEXT = Shape(kind="string", required=True)
NEEDED_NUMBER = Shape(kind="integer", required=True)
NEEDED_FLAG = Shape(kind="boolean", required=True)


def flag(*, default: bool = False) -> Shape:
    """Return a boolean that is *default* when it is absent."""
    return Shape(kind="boolean", default=default)


def count(least: int, most: int) -> Shape:
    """Return a required integer from *least* to *most*, both included."""
    return Shape(kind="integer", required=True, limits=(least, most))


def choice(*allowed: str) -> Shape:
    """Return a required string out of *allowed*."""
    return Shape(kind="string", required=True, allowed=allowed)


def some(item: Shape, *identity: str) -> Shape:
    """Return a required set of at least one *item*, told apart by *identity*."""
    return Shape(kind="array", required=True, item=item, identity=identity, empty=False)


def any_of(item: Shape, *identity: str) -> Shape:
    """Return a set of *item*, told apart by *identity*: absent means none."""
    return Shape(kind="array", default=[], item=item, identity=identity)


def record(**members: Shape) -> Shape:
    """Return an object of *members*."""
    return Shape(kind="object", members=members)


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
_WORKFLOW = record(path=NEEDED_TEXT, ref=TEXT, repository_id=NEEDED_NUMBER, sha=TEXT)
_SCANNING_TOOL = record(
    alerts_threshold=choice("none", "errors", "errors_and_warnings", "all"),
    security_alerts_threshold=choice(
        "none", "critical", "high_or_higher", "medium_or_higher", "all"
    ),
    tool=NEEDED_TEXT,
)
_REVIEWER = record(
    file_patterns=Shape(kind="array", required=True, item=TEXT, ordered=True),
    minimum_approvals=NEEDED_NUMBER,
    reviewer=replace(record(id=NEEDED_NUMBER, type=choice("Team")), required=True),
)
_DISMISSING = record(
    id=NEEDED_NUMBER,
    type=choice("User", "Team", "IntegrationInstallation", "RepositoryRole"),
)
_DISMISSAL = record(
    allowed_actors=any_of(_DISMISSING, "type", "id"), enabled=NEEDED_FLAG
)
_MERGE_METHOD = Shape(kind="string", allowed=("merge", "squash", "rebase"))
# Not in the OpenAPI description. The first is read back by live GitHub, default true
# (developerz-ai/wurk#488, hebbianai/dure#43): without it a fresh repository drifts. The
# second is general since 2026-07-20 (google/go-github#4520); its values unconfirmed.
BEYOND_OPENAPI = (
    ("pull_request", "require_extra_approval_for_unattributed_changes"),
    ("code_quality", "severity"),
)


def _for(*targets: str, **parameters: Shape) -> RuleType:
    return RuleType(targets=targets, parameters=parameters)


_GIT = ("branch", "tag")
RULE_TYPES: Mapping[str, RuleType] = {
    "creation": _for(*_GIT),
    # Required by the schema, yet GitHub may send the rule without: then false.
    "update": _for(
        *_GIT, update_allows_fetch_and_merge=replace(NEEDED_FLAG, default=False)
    ),
    "deletion": _for(*_GIT),
    "non_fast_forward": _for(*_GIT),
    "required_linear_history": _for(*_GIT),
    "required_signatures": _for(*_GIT),
    "license_compliance_scanning": _for("branch"),
    "pull_request": _for(
        "branch",
        allowed_merge_methods=Shape(
            kind="array",
            default=["merge", "squash", "rebase"],
            item=_MERGE_METHOD,
            empty=False,
        ),
        dismiss_stale_reviews_on_push=NEEDED_FLAG,
        dismissal_restriction=replace(
            _DISMISSAL, default={"enabled": False, "allowed_actors": []}
        ),
        require_code_owner_review=NEEDED_FLAG,
        require_extra_approval_for_unattributed_changes=flag(default=True),
        require_last_push_approval=NEEDED_FLAG,
        required_approving_review_count=count(0, 10),
        required_review_thread_resolution=NEEDED_FLAG,
        required_reviewers=any_of(_REVIEWER, "reviewer"),
    ),
    "required_status_checks": _for(
        *_GIT,
        do_not_enforce_on_create=flag(),
        required_status_checks=some(
            record(context=NEEDED_TEXT, integration_id=NUMBER),
            *("context", "integration_id"),
        ),
        strict_required_status_checks_policy=NEEDED_FLAG,
    ),
    "merge_queue": _for(
        "branch",
        check_response_timeout_minutes=count(1, 360),
        grouping_strategy=choice("ALLGREEN", "HEADGREEN"),
        max_entries_to_build=count(0, 100),
        max_entries_to_merge=count(0, 100),
        merge_method=choice("MERGE", "SQUASH", "REBASE"),
        min_entries_to_merge=count(0, 100),
        min_entries_to_merge_wait_minutes=count(0, 360),
    ),
    "required_deployments": _for(*_GIT, required_deployment_environments=some(TEXT)),
    "commit_message_pattern": _for(*_GIT, **_PATTERN),
    "commit_author_email_pattern": _for(*_GIT, **_PATTERN),
    "committer_email_pattern": _for(*_GIT, **_PATTERN),
    "branch_name_pattern": _for("branch", **_PATTERN),
    "tag_name_pattern": _for("tag", **_PATTERN),
    "workflows": _for(
        "branch",
        do_not_enforce_on_create=flag(),
        workflows=some(_WORKFLOW, "repository_id", "path"),
    ),
    "code_scanning": _for("branch", code_scanning_tools=some(_SCANNING_TOOL, "tool")),
    "code_quality": _for("branch", severity=NEEDED_TEXT),
    # Both defaults are unconfirmed on live GitHub.
    "copilot_code_review": _for(
        "branch", review_draft_pull_requests=flag(), review_on_push=flag()
    ),
    "file_path_restriction": _for("push", restricted_file_paths=some(TEXT)),
    "file_extension_restriction": _for("push", restricted_file_extensions=some(TEXT)),
    "max_file_path_length": _for("push", max_file_path_length=count(1, 32767)),
    "max_file_size": _for("push", max_file_size=count(1, 100)),
}

CONDITIONS = record(
    ref_name=replace(record(include=any_of(TEXT), exclude=any_of(TEXT)), default={})
)
ACTOR = record(
    actor_id=NUMBER,
    actor_type=choice(
        *("Integration", "OrganizationAdmin", "RepositoryRole", "Team"),
        *("DeployKey", "User"),
    ),
    bypass_mode=replace(
        choice("always", "pull_request", "exempt"), required=False, default="always"
    ),
)
ACTORS = any_of(ACTOR, "actor_type", "actor_id")
