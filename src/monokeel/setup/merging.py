"""What rules and settings make of a merge: who may, and whose words land."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from monokeel.ground.answers import Json, as_object
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import Settings
from monokeel.policy.lint import METHODS
from monokeel.policy.rulesets import Ruleset
from monokeel.setup.ports import Repository
from monokeel.setup.rows import INIT, Answer, AsWanted, Expectation, Otherwise

MERGING = "somebody can merge"
SEE, SEE_MERGING = ("GET /",), ("GET / of merging",)


def read_settings(repository: Repository, names: Iterable[str]) -> dict[str, Json]:
    """Return the settings; ServiceError where the token does not see all of *names*."""
    there = repository.read("/")
    if hidden := [name for name in names if name not in there]:
        problem = f"GitHub leaves {', '.join(hidden)} out of its answer"
        raise ServiceError(problem, hidden=True)
    return there


def approvals(policy: Sequence[Ruleset]) -> int:
    """Return how many approvals the active rules ask for before a merge."""
    counts = (
        each.get("required_approving_review_count")
        for each in _rules(policy, "pull_request")
    )
    return max((each for each in counts if isinstance(each, int)), default=0)


def title_decides(settings: Settings, policy: Sequence[Ruleset]) -> bool:
    """Say whether the title of a pull request is all that lands on the branch.

    It is where only squash merges are allowed and take the title: by default GitHub
    takes the message of a single commit instead (semantic-release#2361).
    """
    offered = {x for x in METHODS if settings.on_github.get(METHODS[x]) is not False}
    title = settings.on_github["squash_merge_commit_title"]
    return offered & _taken(policy) == {"squash"} and title == "PR_TITLE"


def merge_rows(
    settings: Settings, policy: Sequence[Ruleset], repository: Repository
) -> Iterator[Expectation]:
    """Yield that GitHub offers a way to merge that the rules take, and no other."""
    taken = sorted(_taken(policy))
    wanted = AsWanted(" or ".join(taken))
    allowed = {x for x in METHODS.values() if settings.on_github.get(x) is not False}

    def offered() -> set[str]:
        there = read_settings(repository, METHODS.values())
        return {method for method in METHODS if there[METHODS[method]]}

    def some() -> Answer:
        if offered().intersection(taken):
            return wanted
        fix = " or ".join(f"-F {METHODS[each]}=true" for each in taken)
        return Otherwise(
            f"GitHub offers {' and '.join(sorted(offered()))}, the rules take"
            f" {wanted.detail} alone",
            f"gh api -X PATCH repos/{settings.repository} {fix}",
        )

    def no_other() -> Answer:
        others = sorted(offered().difference(taken))
        if not others:
            return wanted
        on = ", ".join(f"{METHODS[x]} = false" for x in others if METHODS[x] in allowed)
        first = f"set {on} in [settings] of infra/platform.toml, then "
        return Otherwise(
            f"GitHub offers {' and '.join(others)}, which the rules of the file refuse",
            f"{first if on else ''}{INIT}",
        )

    lost = "nobody can merge"
    row = Expectation("a way to merge", "settings", SEE_MERGING, lost, some)
    yield row
    yield replace(row, name="other ways to merge", ask=no_other, watched="note")


def approver_row(policy: Sequence[Ruleset], repository: Repository) -> Expectation:
    """Expect that who opened a pull request is not the only one who may approve it."""
    needed = approvals(policy)

    def ask() -> Answer:
        if not needed:
            return AsWanted("no approval is asked for")
        listed = repository.listed("/collaborators")
        rights = [as_object(each.get("permissions") or {}) for each in listed]
        people = sum(each.get("push") is True for each in rights)
        if people > needed:
            return AsWanted(f"{people} people may write")
        return Otherwise(
            f"{needed} approval asked for, {people} people may write:"
            " nobody could approve what the last one opens",
            "invite somebody, or set required_approving_review_count to 0 and"
            " require_last_push_approval to false in infra/rulesets.json",
        )

    lost = "no pull request can be merged once the rules are applied"
    row = Expectation(MERGING, "approvers", ("GET /collaborators",), lost, ask)
    return replace(row, watched="elsewhere")


def _taken(policy: Sequence[Ruleset]) -> set[str]:
    """Return the ways to merge that every active rule takes; a queue has its own."""
    # No way at all is offered where the queue's is switched off (dotCMS/core#37203).
    queued = {str(x.get("merge_method")).lower() for x in _rules(policy, "merge_queue")}
    taken = queued or {*METHODS}
    for rule in () if queued else _rules(policy, "pull_request"):
        allowed = rule.get("allowed_merge_methods")
        if isinstance(allowed, list):
            taken &= {str(each) for each in allowed}
    return taken


def _rules(policy: Sequence[Ruleset], kind: str) -> Iterator[Mapping[str, Json]]:
    found = (each.rule(kind) for each in policy if each.is_active)
    return (each for each in found if each)
