"""What a ruleset may say: rule types, parameters, defaults on reading, plan gates."""

import json
from http import HTTPStatus

from sandbox.state import State
from sandbox.wire import (
    ApiError,
    Json,
    JsonObject,
    list_of,
    object_of,
    objects,
    text_of,
    texts,
    unprocessable,
)

_NAME: JsonObject = {
    "operator": "required",
    "pattern": "required",
    "name": "",
    "negate": False,
}
# Parameters of each type: "required", or what GitHub adds on reading (None: nothing).
# Source: OpenAPI for the names; read-backs in public issues for the defaults.
PARAMETERS: dict[str, JsonObject] = {
    "creation": {},
    "update": {"update_allows_fetch_and_merge": "required"},
    "deletion": {},
    "non_fast_forward": {},
    "required_linear_history": {},
    "required_signatures": {},
    "license_compliance_scanning": {},
    "pull_request": {
        "required_approving_review_count": "required",
        "dismiss_stale_reviews_on_push": "required",
        "require_code_owner_review": "required",
        "require_last_push_approval": "required",
        "required_review_thread_resolution": "required",
        "allowed_merge_methods": ["merge", "squash", "rebase"],
        "required_reviewers": [],
        "dismissal_restriction": {"enabled": False, "allowed_actors": []},
        "require_extra_approval_for_unattributed_changes": None,
    },
    "required_status_checks": {
        "required_status_checks": "required",
        "strict_required_status_checks_policy": "required",
        "do_not_enforce_on_create": False,
    },
    "merge_queue": dict.fromkeys(
        (
            "check_response_timeout_minutes",
            "grouping_strategy",
            "merge_method",
            "max_entries_to_build",
            "max_entries_to_merge",
            "min_entries_to_merge",
            "min_entries_to_merge_wait_minutes",
        ),
        "required",
    ),
    "required_deployments": {"required_deployment_environments": "required"},
    "branch_name_pattern": {**_NAME},
    "tag_name_pattern": {**_NAME},
    "commit_message_pattern": {**_NAME},
    "commit_author_email_pattern": {**_NAME},
    "committer_email_pattern": {**_NAME},
    "workflows": {"workflows": "required", "do_not_enforce_on_create": False},
    "code_scanning": {"code_scanning_tools": "required"},
    "code_quality": {"severity": "required"},  # google/go-github#4520
    "copilot_code_review": {
        "review_on_push": False,
        "review_draft_pull_requests": False,
    },
    "file_path_restriction": {"restricted_file_paths": "required"},
    "file_extension_restriction": {"restricted_file_extensions": "required"},
    "max_file_path_length": {"max_file_path_length": "required"},
    "max_file_size": {"max_file_size": "required"},
}
_PUSH_ONLY = {
    "file_path_restriction",
    "file_extension_restriction",
    "max_file_path_length",
    "max_file_size",
}
_BRANCH_ONLY = {
    "pull_request",
    "merge_queue",
    "branch_name_pattern",
    "workflows",
    "code_scanning",
    "code_quality",
    "copilot_code_review",
}
_PATTERNS = {name for name, known in PARAMETERS.items() if "pattern" in known}
_ACTORS = {
    "DeployKey",
    "Integration",
    "OrganizationAdmin",
    "RepositoryRole",
    "Team",
    "User",
}
KEYS = ("name", "target", "enforcement", "bypass_actors", "conditions", "rules")


def validate(state: State, body: JsonObject) -> None:
    """Raise GitHub's 422 if *body* is no ruleset that this repository may have."""
    _check_fields(body)
    _check_actors(body)
    target = text_of(body, "target", "branch")
    for place, rule in enumerate(objects(list_of(body, "rules"))):
        if text_of(rule, "type") in state.switches.new_rule_types:
            continue
        _check_rule(place, rule)
        _check_fit(state, rule, target)
    _check_patterns(body, target)
    _check_queue(state, body)
    if (
        text_of(body, "enforcement") == "evaluate"
        and state.switches.plan != "enterprise"
    ):
        raise unprocessable(
            "Enforcement evaluate option is not supported on this plan. Please upgrade "
            "to Enterprise to enable it."
        )


def _no_match(place: str) -> ApiError:
    """Return the text of a schema violation (lucenenet#1321, 2026)."""
    text = f"Invalid property {place}: data matches no possible input."
    return unprocessable(f"Invalid request.\n\n{text}")


def _strings(*errors: Json) -> ApiError:
    """Return a 422 whose errors are strings (otterdog#473, #483, #490)."""
    return ApiError(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors=list(errors)
    )


def _check_fields(body: JsonObject) -> None:
    if not text_of(body, "name"):
        raise unprocessable('Invalid request.\n\n"name" wasn\'t supplied.')
    for name, known in (
        ("enforcement", ("active", "disabled", "evaluate")),
        ("target", ("branch", "tag", "push")),
    ):
        if name in body and body[name] not in known:
            raise _no_match(f"/{name}")
    for name in ("bypass_actors", "conditions", "rules"):
        if name in body and body[name] is None:
            raise _no_match(f"/{name}")


def _check_actors(body: JsonObject) -> None:
    for place, entry in enumerate(objects(list_of(body, "bypass_actors"))):
        kind, number = text_of(entry, "actor_type"), entry.get("actor_id")
        mode = entry.get("bypass_mode", "always")
        if kind not in _ACTORS or mode not in ("always", "pull_request", "exempt"):
            raise _no_match(f"/bypass_actors/{place}")
        if kind == "Integration" and number == 15368:  # noqa: PLR2004  # GitHub Actions
            # kwami#73; the shape is assumed.
            raise _strings(
                "Actor GitHub Actions integration must be part of the ruleset source "
                "or owner organization"
            )
        if kind == "DeployKey" and entry.get("bypass_mode") == "pull_request":
            # OpenAPI: "not applicable for the DeployKey actor type"; text assumed.
            raise _strings("Bypass mode pull_request is not allowed for deploy keys")
        if kind not in ("DeployKey", "OrganizationAdmin") and number is None:
            raise _no_match(f"/bypass_actors/{place}")


def _check_rule(place: int, rule: JsonObject) -> None:
    known = PARAMETERS.get(text_of(rule, "type"))
    if known is None:
        raise _no_match(f"/rules/{place}")
    if "parameters" not in rule:
        return
    if not isinstance(rule["parameters"], dict):  # OpenAPI: an object, never null
        raise _no_match(f"/rules/{place}")
    given = object_of(rule, "parameters")
    missing = {n for n, v in known.items() if v == "required"} - set(given)
    if set(given) - set(known) or missing or not _ids_fit(given):
        raise _no_match(f"/rules/{place}")


def _ids_fit(given: JsonObject) -> bool:
    """Say whether no check has a null id: absent is right (groktocrawl#515)."""
    checks = given.get("required_status_checks")
    return not isinstance(checks, list) or all(
        isinstance(check.get("integration_id", 0), int) for check in objects(checks)
    )


def _check_fit(state: State, rule: JsonObject, target: str) -> None:
    kind = text_of(rule, "type")
    fits = (
        (kind in _PUSH_ONLY) == (target == "push")
        and not (kind in _BRANCH_ONLY and target != "branch")
        and not (kind == "tag_name_pattern" and target != "tag")
    )
    gated = kind in _PATTERNS and state.switches.plan != "enterprise"
    if not fits or gated:
        raise _strings(f"Invalid rule '{kind}': ")  # nothing after the colon
    if kind == "required_status_checks":
        _check_apps(rule)


def _check_apps(rule: JsonObject) -> None:
    given = list_of(object_of(rule, "parameters"), "required_status_checks")
    for check in objects(given):
        if check.get("integration_id", 15368) not in (15368, 424242):
            raise _strings(
                "Invalid rule 'required_status_checks': Invalid parameter "
                "required_status_checks: Invalid integration ids"
            )


def _check_patterns(body: JsonObject, target: str) -> None:
    prefix = {"branch": "refs/heads/", "tag": "refs/tags/"}.get(target)
    if prefix is None or "conditions" not in body:
        return
    names = object_of(object_of(body, "conditions"), "ref_name")
    for side in ("include", "exclude"):
        if side not in names:
            raise _strings("Invalid target patterns: ''")  # opencompany#2299
    for name in texts([*list_of(names, "include"), *list_of(names, "exclude")]):
        if name not in ("~ALL", "~DEFAULT_BRANCH") and not name.startswith(prefix):
            raise _strings(f"Invalid target patterns: '{name}'")  # terraform PR 2660


def _check_queue(state: State, body: JsonObject) -> None:
    """Refuse a merge queue for more than exact names (SceneWorks/SceneWorks#2236).

    A repository of a person has none (GitHub docs, "Managing a merge queue"); the words
    are assumed.
    """
    kinds = {text_of(rule, "type") for rule in objects(list_of(body, "rules"))}
    names = object_of(object_of(body, "conditions"), "ref_name")
    wide = [n for n in texts(list_of(names, "include")) if n == "~ALL" or "*" in n]
    if "merge_queue" in kinds and state.owner_type != "Organization":
        raise _strings("Invalid rule 'merge_queue': ")
    if "merge_queue" in kinds and wide:
        raise _strings(
            "Invalid rule 'merge_queue': Wildcard ref names are not supported when"
            " merge queue is enabled"
        )


def with_defaults(state: State, rule: JsonObject) -> JsonObject:
    """Return *rule* as GitHub reads it back: with the defaults of its type."""
    copy: JsonObject = json.loads(json.dumps(rule))
    known = PARAMETERS.get(text_of(rule, "type"), {})
    added = {n: v for n, v in known.items() if v not in ("required", None)}
    if not state.switches.added_defaults or not known or "parameters" not in rule:
        return copy
    parameters = {**added, **object_of(copy, "parameters")}
    if rule["type"] == "pull_request":
        if state.switches.extra_approval:
            name = "require_extra_approval_for_unattributed_changes"
            parameters.setdefault(name, True)
        if state.switches.new_parameter:
            parameters[state.switches.new_parameter] = True
    copy["parameters"] = parameters
    return copy
