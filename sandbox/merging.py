"""The commit that merging a pull request makes: squash, rebase or merge."""

from dataclasses import dataclass
from http import HTTPStatus

from sandbox.gitrepo import CommitText
from sandbox.records import Issue, Pull
from sandbox.rules import applies
from sandbox.settings import setting
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
    parents = [base, pull.head_sha] if method == "merge" else [base]
    words = _merge_words if method == "merge" else _squash_words
    title, text = words(state, issue, pull)
    title = text_of(body, "commit_title") or title
    text = text_of(body, "commit_message", text)
    message = f"{title}\n\n{text}" if text else title
    login = issue.author.login
    author = (login, f"{login}@users.noreply.github.com", state.now())
    return state.git.commit_tree(tree, parents, message, author=author)


def _merge_words(state: State, issue: Issue, pull: Pull) -> tuple[str, str]:
    """Return title and text of a merge commit, as the settings want them."""
    title = (
        f"Merge pull request #{issue.number} from {state.identity.owner}/{pull.head}"
    )
    if not state.switches.merge_follows_settings:
        return title, ""
    if setting(state, "merge_commit_title") == "PR_TITLE":
        title = f"{issue.title} (#{issue.number})"
    bodies = {"PR_TITLE": issue.title, "PR_BODY": issue.body or ""}
    return title, bodies.get(setting(state, "merge_commit_message"), "")


def _squash_words(state: State, issue: Issue, pull: Pull) -> tuple[str, str]:
    """Return title and text of a squash, as the settings want them.

    By default the message of the only commit, or the pull request's title and a list
    of its commits (semantic-release#2361, conbench#666, electron#27276).
    """
    number = f" (#{issue.number})"
    if not state.switches.merge_follows_settings:
        return issue.title + number, ""
    commits = commits_of(state, pull)
    title, text = issue.title, "\n\n".join(f"* {one.message}" for one in commits)
    own = setting(state, "squash_merge_commit_title") == "COMMIT_OR_PR_TITLE"
    if own and len(commits) == 1:
        title, _, text = commits[0].message.partition("\n")
    bodies = {"COMMIT_MESSAGES": text.strip(), "PR_BODY": issue.body or ""}
    return title + number, bodies.get(setting(state, "squash_merge_commit_message"), "")


def commits_of(state: State, pull: Pull) -> list[CommitText]:
    """Return the commits of *pull* that its base does not have, oldest first."""
    start = pull.merge_base or f"refs/heads/{pull.base}"
    span = f"{start}..{pull.head_sha}"
    found = state.git.history("--reverse", "--no-merges", span)
    return [state.git.commit(sha) for sha in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file that a pull request changes; *status* is GitHub's word."""

    path: str
    status: str
    additions: int
    deletions: int
    blob: str


def difference_of(state: State, pull: Pull, kind: str) -> bytes:
    """Return what *pull* changes as a ``diff``, or its commits as a ``patch``."""
    start = pull.merge_base or f"refs/heads/{pull.base}"
    if kind == "patch":
        span = f"{start}..{pull.head_sha}"
        return state.git.git_bytes("format-patch", "--stdout", span)
    return state.git.git_bytes("diff", f"{start}...{pull.head_sha}")


_STATUS = {"A": "added", "D": "removed"}


def changes_of(state: State, pull: Pull) -> list[FileChange]:
    """Return the files that *pull* changes, by path; moves are not followed."""
    start = pull.merge_base or f"refs/heads/{pull.base}"
    span = f"{start}...{pull.head_sha}"
    words = ("diff", "--no-renames", "--raw", "--numstat", "--abbrev=40", "-z", span)
    parts, kinds, found = state.git.git(*words).split("\0"), {}, []
    while parts:
        entry = parts.pop(0)
        if entry.startswith(":"):
            kinds[parts.pop(0)] = entry.split()
        elif entry:
            added, removed, path = entry.split("\t")
            numbers = [int(n) if n.isdecimal() else 0 for n in (added, removed)]
            _, _, before, after, kind = kinds[path]
            found.append(
                FileChange(
                    path=path,
                    status=_STATUS.get(kind, "modified"),
                    additions=numbers[0],
                    deletions=numbers[1],
                    blob=before if kind == "D" else after,
                )
            )
    return found


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
    name = f"allow_{'merge_commit' if method == 'merge' else f'{method}_merge'}"
    if not flag_of(state.settings, name, default=True):
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
