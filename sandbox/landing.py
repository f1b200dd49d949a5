"""Merging a pull request: it lands on its base, under the rules."""

from http import HTTPStatus

from sandbox import rules
from sandbox.issues import set_state
from sandbox.merging import merge_commit
from sandbox.pulls import find_pull
from sandbox.records import Change, Issue, Pull
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import ApiError, Call, Reply, rule_text, text_of


@route("PUT", "/R/pulls/{number}/merge", "contents:write")
def merge(state: State, call: Call) -> Reply:
    """Merge under the rules: 405 with the reasons while one is not met (assumed)."""
    issue, pull = find_pull(state, call)
    body = call.json()
    if issue.state != "open" or pull.draft:
        raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED, "Pull Request is not mergeable")
    if text_of(body, "sha", pull.head_sha) != pull.head_sha:
        text = "Head branch was modified. Review and try the merge again."
        raise ApiError(HTTPStatus.CONFLICT, text)
    ref = f"refs/heads/{pull.base}"
    old = state.git.ref(ref)
    new = merge_commit(state, issue, pull, body)
    change = Change(ref=ref, old=old, new=new, pull=pull)
    verdict = rules.judge(state, call.actor, change)
    if verdict.blocked:
        text = rule_text(list(verdict.blocked))
        raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED, text)
    if not state.git.move(ref, new, old):
        text = "Base branch was modified. Review and try the merge again."
        raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED, text)
    pull.merge_base = old
    _finish(state, call, issue, pull, new)
    text = "Pull Request successfully merged"
    return Reply(json={"sha": new, "merged": True, "message": text})


def _finish(state: State, call: Call, issue: Issue, pull: Pull, new: str) -> None:
    """Write down that the pull request of *issue* was merged as commit *new*."""
    pull.merged_at, pull.merged_by, pull.merge_commit = state.now(), call.actor, new
    set_state(state, issue, "closed")
    state.record_move(call.actor, f"refs/heads/{pull.base}", pull.merge_base, new)
    state.moves[-1].kind = "pr_merge"
    _tidy(state, call, pull)


def _tidy(state: State, call: Call, pull: Pull) -> None:
    """Delete the merged branch where the repository is set so.

    The setting is said to pass the rule ``deletion`` (Esposter#1184, unconfirmed).
    """
    ref = f"refs/heads/{pull.head}"
    tip = state.git.ref(ref)
    if state.settings.get("delete_branch_on_merge") and tip:
        state.git.delete(ref, tip)
        state.record_move(call.actor, ref, tip, None)
