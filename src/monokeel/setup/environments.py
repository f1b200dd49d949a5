"""GitHub Environments: limited to their branches, asking somebody; the rest stays."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from monokeel.ground.answers import Json, as_list, as_number, as_object
from monokeel.ground.errors import RefusedError
from monokeel.ground.settings import TAKEN_ENVIRONMENTS, Settings
from monokeel.setup.ports import Repository
from monokeel.setup.rows import INIT, Answer, AsWanted, Expectation, Otherwise

RELEASE = "release"
_OF_RELEASES = (RELEASE, "registry")
CHOSEN_BRANCHES: Mapping[str, Json] = {
    "protected_branches": False,
    "custom_branch_policies": True,
}
_MISSING = "is not there: the first job that names it makes it, open to every branch"
_SEE, _MAKE = "GET /environments/{name}", "PUT /environments/{name}"
_POLICIES = "/environments/{name}/deployment-branch-policies"


def environment_rows(
    settings: Settings, repository: Repository
) -> Iterator[Expectation]:
    """Expect each Environment limited to the default branch, asking if it must.

    Also those of our own jobs: one that is missing when a job names it is made by
    GitHub, open to every branch. A release runs on the lines as well.
    """
    promoted = [each.name for each in settings.environments]
    for name in dict.fromkeys((RELEASE, *promoted, *TAKEN_ENVIRONMENTS)):
        lines = settings.lines if name in _OF_RELEASES else ()
        branches = (settings.default_branch, *lines)
        yield Expectation(
            name=f"Environment {name}",
            item="environments",
            reads=(_SEE, f"GET {_POLICIES}"),
            writes=(_MAKE, f"POST {_POLICIES}"),
            lost="a workflow of a branch that it should not take can read its secrets",
            ask=partial(_limited_to, settings, repository, name, branches),
            make=partial(limit, repository, name, branches),
        )
    for each in settings.environments:
        if each.reviewers:
            yield Expectation(
                name=f"approval in {each.name}",
                item="reviewers",
                reads=(_SEE,),
                writes=(_MAKE,),
                lost="a promotion waits for nobody",
                ask=partial(_asks, repository, each.name),
                make=partial(_ask_somebody, repository, each.name),
            )


def _limited_to(
    settings: Settings, repository: Repository, name: str, branches: Sequence[str]
) -> Answer:
    found = repository.environment(name)
    if found is None:
        return Otherwise(detail=_MISSING, remedy=INIT, severe=True)
    if found.get("deployment_branch_policy") != CHOSEN_BRANCHES:
        back = f"{INIT} sets it back to {', '.join(branches)} only"
        return Otherwise(detail="takes every branch", remedy=back, severe=True)
    policies = repository.branch_policies(name)
    missing = ", ".join(each for each in branches if each not in policies)
    if missing:
        return Otherwise(detail=f"does not take {missing}", remedy=INIT)
    wider = ", ".join(each for each in policies if each not in branches)
    if wider:
        page = f"https://github.com/{settings.repository}/settings/environments"
        remedy = f"remove {wider} from Environment {name} at {page}"
        return Otherwise(detail=f"also takes {wider}", remedy=remedy, severe=True)
    return AsWanted(detail=f"{', '.join(branches)} only")


def limit(repository: Repository, name: str, branches: Sequence[str]) -> None:
    """Let *branches* deploy to Environment *name*; rules that are there already stay.

    Raises RefusedError when the plan has no branch policies, and ServiceError where
    nobody sees the rules that a write would reset.
    """
    found = repository.environment(name) or {}
    if found.get("deployment_branch_policy") != CHOSEN_BRANCHES:
        repository.put_environment(name, _limited(_kept_rules(found)))
    there = repository.branch_policies(name)
    for branch in (each for each in branches if each not in there):
        repository.add_branch_policy(name, branch)


def _asks(repository: Repository, name: str) -> Answer:
    if _kept_rules(repository.environment(name) or {}).get("reviewers"):
        return AsWanted(detail="asks a reviewer")
    remedy = f"{INIT}, or reviewers = false in infra/platform.toml"
    detail = "asks nobody for an approval"
    return Otherwise(detail=detail, remedy=remedy, severe=True)


def _ask_somebody(repository: Repository, name: str) -> None:
    """Let the user of the token approve; RefusedError where it has none."""
    reviewer = repository.own_number()
    if reviewer is None:
        raise RefusedError("this token belongs to no user who could approve")
    rules = _kept_rules(repository.environment(name) or {})
    rules["reviewers"] = [{"type": "User", "id": reviewer}]
    repository.put_environment(name, _limited(rules))


def _limited(rules: Mapping[str, Json]) -> dict[str, Json]:
    return {**rules, "deployment_branch_policy": dict(CHOSEN_BRANCHES)}


def _kept_rules(environment: Mapping[str, Json]) -> dict[str, Json]:
    """Return the rules of *environment* as a change must repeat them to keep them."""
    kept: dict[str, Json] = {}
    for rule in map(as_object, as_list(environment.get("protection_rules") or [])):
        if rule.get("type") == "wait_timer":
            kept["wait_timer"] = rule.get("wait_timer")
        if rule.get("type") == "required_reviewers":
            kept["prevent_self_review"] = rule.get("prevent_self_review") is True
            listed = map(as_object, as_list(rule.get("reviewers") or []))
            kept["reviewers"] = [
                {
                    "type": each.get("type"),
                    "id": as_number(as_object(each.get("reviewer")).get("id")),
                }
                for each in listed
            ]
    return kept
