"""GitHub Environments: limited to one branch, asking somebody; what is there stays."""

from collections.abc import Mapping

from monokeel.ground.answers import Json, Unknown, as_list, as_number, as_object
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.setup.ports import Repository

CHOSEN_BRANCHES: Mapping[str, Json] = {
    "protected_branches": False,
    "custom_branch_policies": True,
}


def limit(repository: Repository, name: str, branch: str) -> None:
    """Let *branch* deploy to Environment *name*; rules that are there already stay.

    Raises RefusedError when the plan has no branch policies.
    """
    found = _read(repository, name)
    if found.get("deployment_branch_policy") != CHOSEN_BRANCHES:
        repository.put_environment(name, _limited(rules_of(found)))
    policies = repository.branch_policies(name)
    if isinstance(policies, Unknown) or branch not in policies:
        repository.add_branch_policy(name, branch)  # twice is once


def ask_somebody(repository: Repository, name: str) -> None:
    """Let the user of the token approve what goes to Environment *name*.

    Raises RefusedError when the plan has no reviewers, or the token has no user.
    """
    reviewer = repository.own_number()
    if reviewer is None:
        raise RefusedError("this token belongs to no user who could approve")
    rules = rules_of(_read(repository, name))
    reviewers: Json = [{"type": "User", "id": reviewer}]
    repository.put_environment(name, _limited({**rules, "reviewers": reviewers}))


def rules_of(environment: Mapping[str, Json]) -> dict[str, Json]:
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


def _read(repository: Repository, name: str) -> Mapping[str, Json]:
    found = repository.environment(name)
    if isinstance(found, Unknown):  # a write would reset rules that nobody saw
        raise ServiceError(f"Environment {name} cannot be read: {found.reason}")
    return found or {}


def _limited(rules: Mapping[str, Json]) -> dict[str, Json]:
    return {**rules, "deployment_branch_policy": dict(CHOSEN_BRANCHES)}


def _reviewer(one: Mapping[str, Json]) -> dict[str, Json]:
    number = as_number(as_object(one.get("reviewer")).get("id"))
    return {"type": one.get("type"), "id": number}
