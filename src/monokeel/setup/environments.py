"""GitHub Environments: limited to their branches, asking somebody; the rest stays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from monokeel.ground.answers import Json, as_list, as_number, as_object, as_text
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.settings import TAKEN_ENVIRONMENTS
from monokeel.setup.ports import Connection, Repository
from monokeel.setup.rows import INIT, Answer, AsWanted, Expectation, Otherwise

RELEASE = "release"
CHOSEN_BRANCHES: dict[str, Json] = {
    "protected_branches": False,
    "custom_branch_policies": True,
}
_MISSING = "is not there: the first job that names it makes it, open to every branch"
_SEE, _MAKE = "GET /environments/{name}", "PUT /environments/{name}"
_POLICIES = "/environments/{name}/deployment-branch-policies"


def environment_rows(at: Connection) -> Iterator[Expectation]:
    """Expect each Environment limited to the default branch, asking if it must.

    Also those of our own jobs (``_MISSING``). A release runs on the lines as well.
    """
    settings, github = at.settings, at.repository
    promoted = [each.name for each in settings.environments]
    for name in dict.fromkeys((RELEASE, *promoted, *TAKEN_ENVIRONMENTS)):
        lines = settings.lines if name in (RELEASE, "registry") else ()
        branches = (settings.default_branch, *lines)
        yield Expectation(
            f"Environment {name}",
            "environments",
            (_SEE, f"GET {_POLICIES}"),
            "the wrong branches, or too few, can read its secrets",
            partial(_limited_to, at, name, branches),
            writes=(_MAKE, f"POST {_POLICIES}"),
            make=partial(limit, github, name, branches),
        )
    for name in [each.name for each in settings.environments if each.reviewers]:
        asks, make = partial(_asks, github, name), partial(_ask, github, name)
        lost = "a promotion waits for nobody"
        row = Expectation(f"approval in {name}", "reviewers", (_SEE,), lost, asks)
        yield replace(row, writes=(_MAKE,), make=make)


def _limited_to(at: Connection, name: str, branches: Sequence[str]) -> Answer:
    found, only = at.repository.environment(name), f"{', '.join(branches)} only"
    if found is None:
        return Otherwise(_MISSING, INIT, severe=True)
    if found.get("deployment_branch_policy") != CHOSEN_BRANCHES:
        back = f"{INIT} sets it back to {only}"
        return Otherwise("takes every branch", back, severe=True)
    policies = _branches(at.repository, name)
    missing = ", ".join(each for each in branches if each not in policies)
    wider = ", ".join(each for each in policies if each not in branches)
    said = [f"does not name {missing}"] * bool(missing)
    remedies = [INIT] * bool(missing)
    if wider:
        said.append(f"also takes {wider}")
        page = f"https://github.com/{at.settings.repository}/settings/environments"
        remedies.append(f"remove {wider} from Environment {name} at {page}")
    if not said:
        return AsWanted(only)
    remedy, by_hand = " and ".join(remedies), not missing
    return Otherwise(", ".join(said), remedy, severe=bool(wider), by_hand=by_hand)


def limit(repository: Repository, name: str, branches: Sequence[str]) -> None:
    """Let *branches* deploy to Environment *name*; rules that are there already stay.

    Raises RefusedError when the plan has no branch policies, and ServiceError where
    nobody sees the rules that a write would reset.
    """
    found = repository.environment(name) or {}
    if found.get("deployment_branch_policy") != CHOSEN_BRANCHES:
        repository.write(f"PUT /environments/{name}", _limited(found))
    there = _branches(repository, name)
    for branch in (each for each in branches if each not in there):
        path = _POLICIES.format(name=name)
        repository.write(f"POST {path}", {"name": branch, "type": "branch"})


def _branches(repository: Repository, name: str) -> list[str]:
    """Return the patterns of branches that Environment *name* takes, and of tags."""
    found = repository.listed(_POLICIES.format(name=name), "branch_policies")
    named = ((as_text(each.get("name")), each.get("type")) for each in found)
    return [f"tag {name}" if kind == "tag" else name for name, kind in named]


def _asks(repository: Repository, name: str) -> Answer:
    if _limited(repository.environment(name) or {}).get("reviewers"):
        return AsWanted("asks a reviewer")
    remedy = f"{INIT}, or reviewers = false in infra/platform.toml"
    return Otherwise("asks nobody for an approval", remedy, severe=True)


def _ask(repository: Repository, name: str) -> None:
    """Let the user of the token approve; RefusedError where it has none."""
    try:
        reviewer = as_number(repository.read("//user").get("id"))
    except ServiceError as error:
        if not error.hidden:
            raise
        raise RefusedError("this token belongs to no user who could approve") from error
    rules = _limited(repository.environment(name) or {})
    rules["reviewers"] = [{"type": "User", "id": reviewer}]
    repository.write(f"PUT /environments/{name}", rules)


def _limited(environment: Mapping[str, Json]) -> dict[str, Json]:
    """Return *environment* limited, with the rules that a change must repeat."""
    kept: dict[str, Json] = {"deployment_branch_policy": dict(CHOSEN_BRANCHES)}
    for rule in map(as_object, as_list(environment.get("protection_rules") or [])):
        if rule.get("type") == "wait_timer":
            kept["wait_timer"] = rule.get("wait_timer")
        if rule.get("type") == "required_reviewers":
            kept["prevent_self_review"] = rule.get("prevent_self_review") is True
            kept["reviewers"] = [
                {
                    "type": each.get("type"),
                    "id": as_number(as_object(each.get("reviewer")).get("id")),
                }
                for each in map(as_object, as_list(rule.get("reviewers") or []))
            ]
    return kept
