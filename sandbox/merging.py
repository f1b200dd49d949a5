"""The commit that merging a pull request makes: squash, rebase or merge."""

from http import HTTPStatus

from sandbox.records import Issue, Pull
from sandbox.rules import applies
from sandbox.state import State
from sandbox.wire import (
    ApiError,
    JsonObject,
    flag_of,
    list_of,
    object_of,
    objects,
    text_of,
    texts,
)


def merge_commit(state: State, issue: Issue, pull: Pull, body: JsonObject) -> str:
    """Write the commit that *pull*'s base is to hold next, and return its id.

    Raises ApiError 405 when the method is not allowed here or there is a conflict.
    """
    method = text_of(body, "merge_method", "merge")
    _require_method(state, pull, method)
    base = state.git.commit_of(f"refs/heads/{pull.base}") or ""
    tree = state.git.merged_tree(base, pull.head_sha)
    if tree is None:
        raise _refused("Pull Request is not mergeable")
    if method == "rebase":
        return _rebased(state, base, pull)
    title = text_of(body, "commit_title", f"{issue.title} (#{issue.number})")
    parents = [base]
    if method == "merge":
        owner = state.identity.owner
        title = f"Merge pull request #{issue.number} from {owner}/{pull.head}"
        parents.append(pull.head_sha)
    text = text_of(body, "commit_message")
    message = f"{title}\n\n{text}" if text else title
    login = issue.author.login
    author = (login, f"{login}@users.noreply.github.com", state.now())
    return state.git.commit_tree(tree, parents, message, author=author)


def _rebased(state: State, base: str, pull: Pull) -> str:
    tip = base
    for sha in state.git.history("--reverse", f"{base}..{pull.head_sha}"):
        found = state.git.commit(sha)
        tree = state.git.merged_tree(tip, sha)
        if tree is None:
            raise _refused("Pull Request is not mergeable")
        tip = state.git.commit_tree(tree, [tip], found.message, author=found.author)
    return tip


def _refused(text: str) -> ApiError:
    return ApiError(HTTPStatus.METHOD_NOT_ALLOWED, text)


def _require_method(state: State, pull: Pull, method: str) -> None:
    setting = f"allow_{'merge_commit' if method == 'merge' else f'{method}_merge'}"
    if not flag_of(state.settings, setting, default=True):
        word = {"merge": "Merge commits", "squash": "Squash merges"}.get(method)
        raise _refused(f"{word or 'Rebase merges'} are not allowed on this repository.")
    for ruleset in state.rulesets:
        if not applies(state, ruleset, f"refs/heads/{pull.base}"):
            continue
        for rule in objects(list_of(ruleset.body, "rules")):
            allowed = texts(
                list_of(object_of(rule, "parameters"), "allowed_merge_methods")
            )
            if allowed and method not in allowed:
                raise _refused(f"Merge method {method} is not allowed on this branch.")
