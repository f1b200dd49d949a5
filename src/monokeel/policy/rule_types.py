"""What a ruleset may hold, as data: rule types, actors, refs; names; what is misshapen.

Types, required members, enumerations and ranges are those of GitHub's OpenAPI
description (npm ``@octokit/openapi`` 23.0.2, ``api.github.com``); a test compares
every line with it. The description has no default for any rule parameter: the
defaults stand here by hand, each as GitHub adds it when a ruleset is read back. The
check of a body does what a JSON Schema check does and what that misses: a misspelt
parameter, one on a rule that has none, empty lists.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from difflib import get_close_matches
from typing import Literal

from monokeel.ground.answers import Json

Kind = Literal["boolean", "integer", "string", "array", "object"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One JSON value: its type, its limits, and what an absent one means.

    *identity* names the members that tell two items of an array apart (none: the item
    itself); an *ordered* array is compared as a sequence, any other as a set. Without
    a *default* an absent member is not the same as any value. Of *open* values more
    may come than *allowed* has; a *nullable* one may be null. *targets*: of a rule.
    """

    kind: Kind
    required: bool = False
    default: Json = None
    allowed: tuple[str, ...] = ()
    open: bool = False
    nullable: bool = False
    limits: tuple[int, int] | None = None
    item: "Shape | None" = None
    identity: tuple[str, ...] = ()
    ordered: bool = False
    empty: bool = True
    members: Mapping[str, "Shape"] = field(default_factory=dict)
    targets: tuple[str, ...] = ()

    @property
    def is_set(self) -> bool:
        """Whether it is an array whose order means nothing."""
        return self.kind == "array" and not self.ordered

    def label(self, item: Json) -> str:
        """Return the key of *item* of this array: ``[all-green, app 15368 (…)]``."""
        members = item if isinstance(item, dict) else {}
        given = {
            key: members[key] for key in self.identity if members.get(key) is not None
        }
        if isinstance(item, str) and not self.identity:
            return f"[{item}]"
        if not {*self.identity[:1]} & {*given}:
            return f"[{json.dumps(item, sort_keys=True)}]"
        kind, parts = str(given.get("actor_type")), list[str]()
        for key, value in given.items():
            if key == "integration_id":
                parts.append(f"app {_named('Integration', value)}")
            elif key == "actor_id":
                parts += [_named(kind, value)] * (kind not in ID_LESS_ACTORS)
            elif key == "reviewer" and isinstance(value, dict):
                parts.append(f"{value.get('type')} {value.get('id')}")
            else:
                parts.append(f"{'repository ' * (key == 'repository_id')}{value}")
        separator = " " if {"type", "actor_type"} & {*self.identity} else ", "
        return f"[{separator.join(parts)}]"

    def part(self, key: str) -> "Shape | None":
        """Return the shape of its part *key* (``deletion#2``: the second of a name)."""
        return self.members.get(key.partition("#")[0], self.item)


def _count(least: int, most: int) -> Shape:
    return Shape(kind="integer", required=True, limits=(least, most))


def _choice(*allowed: str) -> Shape:
    return Shape(kind="string", required=True, allowed=allowed)


def _some(item: Shape, *identity: str) -> Shape:
    return Shape(kind="array", required=True, item=item, identity=identity, empty=False)


def _any_of(item: Shape, *identity: str) -> Shape:
    return Shape(kind="array", default=[], item=item, identity=identity)


def _record(default: Json = None, **members: Shape) -> Shape:
    return Shape(kind="object", default=default, members=members)


def _for(*targets: str, **parameters: Shape) -> Shape:
    return Shape(kind="object", members=parameters, targets=targets)


TEXT = Shape(kind="string")
_NUMBER = Shape(kind="integer")
_FLAG = Shape(kind="boolean", default=False)
_ON = Shape(kind="boolean", default=True)
_NEEDED_TEXT = Shape(kind="string", required=True)
_NEEDED_NUMBER = Shape(kind="integer", required=True)
_NEEDED_FLAG = Shape(kind="boolean", required=True)

TARGETS = ("branch", "tag", "push")
WRITABLE = ("name", "target", "enforcement", "bypass_actors", "conditions", "rules")
READ_ONLY = (
    *("id", "node_id", "source", "source_type", "created_at", "updated_at", "_links"),
    "current_user_can_bypass",
)

# Source of the two defaults: read-backs in public issues (rules "on read").
_PATTERN = {
    "name": Shape(kind="string", default=""),
    "negate": _FLAG,
    "operator": _choice("starts_with", "ends_with", "contains", "regex"),
    "pattern": _NEEDED_TEXT,
}
_WORKFLOW = _record(path=_NEEDED_TEXT, ref=TEXT, repository_id=_NEEDED_NUMBER, sha=TEXT)
_SECURITY = ("none", "critical", "high_or_higher", "medium_or_higher", "all")
_SCANNING_TOOL = _record(
    alerts_threshold=_choice("none", "errors", "errors_and_warnings", "all"),
    security_alerts_threshold=_choice(*_SECURITY),
    tool=_NEEDED_TEXT,
)
_REVIEWER = _record(
    file_patterns=Shape(kind="array", required=True, item=TEXT, ordered=True),
    minimum_approvals=_NEEDED_NUMBER,
    reviewer=replace(_record(id=_NEEDED_NUMBER, type=_choice("Team")), required=True),
)
_WHO = _choice("User", "Team", "IntegrationInstallation", "RepositoryRole")
_DISMISSING = _any_of(_record(id=_NEEDED_NUMBER, type=_WHO), "type", "id")
_METHODS = ("merge", "squash", "rebase")
_GIT = ("branch", "tag")
_CHECK = _record(context=_NEEDED_TEXT, integration_id=_NUMBER)
RULE_TYPES: Mapping[str, Shape] = {
    "creation": _for(*_GIT),
    # Required by the schema, yet GitHub may send the rule without: then false.
    "update": _for(
        *_GIT, update_allows_fetch_and_merge=replace(_NEEDED_FLAG, default=False)
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
            default=[*_METHODS],
            item=Shape(kind="string", allowed=_METHODS),
            empty=False,
        ),
        dismiss_stale_reviews_on_push=_NEEDED_FLAG,
        dismissal_restriction=_record(
            default={"enabled": False, "allowed_actors": []},
            allowed_actors=_DISMISSING,
            enabled=_NEEDED_FLAG,
        ),
        require_code_owner_review=_NEEDED_FLAG,
        # Read back by live GitHub, in no description (developerz-ai/wurk#488,
        # hebbianai/dure#43): without it a fresh repository drifts.
        require_extra_approval_for_unattributed_changes=_ON,
        require_last_push_approval=_NEEDED_FLAG,
        required_approving_review_count=_count(0, 10),
        required_review_thread_resolution=_NEEDED_FLAG,
        required_reviewers=_any_of(_REVIEWER, "reviewer"),
    ),
    "required_status_checks": _for(
        *_GIT,
        do_not_enforce_on_create=_FLAG,
        required_status_checks=_some(_CHECK, "context", "integration_id"),
        strict_required_status_checks_policy=_NEEDED_FLAG,
    ),
    "merge_queue": _for(
        "branch",
        check_response_timeout_minutes=_count(1, 360),
        grouping_strategy=_choice("ALLGREEN", "HEADGREEN"),
        max_entries_to_build=_count(0, 100),
        max_entries_to_merge=_count(0, 100),
        merge_method=_choice("MERGE", "SQUASH", "REBASE"),
        min_entries_to_merge=_count(0, 100),
        min_entries_to_merge_wait_minutes=_count(0, 360),
    ),
    "required_deployments": _for(*_GIT, required_deployment_environments=_some(TEXT)),
    "commit_message_pattern": _for(*_GIT, **_PATTERN),
    "commit_author_email_pattern": _for(*_GIT, **_PATTERN),
    "committer_email_pattern": _for(*_GIT, **_PATTERN),
    "branch_name_pattern": _for("branch", **_PATTERN),
    "tag_name_pattern": _for("tag", **_PATTERN),
    "workflows": _for(
        "branch",
        do_not_enforce_on_create=_FLAG,
        workflows=_some(_WORKFLOW, "repository_id", "path"),
    ),
    "code_scanning": _for("branch", code_scanning_tools=_some(_SCANNING_TOOL, "tool")),
    # Since 2026-07-20 (google/go-github#4520); its values are unconfirmed.
    "code_quality": _for("branch", severity=_NEEDED_TEXT),
    # Both defaults are unconfirmed on live GitHub.
    "copilot_code_review": _for(
        "branch", review_draft_pull_requests=_FLAG, review_on_push=_FLAG
    ),
    "file_path_restriction": _for("push", restricted_file_paths=_some(TEXT)),
    "file_extension_restriction": _for("push", restricted_file_extensions=_some(TEXT)),
    "max_file_path_length": _for("push", max_file_path_length=_count(1, 32767)),
    "max_file_size": _for("push", max_file_size=_count(1, 100)),
}

_REFS = replace(_any_of(TEXT), nullable=True)  # what is missing there is told by refs
_SIDES = replace(_record(default={}, include=_REFS, exclude=_REFS), nullable=True)
CONDITIONS = replace(_record(default={}, ref_name=_SIDES), nullable=True)
_MODES = ("always", "pull_request", "exempt")
_KEYED = ("Integration", "OrganizationAdmin", "RepositoryRole", "Team")
_TYPE = replace(_choice(*_KEYED, "DeployKey", "User"), open=True)
_MODE = Shape(kind="string", default="always", allowed=_MODES, nullable=True)
ACTOR = _record(
    actor_id=replace(_NUMBER, nullable=True), actor_type=_TYPE, bypass_mode=_MODE
)
# A ruleset in canonical form: its rules are parameters by type.
RULESET = _record(
    target=Shape(kind="string", default="branch", allowed=TARGETS),
    enforcement=_choice("disabled", "active", "evaluate"),
    bypass_actors=_any_of(ACTOR, "actor_type", "actor_id"),
    conditions=CONDITIONS,
    rules=Shape(kind="object", required=True, members=RULE_TYPES),
)

GITHUB_ACTIONS = 15368
# Numbers never stand alone: a livestore change took role 5 for "write"
# (livestorejs/livestore#1214). Roles: source of otterdog 1.7.0.
_NAMES: Mapping[str, Mapping[int, str]] = {
    "RepositoryRole": {2: "maintain", 4: "write", 5: "admin"},
    "Integration": {GITHUB_ACTIONS: "github-actions"},
}
# GitHub sends null for these whatever was written (terraform-provider-github#2536).
# EnterpriseOwner exists on GitHub Enterprise only.
ID_LESS_ACTORS = ("DeployKey", "OrganizationAdmin", "EnterpriseOwner")


def _named(kind: str, number: Json) -> str:
    name = _NAMES.get(kind, {}).get(number) if isinstance(number, int) else None
    return f"{number} ({name})" if name else str(number)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong at *path* of *ruleset*; a *warning* does not stop a write.

    *unknown* marks a rule type or a member that is not in the table: GitHub may well
    know it, so it is let through where GitHub already holds it.
    """

    path: str
    problem: str
    _: KW_ONLY
    ruleset: str = ""
    warning: bool = False
    unknown: bool = False

    @property
    def line(self) -> str:
        """The finding in one line."""
        return f"{self.ruleset}: {self.path} {self.problem}"


def repeated(names: list[str]) -> list[str]:
    """Return those of *names* that stand there more than once, sorted."""
    return sorted({name for name in names if names.count(name) > 1})


def check_members(
    path: str, value: Mapping[str, Json], shapes: Mapping[str, Shape]
) -> Iterator[Finding]:
    """Yield what is wrong with the members of one object; *path* ends in its dot."""
    for key, shape in shapes.items():
        where, member = f"{path}{key}", value.get(key)
        if member is None and shape.required and shape.default is None:
            one = f": write one of {', '.join(shape.allowed)}" * bool(shape.allowed)
            yield Finding(where, f"is missing{one}")
        elif member is not None:
            yield from _check(where, member, shape)
        elif key in value and not shape.nullable:
            yield Finding(where, "is null: leave it out instead")
    for key in value:
        if key not in shapes:  # @: beside the parameters of a rule
            known = ("parameters",) if key.startswith("@") else shapes
            yield unknown_name(f"{path}{key}", key.lstrip("@"), known)


def _check(path: str, value: Json, shape: Shape) -> Iterator[Finding]:
    if shape.open and isinstance(value, str) and value not in shape.allowed:
        yield unknown_name(path, value, shape.allowed)
    elif problem := _problem(value, shape):
        # GitHub's page stores no environments (NethermindEth/rust-template).
        yield Finding(path, problem, warning=value == [] and shape.item == TEXT)
    elif isinstance(value, dict):
        yield from check_members(f"{path}.", value, shape.members)
    elif isinstance(value, list) and shape.item is not None:
        labels = [*map(shape.label, value)]
        for twice in [] if shape.ordered else repeated(labels):
            yield Finding(f"{path}{twice}", "is there twice")
        for index, (item, label) in enumerate(zip(value, labels, strict=True)):
            where = label if shape.identity else f"[{index}]"
            yield from _check(f"{path}{where}", item, shape.item)


def unknown_name(path: str, name: str, known: Collection[str]) -> Finding:
    """Return the finding for *name*, none of *known*.

    One that looks like a known name is a slip and stops the write, unless GitHub holds
    it. Any other is sent, and GitHub decides: it grows faster than the table of rules.
    """
    near = get_close_matches(name, known, n=1, cutoff=0.8)
    problem = f"is not known; did you mean {near[0]}?" if near else ""
    if not known:
        problem = "is not known: nothing may stand here"
    sent = "is not known here: it is sent as it is, and GitHub decides"
    return Finding(path, problem or sent, warning=not problem, unknown=True)


_TYPES: Mapping[str, tuple[type, str]] = {
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "string": (str, "a string"),
    "array": (list, "a list"),
    "object": (dict, "an object"),
}


def _problem(value: Json, shape: Shape) -> str:
    kind, name = _TYPES[shape.kind]
    # Python counts true as a number, JSON does not.
    bad_flag = shape.kind == "integer" and isinstance(value, bool)
    if bad_flag or not isinstance(value, kind):
        shown = repr(value) if isinstance(value, str) else json.dumps(value)
        return f"is {shown}, not {name}"
    if isinstance(value, str) and shape.allowed and value not in shape.allowed:
        return f"is {value!r}, not one of {', '.join(shape.allowed)}"
    if shape.limits and isinstance(value, int):
        least, most = shape.limits
        if not least <= value <= most:
            return f"is {value}, not from {least} to {most}"
    return "is an empty list" if value == [] and not shape.empty else ""
