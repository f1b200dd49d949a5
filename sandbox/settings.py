"""The repository's settings: their defaults, and which ones go together."""

from http import HTTPStatus

from sandbox.state import State
from sandbox.wire import ApiError, JsonObject, flag_of, invalid, text_of

# Settings that only a caller who may write contents sees.
SETTINGS: JsonObject = {
    "allow_rebase_merge": True,
    "allow_squash_merge": True,
    "allow_merge_commit": True,
    "allow_auto_merge": False,
    "delete_branch_on_merge": False,
    "allow_update_branch": False,
    "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
    "squash_merge_commit_message": "COMMIT_MESSAGES",
    "merge_commit_title": "MERGE_MESSAGE",
    "merge_commit_message": "PR_TITLE",
}
_METHODS = ("allow_rebase_merge", "allow_squash_merge", "allow_merge_commit")
# Title to the messages that go with it, as in the form of the settings page and in
# the list of valid pairs of cli/cli#10363.
_PAIRS = {
    "squash_merge_commit": {
        "COMMIT_OR_PR_TITLE": ("COMMIT_MESSAGES",),
        "PR_TITLE": ("PR_BODY", "COMMIT_MESSAGES", "BLANK"),
    },
    "merge_commit": {
        "MERGE_MESSAGE": ("PR_TITLE",),
        "PR_TITLE": ("PR_BODY", "BLANK"),
    },
}


def setting(state: State, name: str) -> str:
    """Return the text of the setting *name*."""
    return text_of(SETTINGS | state.settings, name)


def change_settings(state: State, body: JsonObject) -> None:
    """Take the settings of *body*; ApiError 422 when they do not go together."""
    changes = {
        name: value
        for name, value in body.items()
        if name in SETTINGS or name == "description"
    }
    after = SETTINGS | state.settings | changes
    if not any(flag_of(after, name) for name in _METHODS):
        text = "Sorry, you need to allow at least one merge strategy. (no_merge_method)"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, text)  # assumed
    for kind, pairs in _PAIRS.items():
        _require_pair(kind, pairs, changes, after)
    state.settings |= changes


def _require_pair(
    kind: str,
    pairs: dict[str, tuple[str, ...]],
    changes: JsonObject,
    after: JsonObject,
) -> None:
    """Raise the 422 of a message without its title (PyGithub#2890), or a wrong pair.

    The texts are assumed.
    """
    title, message = f"{kind}_title", f"{kind}_message"
    if not {title, message} & set(changes):
        return
    if title not in changes:
        raise _refused(title, f"{title} is required when using {message}")
    if text_of(after, message) not in pairs.get(text_of(after, title), ()):
        raise _refused(title, f"{title} and {message} do not go together")


def _refused(field: str, text: str) -> ApiError:
    error: JsonObject = {"resource": "Repository", "code": "custom", "field": field}
    return invalid({**error, "message": text})
