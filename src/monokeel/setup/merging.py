"""What rules and settings make of a merge: who may, and whose words land."""

from collections.abc import Iterator, Mapping, Sequence

from monokeel.ground.answers import Json
from monokeel.ground.settings import Settings
from monokeel.policy.agreement import METHODS
from monokeel.policy.rulesets import Ruleset, parameters_of


def approvals(policy: Sequence[Ruleset]) -> int:
    """Return how many approvals the active rules ask for before a merge."""
    counts = (each.get("required_approving_review_count") for each in _pulls(policy))
    return max((each for each in counts if isinstance(each, int)), default=0)


def title_decides(settings: Settings, policy: Sequence[Ruleset]) -> bool:
    """Say whether the title of a pull request is all that lands on the branch.

    It is where only squash merges are allowed and take the title: by default GitHub
    takes the message of a single commit instead (semantic-release#2361).
    """
    methods = {
        method
        for method, setting in METHODS.items()
        if settings.on_github.get(setting) is not False
    }
    for rule in _pulls(policy):
        allowed = rule.get("allowed_merge_methods")
        if isinstance(allowed, list):
            methods &= {str(each) for each in allowed}
    title = settings.on_github["squash_merge_commit_title"]
    return methods == {"squash"} and title == "PR_TITLE"


def _pulls(policy: Sequence[Ruleset]) -> Iterator[Mapping[str, Json]]:
    for ruleset in policy:
        if ruleset.is_active:
            yield parameters_of(ruleset, "pull_request") or {}
