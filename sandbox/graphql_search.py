"""GraphQL's search: issues and pull requests, by what gh writes into a query."""

import shlex
from collections.abc import Callable

from sandbox.graphql_query import QueryError
from sandbox.graphql_run import PAGE, Arguments, Value, connection
from sandbox.graphql_threads import thread_node
from sandbox.records import Issue
from sandbox.state import State
from sandbox.wire import Call

_KINDS = {"pr": True, "issue": False}


def search(state: State, call: Call, arguments: Arguments) -> Value:
    """Return issues or pull requests, newest first.

    Raises QueryError for a qualifier that is not known here: to leave one out would
    find too much.
    """
    if arguments.get("type") not in ("ISSUE", "ISSUE_ADVANCED"):
        raise QueryError(f"the sandbox finds issues only; {PAGE} says what it answers")
    text = str(arguments.get("query") or "").replace("(", " ").replace(")", " ")
    tests = [_test(state, call, word) for word in shlex.split(text)]
    found = [
        thread_node(state, call, issue)
        for issue in reversed(state.issues)
        if all(test(issue) for test in tests)
    ]
    return connection("SearchResultItem", found, issueCount=len(found))(arguments)


def _test(state: State, call: Call, word: str) -> Callable[[Issue], bool]:
    """Return what one *word* of a search asks of an issue or pull request."""
    name, mark, value = word.partition(":")
    who = call.actor.login if value == "@me" else value
    tests: dict[str, Callable[[Issue], bool]] = {
        "repo": lambda _: value.lower() == state.identity.full_name.lower(),
        "type": lambda issue: _is(issue, value.lower()),
        "is": lambda issue: _is(issue, value.lower()),
        "state": lambda issue: _is(issue, value.lower()),
        "author": lambda issue: issue.author.login == who,
        "label": lambda issue: value in issue.labels,
        "head": lambda issue: issue.pull is not None and issue.pull.head == value,
        "base": lambda issue: issue.pull is not None and issue.pull.base == value,
        "sort": lambda _: True,
        # Nobody is asked for a review or assigned here.
        "review-requested": lambda _: False,
        "assignee": lambda _: False,
    }
    if not mark:
        return lambda issue: word.lower() in issue.title.lower()
    if name not in tests:
        raise QueryError(
            f"the sandbox does not search by {name!r}; {PAGE} says what it answers"
        )
    return tests[name]


def _is(issue: Issue, word: str) -> bool:
    if word in _KINDS:
        return (issue.pull is not None) == _KINDS[word]
    merged = issue.pull is not None and issue.pull.merged_at is not None
    return word == ("merged" if merged else issue.state) or (
        merged and word == "closed"
    )
