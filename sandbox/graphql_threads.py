"""What GraphQL sees of issues and pull requests."""

from sandbox import shapes
from sandbox.graphql_commits import commit_node, rollup_node
from sandbox.graphql_objects import actor_node, label_node, owner_node
from sandbox.graphql_query import QueryError
from sandbox.graphql_run import PAGE, Arguments, Node, Value, connection
from sandbox.labels import find_label
from sandbox.merging import changes_of, commits_of
from sandbox.records import Issue, Pull, Review
from sandbox.standing import (
    decision_of,
    is_mergeable,
    merge_state,
)
from sandbox.state import REPOSITORY_ID, State
from sandbox.wire import Call, Json


def _common(state: State, issue: Issue) -> dict[str, Value]:
    """Return what issues and pull requests share."""
    kind = "pull" if issue.pull else "issues"
    labels = [label_node(find_label(state, name)) for name in issue.labels]
    return {
        "number": issue.number,
        "title": issue.title,
        "body": issue.body or "",
        "url": f"{state.identity.html}/{kind}/{issue.number}",
        "author": actor_node(state, issue.author),
        "authorAssociation": "MEMBER",
        "createdAt": issue.created_at,
        "updatedAt": issue.updated_at,
        "closedAt": issue.closed_at,
        "closed": issue.state == "closed",
        "locked": False,
        "activeLockReason": None,
        "labels": connection("Label", labels),
        "comments": connection("IssueComment", _comments(state, issue)),
        "assignees": connection("User", []),
        "assignedActors": connection("Assignee", []),
        "participants": connection("User", [actor_node(state, issue.author)]),
        "projectCards": connection("ProjectCard", []),
        "projectItems": connection("ProjectV2Item", []),
        "reactionGroups": [],
        "milestone": None,
        "viewerCanUpdate": True,
    }


def _comments(state: State, issue: Issue) -> list[Node]:
    kind = "pull" if issue.pull else "issues"
    page = f"{state.identity.html}/{kind}/{issue.number}#issuecomment-"
    return [
        Node(
            "IssueComment",
            {
                "id": shapes.node_id("IssueComment", number),
                "author": actor_node(state, author),
                "authorAssociation": "MEMBER",
                "body": text,
                "createdAt": moment,
                "includesCreatedEdit": False,
                "isMinimized": False,
                "minimizedReason": "",
                "reactionGroups": [],
                "url": f"{page}{number}",
                "viewerDidAuthor": False,
            },
        )
        for number, author, text, moment in issue.comments
    ]


def issue_node(state: State, issue: Issue) -> Node:
    """Return an issue."""
    reason = issue.state_reason
    own: dict[str, Value] = {
        "id": shapes.node_id("Issue", issue.id),
        "fullDatabaseId": str(issue.id),
        "state": issue.state.upper(),
        "stateReason": reason.upper() if reason else None,
        "isPinned": False,
        "issueType": None,
        "parent": None,
        "subIssues": connection("Issue", []),
        "subIssuesSummary": Node(
            "SubIssuesSummary", {"total": 0, "completed": 0, "percentCompleted": 0}
        ),
        "linkedBranches": connection("LinkedBranch", []),
        "closedByPullRequestsReferences": connection("PullRequest", []),
    }
    return Node("Issue", _common(state, issue) | own, kinds=("Assignable", "Labelable"))


def pull_node(state: State, call: Call, issue: Issue, pull: Pull) -> Node:
    """Return a pull request as the caller of *call* finds it."""
    merged = pull.merged_at is not None
    fields = _common(state, issue) | _branches(state, pull) | _reviews(state, pull)
    own: dict[str, Value] = {
        "id": shapes.node_id("PullRequest", issue.id),
        "fullDatabaseId": str(issue.id),
        "state": "MERGED" if merged else issue.state.upper(),
        "isDraft": pull.draft,
        "mergedAt": pull.merged_at,
        "mergedBy": actor_node(state, pull.merged_by) if pull.merged_by else None,
        "mergeCommit": _commit(state, pull.merge_commit),
        "potentialMergeCommit": None,
        "autoMergeRequest": None,
        "isInMergeQueue": False,
        "isMergeQueueEnabled": False,
        "maintainerCanModify": False,
        "viewerCanEnableAutoMerge": False,
        "mergeable": lambda _: _mergeable(state, pull),
        "mergeStateStatus": lambda _: merge_state(state, call.actor, pull),
        "closingIssuesReferences": connection("Issue", []),
    }
    return Node("PullRequest", fields | own, kinds=("Assignable", "Labelable"))


def _mergeable(state: State, pull: Pull) -> str:
    if pull.merged_at is not None:
        return "UNKNOWN"
    return "MERGEABLE" if is_mergeable(state, pull) else "CONFLICTING"


def _branches(state: State, pull: Pull) -> dict[str, Value]:
    where = state.identity
    repository = Node(
        "Repository",
        {
            "id": shapes.node_id("Repository", REPOSITORY_ID),
            "name": where.name,
            "nameWithOwner": where.full_name,
            "owner": owner_node(state),
        },
    )
    base = state.git.commit_of(f"refs/heads/{pull.base}")
    return {
        "baseRefName": pull.base,
        "baseRefOid": base,
        "headRefName": pull.head,
        "headRefOid": pull.head_sha,
        "headRepository": repository,
        "headRepositoryOwner": owner_node(state),
        "baseRepository": repository,
        "isCrossRepository": False,
        "baseRef": Node("Ref", {"name": pull.base, "branchProtectionRule": None}),
        "commits": _commits_field(state, pull),
        "statusCheckRollup": lambda _: rollup_node(state, pull.head_sha),
        "changedFiles": lambda _: len(changes_of(state, pull)),
        "additions": lambda _: sum(f.additions for f in changes_of(state, pull)),
        "deletions": lambda _: sum(f.deletions for f in changes_of(state, pull)),
        "files": lambda arguments: _files(state, pull, arguments),
    }


def _files(state: State, pull: Pull, arguments: Arguments) -> Value:
    nodes = [
        Node(
            "PullRequestChangedFile",
            {
                "path": file.path,
                "additions": file.additions,
                "deletions": file.deletions,
                "changeType": file.status.upper().replace("REMOVED", "DELETED"),
            },
        )
        for file in changes_of(state, pull)
    ]
    return connection("PullRequestChangedFile", nodes)(arguments)


def _commits_field(state: State, pull: Pull) -> Value:
    def paged(arguments: Arguments) -> Value:
        nodes = [
            Node("PullRequestCommit", {"commit": commit_node(state, commit)})
            for commit in commits_of(state, pull)
        ]
        return connection("PullRequestCommit", nodes)(arguments)

    return paged


def _commit(state: State, sha: str | None) -> Node | None:
    return commit_node(state, state.git.commit(sha)) if sha else None


def _reviews(state: State, pull: Pull) -> dict[str, Value]:
    newest = {review.author.login: review for review in pull.reviews}
    every = [_review(state, review) for review in pull.reviews]
    latest = [_review(state, review) for review in newest.values()]
    return {
        "reviewDecision": decision_of(state, pull),
        "reviews": connection("PullRequestReview", every),
        "latestReviews": connection("PullRequestReview", latest),
        "reviewRequests": connection("ReviewRequest", []),
        "reviewThreads": connection("PullRequestReviewThread", []),
    }


def _review(state: State, review: Review) -> Node:
    return Node(
        "PullRequestReview",
        {
            "id": shapes.node_id("PullRequestReview", review.id),
            "author": actor_node(state, review.author),
            "authorAssociation": "MEMBER",
            "body": review.body,
            "state": review.state,
            "submittedAt": review.submitted_at,
            "commit": Node("Commit", {"oid": review.commit}),
            "includesCreatedEdit": False,
            "reactionGroups": [],
            "url": "",
        },
    )


def thread_node(state: State, call: Call, issue: Issue) -> Node:
    """Return an issue or a pull request, whichever *issue* is."""
    if issue.pull is None:
        return issue_node(state, issue)
    return pull_node(state, call, issue, issue.pull)


def _texts(value: Json) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]


def pulls_field(state: State, call: Call) -> Value:
    """Return the field that pages the pull requests, newest first unless told so."""

    def paged(arguments: Arguments) -> Value:
        wanted = _texts(arguments.get("states"))
        found = [
            pull_node(state, call, issue, issue.pull)
            for issue in _ordered(state, arguments)
            if issue.pull
            if arguments.get("headRefName") in (None, "", issue.pull.head)
            if arguments.get("baseRefName") in (None, "", issue.pull.base)
        ]
        shown = [node for node in found if not wanted or node.fields["state"] in wanted]
        return connection("PullRequest", shown)(arguments)

    return paged


def issues_field(state: State) -> Value:
    """Return the field that pages the issues, newest first unless told otherwise."""

    def paged(arguments: Arguments) -> Value:
        wanted = _texts(arguments.get("states"))
        author = _author_of_filter(arguments.get("filterBy"))
        found = [
            issue_node(state, issue)
            for issue in _ordered(state, arguments)
            if not issue.pull and author in (None, "", issue.author.login)
            if not wanted or issue.state.upper() in wanted
        ]
        return connection("Issue", found)(arguments)

    return paged


def _author_of_filter(by: Json) -> Json:
    """Return whose issues are wanted; QueryError for a filter that is not here."""
    filters = by if isinstance(by, dict) else {}
    other = [name for name in filters if filters[name] and name != "createdBy"]
    if other:
        raise QueryError(
            f"the sandbox does not filter issues by {other[0]!r}; {PAGE} says what it "
            "answers"
        )
    return filters.get("createdBy")


def _ordered(state: State, arguments: Arguments) -> list[Issue]:
    """Return the threads; GraphQL's own order is the oldest first."""
    order = arguments.get("orderBy")
    down = isinstance(order, dict) and order.get("direction") == "DESC"
    return state.issues[::-1] if down else list(state.issues)
