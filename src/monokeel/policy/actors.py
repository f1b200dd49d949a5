"""What is wrong with a bypass list, actor by actor."""

from collections.abc import Iterator, Mapping

from monokeel.ground.answers import Json
from monokeel.policy.rule_types import ACTOR
from monokeel.policy.rulesets import BYPASS, Ruleset
from monokeel.policy.shape import (
    GITHUB_ACTIONS,
    Finding,
    actor_label,
    check_members,
    unknown_name,
)

_NEED_ID = ("Integration", "Team", "User", "RepositoryRole")


def lint_actors(ruleset: Ruleset) -> Iterator[Finding]:
    """Yield what is wrong with those who may bypass *ruleset*."""
    name, actors = ruleset.name, ruleset.body.get(BYPASS, [])
    if not isinstance(actors, list):
        yield Finding(ruleset=name, path=BYPASS, problem="is not a list; [] for nobody")
        return
    seen: set[str] = set()
    for actor in actors:
        label = actor_label(actor)
        where = f"{BYPASS}{label}"
        if not isinstance(actor, dict):
            yield Finding(ruleset=name, path=where, problem="is not an object")
            continue
        if label in seen:
            yield Finding(ruleset=name, path=where, problem="is there twice")
        seen.add(label)
        given = {key: value for key, value in actor.items() if value is not None}
        for found in check_members(name, where, given, ACTOR.members):
            yield _new_kind(found, str(actor.get("actor_type")))
        for problem, warning in _actor(
            actor, str(ruleset.body.get("target", "branch"))
        ):
            yield Finding(ruleset=name, path=where, problem=problem, warning=warning)


def _new_kind(found: Finding, kind: str) -> Finding:
    """Return *found*; a type of actor that is not known is sent, and GitHub decides."""
    if not found.path.endswith(".actor_type") or "not one of" not in found.problem:
        return found
    known = dict.fromkeys(ACTOR.members["actor_type"].allowed)
    return unknown_name(found.ruleset, found.path, kind, known)


def _actor(actor: Mapping[str, Json], target: str) -> Iterator[tuple[str, bool]]:
    """Yield each problem of one actor, and whether it is a warning only."""
    kind, number = actor.get("actor_type"), actor.get("actor_id")
    mode = actor.get("bypass_mode", "always")
    if kind in _NEED_ID and number is None:
        yield "needs an actor_id", False
    if kind == "DeployKey" and number is not None:
        yield "has an actor_id: deploy keys have none, write null", False
    if (kind, number) == ("Integration", GITHUB_ACTIONS):
        yield "is GitHub Actions: GitHub refuses it in a repository's ruleset", False
    if mode == "pull_request" and kind == "DeployKey":
        yield "a deploy key cannot have bypass_mode pull_request", False
    elif mode == "pull_request" and target != "branch":
        yield "bypass_mode pull_request is for branch rulesets only", False
    if mode == "exempt":
        yield "exempt leaves no audit entry: the rules are not even evaluated", True
