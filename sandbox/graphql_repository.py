"""What GraphQL sees of the repository."""

from collections.abc import Callable

from sandbox import shapes
from sandbox.graphql_commits import commit_node
from sandbox.graphql_objects import (
    actor_node,
    label_node,
    owner_node,
    release_field,
    releases_field,
    ruleset_node,
)
from sandbox.graphql_run import Arguments, Node, Value, connection
from sandbox.graphql_threads import issues_field, pulls_field, thread_node
from sandbox.labels import every_label
from sandbox.settings import SETTINGS
from sandbox.state import REPOSITORY_ID, State
from sandbox.wire import Call, flag_of, text_of


def repository_node(state: State, call: Call) -> Node:
    """Return the repository as the caller of *call* finds it."""
    where = state.identity
    tip = state.git.commit_of(f"refs/heads/{state.default_branch}")
    target = commit_node(state, state.git.commit(tip)) if tip else None
    branch = Node("Ref", {"name": state.default_branch, "target": target})
    labels = [label_node(label) for label in every_label(state)]
    rulesets = [ruleset_node(state, ruleset) for ruleset in state.rulesets]
    people = [
        actor_node(state, actor)
        for actor in {a.login: a for a in state.people.values()}.values()
        if not actor.is_app
    ]
    fields: dict[str, Value] = {
        "id": shapes.node_id("Repository", REPOSITORY_ID),
        "databaseId": REPOSITORY_ID,
        "name": where.name,
        "nameWithOwner": where.full_name,
        "owner": owner_node(state),
        "description": text_of(state.settings, "description"),
        "url": where.html,
        "sshUrl": f"git@github.com:{where.full_name}.git",
        "homepageUrl": "",
        "parent": None,
        "defaultBranchRef": branch if tip else None,
        "labels": _labels_field(labels),
        "release": release_field(state, call.actor),
        "releases": releases_field(state, call.actor),
        "rulesets": connection("RepositoryRuleset", rulesets),
        "pullRequests": pulls_field(state, call),
        "pullRequest": _thread_field(state, call, pulls=True),
        "issues": issues_field(state),
        "issue": _thread_field(state, call, pulls=False),
        "issueOrPullRequest": _thread_field(state, call, pulls=None),
        "milestones": connection("Milestone", []),
        "assignableUsers": connection("User", people),
        "pullRequestTemplates": [],
        "issueTemplates": [],
    }
    return Node("Repository", fields | _settings(state, call))


def _labels_field(labels: list[Node]) -> Callable[[Arguments], Value]:
    def paged(arguments: Arguments) -> Value:
        wanted = str(arguments.get("query") or "").lower()
        found = [one for one in labels if wanted in str(one.fields["name"]).lower()]
        return connection("Label", found)(arguments)

    return paged


def _settings(state: State, call: Call) -> dict[str, Value]:
    actor, settings = call.actor, SETTINGS | state.settings
    permission = "WRITE" if actor.may("contents:write") else "READ"
    if actor.may("administration:write"):
        permission = "ADMIN"
    flags = dict.fromkeys(
        ("isFork", "isArchived", "isDisabled", "isEmpty", "isMirror", "isTemplate"),
        False,
    )
    flags |= dict.fromkeys(
        ("hasIssuesEnabled", "hasProjectsEnabled", "hasWikiEnabled"), True
    )
    return {
        **flags,
        "isPrivate": state.private,
        "isInOrganization": state.owner_type == "Organization",
        "visibility": "PRIVATE" if state.private else "PUBLIC",
        "viewerPermission": permission,
        "viewerCanAdminister": permission == "ADMIN",
        "viewerDefaultMergeMethod": "MERGE",
        "mergeCommitAllowed": flag_of(settings, "allow_merge_commit"),
        "rebaseMergeAllowed": flag_of(settings, "allow_rebase_merge"),
        "squashMergeAllowed": flag_of(settings, "allow_squash_merge"),
        "autoMergeAllowed": flag_of(settings, "allow_auto_merge"),
        "deleteBranchOnMerge": flag_of(settings, "delete_branch_on_merge"),
    }


def _thread_field(
    state: State, call: Call, *, pulls: bool | None
) -> Callable[[Arguments], Value]:
    """Return the field that finds an issue, a pull request or (``None``) either."""

    def by_number(arguments: Arguments) -> Value:
        for issue in state.issues:
            fits = pulls is None or pulls == (issue.pull is not None)
            if issue.number == arguments.get("number") and fits:
                return thread_node(state, call, issue)
        return None

    return by_number
