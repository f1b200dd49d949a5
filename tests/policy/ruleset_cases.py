"""One ruleset as the file has it and as GitHub reads it back, and edits of it."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass

from monokeel.ground.answers import Json
from monokeel.policy.comparison import Comparison, compare_policies
from monokeel.policy.reading import Reading, judge
from monokeel.policy.rulesets import parse_policy, read_live

Body = dict[str, Json]
Edit = Callable[[Json], None]

PATTERN: Body = {"operator": "regex", "pattern": "^feat"}
TEAM: Body = {"id": 9, "type": "Team"}
ADMIN: Body = {
    "actor_id": 5,
    "actor_type": "RepositoryRole",
    "bypass_mode": "pull_request",
}

# As short as a file may be: defaults left out.
FILE: Body = {
    "name": "main",
    "target": "branch",
    "enforcement": "active",
    "bypass_actors": [
        {"actor_type": "DeployKey"},
        {"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"},
        ADMIN,
    ],
    "conditions": {
        "ref_name": {
            "include": ["refs/heads/main", "refs/heads/release/*"],
            "exclude": [],
        }
    },
    "rules": [
        {"type": "deletion"},
        {"type": "non_fast_forward"},
        {"type": "update"},
        {
            "type": "pull_request",
            "parameters": {
                "required_approving_review_count": 1,
                "dismiss_stale_reviews_on_push": True,
                "require_code_owner_review": False,
                "require_last_push_approval": True,
                "required_review_thread_resolution": True,
                "required_reviewers": [
                    {
                        "file_patterns": ["*.py", "!tests/*.py"],
                        "minimum_approvals": 1,
                        "reviewer": TEAM,
                    }
                ],
            },
        },
        {
            "type": "required_status_checks",
            "parameters": {
                "strict_required_status_checks_policy": True,
                "required_status_checks": [
                    {"context": "all-green", "integration_id": 15368},
                    {"context": "lint"},
                ],
            },
        },
        {"type": "branch_name_pattern", "parameters": PATTERN},
        {
            "type": "required_deployments",
            "parameters": {"required_deployment_environments": ["staging", "dev"]},
        },
        {
            "type": "code_scanning",
            "parameters": {
                "code_scanning_tools": [
                    {
                        "tool": "CodeQL",
                        "alerts_threshold": "errors",
                        "security_alerts_threshold": "all",
                    }
                ]
            },
        },
        {
            "type": "workflows",
            "parameters": {"workflows": [{"path": "a.yml", "repository_id": 1}]},
        },
        {"type": "copilot_code_review", "parameters": {}},
    ],
}


def live_body() -> Body:
    """The same, as GitHub reads it back: read-only fields, defaults, null ids."""
    live = copy.deepcopy(FILE)
    live |= {
        "id": 7,
        "node_id": "RRS_x",
        "source": "acme/shop",
        "source_type": "Repository",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-02T00:00:00.000-04:00",
        "current_user_can_bypass": "never",
        "_links": {"self": {"href": "https://api.github.com/x"}},
        "bypass_actors": [
            {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"},
            {
                "actor_id": None,
                "actor_type": "OrganizationAdmin",
                "bypass_mode": "always",
            },
            dict(ADMIN),
        ],
    }
    defaults: dict[tuple[str, str], Json] = {
        ("pull_request", "allowed_merge_methods"): ["merge", "squash", "rebase"],
        ("pull_request", "dismissal_restriction"): {
            "enabled": False,
            "allowed_actors": [],
        },
        ("pull_request", "require_extra_approval_for_unattributed_changes"): True,
        ("required_status_checks", "do_not_enforce_on_create"): False,
        ("branch_name_pattern", "name"): "",
        ("branch_name_pattern", "negate"): False,
        ("workflows", "do_not_enforce_on_create"): False,
        ("copilot_code_review", "review_on_push"): False,
        ("copilot_code_review", "review_draft_pull_requests"): False,
    }
    for (rule, parameter), value in defaults.items():
        sets("rules", rule, "parameters", parameter, to=value)(live)
    return live


def at(value: Json, *path: str | int) -> Json:
    """Follow *path*; in a list of rules a text is the rule's type."""
    for step in path:
        if isinstance(value, list) and isinstance(step, str):
            value = next(
                x for x in value if isinstance(x, dict) and x.get("type") == step
            )
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
        else:
            assert isinstance(value, dict)
            assert isinstance(step, str)
            value = value[step]
    return value


def put(*path: str | int) -> Callable[[Json, Json], None]:
    def edit(body: Json, value: Json) -> None:
        holder = at(body, *path[:-1])
        if isinstance(holder, dict):
            holder[str(path[-1])] = value
        else:
            assert isinstance(holder, list)
            holder[int(path[-1])] = value

    return edit


def sets(*path: str | int, to: Json) -> Edit:
    return lambda body: put(*path)(body, to)


def drops(*path: str | int) -> Edit:
    def edit(body: Json) -> None:
        holder = at(body, *path[:-1])
        if isinstance(holder, dict):
            del holder[str(path[-1])]
        else:
            assert isinstance(holder, list)
            holder.remove(at(holder, path[-1]))

    return edit


def adds(*path: str | int, item: Json) -> Edit:
    def edit(body: Json) -> None:
        listed = at(body, *path)
        assert isinstance(listed, list)
        listed.append(item)

    return edit


def turns(*path: str | int) -> Edit:
    def edit(body: Json) -> None:
        listed = at(body, *path)
        assert isinstance(listed, list)
        listed.reverse()

    return edit


def same(_: Json) -> None:
    """Change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A live answer and a file, and the verdict; *paths* of what counts as drift."""

    id: str
    verdict: str
    live: Edit = same
    file: Edit = same
    paths: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def compared(case: Case) -> Comparison:
    live, file = live_body(), copy.deepcopy(FILE)
    case.live(live)
    case.file(file)
    text = json.dumps([file])
    return compare_policies(parse_policy(text), [read_live(live)])[0]


def verdict_of(*comparisons: Comparison) -> str:
    return judge(
        drift=[each for each in comparisons if each.drifts],
        unverified=Reading(comparisons=comparisons).unverified,
        allowed=(),
    )
