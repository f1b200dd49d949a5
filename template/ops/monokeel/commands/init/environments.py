"""GitHub Environments, each limited to the default branch."""

from collections.abc import Iterator, Mapping

from monokeel.commands.init.needs import Repository, Step
from monokeel.core.lookup import Json, as_list, as_number, as_object
from monokeel.errors import RefusedError

_MAIN_ONLY: Mapping[str, Json] = {
    "protected_branches": False,
    "custom_branch_policies": True,
}


def limit_environment(
    repository: Repository, name: str, *, branch: str, ask: bool
) -> Iterator[Step]:
    """Let only *branch* deploy to *name*; with *ask*, after somebody's approval.

    Rules that are there already stay.
    """
    label = f"Environment {name}"
    before = repository.get_environment(name)
    rules = _rules_of(before or {})
    limited = (before or {}).get("deployment_branch_policy") == _MAIN_ONLY
    reviewer = repository.own_number() if ask and not rules.get("reviewers") else None
    refused = ""
    if not limited or reviewer is not None:
        body = {**rules, "deployment_branch_policy": dict(_MAIN_ONLY)}
        refused = _put(repository, name, body, reviewer)
    policies = repository.list_branch_policies(name)
    if branch not in policies:
        repository.add_branch_policy(name, branch)
    asks = bool(rules.get("reviewers")) or bool(reviewer and not refused)
    changed = not limited or branch not in policies or bool(reviewer and not refused)
    yield Step(
        name=label,
        state="done" if changed else "was there",
        detail=f"{branch} only" + (", asks a reviewer" if asks else ""),
    )
    wider = [policy for policy in policies if policy != branch]
    if wider:
        yield _left(label, "is wider", f"{name} also takes {', '.join(wider)}: meant?")
    if ask and not asks:
        why = refused or "this token belongs to no user who could be one"
        yield _left(label, "asks nobody", f"{name} asks nobody for an approval: {why}")


def _left(name: str, detail: str, to_do: str) -> Step:
    return Step(name=name, state="left to you", detail=detail, to_do=to_do)


def _put(
    repository: Repository, name: str, body: dict[str, Json], reviewer: int | None
) -> str:
    """Write the Environment; return GitHub's words if it refused the reviewer."""
    if reviewer is not None:
        reviewers: Json = [{"type": "User", "id": reviewer}]
        try:
            repository.put_environment(name, {**body, "reviewers": reviewers})
        except RefusedError as error:
            repository.put_environment(name, body)
            return error.problem
        return ""
    repository.put_environment(name, body)
    return ""


def _rules_of(environment: Mapping[str, Json]) -> dict[str, Json]:
    """Return the rules of *environment* as a change must repeat them to keep them."""
    kept: dict[str, Json] = {}
    for each in as_list(environment.get("protection_rules") or []):
        rule = as_object(each)
        if rule.get("type") == "wait_timer":
            kept["wait_timer"] = rule.get("wait_timer")
        if rule.get("type") == "required_reviewers":
            kept["prevent_self_review"] = rule.get("prevent_self_review") is True
            kept["reviewers"] = [
                _reviewer(as_object(one))
                for one in as_list(rule.get("reviewers") or [])
            ]
    return kept


def _reviewer(one: Mapping[str, Json]) -> dict[str, Json]:
    number = as_number(as_object(one.get("reviewer")).get("id"))
    return {"type": one.get("type"), "id": number}
