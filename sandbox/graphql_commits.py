"""What GraphQL sees of commits and their checks."""

from collections.abc import Iterable

from sandbox import shapes
from sandbox.gitrepo import CommitText
from sandbox.graphql_run import Arguments, Node, Value, connection
from sandbox.records import Check
from sandbox.standing import newest_checks, required_checks, rollup_state
from sandbox.state import State


def commit_node(state: State, found: CommitText) -> Node:
    """Return a commit with the sum of its checks."""
    title, _, text = found.message.partition("\n")
    author = Node(
        "GitActor",
        {"name": found.author[0], "email": found.author[1], "user": None},
    )
    return Node(
        "Commit",
        {
            "id": shapes.node_id("Commit", found.sha),
            "oid": found.sha,
            "abbreviatedOid": found.sha[:7],
            "message": found.message,
            "messageHeadline": title,
            "messageBody": text.strip(),
            "committedDate": found.committer[2],
            "authoredDate": found.author[2],
            "authors": connection("GitActor", [author]),
            "statusCheckRollup": lambda _: rollup_node(state, found.sha),
        },
        kinds=("GitObject",),
    )


def rollup_node(state: State, sha: str) -> Node | None:
    """Return all checks of commit *sha* and their sum; ``None`` without any."""
    checks = newest_checks(state, sha)
    if not checks:
        return None
    nodes = [_check(state, check) for check in checks]
    runs = [check for check in checks if check.is_run]
    return Node(
        "StatusCheckRollup",
        {
            "id": shapes.node_id("StatusCheckRollup", sha),
            "state": rollup_state(checks),
            "contexts": connection(
                "StatusCheckRollupContext",
                nodes,
                checkRunCount=len(runs),
                statusContextCount=len(checks) - len(runs),
                checkRunCountsByState=_counts("CheckRun", _states(runs)),
                statusContextCountsByState=_counts(
                    "StatusContext", (c.state.upper() for c in checks if not c.is_run)
                ),
            ),
        },
    )


def _states(runs: list[Check]) -> Iterable[str]:
    return (
        (run.state if run.status == "completed" else run.status).upper() for run in runs
    )


def _counts(kind: str, states: Iterable[str]) -> list[Value]:
    counts: dict[str, int] = {}
    for state in states:
        counts[state] = counts.get(state, 0) + 1
    return [
        Node(f"{kind}StateCount", {"state": state, "count": count})
        for state, count in counts.items()
    ]


def _check(state: State, check: Check) -> Node:
    if not check.is_run:
        return Node(
            "StatusContext",
            {
                "context": check.context,
                "state": check.state.upper(),
                "targetUrl": check.url or "",
                "createdAt": check.created_at,
                "description": check.description or "",
                "isRequired": _required_field(state, check),
            },
        )
    done = check.status == "completed"
    return Node(
        "CheckRun",
        {
            "name": check.context,
            "status": check.status.upper(),
            "conclusion": check.state.upper() if done else None,
            "startedAt": check.created_at,
            "completedAt": check.created_at if done else None,
            "detailsUrl": check.url or f"{state.identity.html}/runs/{check.id}",
            "checkSuite": Node("CheckSuite", {"workflowRun": None}),
            "title": check.context,
            "isRequired": _required_field(state, check),
        },
    )


def _required_field(state: State, check: Check) -> Value:
    def is_required(arguments: Arguments) -> Value:
        number, node = (
            arguments.get("pullRequestNumber"),
            arguments.get("pullRequestId"),
        )
        pulls = (
            issue.pull
            for issue in state.issues
            if issue.number == number or node == shapes.node_id("PullRequest", issue.id)
        )
        pull = next(pulls, None)
        return pull is not None and check.context in required_checks(state, pull)

    return is_required
