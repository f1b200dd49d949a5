"""What each type of rule says about one change; unknown types say nothing."""

import re
from collections.abc import Callable

from sandbox.records import Change
from sandbox.reviews import missing_approvals
from sandbox.state import State
from sandbox.wire import JsonObject, flag_of, list_of, objects, text_of, texts

CREATION = "Cannot create ref due to creations being restricted."


def _creation(_: State, change: Change, __: JsonObject) -> list[str]:
    return [CREATION] if change.old is None else []


def _update(_: State, change: Change, __: JsonObject) -> list[str]:
    moved = change.updates and change.old != change.new
    return ["Cannot update this protected ref."] if moved else []


def _deletion(_: State, change: Change, __: JsonObject) -> list[str]:
    return [f"Cannot delete this {change.word}"] if change.new is None else []


def _non_fast_forward(state: State, change: Change, _: JsonObject) -> list[str]:
    if change.old is None or change.new is None:
        return []
    if state.git.is_ancestor(change.old, change.new):
        return []
    return [f"Cannot force-push to this {change.word}"]


def _linear(state: State, change: Change, _: JsonObject) -> list[str]:
    if change.new is None:
        return []
    known = [change.old] if change.old else list(state.git.refs("refs/heads/"))
    merges = state.git.history("--merges", "-1", change.new, "--not", *known)
    return ["This branch must not contain merge commits."] if merges else []  # assumed


def _pull_request(state: State, change: Change, parameters: JsonObject) -> list[str]:
    if not change.updates or change.old == change.new:
        return []
    if change.pull is None:
        return ["Changes must be made through a pull request."]
    return missing_approvals(state, change.pull, parameters)


def _status_checks(state: State, change: Change, parameters: JsonObject) -> list[str]:
    if change.new is None or (
        change.old is None and flag_of(parameters, "do_not_enforce_on_create")
    ):
        return []
    head = change.pull.head_sha if change.pull else change.new
    wanted = objects(list_of(parameters, "required_status_checks"))
    missing = [check for check in wanted if not _is_green(state, head, check)]
    if missing and len(wanted) > 1:
        return [f"{len(missing)} of {len(wanted)} required status checks are expected."]
    if missing:
        return [f'Required status check "{missing[0]["context"]}" is expected.']
    strict = flag_of(parameters, "strict_required_status_checks_policy")
    behind = change.old and not state.git.is_ancestor(change.old, head)
    if strict and change.pull and behind:
        return ["This branch is out-of-date with the base branch."]  # assumed
    return []


def _is_green(state: State, sha: str, wanted: JsonObject) -> bool:
    """Say whether the newest check of that name is good; an App's id binds it."""
    for check in reversed(state.checks):
        if check.sha != sha or check.context != wanted["context"]:
            continue
        app = wanted.get("integration_id")
        if app is not None and check.creator.app_id != app:
            continue
        return check.state in ("success", "neutral", "skipped")
    return False


def _deployments(state: State, change: Change, parameters: JsonObject) -> list[str]:
    names = texts(list_of(parameters, "required_deployment_environments"))
    done = {
        text_of(record.body, "environment")
        for record in state.deployments
        if record.sha == change.new
        and any(status.state == "success" for status in record.statuses)
    }
    missing = [name for name in names if name not in done]
    if change.new is None or not missing:
        return []
    return [f"Required deployment to {', '.join(missing)} is expected."]  # assumed


def _name_pattern(word: str) -> Callable[[State, Change, JsonObject], list[str]]:
    """Return the check of a name pattern, asked at creation only ("new names")."""

    def check(_: State, change: Change, parameters: JsonObject) -> list[str]:
        if change.old is not None or change.word != word:
            return []
        name = change.ref.split("/", 2)[2]
        pattern = text_of(parameters, "pattern")
        good = {
            "regex": lambda: bool(re.search(pattern, name)),
            "starts_with": lambda: name.startswith(pattern),
            "ends_with": lambda: name.endswith(pattern),
            "contains": lambda: pattern in name,
        }[text_of(parameters, "operator")]()
        if good != flag_of(parameters, "negate"):
            return []
        return [f"{word.capitalize()} name must match a given regex pattern: {pattern}"]

    return check


CHECKS: dict[str, Callable[[State, Change, JsonObject], list[str]]] = {
    "creation": _creation,
    "update": _update,
    "deletion": _deletion,
    "non_fast_forward": _non_fast_forward,
    "required_linear_history": _linear,
    "pull_request": _pull_request,
    "required_status_checks": _status_checks,
    "required_deployments": _deployments,
    "branch_name_pattern": _name_pattern("branch"),
    "tag_name_pattern": _name_pattern("tag"),
}
