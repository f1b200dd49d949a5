"""Rulesets of the kind that a rendered repository has."""

from sandbox.wire import Json

PULL_REQUEST: dict[str, Json] = {
    "required_approving_review_count": 1,
    "dismiss_stale_reviews_on_push": True,
    "require_code_owner_review": False,
    "require_last_push_approval": True,
    "required_review_thread_resolution": True,
    "allowed_merge_methods": ["squash", "rebase"],
}
DEPLOY_KEY: dict[str, Json] = {"actor_id": None, "actor_type": "DeployKey"}


def rule(kind: str, **parameters: Json) -> dict[str, Json]:
    """Return a rule of type *kind*."""
    return {"type": kind, "parameters": parameters} if parameters else {"type": kind}


def ruleset(
    name: str,
    *rules: Json,
    ref: str = "refs/heads/main",
    bypass: list[Json] | None = None,
) -> dict[str, Json]:
    """Return an active ruleset for *ref*."""
    return {
        "name": name,
        "target": "tag" if ref.startswith("refs/tags/") else "branch",
        "enforcement": "active",
        "bypass_actors": bypass or [],
        "conditions": {"ref_name": {"include": [ref], "exclude": []}},
        "rules": list(rules),
    }


ENV = ruleset(
    "env-pointers",
    rule("creation"),
    rule("update", update_allows_fetch_and_merge=False),
    rule("deletion"),
    ref="refs/heads/env/*",
    bypass=[DEPLOY_KEY],
)
TAGS_CREATE = ruleset(
    "release-tags-create", rule("creation"), ref="refs/tags/v*", bypass=[DEPLOY_KEY]
)
TAGS = ruleset(
    "release-tags-immutable",
    rule("update", update_allows_fetch_and_merge=False),
    rule("deletion"),
    ref="refs/tags/v*",
)
MAIN = ruleset(
    "main",
    rule("deletion"),
    rule("non_fast_forward"),
    rule("required_linear_history"),
    rule("pull_request", **PULL_REQUEST),
    rule(
        "required_status_checks",
        strict_required_status_checks_policy=True,
        required_status_checks=[{"context": "all-green", "integration_id": 15368}],
    ),
)
