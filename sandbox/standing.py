"""How a pull request stands: its checks, its reviews, and whether it may be merged."""

from sandbox import rules
from sandbox.actors import Actor
from sandbox.records import Change, Check, Pull
from sandbox.state import State
from sandbox.wire import JsonObject, list_of, number_of, object_of, objects, text_of

_GOOD = ("success", "neutral", "skipped")


def newest_checks(state: State, sha: str) -> list[Check]:
    """Return the newest check of each name of commit *sha*, runs before statuses."""
    found = {(c.is_run, c.context): c for c in state.checks if c.sha == sha}
    return sorted(found.values(), key=lambda check: not check.is_run)


def rollup_state(checks: list[Check]) -> str:
    """Return the sum of *checks*, a StatusState."""
    if any(check.status != "completed" or check.state == "pending" for check in checks):
        return "PENDING"
    bad = [check for check in checks if check.state not in _GOOD]
    return "FAILURE" if bad else "SUCCESS"


def is_mergeable(state: State, pull: Pull) -> bool:
    """Say whether *pull* merges into its base without conflicts."""
    base = state.git.commit_of(f"refs/heads/{pull.base}")
    return bool(base) and state.git.merged_tree(base or "", pull.head_sha) is not None


def merge_state(state: State, actor: Actor, pull: Pull) -> str:
    """Return what keeps *actor* from merging *pull*, a MergeStateStatus."""
    if pull.merged_at is not None:
        return "UNKNOWN"
    if not is_mergeable(state, pull):
        return "DIRTY"
    if pull.draft:
        return "DRAFT"
    ref = f"refs/heads/{pull.base}"
    change = Change(ref=ref, old=state.git.ref(ref), new=pull.head_sha, pull=pull)
    verdict, _ = rules.weigh(state, actor, change)
    if verdict.blocked:
        return "BLOCKED"
    sum_of = rollup_state(newest_checks(state, pull.head_sha))
    return "CLEAN" if sum_of == "SUCCESS" else "UNSTABLE"


def decision_of(state: State, pull: Pull) -> str | None:
    """Return what the reviews say where a rule asks for one, else ``None``."""
    newest = {r.author.login: r.state for r in pull.reviews if r.state != "COMMENTED"}
    if "CHANGES_REQUESTED" in newest.values():
        return "CHANGES_REQUESTED"
    wanted = _wanted_approvals(state, pull)
    if not wanted:
        return None
    given = list(newest.values()).count("APPROVED")
    return "APPROVED" if given >= wanted else "REVIEW_REQUIRED"


def _wanted_approvals(state: State, pull: Pull) -> int:
    name = "required_approving_review_count"
    found = _parameters(state, pull, "pull_request")
    return max((number_of(parameters, name) for parameters in found), default=0)


def required_checks(state: State, pull: Pull) -> set[str]:
    """Return the names of the checks that a rule asks of *pull*."""
    found = _parameters(state, pull, "required_status_checks")
    return {
        text_of(check, "context")
        for parameters in found
        for check in objects(list_of(parameters, "required_status_checks"))
    }


def _parameters(state: State, pull: Pull, kind: str) -> list[JsonObject]:
    """Return the parameters of each active rule of type *kind* for *pull*'s base."""
    return [
        object_of(rule, "parameters")
        for ruleset in state.rulesets
        if rules.applies(state, ruleset, f"refs/heads/{pull.base}")
        for rule in objects(list_of(ruleset.body, "rules"))
        if text_of(rule, "type") == kind
    ]
